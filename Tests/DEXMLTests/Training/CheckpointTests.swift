import DEXML
import Foundation
import Testing
import WengertNN
import WengertTestSupport

/// What ends a run in the middle of a test.
private struct Interruption: Error {}

extension TinyTask {
  /// A run in which everything is drawn: dropout, sampled positives, AdamW.
  static func random() throws -> TinyTask {
    var task = try TinyTask()
    try task.useNewEncoder()
    task.configuration.dropout = 0.2
    task.configuration.numEpochs = 3
    task.configuration.evalInterval = 1
    task.configuration.checkpointInterval = 2
    return task
  }

  var checkpoint: URL { results.appendingPathComponent("checkpoint.safetensors") }

  /// Trains, up to a number of steps if one is given; the losses by step.
  @discardableResult
  func train(resumes: Bool = false, until last: Int? = nil) throws -> [Int: Double] {
    var losses: [Int: Double] = [:]
    do {
      try Trainer.run(configuration, resumes: resumes) { step, loss in
        losses[step] = loss
        if step == last { throw Interruption() }
      }
    } catch is Interruption {}
    return losses
  }

  /// What a run leaves, byte for byte.
  func outcome() throws -> [String: Data] {
    let names = ["checkpoint.safetensors", "model/model.safetensors", "tst_metrics.tsv", "tst_score_mat.npz"]
    return Dictionary(
      uniqueKeysWithValues: try names.map { ($0, try Data(contentsOf: results.appendingPathComponent($0))) })
  }

  /// The error of resuming after a change.
  func refusal(_ change: (inout Configuration) throws -> Void) throws -> String {
    var other = self
    try change(&other.configuration)
    do {
      try other.train(resumes: true)
      return "no error"
    } catch { return oneLine(error) }
  }
}

