import DEXML
import Foundation
import Testing
import WengertTestSupport

@Suite("WordPiece tokenizer") struct TokenizerTests {
  let fixture = TokenizerFixture.shared

  @Test("ids are Hugging Face's for every combination of rules, on adversarial texts", arguments: 0..<5)
  func golden(index: Int) {
    let golden = fixture.cases[index]
    let tokenizer = Tokenizer(
      vocabulary: fixture.vocabulary, lowercase: golden.lowercase, stripAccents: golden.stripAccents, handleChinese: golden.handleChinese)
    for (text, ids) in zip(fixture.texts, golden.ids) {
      #expect(tokenizer.encode(text, maxLength: golden.maxLength) == ids, "\(text.debugDescription)")
    }
    #expect(tokenizer.encode(fixture.texts, maxLength: golden.maxLength) == golden.ids)
  }

  @Test("added tokens stay whole, with their flags")
  func addedTokens() throws {
    let folder = try TokenizerScratch(["tokenizer.json": fixture.added.file])
    let tokenizer = try Tokenizer(folder: folder.url)
    #expect(tokenizer.encode(fixture.texts, maxLength: nil) == fixture.added.ids)
  }

  @Test("every Unicode scalar is cleaned, folded and split as Hugging Face does", arguments: ["uncased", "cased", "lower only"])
  func everyScalar(rules: String) {
    let (normalizer, golden) =
      switch rules {
      case "uncased": (BertNormalizer(), fixture.uncasedDigests)
      case "cased": (BertNormalizer(stripAccents: false, lowercase: false), fixture.casedDigests)
      default: (BertNormalizer(stripAccents: false), fixture.lowerOnlyDigests)
      }
    for (block, expected) in golden.enumerated() {
      var digest: UInt64 = 0xCBF2_9CE4_8422_2325
      for value in UInt32(block << 12)..<UInt32((block + 1) << 12) {
        guard let scalar = Unicode.Scalar(value) else { continue }
        let kind: UInt8 = BertCharacters.isWhitespace(scalar) ? 1 : BertCharacters.isPunctuation(scalar) ? 2 : 0
        var text = String.UnicodeScalarView()
        text.append(contentsOf: normalizer.normalize([scalar]))
        for byte in Array(String(text).utf8) + [0xFF, kind] {
          digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3
        }
      }
      #expect(digest == UInt64(expected, radix: 16), "scalars from U+\(String(block << 12, radix: 16, uppercase: true))")
    }
  }

  @Test("long text is cut in stretches without a change of ids")
  func stretches() {
    let tokenizer = Tokenizer(vocabulary: fixture.vocabulary)
    let texts = fixture.texts.filter { !$0.contains("[") }
    let parts = texts.flatMap { tokenizer.encode($0).dropFirst().dropLast() }
    let whole = tokenizer.encode(texts.joined(separator: " "))
    #expect(Array(whole.dropFirst().dropLast()) == parts)
    #expect(tokenizer.encode(texts.joined(separator: " "), maxLength: 1000) == whole.prefix(999) + [tokenizer.sepID])
  }

  @Test("a saved tokenizer reads back the same, from tokenizer.json and from vocab.txt", arguments: [true, false])
  func saving(list: Bool) throws {
    let source = try TokenizerScratch(["tokenizer.json": fixture.added.file])
    let tokenizer = try Tokenizer(folder: source.url)
    let saved = try TokenizerScratch()
    try tokenizer.save(to: saved.url)
    if list { try FileManager.default.removeItem(at: saved.url.appendingPathComponent("tokenizer.json")) }
    let reread = try Tokenizer(folder: saved.url)
    #expect(reread.encode(fixture.texts, maxLength: nil) == fixture.added.ids)
    #expect(reread.vocabularySize == tokenizer.vocabularySize)
    #expect(reread.name == saved.url.lastPathComponent)
  }

  @Test("missing special tokens follow the vocabulary")
  func missingSpecialTokens() {
    let tokenizer = Tokenizer(vocabulary: ["[UNK]", "a", "##b"])
    #expect([tokenizer.unkID, tokenizer.sepID, tokenizer.padID, tokenizer.clsID] == [0, 3, 4, 5])
    #expect(tokenizer.vocabularySize == 7)
    #expect(tokenizer.encode("Ab abc [MASK]") == [5, 1, 2, 0, 6, 3])
  }

