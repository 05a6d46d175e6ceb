#if Macros
  import SwiftCompilerPlugin
  import SwiftSyntaxMacros

  @main struct GraphPlugin: CompilerPlugin {
    let providingMacros: [any Macro.Type] = [GraphMacro.self, AxesMacro.self]
  }
#else
  /// What the target is without the trait `Macros`: a program that does nothing.
  @main struct GraphPlugin {
    static func main() {}
  }
#endif
