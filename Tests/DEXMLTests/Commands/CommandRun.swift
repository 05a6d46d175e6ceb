import Foundation

/// The built trainer, which lies beside the tests.
let executable = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("dexml")

/// What a run of the built trainer came to.
struct CommandRun {
  var code: Int32
  /// Whether a signal ended it, whose number is `code` then.
  var wasKilled: Bool
  var output: String
  var errors: String

  /// Runs a program to its end.
  /// - Parameters:
  ///   - folder: the working folder.
  ///   - output: where standard output goes instead of into the result.
  init(
    _ arguments: [String], program: URL = executable, in folder: URL = packageRoot, input: String = "", output: URL? = nil,
    environment: [String: String] = [:]
  ) throws {
    let scratch = try TemporaryFolder()
    // Files, so that no pipe can fill up.
    let printed = try scratch.write("output", ""), told = try scratch.write("errors", "")
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: scratch.write("input", input))
    process.standardOutput = try FileHandle(forWritingTo: output ?? printed)
    process.standardError = try FileHandle(forWritingTo: told)
    try process.run()
    process.waitUntilExit()
    code = process.terminationStatus
    wasKilled = process.terminationReason == .uncaughtSignal
    self.output = try String(decoding: Data(contentsOf: printed), as: UTF8.self)
    errors = try String(decoding: Data(contentsOf: told), as: UTF8.self)
  }

  /// The same for a line of the shell, in which `$DEXML` is the trainer.
  static func shell(_ line: String, in folder: URL = packageRoot, environment: [String: String] = [:]) throws -> CommandRun {
    try CommandRun(
      ["-c", line], program: URL(fileURLWithPath: "/bin/sh"), in: folder,
      environment: environment.merging(["DEXML": executable.path]) { $1 })
  }
}
