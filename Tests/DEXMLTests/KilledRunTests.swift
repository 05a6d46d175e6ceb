import DEXML
import Foundation
import Testing

@Suite("Killed runs", .enabled(if: FileManager.default.isExecutableFile(atPath: executable.path)))
struct KilledRunTests {
  /// A run of `dexml train`; checkpoints follow each other as closely as they can.
  private func start(_ task: TinyTask, resumes: Bool) throws -> Process {
    let settings = try task.folder.write("settings.yaml", task.configuration.yaml())
    let process = Process()
    process.executableURL = executable
    process.arguments = ["train", settings.path] + (resumes ? ["--resume"] : [])
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    return process
  }

  private func task() throws -> TinyTask {
    var task = try TinyTask()
    task.configuration.dropout = 0.2
    task.configuration.numEpochs = 30
    task.configuration.evalInterval = 4
    task.configuration.checkpointInterval = 1
    return task
  }

  private func outcome(_ task: TinyTask) throws -> [Data] {
    try ["checkpoint.safetensors", "model/model.safetensors", "tst_metrics.tsv"].map {
      try Data(contentsOf: task.results.appendingPathComponent($0))
    }
  }

  /// Whether a checkpoint is being written at this moment.
  private func isWriting(_ task: TinyTask) -> Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: task.results.path)) ?? []
    return names.contains { $0.hasPrefix(".checkpoint.safetensors") }
  }

  @Test("a run that is killed again and again, also while it writes a checkpoint, ends as the one that was left alone")
  func killed() throws {
    let whole = try task()
    let start = Date()
    let process = try self.start(whole, resumes: false)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    let duration = Date().timeIntervalSince(start)
    let expected = try outcome(whole)

    let killed = try task()
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = TestRandom(seed: seed)
    var killedWhileWriting = 0
    for round in 0..<8 {
      let process = try self.start(killed, resumes: round > 0)
      usleep(UInt32(duration * 1e6 * Double(150 + random.next(200)) / 1000))
      // Every other time, the moment is one at which half a checkpoint lies there.
      while round % 2 == 1, process.isRunning {
        guard isWriting(killed) else { continue }
        // Held still, so that the moment does not pass before the kill.
        kill(process.processIdentifier, SIGSTOP)
        usleep(2000)
        if isWriting(killed) { break }
        kill(process.processIdentifier, SIGCONT)
      }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      if isWriting(killed) { killedWhileWriting += 1 }
    }
    let last = try self.start(killed, resumes: true)
    last.waitUntilExit()
    #expect(last.terminationStatus == 0, "seed \(seed)")
    #expect(killedWhileWriting > 0, "seed \(seed)")
    #expect(try outcome(killed) == expected, "seed \(seed)")
    let left = try FileManager.default.contentsOfDirectory(atPath: killed.results.path).filter { $0.hasSuffix(".partial") }
    #expect(left.isEmpty, "seed \(seed)")
  }
}
