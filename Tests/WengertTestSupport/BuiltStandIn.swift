import Foundation

/// The stand-in for CUDA (Tests/StandIn), built.
package enum BuiltStandIn {
  struct NotBuilt: Error { let reason: String }

  /// The folder with its libraries, which processes share.
  package static func folder() throws -> String {
    let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "StandIn").path
    setenv("STANDIN_CLANG", try compiler(), 1)
    let process = Process(), output = Pipe()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["\(source)/built.sh"]
    process.standardOutput = output
    try process.run()
    let printed = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    if process.terminationStatus != 0 { throw NotBuilt(reason: "\(source)/built.sh ended with \(process.terminationStatus)") }
    let folder = String(decoding: printed, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    setenv("STANDIN_KERNELS", kernels(folder), 1)
    return folder
  }

  /// Where kernels are kept that clang has compiled for the stand-in of a folder.
  package static func kernels(_ folder: String) -> String { "\(folder)-kernels" }

  /// The C++ compiler that comes with Swift.
  private static func compiler() throws -> String {
    if let named = ProcessInfo.processInfo.environment["STANDIN_CLANG"] { return named }
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let besideSwift = folders.filter { FileManager.default.isExecutableFile(atPath: "\($0)/swift") }
      .map { URL(filePath: "\($0)/swift").resolvingSymlinksInPath().deletingLastPathComponent().path }
    for folder in besideSwift + folders where FileManager.default.isExecutableFile(atPath: "\(folder)/clang++") {
      return "\(folder)/clang++"
    }
    throw NotBuilt(reason: "no clang++ beside swift or in PATH, which compiles the stand-in and kernels")
  }
}