  @Test("canonically equivalent pieces stay different")
  func equivalentPieces() {
    let tokenizer = Tokenizer(vocabulary: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "\u{E9}", "e\u{301}"], lowercase: false)
    #expect(tokenizer.encode("\u{E9} e\u{301}") == [2, 5, 6, 3])
  }

  @Test("tokenizer_config.json decides case, accents and names")
  func configuration() throws {
    let vocabulary = "<p>\n<u>\n<c>\n<s>\n[MASK]\nA\na\n"
    let names = #""pad_token": "<p>", "unk_token": {"content": "<u>"}, "cls_token": "<c>", "sep_token": "<s>""#
    let cased = try TokenizerScratch(["vocab.txt": vocabulary, "tokenizer_config.json": #"{"do_lower_case": false, \#(names)}"#])
    #expect(try Tokenizer(folder: cased.url).encode("A a \u{C4}") == [2, 5, 6, 1, 3])
    let uncased = try TokenizerScratch(["vocab.txt": vocabulary, "special_tokens_map.json": "{\(names)}"])
    #expect(try Tokenizer(folder: uncased.url).encode("A a \u{C4}") == [2, 6, 6, 6, 3])
  }

  @Test("added tokens of more bytes than are supported are an error")
  func manyAddedBytes() throws {
    let folder = try TokenizerScratch([
      "vocab.txt": "a\nb\n", "added_tokens.json": "{\"\(String(repeating: "x", count: 1 << 20 + 1))\": 5}",
    ])
    #expect(throws: FileError.self) { try Tokenizer(folder: folder.url) }
  }

  @Test("a limit of two or less still gives [CLS] and [SEP]", arguments: [0, 1, 2])
  func smallLimits(limit: Int) {
    let tokenizer = Tokenizer(vocabulary: fixture.vocabulary)
    #expect(tokenizer.encode("the of and", maxLength: limit) == [tokenizer.clsID, tokenizer.sepID])
  }

  private static let withoutUnknown =
    #"{"normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true}, "#
    + #""pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": {"type": "TemplateProcessing", "single": "#
    + #"[{"SpecialToken": {"id": "[CLS]"}}, {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "[SEP]"}}]}, "model": "#
    + #"{"type": "WordPiece", "unk_token": "", "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "a": 5}}}"#

  @Test(
    "a folder that cannot be right is one error that names file and field",
    arguments: [
      ([:], "neither tokenizer.json nor vocab.txt"),
      (["vocab.txt": ""], "vocab.txt: line 1"),
      (["tokenizer.json": "{}"], "model.vocab"),
      (["tokenizer.json": #"{"model": {"type": "BPE", "vocab": {}}}"#], "model.type: is \"BPE\""),
      (["tokenizer.json": #"{"model": {"vocab": {"a": -1}}}"#], "model.vocab[\"a\"]: is -1"),
      (["tokenizer.json": #"{"model": {"vocab": {"a": 1.5}}}"#], "model.vocab[\"a\"]: is 1.5"),
      (["tokenizer.json": #"{"model": {"vocab": {"a": 0}}, "normalizer": {"type": "NFC"}}"#], "normalizer.type: is \"NFC\""),
      (["tokenizer.json": #"{"model": {"vocab": {"a": 0}}, "pre_tokenizer": null}"#], "pre_tokenizer.type: is missing"),
      (["tokenizer.json": "{\"model\": "], "byte 10"),
      (["tokenizer.json": String(repeating: "[", count: 100)], "nested"),
      (["vocab.txt": "a\n", "tokenizer_config.json": #"{"do_lower_case": "yes"}"#], "do_lower_case: is \"yes\""),
      (["vocab.txt": "a\n", "special_tokens_map.json": "[]"], "special_tokens_map.json: document: is a list"),
      (["vocab.txt": "a\n", "special_tokens_map.json": #"{"pad_token": ""}"#], "pad_token: is empty"),
      (["tokenizer.json": withoutUnknown], "unk_token: is empty"),
    ] as [([String: String], String)])
  func wrongFolders(files: [String: String], expected: String) throws {
    let folder = try TokenizerScratch(files)
    let error = #expect(throws: FileError.self) { try Tokenizer(folder: folder.url) }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
  }

  @Test(
    "mutated tokenizer files parse or throw",
    arguments: ["tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json"])
  func fuzz(name: String) throws {
    let source = try TokenizerScratch()
    let small = Tokenizer(vocabulary: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "##s", "\u{E9}", "\"\\\u{1}"])
    try small.save(to: source.url)
    if name != "tokenizer.json" { try FileManager.default.removeItem(at: source.url.appendingPathComponent("tokenizer.json")) }
    let valid = Array(try Data(contentsOf: source.url.appendingPathComponent(name)))
    for seed in UInt64(0)..<1500 {
      var generator = SplitMix64(seed: seed)
      try source.write(name, Data(generator.mutation(of: valid)))
      do {
        let tokenizer = try Tokenizer(folder: source.url)
        #expect(tokenizer.encode("The thes \u{E9} [CLS]x").count >= 2, "seed \(seed)")
      } catch {
        #expect(error is FileError, "seed \(seed): \(error)")
      }
    }
  }
}
