import Foundation
import PackagePlugin

/// Runs the tools that finish the models' functions, and gives the programs to the target that lists the plugin, as Swift.
///
/// A tool is an executable target of the same package that depends on `WengertGraphTool`. It serves the targets that depend on all models that it depends on. It is an
/// ordinary product: models are compiled once, for the tool and for the target. What it writes is made anew when the executable has changed.
@main struct WengertGraphs: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
    let known = Set(target.recursiveTargetDependencies.map(\.id))
    let tools = context.package.targets(ofType: SwiftSourceModuleTarget.self).filter { tool in
      tool.kind == .executable && tool.id != target.id && tool.dependencies.contains { Self.isLibrary($0) }
    }
    let fitting = tools.filter { tool in tool.dependencies.allSatisfy { Self.isLibrary($0) || Self.isKnown($0, known) } }
    if fitting.isEmpty {
      guard case .root = context.package.origin else {
        // SwiftPM asks for the targets of packages that others depend on too, and builds none of their executables.
        return []
      }
      throw Fault(target: target.name, tools: tools.map(\.name))
    }
    let runner = try context.tool(named: "WengertGraphRunner").url
    let products = context.package.products(ofType: ExecutableProduct.self)
    let own = Set(context.package.targets.map(\.id))
    return fitting.map { tool in
      let product = products.first { $0.mainTarget.id == tool.id }?.name ?? tool.name
      let executable = runner.deletingLastPathComponent().appending(path: product)
      let output = context.pluginWorkDirectoryURL.appending(path: "\(tool.name)+Programs.swift")
      // Where mistakes are shown if a program carries no paths.
      let sources = ([tool] + tool.recursiveTargetDependencies.compactMap { $0 as? SwiftSourceModuleTarget }).filter { own.contains($0.id) }
        .flatMap { module in
          module.sourceFiles(withSuffix: "swift").map { "\(module.moduleName)=\($0.url.path(percentEncoded: false))" }
        }
      return .buildCommand(
        displayName: "Finishing the graphs of \(tool.name) for \(target.name)", executable: runner,
        arguments: [executable.path(percentEncoded: false), output.path(percentEncoded: false)] + sources,
        // One order of sets in all runs: the same graphs give the same text.
        environment: ["SWIFT_DETERMINISTIC_HASHING": "1"], inputFiles: [executable], outputFiles: [output])
    }
  }

  /// Whether this is what makes an executable a tool.
  private static func isLibrary(_ dependency: TargetDependency) -> Bool {
    switch dependency {
    case .target(let target): target.name == "WengertGraphTool"
    case .product(let product): product.name == "WengertGraphTool"
    @unknown default: false
    }
  }

  private static func isKnown(_ dependency: TargetDependency, _ known: Set<Target.ID>) -> Bool {
    switch dependency {
    case .target(let target): known.contains(target.id)
    case .product(let product): product.targets.allSatisfy { known.contains($0.id) }
    @unknown default: false
    }
  }

  private struct Fault: Error, CustomStringConvertible {
    let target: String, tools: [String]

    var description: String {
      tools.isEmpty
        ? "\(target) lists the plugin WengertGraphs, and no executable target of its package depends on WengertGraphTool: add one, with a type that conforms to FinishedGraphs"
        : "\(target) lists the plugin WengertGraphs, and does not depend on the models of \(tools.joined(separator: ", ")): let it depend on all that one of these depends on"
    }
  }
}
