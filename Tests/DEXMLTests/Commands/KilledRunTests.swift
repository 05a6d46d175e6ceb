import DEXML
import Foundation
import Testing

@Suite("Killed runs", .enabled(if: FileManager.default.isExecutableFile(atPath: executable.path)))
struct KilledRunTests {
  /// A run of `dexml train`, which dies at a moment of the `count`-th writing of its checkpoint in this process, if one is given.
  private func run(_ task: TinyTask, resumes: Bool, dyingAt moment: (count: Int, point: String)? = nil) throws -> CommandRun {
    let settings = try task.folder.write("settings.yaml", task.configuration.yaml())
    return try CommandRun(
      ["train", settings.path] + (resumes ? ["--resume"] : []),
      environment: moment.map { ["WENGERT_TEST_KILL": "checkpoint.safetensors:\($0.count):\($0.point)"] } ?? [:])
  }

  private func task() throws -> TinyTask {
    var task = try TinyTask()
    task.configuration.dropout = 0.2
    task.configuration.numEpochs = 12
    task.configuration.evalInterval = 4
    task.configuration.checkpointInterval = 1
    return task
  }

  private func outcome(_ task: TinyTask) throws -> [Data] {
    try ["checkpoint.safetensors", "model/model.safetensors", "tst_metrics.tsv"].map {
      try Data(contentsOf: task.results.appendingPathComponent($0))
    }
  }

  private func partialFiles(_ task: TinyTask) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: task.results.path).filter { $0.hasSuffix(".partial") }
  }

  @Test("a run that is killed again and again, also while it writes a checkpoint, ends as the one that was left alone")
  func killed() throws {
    let whole = try task()
    try #require(try run(whole, resumes: false).code == 0)
    let expected = try outcome(whole)

    let killed = try task()
    // Sixty checkpoints in all, one a step; five steps are an epoch, and the fourth and eighth end with an evaluation.
    let moments = [(3, "half"), (1, "begun"), (9, "whole"), (8, "named"), (1, "half"), (20, "whole"), (1, "named"), (2, "half")]
    for (round, moment) in moments.enumerated() {
      let result = try run(killed, resumes: round > 0, dyingAt: moment)
      #expect(result.wasKilled && result.code == SIGKILL, "round \(round): \(result.errors)")
      #expect(try partialFiles(killed).isEmpty == (moment.1 == "named"), "round \(round)")
    }
    let last = try run(killed, resumes: true)
    #expect(last.code == 0, "\(last.errors)")
    #expect(try outcome(killed) == expected)
    #expect(try partialFiles(killed).isEmpty)
  }
}