@Suite("Checkpoints", .serialized)
struct CheckpointTests {
  @Test("a checkpoint gives back position, identity and every bit of its tensors")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("checkpoint.safetensors")
    let model = Linear(3, 2, key: RandomKey(1)), other = Linear(3, 2, key: RandomKey(2)), small = Linear(2, 2, key: RandomKey(2))
    var position = Checkpoint.Position()
    (position.epoch, position.stepInEpoch, position.step, position.lossSum, position.metricsLines) = (3, 4, 24, 0.1 + 0.2, 3)
    for best in [nil, 87.5, 1 / 3.0] {
      position.best = best
      position.lossScale = best.map { LossScale(0x1p-3, steps: Int($0)) }
      try Checkpoint.write(position, [("lr", "0.1"), ("\"quoted\"", "crc32\":\"x")], model: model, optimizer: other, to: file)
      let read = try Checkpoint(contentsOf: file)
      #expect(read.position == position)
      try read.check([("lr", "0.1"), ("\"quoted\"", "crc32\":\"x")])
      #expect(message { try read.check([("lr", "0.2")]) }.contains("lr: '0.1' in the checkpoint, '0.2' in this run"))
      #expect(try read.restored(other, "model").tensors.map { $0.array(of: Float.self) } == model.tensors.map { $0.array(of: Float.self) })
      #expect(try read.restored(model, "optimizer").weight.array(of: Float.self) == other.weight.array(of: Float.self))
      #expect(message { _ = try read.restored(small, "model") }.contains("model.weight: float32 [2, 3], expected float32 [2, 2]"))
    }
  }

  @Test("a run that stops at any step and goes on equals the one that never stopped, bit for bit")
  func resumesExactly() throws {
    let whole = try TinyTask.random()
    let losses = try whole.train()
    let expected = try whole.outcome()
    #expect(losses.count == 15)
    for step in 1..<15 {
      // The same folder as a user's, killed once or twice.
      let task = try TinyTask.random()
      var seen = try task.train(until: step)
      if step % 3 == 0 { seen.merge(try task.train(resumes: true, until: step + 1)) { $1 } }
      seen.merge(try task.train(resumes: true)) { $1 }
      #expect(seen == losses, "stopped at step \(step)")
      let outcome = try task.outcome()
      for (name, bytes) in expected { #expect(outcome[name] == bytes, "\(name), stopped at step \(step)") }
    }
    // A finished run has nothing left to do, and a checkpoint from elsewhere starts a run in another folder.
    #expect(try whole.train(resumes: true).isEmpty)
    #expect(try whole.outcome() == expected)
    let first = try TinyTask.random()
    try first.train(until: 7)
    var second = first
    second.configuration.expname = "another"
    second.configuration.resumePath = first.results.path
    let rest = try second.train()
    #expect(rest == losses.filter { $0.key > 6 })
  }

  @Test("a checkpoint at a step that no run reaches is an error", arguments: ["step_in_epoch", "step"])
  func impossibleStep(field: String) throws {
    let task = try TinyTask.random()
    try task.train(until: 3)
    let file = try SafeTensors(contentsOf: task.checkpoint)
    var metadata = file.metadata
    metadata["step"] = "\(Int.max)"
    metadata[field] = "\(Int.max)"
    try SafeTensors.write(file.names.map { ($0, file[$0]!) }, metadata: metadata, isChecksummed: true, to: task.checkpoint)
    #expect(try task.refusal { _ in }.contains("an epoch has 5 steps: the file is damaged"))
  }

  @Test("a run with mined negatives goes on with those that it mined")
  func minedNegatives() throws {
    func mining() throws -> TinyTask {
      var task = try TinyTask.random()
      task.configuration.net = .hardNegatives
      task.configuration.negType = .shorty
      task.configuration.hardNegStart = 1
      task.configuration.hardNegTopk = 3
      task.configuration.evalInterval = 2
      return task
    }
    let whole = try mining(), losses = try whole.train()
    let expected = try whole.outcome()
    for step in [4, 7, 10, 12] {
      let task = try mining()
      var seen = try task.train(until: step)
      seen.merge(try task.train(resumes: true)) { $1 }
      #expect(seen == losses, "stopped at step \(step)")
      #expect(try task.outcome() == expected, "stopped at step \(step)")
    }
    #expect(try whole.refusal { $0.evalInterval = 1 }.contains("eval_interval"))
  }

  @Test("a run with a classifier goes on bit for bit, and its checkpoint is none of a dual encoder's")
  func classifier() throws {
    func task() throws -> TinyTask {
      var task = try TinyTask.random()
      task.configuration.net = .classifier
      return task
    }
    func outcome(_ task: TinyTask) throws -> [String: Data] {
      var outcome = try task.outcome()
      outcome["classifier"] = try Data(contentsOf: task.results.appendingPathComponent("model/classifier.safetensors"))
      return outcome
    }
    let whole = try task(), losses = try whole.train()
    let expected = try outcome(whole)
    for step in [1, 6, 10, 13] {
      let task = try task()
      var seen = try task.train(until: step)
      seen.merge(try task.train(resumes: true)) { $1 }
      #expect(seen == losses, "stopped at step \(step)")
      #expect(try outcome(task) == expected, "stopped at step \(step)")
    }
    #expect(try whole.refusal { $0.net = .allLabels }.contains("net: 'dist-clf-net' in the checkpoint, 'dist-de-all' in this run"))
  }

  @Test("an evaluation that no checkpoint has seen is made again and stands in the table once")
  func metricsOnce() throws {
    let task = try TinyTask.random()
    try task.train(until: 6)
    let table = task.results.appendingPathComponent("tst_metrics.tsv")
    let before = try String(contentsOf: table, encoding: .utf8)
    try (before + "2\t10\t1.00\n3\t15").write(to: table, atomically: true, encoding: .utf8)
    try task.train(resumes: true)
    let steps = try task.text("tst_metrics.tsv").split(separator: "\n").dropFirst().map { $0.split(separator: "\t")[1] }
    #expect(steps == ["5", "10", "15"])
  }

  @Test("a run without --resume sets the checkpoint of the run before aside; --resume without one starts from the first step and says so")
  func starts() throws {
    var task = try TinyTask.random()
    #expect(try task.train(resumes: true, until: 3).keys.min() == 1)
    #expect(try task.text("log.txt").contains("no checkpoint in"))
    let old = try Data(contentsOf: task.checkpoint)
    #expect(try task.train(until: 1).keys.min() == 1)
    #expect(try Data(contentsOf: task.results.appendingPathComponent("checkpoint.previous.safetensors")) == old)
    task.configuration.resumePath = "/nowhere/at/all"
    #expect(try task.refusal { _ in }.contains("resume_path: nothing at /nowhere/at/all"))
    task.configuration.save = false
    task.configuration.resumePath = ""
    try task.train()
    #expect(!FileManager.default.fileExists(atPath: task.checkpoint.path))
  }

  @Test("a model and a checkpoint that are links to another place stay links, and what they point to is written", arguments: [false, true])
  func links(areThere: Bool) throws {
    let plain = try TinyTask.random(), task = try TinyTask.random()
    let files = FileManager.default, big = task.folder.url.appendingPathComponent("big")
    try files.createDirectory(at: big, withIntermediateDirectories: true)
    try files.createDirectory(at: task.results, withIntermediateDirectories: true)
    if areThere { try task.folder.write("big/model/note.txt", "old") }
    let links = ["model": "model", "checkpoint.safetensors": "state.safetensors"]
    for (name, target) in links {
      try files.createSymbolicLink(
        atPath: task.results.appendingPathComponent(name).path, withDestinationPath: big.appendingPathComponent(target).path)
    }
    func stays() throws {
      for (name, target) in links {
        #expect(
          try files.destinationOfSymbolicLink(atPath: task.results.appendingPathComponent(name).path)
            == big.appendingPathComponent(target).path, "\(name)")
      }
    }
    try plain.train()
    try task.train()
    try stays()
    #expect(try task.outcome() == plain.outcome())
    #expect(!files.fileExists(atPath: big.appendingPathComponent("model/note.txt").path))
    // Another run sets the checkpoint aside, which lies beside the first.
    let old = try Data(contentsOf: task.checkpoint)
    try task.train(until: 4)
    try stays()
    #expect(try Data(contentsOf: big.appendingPathComponent("state.previous.safetensors")) == old)
    #expect(try Data(contentsOf: task.results.appendingPathComponent("checkpoint.previous.safetensors")) == old)
    #expect(try Data(contentsOf: task.checkpoint) != old)
    try task.train(resumes: true)
    try stays()
    #expect(try task.outcome()["model/model.safetensors"] == plain.outcome()["model/model.safetensors"])
    // A model that comes along from elsewhere goes where the link points to.
    var other = task
    other.configuration.expname = "another"
    other.configuration.resumePath = task.checkpoint.path
    let folder = task.results.deletingLastPathComponent().appendingPathComponent("another")
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    let place = big.appendingPathComponent("another")
    try files.createSymbolicLink(atPath: folder.appendingPathComponent("model").path, withDestinationPath: place.path)
    try other.train()
    #expect(try files.destinationOfSymbolicLink(atPath: folder.appendingPathComponent("model").path) == place.path)
    #expect(
      try Data(contentsOf: place.appendingPathComponent("model.safetensors"))
        == Data(contentsOf: task.results.appendingPathComponent("model/model.safetensors")))
  }

  @Test("a checkpoint with any byte changed, cut short or grown is refused")
  func damaged() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("checkpoint.safetensors")
    let model = Linear(8, 4, key: RandomKey(1))
    try Checkpoint.write(Checkpoint.Position(), [("lr", "0.1")], model: model, optimizer: model, to: file)
    let whole = try Data(contentsOf: file)
    let seed: UInt64 = 12
    var random = SplitMix64(seed: seed)
    func refused(_ data: Data, _ what: String) throws {
      try data.write(to: file)
      let text = message { _ = try Checkpoint(contentsOf: file) }
      #expect(text.hasPrefix(file.path), "seed \(seed), \(what): \(text)")
    }
    for _ in 0..<200 {
      let length = random.below(whole.count)
      try refused(whole.prefix(length), "\(length) bytes")
    }
    for place in 0..<whole.count {
      var data = whole
      data[place] ^= UInt8(1 + random.below(255))
      try refused(data, "byte \(place)")
    }
    for _ in 0..<200 {
      var data = whole
      for _ in 0...random.below(20) { data[random.below(data.count)] = UInt8(random.below(256)) }
      if data != whole { try refused(data, "several bytes") }
    }
    try refused(whole + Data([0]), "a byte more")
    try refused(Data("an old friend".utf8), "text")
    try SafeTensors.write([], metadata: ["format": "pt"], isChecksummed: true, to: file)
    #expect(message { _ = try Checkpoint(contentsOf: file) }.contains("format: \"pt\""))
  }

  @Test("a checkpoint of other settings, another encoder or other data is refused by name")
  func foreign() throws {
    let task = try TinyTask.random()
    try task.train(until: 7)
    #expect(try task.refusal { $0.lr = 0.1 }.contains("lr: '0.005' in the checkpoint, '0.1' in this run"))
    #expect(try task.refusal { $0.seed = 7 }.contains("seed: '42'"))
    #expect(try task.refusal { $0.optim = .sgd }.contains("optim: 'adamw'"))
    #expect(try task.refusal { $0.numEpochs = 4 }.contains("num_epochs: '3'"))
    #expect(try task.refusal { $0.tf = Fixtures.url("encoder/bert").path }.contains("checksum of the weights in tf"))
    try task.folder.write("Tiny/raw/trn_X.txt", String(repeating: "the cat sat\n", count: 40))
    #expect(try task.refusal { _ in }.contains("checksum of trn_X.txt"))
  }
}
