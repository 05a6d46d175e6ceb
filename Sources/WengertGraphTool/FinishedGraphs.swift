import Glibc
import Wengert

/// What a tool finishes while a package is built: the one file of an executable target that depends on the models and on `WengertGraphTool`. A target that lists the plugin
/// `WengertGraphs` gets an enumeration of the same name, with a compiled function for each graph.
///
/// ```swift
/// @main struct Graphs: FinishedGraphs {
///   static var graphs: [FinishedGraph] {
///     [.gradient("loss", of: loss, tree { Encoder(key: RandomKey(0)) }, tensor(["tokens", 32]))]
///   }
/// }
/// ```
public protocol FinishedGraphs: SendableMetatype {
  /// The functions, each with a name of its own.
  static var graphs: [FinishedGraph] { get }
}

extension FinishedGraphs {
  /// Writes the Swift of all graphs to the file that the first argument of the command line names; mistakes in them are printed, and end the tool with the status 1. The
  /// plugin calls it, with the source files of the models' modules as further arguments, each as `Module=path`.
  public static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    guard let file = arguments.first else {
      Failure.say("error: the plugin WengertGraphs runs this while a package is built: \(CommandLine.arguments[0]) FILE [MODULE=SOURCE …]")
      exit(2)
    }
    var diagnostics = Diagnostics(sources: SourceFiles(arguments.dropFirst()))
    let generated = GeneratedFile(Self.self, from: RestOfGraphs.first, stops: true, &diagnostics)
    if !diagnostics.list.isEmpty {
      for line in diagnostics.list { Failure.say(line) }
      if let rest = generated.rest { RestOfGraphs.check(from: rest, known: diagnostics.list) }
      exit(1)
    }
    if RestOfGraphs.first > 0 { return }
    if let fault = GeneratedFile.write(generated.text, to: file) {
      Failure.say("error: \(file) cannot be written: \(fault)")
      exit(1)
    }
  }
}
