import DEXML
import Foundation
import Testing
import WengertNN

@Suite("Resuming in another results folder", .serialized)
struct ResumeElsewhereTests {
  private func mining() throws -> TinyTask {
    var task = try TinyTask.random()
    task.configuration.net = .hardNegatives
    task.configuration.negType = .shorty
    task.configuration.hardNegStart = 1
    task.configuration.hardNegTopk = 3
    task.configuration.evalInterval = 2
    return task
  }

  /// The same task with another folder of results, which goes on from `checkpoint`.
  private func moved(_ task: TinyTask, from checkpoint: URL) -> TinyTask {
    var other = task
    other.configuration.resultsRoot = task.folder.url.appendingPathComponent("Elsewhere").path
    other.configuration.resumePath = checkpoint.path
    return other
  }

  private func file(_ task: TinyTask, _ name: String) -> URL {
    URL(fileURLWithPath: task.configuration.resultsRoot).appendingPathComponent("DEXML/Tiny/dexml-exp/\(name)")
  }

  private func outcome(_ task: TinyTask) throws -> [Data] {
    try ["checkpoint.safetensors", "model/model.safetensors", "tst_metrics.tsv", "tst_score_mat.npz"].map {
      try Data(contentsOf: file(task, $0))
    }
  }

  @Test("a run with mined negatives goes on elsewhere as if it had never stopped, with all that it had left", arguments: [4, 7, 8, 10, 12])
  func mined(step: Int) throws {
    let whole = try mining(), losses = try whole.train()
    let expected = try outcome(whole)
    let task = try mining()
    var seen = try task.train(until: step)
    let other = moved(task, from: task.results)
    seen.merge(try other.train()) { $1 }
    #expect(seen == losses)
    #expect(try outcome(other) == expected)
    #expect(try Data(contentsOf: file(other, "trn_shorty.npz")) == Data(contentsOf: whole.results.appendingPathComponent("trn_shorty.npz")))
  }

  @Test("the lists of a run that is complete come along, where they are there")
  func complete() throws {
    let task = try mining()
    try task.train()
    let lists = task.results.appendingPathComponent("trn_shorty.npz"), mined = try Data(contentsOf: lists)
    let other = moved(task, from: task.results)
    try other.train()
    #expect(try Data(contentsOf: file(other, "trn_shorty.npz")) == mined)
    #expect(try outcome(other) == outcome(task))

    try FileManager.default.removeItem(at: lists)
    var third = moved(task, from: task.results)
    third.configuration.expname = "third"
    try third.train()
    let log = URL(fileURLWithPath: third.configuration.resultsRoot).appendingPathComponent("DEXML/Tiny/third/log.txt")
    #expect(try String(contentsOf: log, encoding: .utf8).contains("the mined negatives do not come along: "))
  }

  @Test("a run that was stopped again in the new folder goes on from there, without the old one")
  func twice() throws {
    let whole = try mining(), losses = try whole.train()
    let task = try mining()
    var seen = try task.train(until: 7)
    let other = moved(task, from: task.results)
    // Before the new folder's first own checkpoint.
    seen.merge(try other.train(until: 7)) { $1 }
    try FileManager.default.removeItem(at: task.results)
    seen.merge(try other.train(resumes: true)) { $1 }
    #expect(seen == losses)
    #expect(try outcome(other) == outcome(whole))
  }

  @Test("the best model so far, its scores and the metrics come along, also where no later evaluation is better")
  func bestModel() throws {
    let task = try TinyTask.random()
    try task.train(until: 12)
    let other = moved(task, from: task.checkpoint)
    let best = try #require(try Checkpoint(contentsOf: task.checkpoint).position.best)
    try other.train(until: 13)
    for name in ["model/model.safetensors", "model/tokenizer.json", "tst_score_mat.npz", "tst_metrics.tsv"] {
      #expect(try Data(contentsOf: file(other, name)) == Data(contentsOf: file(task, name)), "\(name)")
    }
    #expect(try Checkpoint(contentsOf: file(other, "checkpoint.safetensors")).position.best == best)
  }

  @Test("without its lists, or beside other ones, a run says what it needs")
  func missing() throws {
    let task = try mining()
    try task.train(until: 7)
    let lists = task.results.appendingPathComponent("trn_shorty.npz")
    let mined = try SparseMatrix(contentsOf: lists)
    func refusal() throws -> String {
      do {
        try moved(task, from: task.results).train()
        return "no error"
      } catch { return oneLine(error) }
    }
    try SparseMatrix(
      rows: mined.rows, columns: mined.columns, rowOffsets: mined.rowOffsets, indices: mined.indices, values: mined.values.map { $0 / 2 }
    )
    .write(to: lists)
    #expect(try refusal().contains("trn_shorty.npz: mined negatives: not those of the checkpoint; the run that is resumed needs"))
    try FileManager.default.removeItem(at: lists)
    #expect(try refusal().contains("trn_shorty.npz: mined negatives: no such file; the run that is resumed needs the lists that it mined"))
    try Data("PK".utf8).write(to: lists)
    #expect(try refusal().contains("trn_shorty.npz"))
  }

  @Test("the checkpoint that a new run has set aside keeps its lists")
  func setAside() throws {
    let whole = try mining(), losses = try whole.train()
    let task = try mining()
    var seen = try task.train(until: 8)
    var other = task
    other.configuration.seed = 9
    try other.train(until: 8)
    seen.merge(try moved(task, from: task.results.appendingPathComponent("checkpoint.previous.safetensors")).train()) { $1 }
    #expect(seen == losses)
  }

  @Test("other held-out rows than those of the checkpoint are refused")
  func heldOut() throws {
    var task = try TinyTask.random()
    task.configuration.numValPoints = 8
    try task.train(until: 7)
    let rows = task.folder.url.appendingPathComponent("Tiny/val_inds_8.npy")
    try NPY.write(HostArray((0..<8).map { $0 }), to: rows)
    #expect(try task.refusal { _ in }.contains("checksum of val_inds_8.npy"))
  }
}
