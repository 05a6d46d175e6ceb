import DEXML
import Foundation
import Testing
@_spi(Backend) import WengertNN
import WengertTestSupport

/// Values of Hugging Face transformers for tiny random models: Tests/Fixtures/encoder.py.
private struct Golden: Decodable {
  let sequences: [[Int32]]
  let bert: [String: [Double]]
  let distilbert: [String: [Double]]
}

private let golden = try! JSONDecoder().decode(Golden.self, from: Data(contentsOf: Fixtures.url("encoder/golden.json")))
private let sequences = golden.sequences

private func values(_ model: String, _ name: String) -> [Double] { (model == "bert" ? golden.bert : golden.distilbert)[name]! }

private func folder(_ model: String) throws -> ModelFolder { try ModelFolder(Fixtures.url("encoder/\(model)")) }

private func largestDifference(_ tensor: Tensor, _ expected: [Double]) -> Double {
  let actual = tensor.array(of: Double.self)
  #expect(actual.count == expected.count)
  return zip(actual, expected).map { abs($0 - $1) }.max() ?? .infinity
}

@Suite("The encoder")
struct EncoderTests {
  @Test("hidden states equal those of transformers, on packed tokens", arguments: ["bert", "distilbert"])
  func hiddenStates(model: String) throws {
    let encoder = try folder(model).model().encoder
    let states = encoder.hiddenStates(PackedTokens(sequences).tensors())
    #expect(states.count == 1)
    #expect(largestDifference(states[0], values(model, "hidden")) < 1e-5)
  }

  @Test(
    "every pooling equals its definition",
    arguments: [("bert", "cls"), ("bert", "mean"), ("bert", "pooler"), ("bert", "lightxml"), ("distilbert", "cls"), ("distilbert", "mean")])
  func pooling(model: String, name: String) throws {
    let encoder = try folder(model).textEncoder(pooling: Pooling(configurationText: name), normalizes: false)
    #expect(largestDifference(encoder.embed(PackedTokens(sequences)), values(model, name)) < 1e-5)
  }

  @Test("embeddings have length one when normalized, whatever the chunk")
  func normalized() throws {
    let encoder = try folder("bert").textEncoder(pooling: .mean)
    let whole = encoder.embed(sequences, chunk: 100)
    #expect(largestDifference(whole.norm(axes: [1]), [1, 1, 1, 1]) < 1e-6)
    #expect(largestDifference(encoder.embed(sequences, chunk: 1), whole.array(of: Double.self)) < 1e-6)
  }

