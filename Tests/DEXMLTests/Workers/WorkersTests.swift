import Collectives
import DEXML
import Foundation
import Testing
import WengertNN
import WengertTestSupport

@Suite("Workers")
struct WorkersTests {
  /// Twelve documents in a batch, four in the last; everything is drawn.
  private func task(_ change: (inout Configuration) -> Void) throws -> TinyTask {
    var task = try TinyTask()
    try task.useNewEncoder()
    task.configuration.dropout = 0.2
    task.configuration.numEpochs = 2
    task.configuration.evalInterval = 1
    task.configuration.gcBsz = 3
    task.configuration.optim = .sgd
    task.configuration.lr = 0.1
    change(&task.configuration)
    return task
  }

  /// The losses of all steps on so many workers, and what the run leaves.
  private func outcome(_ task: TinyTask, _ count: Int) throws -> (losses: [Double], model: SafeTensors, metrics: String) {
    var task = task
    task.configuration.expname = "on \(count)"
    task.configuration.bsz = 12 / count
    task.configuration.lr /= Double(count)
    let configuration = task.configuration
    let losses = try ThreadWorkers.run(count) { workers in
      var losses: [Double] = []
      try Trainer.run(configuration, resumes: false, workers: workers) { losses.append($1) }
      return losses
    }
    #expect(Set(losses).count == 1, "all workers see the same losses")
    let results = task.folder.url.appendingPathComponent("Results/DEXML/Tiny/on \(count)")
    return (
      losses[0], try SafeTensors(contentsOf: results.appendingPathComponent("checkpoint.safetensors")),
      try String(contentsOf: results.appendingPathComponent("tst_metrics.tsv"), encoding: .utf8)
    )
  }

  private static let cases: [(String, @Sendable (inout Configuration) -> Void)] = [
    ("all labels", { _ in }),
    ("topk", { $0.lossCriterion = .topk }),
    (
      "mined negatives",
      { configuration in
        configuration.net = .hardNegatives
        configuration.negType = .shorty
        configuration.hardNegStart = 1
        configuration.hardNegTopk = 3
      }
    ),
    ("classifier", { $0.net = .classifier }),
  ]

  @Test(
    "one, two, four and six workers give the same losses, parameters and metrics, also with fewer documents or labels than workers",
    arguments: 0..<4)
  func equality(number: Int) throws {
    let (name, change) = Self.cases[number]
    let task = try task(change)
    let alone = try outcome(task, 1)
    #expect(alone.losses.count == 8)
    for count in [2, 4, 6] {
      let shared = try outcome(task, count)
      // Adam makes steps of full length of gradients that are rounding alone, and rounding depends on the number of parts and on the processor.
      for (a, b) in zip(shared.losses, alone.losses) { #expect(abs(a - b) <= 1e-4 * max(1, abs(b)), "\(name) on \(count)") }
      #expect(shared.losses.count == alone.losses.count && shared.metrics == alone.metrics, "\(name) on \(count)")
      for tensor in alone.model.names where tensor.hasPrefix("model.") {
        let (a, b) = (Tensor(shared.model[tensor]!), Tensor(alone.model[tensor]!))
        #expect((a - b).norm().item() <= 1e-5 * b.norm().item() + 1e-6, "\(name) on \(count): \(tensor)")
      }
    }
  }

  @Test("two workers that resume end as those that were never stopped, and not as one worker")
  func resuming() throws {
    var task = try task { $0.checkpointInterval = 1 }
    task.configuration.bsz = 6
    struct Interruption: Error {}
    func train(_ name: String, resumes: Bool, until last: Int? = nil) throws {
      var configuration = task.configuration
      configuration.expname = name
      let settings = configuration
      do {
        _ = try ThreadWorkers.run(2) { workers in
          try Trainer.run(settings, resumes: resumes, workers: workers) { step, _ in if step == last { throw Interruption() } }
        }
      } catch is Interruption {}
    }
    try train("whole", resumes: false)
    try train("stopped", resumes: false, until: 3)
    try train("stopped", resumes: true)
    func tensors(_ name: String) throws -> [String: [Float]] {
      let file = try SafeTensors(contentsOf: task.folder.url.appendingPathComponent("Results/DEXML/Tiny/\(name)/checkpoint.safetensors"))
      return Dictionary(uniqueKeysWithValues: file.names.map { ($0, Tensor(file[$0]!).array(of: Float.self)) })
    }
    #expect(try tensors("stopped") == tensors("whole"))
    task.configuration.expname = "stopped"
    let error = #expect(throws: FileError.self) { try Trainer.run(task.configuration, resumes: true) }
    #expect("\(error!)".contains("workers: '2' in the checkpoint, '1' in this run"))
  }

  @Test("parts follow each other, cover everything, and differ by one at most")
  func parts() throws {
    for (count, total) in [(3, 10), (4, 3), (2, 0), (5, 5)] {
      let parts = try ThreadWorkers.run(count) { $0.part(of: total) }
      #expect(parts.flatMap { Array($0) } == Array(0..<total))
      #expect(parts.map(\.count).max()! - parts.map(\.count).min()! <= 1)
    }
  }

  @Test("gathering joins parts of different sizes by rank, and sums have the same bits everywhere")
  func gathering() throws {
    let gathered = try ThreadWorkers.run(3) { workers in
      workers.allGather((0..<workers.rank).map { Float(10 * workers.rank + $0) })
    }
    #expect(gathered == Array(repeating: [10, 20, 21], count: 3))
    let sums = try ThreadWorkers.run(3) { workers in
      var values = [0.1 * Double(workers.rank + 1), -1]
      workers.allReduce(&values, .sum)
      return values
    }
    #expect(Set(sums).count == 1 && abs(sums[0][0] - 0.6) < 1e-15 && sums[0][1] == -3)
  }

  @Test("a gradient sum adds up tensors handed in in any order, and spans larger than one tensor")
  func gradientSum() throws {
    let sizes = [3, 5_000_000, 0, 4, 2]
    let sums = try ThreadWorkers.run(2) { workers in
      let sum = GradientSum(sizes, workers)
      for number in workers.rank == 0 ? [4, 3, 2, 1, 0] : [0, 2, 4, 1, 3] {
        sum.add(number, (0..<sizes[number]).map { Float($0 % 7 + number + workers.rank) })
      }
      return sizes.indices.map { sum.value($0).prefix(8).map { $0 } }
    }
    for number in sizes.indices {
      let expected = (0..<min(8, sizes[number])).map { Float(2 * ($0 % 7 + number) + 1) }
      #expect(sums[0][number] == expected && sums[1][number] == expected)
    }
  }
}
