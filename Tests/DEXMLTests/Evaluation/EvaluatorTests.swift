import DEXML
import Foundation
import Testing
import WengertNN
import WengertTestSupport

@Suite("What cannot be scored", .serialized)
struct EvaluatorTests {
  /// Puts numbers that are none into the first `count` elements of a tensor of a file; nil: all.
  private func spoil(_ file: URL, _ name: (String) -> Bool, first count: Int? = nil) throws {
    let old = try SafeTensors(contentsOf: file)
    let arrays = try old.names.map { tensor -> (name: String, array: HostArray) in
      let array = try #require(old[tensor])
      guard name(tensor) else { return (name: tensor, array: array) }
      var values = array.floats()
      for i in values.indices.prefix(count ?? values.count) { values[i] = .nan }
      return (name: tensor, array: try HostArray(values, shape: array.shape))
    }
    try SafeTensors.write(arrays, metadata: old.metadata, to: file)
  }

  private func isWordEmbedding(_ name: String) -> Bool { name.hasSuffix("word_embeddings.weight") }

  @Test("weights that are no numbers give an error and no metrics, in an evaluation and in the embeddings of a file")
  func noNumbers() throws {
    var task = try TinyTask()
    try task.useNewEncoder()
    try spoil(URL(fileURLWithPath: task.configuration.tf).appendingPathComponent("model.safetensors"), isWordEmbedding)
    let text = message { try Evaluator.run(task.configuration, split: .tst) }
    #expect(text.contains("tst_X.txt: score of line 1: ") && text.contains("similarities that are no numbers"), "\(text)")
    for name in ["tst_metrics.tsv", "tst_score_mat.npz"] {
      #expect(!FileManager.default.fileExists(atPath: task.results.appendingPathComponent(name).path), "\(name)")
    }
    let input = try task.folder.write("texts.txt", "the cat\n"), output = task.folder.url.appendingPathComponent("rows.npy")
    let refusal = message {
      try Embedder.run(
        model: URL(fileURLWithPath: task.configuration.tf), input: input, output: output, maxLength: nil, pooling: nil)
    }
    #expect(
      refusal.contains("embedding of \(input.path), line 1: ") && refusal.contains("embeddings that are no numbers"), "\(refusal)")
    #expect(!FileManager.default.fileExists(atPath: output.path))
  }

  @Test("so does one row of a classifier")
  func classifierRow() throws {
    var task = try TinyTask.classifier()
    task.configuration.numEpochs = 1
    try Trainer.run(task.configuration)
    try spoil(task.model.appendingPathComponent("classifier.safetensors"), { $0 == "weight" }, first: 32)
    task.configuration.tf = task.model.path
    task.configuration.expname = "evaluation"
    let text = message { try Evaluator.run(task.configuration, split: .tst) }
    #expect(text.contains("tst_X.txt: score of line 1: ") && text.contains("similarities that are no numbers"), "\(text)")
  }

  @Test("a test set without any label is refused, by an evaluation and before training", arguments: [false, true])
  func withoutLabels(storesZeros: Bool) throws {
    let task = try TinyTask()
    let file = task.folder.url.appendingPathComponent("Tiny/Y.tst.npz")
    let empty =
      storesZeros
      ? try SparseMatrix(
        rows: 12, columns: 4, rowOffsets: Array(0...12), indices: (0..<12).map { Int32($0 % 4) }, values: (0..<12).map { _ in 0 })
      : try SparseMatrix(rows: 12, columns: 4, rowOffsets: [Int](repeating: 0, count: 13), indices: [], values: [])
    try empty.write(to: file)
    let expected = "Y.tst.npz: rows: none of 12 with a label; there is nothing to score: give the test documents their labels"
    for text in [message { try Evaluator.run(task.configuration, split: .tst) }, message { try Trainer.run(task.configuration) }] {
      #expect(text.contains(expected), "\(text)")
    }
    #expect(!FileManager.default.fileExists(atPath: task.results.appendingPathComponent("tst_metrics.tsv").path))
    #expect(!FileManager.default.fileExists(atPath: task.results.appendingPathComponent("checkpoint.safetensors").path))
  }
}