  @Test("settings that ask for more memory than the weights have, and weights of many axes, are errors")
  func hostile() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func message(vocabulary: Int, _ shape: [Int]) throws -> String {
      let settings = BertConfiguration(vocabularySize: vocabulary, hiddenSize: 1, layers: 0, heads: 1, intermediateSize: 1)
      try settings.json().write(to: folder.appendingPathComponent("config.json"))
      let array = try HostArray([Float](repeating: 0, count: 2000), shape: shape)
      try SafeTensors.write(
        [("embeddings.word_embeddings.weight", array)], to: folder.appendingPathComponent("model.safetensors"))
      var message = ""
      do { _ = try ModelFolder(folder).model() } catch { message = "\(error)" }
      return message
    }
    #expect(try message(vocabulary: 1 << 24, [2000, 1]).contains("weights: 8000 bytes"))
    #expect(try message(vocabulary: 2000, [2000] + Array(repeating: 1, count: 20)).contains("word_embeddings.weight has shape [2000, 1, 1"))
  }

  @Test("what the encoder reads is one block of memory")
  func block() {
    let tensors = PackedTokens([[2, 5, 3], [2, 3]], first: 4, skipping: 1).tensors()
    for tensor in tensors.tensors { #expect(tensor.view.storage === tensors.ids.view.storage) }
    #expect(tensors.ids.array(of: Int32.self) == [2, 5, 3, 2, 3])
    #expect(tensors.positions.array(of: Int32.self) == [0, 1, 2, 0, 1])
    #expect(tensors.offsets.array(of: Int32.self) == [0, 3, 5])
    #expect(tensors.sequences.array(of: Int32.self) == [0, 0, 0, 1, 1])
    #expect(tensors.starts.array(of: Int32.self) == [0, 3])
    #expect(tensors.lasts.array(of: Int32.self) == [2, 4])
    #expect(tensors.shares.array(of: Float.self) == [1 / 3, 0.5])
    #expect(tensors.firstPooled.array(of: Int32.self) == [1, 4])
    #expect(tensors.pooledCounts.array(of: Float.self) == [2, 1])
    #expect(tensors.pooled.array(of: Float.self) == [0, 1, 1, 0, 1])
    #expect(tensors.sequenceNumbers.array(of: Int64.self) == [4, 5])
    let tokens: [Int64] = [4_194_304, 4_194_305, 4_194_306, 5_242_880, 5_242_881]
    #expect(tensors.tokenNumbers.array(of: Int64.self) == tokens)
    #expect(tensors.shares.shape == [2, 1] && tensors.tokenNumbers.shape == [5, 1])
  }

  @Test("padding is left out when a padded batch is packed")
  func packing() {
    let packed = PackedTokens(padded: [[2, 5, 3, 0, 0], [2, 3, 0, 0, 0]], padID: 0)
    #expect(packed.ids == [2, 5, 3, 2, 3])
    #expect(packed.offsets == [0, 3, 5])
  }

  @Test("a saved folder opens again with the same weights, usage and token ids", arguments: ["bert", "distilbert"])
  func roundTrip(model: String) throws {
    try Fixtures.withTemporaryFolder { temporary in
      let original = try folder(model)
      var encoder = try original.textEncoder(pooling: .mean)
      encoder.bottleneck = Linear(16, 4, key: RandomKey(3))
      let target = temporary.appendingPathComponent("model")
      for _ in 0..<2 { try ModelFolder.save(encoder, tokenizer: original.tokenizer(), maximumLength: 12, to: target) }
      let reopened = try ModelFolder(target)
      #expect(reopened.usage.pooling == .mean && reopened.usage.normalizes && reopened.usage.maximumLength == 12)
      let copy = try reopened.textEncoder()
      for (a, b) in zip(encoder.namedTensors, copy.namedTensors) {
        #expect(a.name == b.name && a.tensor.array(of: Float.self) == b.tensor.array(of: Float.self))
      }
      #expect(try reopened.tokenizer().encode("The cats sat.") == original.tokenizer().encode("The cats sat."))
      #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path) == ["model"])
    }
  }

  @Test("weights that do not fit config.json are refused with names and shapes")
  func misfit() throws {
    try Fixtures.withTemporaryFolder { temporary in
      for name in ["model.safetensors", "vocab.txt"] {
        try FileManager.default.copyItem(at: Fixtures.url("encoder/bert/\(name)"), to: temporary.appendingPathComponent(name))
      }
      let text = try String(contentsOf: Fixtures.url("encoder/bert/config.json"), encoding: .utf8)
      try text.replacing("\"intermediate_size\": 24", with: "\"intermediate_size\": 32")
        .write(to: temporary.appendingPathComponent("config.json"), atomically: true, encoding: .utf8)
      let error = #expect(throws: FileError.self) { try ModelFolder(temporary).model() }
      #expect(error?.value.contains("intermediate.dense.weight has shape [24, 16], config.json says [32, 16]") == true)
      #expect(error?.advice == "the weights do not fit config.json")
    }
  }

  @Test(
    "a damaged config.json is refused with the field",
    arguments: [
      ("{", "content"), ("{\"model_type\": \"gpt2\"}", "model_type"), ("{\"model_type\": \"bert\"}", "vocab_size"),
      ("{\"model_type\": \"bert\", \"vocab_size\": -3}", "vocab_size"),
      ("{\"model_type\": \"bert\", \"vocab_size\": 9, \"hidden_act\": \"relu\"}", "hidden_act"),
    ])
  func configuration(text: String, field: String) throws {
    try Fixtures.withTemporaryFolder { temporary in
      try text.write(to: temporary.appendingPathComponent("config.json"), atomically: true, encoding: .utf8)
      let error = #expect(throws: FileError.self) { try ModelFolder(temporary) }
      #expect(error?.field == field)
    }
  }

  @Test("config.json survives any damage as settings or an error")
  func fuzz() throws {
    let original = try Data(contentsOf: Fixtures.url("encoder/bert/config.json"))
    try Fixtures.withTemporaryFolder { temporary in
      for seed in 0..<300 {
        try original.damaged(seed: UInt64(seed)).write(to: temporary.appendingPathComponent("config.json"))
        do { _ = try BertConfiguration(contentsOf: temporary.appendingPathComponent("config.json")) } catch is FileError {}
      }
    }
  }
}
