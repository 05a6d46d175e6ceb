import Foundation
import Testing
import WengertNN
import WengertTestSupport

@testable import DEXML

private typealias Fixture = ModelFoldersFixture

@Suite("Folders of sentence-transformers")
struct SentenceTransformersTests {
  @Test("embeddings are those of the package: every pooling, layer, prompt and length", arguments: Fixture.opened)
  func golden(folder: ModelFoldersFixture.Folder) throws {
    let url = try Fixture.write(folder).url
    #expect(difference(try embeddings(url, folder.use), Fixture.golden[folder.name]) <= 2e-6)
  }

  @Test("what is not known is refused by name", arguments: Fixture.refused)
  func refused(folder: ModelFoldersFixture.Folder) throws {
    let files = try Fixture.write(folder)
    let text = anyMessage { _ = try embeddings(files.url) }
    #expect(text.contains(folder.refused!) && text.contains(files.url.path), "\(text)")
  }

  @Test(
    "one compiled program of each pooling serves any texts",
    arguments: ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"])
  func compiled(name: String) throws {
    for name in ["pooling \(name), Normalize", "pooling \(name), the prompt left out"] {
      let entry = Fixture.folder(name), files = try Fixture.write(entry), folder = try ModelFolder(files.url)
      let length = try folder.maximumLength(nil), reader = try folder.reader(for: entry.use, maximumLength: length)
      let ids = reader.tokenizer.encode(Fixture.shared.texts, maxLength: length), program = EmbeddingProgram(try folder.textEncoder())
      for chunk in [6, 1, 4] {
        #expect(difference(program.embed(ids, chunk: chunk, skipping: reader.skipped), Fixture.golden[name]) <= 2e-6, "\(name), \(chunk)")
      }
    }
  }

  @Test("each pooling's gradient is its slope", arguments: ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"])
  func slope(name: String) throws {
    let entry = Fixture.folder("pooling \(name), the prompt left out")
    let files = try Fixture.write(entry), folder = try ModelFolder(files.url)
    let reader = try folder.reader(for: entry.use, maximumLength: 20)
    let tokens = PackedTokens(reader.tokenizer.encode(Fixture.shared.texts, maxLength: 20), skipping: reader.skipped).tensors()
    let model = try folder.textEncoder(normalizes: false), encoder = model.encoder
    let states = RandomKey(1).normal([tokens.ids.shape[0], 16], dtype: .float64)
    let weights = RandomKey(2).normal([Fixture.shared.texts.count, 16], dtype: .float64),
      step = RandomKey(3).normal(states.shape, dtype: .float64)
    func value(_ states: Tensor) -> Tensor { (model.pooling([states], tokens, encoder).cast(to: .float64) * weights).sum() }
    let slope = (gradient(at: states, value) * step).sum().item()
    let small = 1e-3
    let measured = (value(states + step * small).item() - value(states - step * small).item()) / (2 * small)
    #expect(abs(slope - measured) <= 1e-3 * max(1, abs(slope)), "\(slope), \(measured)")
  }

  @Test(
    "a folder that we write is the same model for us, with its prompts",
    arguments: Fixture.opened.filter {
      $0.name.hasPrefix("Dense") || $0.name.contains("LayerNorm") || $0.name.contains("truncate") || $0.name.contains("pooling of all")
        || $0.name.contains("left out")
    })
  func roundTrip(folder: ModelFoldersFixture.Folder) throws {
    let files = try Fixture.write(folder), source = try ModelFolder(files.url)
    let copy = files.url.appendingPathComponent("copy")
    try ModelFolder.save(
      source.textEncoder(), tokenizer: source.tokenizer(), maximumLength: source.maximumLength(nil), prompts: source.usage.prompts, to: copy
    )
    #expect(try ModelFolder(copy).usage.prompts == source.usage.prompts)
    #expect(difference(try embeddings(copy, folder.use), Fixture.golden[folder.name]) <= 2e-6)
    // And for sentence-transformers, which does not look at our own file.
    try FileManager.default.removeItem(at: copy.appendingPathComponent("dexml.json"))
    #expect(difference(try embeddings(copy, folder.use), Fixture.golden[folder.name]) <= 2e-6)
  }

  @Test("the layers behind a pooling that the package does not have are kept")
  func ownPooling() throws {
    let files = try Fixture.write("Dense, LayerNorm, Dropout, Normalize"), source = try ModelFolder(files.url)
    var model = try source.textEncoder(pooling: .pooler)
    model.layers.append(.normalize)
    let copy = files.url.appendingPathComponent("copy")
    try ModelFolder.save(model, tokenizer: source.tokenizer(), maximumLength: 9, to: copy)
    #expect(!FileManager.default.fileExists(atPath: copy.appendingPathComponent("modules.json").path))
    let read = try ModelFolder(copy).textEncoder()
    #expect(read.layers.count == 3 && read.pooling == .pooler)
    let texts: [[Int32]] = [[2, 5, 6, 3], [2, 9, 3]]
    #expect(read.embed(texts, chunk: 2).array(of: Float.self) == model.embed(texts, chunk: 2).array(of: Float.self))
  }

  @Test("the encoder may lie in a folder of its own, and its weights in several parts")
  func elsewhere() throws {
    let entry = Fixture.folder("pooling mean, Normalize"), files = try Fixture.write(entry), manager = FileManager.default
    let inner = files.url.appendingPathComponent("0_Transformer")
    try manager.createDirectory(at: inner, withIntermediateDirectories: true)
    for name in ["config.json", "model.safetensors", "sentence_bert_config.json", "tokenizer.json", "tokenizer_config.json"] {
      try manager.moveItem(at: files.url.appendingPathComponent(name), to: inner.appendingPathComponent(name))
    }
    let list = files.url.appendingPathComponent("modules.json")
    try String(contentsOf: list, encoding: .utf8).replacing("\"path\":\"\"", with: "\"path\":\"0_Transformer\"")
      .write(to: list, atomically: true, encoding: .utf8)
    #expect(difference(try embeddings(files.url), Fixture.golden[entry.name]) <= 2e-6)

    let whole = inner.appendingPathComponent("model.safetensors"), weights = try SafeTensors(contentsOf: whole)
    var map: [String: String] = [:]
    for part in 0..<3 {
      let name = "model-0000\(part + 1)-of-00003.safetensors"
      let names = weights.names.enumerated().filter { $0.offset % 3 == part }.map(\.element)
      try SafeTensors.write(names.map { ($0, weights[$0]!) }, to: inner.appendingPathComponent(name))
      for tensor in names { map[tensor] = name }
    }
    try manager.removeItem(at: whole)
    let index = inner.appendingPathComponent("model.safetensors.index.json")
    try JSONSerialization.data(withJSONObject: ["metadata": ["total_size": 1], "weight_map": map]).write(to: index)
    #expect(difference(try embeddings(files.url), Fixture.golden[entry.name]) <= 2e-6)

    try manager.removeItem(at: inner.appendingPathComponent("model-00002-of-00003.safetensors"))
    #expect(anyMessage { _ = try embeddings(files.url) }.contains("model-00002-of-00003.safetensors"))
    let name = weights.names[0]
    try JSONSerialization.data(withJSONObject: ["weight_map": [name: "model-00003-of-00003.safetensors"]]).write(to: index)
    #expect(
      anyMessage { _ = try embeddings(files.url) }.contains("\(name): \"model-00003-of-00003.safetensors\"; the file has no such tensor"))
    try JSONSerialization.data(withJSONObject: ["weight_map": [name: "../x"]]).write(to: index)
    #expect(anyMessage { _ = try embeddings(files.url) }.contains("the name of a file in this folder"))
  }

  @Test("lower-casing of the package's settings holds where the tokenizer has none, and leaves accents")
  func lowercases() throws {
    let json = try String(contentsOf: Fixtures.url("folders/tokenizer.json"), encoding: .utf8).replacing(
      "\"lowercase\": true", with: "\"lowercase\": false")
    let config = Fixture.shared.plain["bert"]!["tokenizer_config.json"]!.replacing(
      "\"do_lower_case\":true", with: "\"do_lower_case\":false")
    for (lowers, expected) in [(false, ["The", "Cat"]), (true, ["the", "cat"])] {
      let files = try Fixture.write(
        "pooling mean",
        changing: [
          "tokenizer.json": json, "tokenizer_config.json": config,
          "sentence_bert_config.json": "{\"max_seq_length\": 9, \"do_lower_case\": \(lowers)}",
        ])
      let folder = try ModelFolder(files.url)
      let words = json.matches(of: #/"([^"]+)": ([0-9]+)/#).reduce(into: [Int32: String]()) {
        $0[Int32($1.output.2)!] = String($1.output.1)
      }
      #expect(try folder.tokenizer().encode("The Cat é").dropFirst().dropLast().map { words[$0] } == expected + ["é"])
      #expect(try folder.maximumLength(nil) == 9)
    }
  }

  @Test(
    "modules out of order, twice, outside the folder or of unknown kinds are refused",
    arguments: [
      ("[]", "content"), ("{}", "content"), ("[{\"path\": \"\"}]", "[0].type"), ("[{\"path\": \"../x\", \"type\": \"T\"}]", "[0].path"),
      ("[{\"path\": \"1_Pooling\", \"type\": \"sentence_transformers.models.Pooling\"}]", "Transformer is expected as the first"),
      ("[{\"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"}]", "no Pooling"),
      (
        "[{\"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"}, {\"path\": \"2\", \"type\": \"sentence_transformers.models.Normalize\"}]",
        "one Pooling is expected"
      ),
      (
        "[{\"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"}, {\"path\": \"2\", \"type\": \"sentence_transformers.sparse_encoder.modules.Pooling\"}]",
        "sparse_encoder.modules.Pooling"
      ),
    ])
  func modules(json: String, word: String) throws {
    let files = try Fixture.write("pooling mean", changing: ["modules.json": json])
    let text = anyMessage { _ = try ModelFolder(files.url) }
    #expect(text.contains("modules.json") && text.contains(word), "\(text)")
  }

  @Test("damaged settings are settings or an error")
  func fuzz() throws {
    let plain = Fixture.shared.plain["bert"]!, files = try Fixture.write("pooling mean")
    for (path, text) in plain where path.hasSuffix(".json") {
      for seed in 0..<60 {
        try files.write(path, Data(text.utf8).damaged(seed: UInt64(seed)))
        do { _ = try ModelFolder(files.url) } catch is FileError {}
      }
      try files.write(path, text)
    }
    _ = try ModelFolder(files.url)
  }
}
