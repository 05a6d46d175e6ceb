import Foundation
import Testing
import WengertTestSupport

@Suite("A tool whose functions have mistakes")
struct ToolTests {
  /// What the built tool beside the tests says, and its status.
  private static func run(_ output: URL) throws -> (text: String, status: Int32) {
    let tool = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("MistakenGraphs")
    let process = Process(), pipe = Pipe()
    process.executableURL = tool
    process.arguments = [output.path, "MistakenGraphs=/home/Sources/MistakenGraphs/MistakenGraphs.swift"]
    process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (String(decoding: data, as: UTF8.self), process.terminationStatus)
  }

  @Test(
    "goes on behind a constant that a mistake has left half made, tells what two graphs share once, and names the graph that an error of Swift's own ends"
  )
  func all() throws {
    try Fixtures.withTemporaryFolder { folder in
      let output = folder.appendingPathComponent("Graphs.swift")
      let (text, status) = try Self.run(output)
      let errors = text.split(separator: "\n").filter { $0.contains(": error: ") }
      let parts = [
        "sum: axis 9 does not exist in shape [3, 4]", "matmul: inner extents differ: [b, 4] · [5, 3]", "reshape: [b, 4]",
        "trapping: an error of Swift's own ends its function",
      ]
      #expect(errors.count == parts.count, "\(text)")
      for (error, part) in zip(errors, parts) { #expect(error.contains(part), "\(text)") }
      #expect(status == 1 && !FileManager.default.fileExists(atPath: output.path))
    }
  }
}
