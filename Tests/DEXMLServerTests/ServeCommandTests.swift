import Foundation
import Testing
import WengertTestSupport

/// The built trainer, which lies beside the tests.
private let executable = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("dexml")

@Suite("dexml serve", .enabled(if: FileManager.default.isExecutableFile(atPath: executable.path)), .timeLimit(.minutes(60)))
struct ServeCommandTests {
  /// A service on the tiny encoder; its standard error.
  private func start(_ labels: URL, port: UInt16 = 0) throws -> (process: Process, errors: FileHandle) {
    let process = Process(), errors = Pipe()
    process.executableURL = executable
    process.arguments = ["serve", "--model", Fixtures.url("encoder/bert").path, "--labels", labels.path, "--port", "\(port)"]
    process.standardError = errors
    try process.run()
    return (process, errors.fileHandleForReading)
  }

  /// The lines up to the one that has `text` in it.
  private func read(_ handle: FileHandle, until text: String) throws -> String {
    var lines = ""
    while !lines.contains(text), let data = try handle.read(upToCount: 1), !data.isEmpty { lines += String(decoding: data, as: UTF8.self) }
    while !lines.hasSuffix("\n"), let data = try handle.read(upToCount: 1), !data.isEmpty { lines += String(decoding: data, as: UTF8.self) }
    return lines
  }

  @Test("says where it listens, answers there, and ends with code 0 when it is told to stop", arguments: [SIGTERM, SIGINT])
  func serves(signal: Int32) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("serve-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let labels = folder.appendingPathComponent("Y.txt")
    try Data("cat\nmat\n".utf8).write(to: labels)
    let (process, errors) = try start(labels)
    defer { process.terminate() }
    let line = try read(errors, until: "listening on http://127.0.0.1:")
    let port = try #require(line.firstMatch(of: /127\.0\.0\.1:(\d+)/).flatMap { UInt16($0.1) })
    let response = try Connection(port: port).post("/predict", #"{"text": "mat", "top_k": 1}"#)
    #expect(response.hasPrefix("HTTP/1.1 200 OK") && response.contains(#""label":"mat""#), "\(response)")

    let second = try start(labels, port: port)
    let refusal = try read(second.errors, until: "error")
    #expect(
      refusal.hasSuffix(
        "dexml: error: cannot listen on 127.0.0.1:\(port): Address already in use; choose another port (0: any that is free) or host\n"))
    second.process.waitUntilExit()
    #expect(second.process.terminationStatus == 1)

    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
  }
}
