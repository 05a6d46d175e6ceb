import Foundation
import Testing
import WengertNN
import WengertTestSupport

@testable import DEXML

private typealias Fixture = ModelFoldersFixture

@Suite("How a folder is used")
struct FolderUseTests {
  private func similarity(_ name: String?) -> [String: String?] {
    ["config_sentence_transformers.json": "{\"similarity_fn_name\": \(name.map { "\"\($0)\"" } ?? "null")}"]
  }

  @Test("labels are compared as the folder says; without a word by dot product, unless it normalizes")
  func similarity() throws {
    for (name, function, expected) in [
      ("pooling mean", "cosine", true), ("pooling mean", "dot", false), ("pooling mean", nil, false),
      ("pooling mean, Normalize", nil, true),
      ("pooling mean, Normalize", "dot", true),
    ] as [(String, String?, Bool)] {
      let files = try Fixture.write(name, changing: similarity(function))
      #expect(try ModelFolder(files.url).comparesNormalized(nil) == expected, "\(name), \(function ?? "none")")
      #expect(try ModelFolder(files.url).comparesNormalized(false) == false)
      #expect(try ModelFolder(files.url).comparesNormalized(true) == true)
    }
    let files = try Fixture.write("pooling mean", changing: similarity("euclidean"))
    #expect(message { _ = try ModelFolder(files.url).comparesNormalized(nil) }.contains("similarity_fn_name: \"euclidean\""))
    let alone = try ModelFolder(Fixtures.url("encoder/bert"))
    #expect(try alone.comparesNormalized(nil) && alone.usage.pooling == .cls && alone.usage.maximumLength == nil)
  }

  @Test("predictions put the query's prompt before texts and the document's before labels, and score as the folder says")
  func prompts() throws {
    let prompts = "{\"prompts\": {\"query\": \"query: \", \"document\": \"passage: \"}, \"similarity_fn_name\": \"dot\"}"
    let labels = ["the cat", "dogs", "on a mat"], texts = ["the cat sat", "run dogs run"]
    for pooling in ["{\"pooling_mode\": \"mean\"}", "{\"pooling_mode\": \"mean\", \"include_prompt\": false}"] {
      let files = try Fixture.write(
        "pooling mean", changing: ["config_sentence_transformers.json": prompts, "1_Pooling/config.json": pooling])
      let folder = try ModelFolder(files.url), model = try folder.textEncoder()
      func rows(_ use: Prompts.Use, _ texts: [String]) throws -> [[Float]] {
        let reader = try folder.reader(for: use, maximumLength: 24)
        #expect((reader.skipped > 0) == pooling.contains("false"))
        let rows = model.embed(PackedTokens(reader.tokenizer.encode(texts, maxLength: 24), skipping: reader.skipped)).array(of: Float.self)
        return stride(from: 0, to: rows.count, by: 16).map { Array(rows[$0..<$0 + 16]) }
      }
      let documents = try rows(.query, texts), candidates = try rows(.candidate, labels)
      let found = try Predictor(model: files.url, labelTexts: labels).predict(texts, topK: 3)
      for (document, predictions) in zip(documents, found) {
        for prediction in predictions {
          let candidate = candidates[labels.firstIndex(of: prediction.label)!]
          #expect(abs(zip(document, candidate).map(*).reduce(0, +) - prediction.score) < 1e-4)
        }
      }
    }
  }

  @Test("a prefixed tokenizer's ids are those of the prefixed text, also in a token file, which has a name of its own")
  func prefixed() throws {
    let plain = try ModelFolder(Fixtures.url("encoder/bert")).tokenizer(), prefixed = plain.prefixed(by: "the ")
    #expect(
      prefixed.encode("cat sat") == plain.encode("the cat sat")
        && prefixed.encode(["dogs"], maxLength: 3) == [plain.encode("the", maxLength: 3)])
    #expect(prefixed.promptLength == 2 && plain.promptLength == 0 && plain.prefixed(by: "").name == plain.name)
    #expect(prefixed.name != plain.name && prefixed.name != plain.prefixed(by: "a ").name)
    let folder = try TemporaryFolder(), texts = try folder.write("x.txt", "cat sat\n\n")
    defer { withExtendedLifetime(folder) {} }
    let file = try TokenFile.write(
      texts: texts, tokenizer: prefixed, maxLength: 8, to: folder.url.appendingPathComponent("x.dat"), progress: nil)
    #expect(file.row(0, padID: 0) == plain.encode("the cat sat") && file.row(1, padID: 0) == plain.encode("the"))
  }

  @Test("a prompt of null may be named, and is none")
  func nullPrompt() throws {
    let files = try Fixture.write(
      "pooling mean",
      changing: ["config_sentence_transformers.json": "{\"prompts\": {\"other\": null}, \"default_prompt_name\": \"other\"}"])
    let folder = try ModelFolder(files.url)
    #expect(folder.usage.prompts.defaultName == "other")
    for use in [.text, .query, .named("other")] as [Prompts.Use] {
      #expect(folder.usage.prompts.text(for: use)?.isEmpty == true)
      #expect(difference(try embeddings(files.url, use), Fixture.golden["pooling mean"]) <= 2e-6)
    }
  }

  @Test("a prompt that leaves nothing of a text to a pooling without it is refused")
  func longPrompt() throws {
    let files = try Fixture.write(
      "pooling mean",
      changing: [
        "config_sentence_transformers.json": "{\"prompts\": {\"query\": \"the cat sat on a mat\"}}",
        "1_Pooling/config.json": "{\"pooling_mode\": \"mean\", \"include_prompt\": false}",
      ])
    let folder = try ModelFolder(files.url)
    #expect(try folder.reader(for: .query, maximumLength: 9).skipped == 7)
    #expect(message { _ = try folder.reader(for: .query, maximumLength: 8) }.contains("prompt: 7 tokens"))
    #expect(message { _ = try folder.reader(for: .named("none"), maximumLength: 9) }.contains("prompts: query"))
  }

  @Test("evaluating and training take the folder's own pooling and normalization unless told otherwise")
  func auto() throws {
    func metrics(_ change: (inout Configuration) -> Void) throws -> [String: Double] {
      var task = try TinyTask()
      let files = try Fixture.write("pooling max", changing: similarity("dot"))
      task.configuration.tf = files.url.path
      task.configuration.tfPooler = nil
      change(&task.configuration)
      try Evaluator.run(task.configuration, split: .tst)
      return try task.metrics("tst")
    }
    let auto = try metrics { _ in }
    #expect(
      try auto
        == metrics {
          $0.tfPooler = .max; $0.normEmbs = false
        })
    #expect(try auto != metrics { $0.tfPooler = .cls })
    #expect(try auto != metrics { $0.normEmbs = true })

    var task = try TinyTask()
    let files = try Fixture.write("Dense, Tanh", changing: ["config_sentence_transformers.json": "{\"prompts\": {\"query\": \"query: \"}}"])
    task.configuration.tf = files.url.path
    task.configuration.tfPooler = nil
    task.configuration.numEpochs = 1
    try Trainer.run(task.configuration)
    let trained = try ModelFolder(task.results.appendingPathComponent("model"))
    #expect(trained.usage.pooling == .mean && !trained.usage.normalizes && trained.usage.prompts.texts == ["query": "query: "])
    let (before, after) = (try ModelFolder(files.url).model().layers, try trained.model().layers)
    guard case .dense(let old) = before[0], case .dense(let new) = after[0], before.count == 1, after.count == 1 else {
      Issue.record("one dense layer is expected")
      return
    }
    #expect(new.activation == .tanh && new.linear.weight.array(of: Float.self) != old.linear.weight.array(of: Float.self))
  }

  @Test("a pooling's text is its modes joined by +", arguments: ["cls", "mean+max", "lasttoken+weightedmean+mean_sqrt_len_tokens"])
  func text(text: String) { #expect(Pooling(configurationText: text)?.configurationText == text) }

  @Test("no pooling, an unknown one and one twice are none", arguments: ["", "median", "mean+mean", "mean+", "mean max"])
  func noPooling(text: String) { #expect(Pooling(configurationText: text) == nil) }
}
