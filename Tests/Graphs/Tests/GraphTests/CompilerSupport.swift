import Foundation

/// Where this package and the root are, and what was built.
enum Built {
  /// Tests/Graphs/Tests/GraphTests
  static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  static let root = tests.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  /// The folder of the modules and of the macro's executable.
  static let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

  /// What a module of the package needs to be compiled: the modules, and the maps of those in C.
  static func importing() throws -> [String] {
    var maps = [folder.appendingPathComponent("CKernels.build/module.modulemap")]
    for name in ["COpenBLAS", "CLAPACKE"] { maps.append(root.appendingPathComponent("Sources/\(name)/module.modulemap")) }
    let includes = try run("pkg-config", ["--cflags-only-I", "openblas", "lapacke"]).output.split(whereSeparator: \.isWhitespace)
    return ["-I", folder.appendingPathComponent("Modules").path] + maps.flatMap { ["-Xcc", "-fmodule-map-file=\($0.path)"] }
      + includes.flatMap { ["-Xcc", String($0)] }
  }

  /// What the compiler says of files that use the macro.
  static func diagnostics(_ files: [URL], _ options: [String] = []) throws -> String {
    let plugin = folder.appendingPathComponent("WengertGraphMacros-tool").path
    let arguments =
      ["-typecheck", "-swift-version", "6", "-diagnostic-style=llvm", "-load-plugin-executable", "\(plugin)#WengertGraphMacros"]
      + options + (try importing()) + files.map(\.path)
    return try run("swiftc", arguments).output
  }

  /// Runs a command, and gives all that it prints.
  static func run(_ command: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process(), pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [command] + arguments
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
