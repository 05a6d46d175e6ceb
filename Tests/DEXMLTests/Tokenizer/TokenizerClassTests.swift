import DEXML
import Foundation
import Testing

/// The ids are those of transformers 5.24 for the same folders.
@Suite("Classes of tokenizers") struct TokenizerClassTests {
  private static let text = "The CAF\u{C9} caf\u{E9} \u{4E2D}\u{56FD}"
  private static let names = #""unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]""#

  /// A folder whose `tokenizer.json` leaves case, accents and ideographs as they are.
  private func folder(
    _ config: String?, model: String? = nil, changing change: (String) -> String = { $0 }
  ) throws -> TokenizerScratch {
    let folder = try TokenizerScratch()
    let tokenizer = Tokenizer(
      vocabulary: [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "The", "cafe", "caf\u{E9}", "\u{4E2D}", "\u{4E2D}\u{56FD}", "\u{56FD}",
        "##\u{56FD}", "<s>", "</s>", "<unk>",
      ], lowercase: false, stripAccents: false, handleChinese: false)
    try tokenizer.save(to: folder.url)
    for name in ["vocab.txt", "special_tokens_map.json", "tokenizer_config.json"] {
      try FileManager.default.removeItem(at: folder.url.appendingPathComponent(name))
    }
    let json = try String(contentsOf: folder.url.appendingPathComponent("tokenizer.json"), encoding: .utf8)
    try folder.write("tokenizer.json", Data(change(json).utf8))
    if let config { try folder.write("tokenizer_config.json", Data(config.utf8)) }
    if let model { try folder.write("config.json", Data(model.utf8)) }
    return folder
  }

  private func ids(_ folder: TokenizerScratch) throws -> [Int32] { try Tokenizer(folder: folder.url).encode(Self.text) }

  private func message(_ folder: TokenizerScratch) -> String {
    do {
      _ = try Tokenizer(folder: folder.url)
      return "no error"
    } catch { return "\(error)" }
  }

  private static let bert: [(rules: String, ids: [Int32])] = [
    ("", [2, 5, 7, 7, 9, 11, 3]), (#", "do_lower_case": false"#, [2, 6, 1, 8, 9, 11, 3]),
    (#", "do_lower_case": true, "strip_accents": false"#, [2, 5, 8, 8, 9, 11, 3]),
    (#", "tokenize_chinese_chars": false"#, [2, 5, 7, 7, 10, 3]),
  ]

  @Test(
    "with BERT's class tokenizer_config.json and BERT's defaults count, whatever tokenizer.json says",
    arguments: ["BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast"])
  func bertClass(name: String) throws {
    for (rules, expected) in Self.bert {
      #expect(try ids(folder("{\"tokenizer_class\": \"\(name)\"\(rules)}")) == expected, "\(rules)")
      #expect(try ids(folder("{\"model_max_length\": 9\(rules)}", model: "{\"tokenizer_class\": \"\(name)\"}")) == expected, "\(rules)")
    }
  }

  @Test("without a class the model's type decides", arguments: ["bert", "distilbert"])
  func modelType(type: String) throws {
    for (rules, expected) in Self.bert {
      #expect(try ids(folder("{\"tokenizer_class\": null\(rules)}", model: "{\"model_type\": \"\(type)\"}")) == expected, "\(rules)")
    }
    #expect(try ids(folder(nil, model: "{\"model_type\": \"\(type)\"}")) == Self.bert[0].ids)
    #expect(try ids(folder(nil)) == [2, 6, 1, 8, 10, 3])
    #expect(try ids(folder(#"{"do_lower_case": true}"#)) == [2, 6, 1, 8, 10, 3])
  }

  @Test("with a class of any tokenizer tokenizer.json alone counts", arguments: ["PreTrainedTokenizerFast", "TokenizersBackend"])
  func fileClass(name: String) throws {
    for (rules, _) in Self.bert {
      let config = "{\"tokenizer_class\": \"\(name)\", \(Self.names)\(rules)}"
      #expect(try ids(folder(config, model: #"{"model_type": "bert"}"#)) == [2, 6, 1, 8, 10, 3], "\(rules)")
    }
  }

  @Test("the mark of pieces, the longest word and the special tokens of tokenizer.json count with such a class only")
  func pieces() throws {
    func odd(_ json: String) -> String {
      let parts = json.split(separator: "\"post_processor\"", maxSplits: 1)
      let processor = [("[CLS]", "<s>"), ("[SEP]", "</s>"), ("\"ids\": [2]", "\"ids\": [13]"), ("\"ids\": [3]", "\"ids\": [14]")]
      let model = [
        ("\"continuing_subword_prefix\": \"##\"", "\"continuing_subword_prefix\": \"@@\""),
        ("\"max_input_chars_per_word\": 100", "\"max_input_chars_per_word\": 2"),
        ("\"unk_token\": \"[UNK]\"", "\"unk_token\": \"<unk>\""),
      ]
      let ends = String(parts[1]).split(separator: "\"decoder\"", maxSplits: 1).map(String.init)
      func changed(_ text: String, _ changes: [(String, String)]) -> String { changes.reduce(text) { $0.replacing($1.0, with: $1.1) } }
      return parts[0] + "\"post_processor\"" + changed(ends[0], processor) + "\"decoder\"" + changed(ends[1], model)
    }
    #expect(try ids(folder(#"{"tokenizer_class": "BertTokenizer"}"#, changing: odd)) == [2, 5, 7, 7, 9, 11, 3])
    #expect(
      try ids(folder("{\"tokenizer_class\": \"PreTrainedTokenizerFast\", \(Self.names)}", changing: odd)) == [13, 15, 15, 15, 10, 14])
    let null = message(
      try folder(#"{"tokenizer_class": "PreTrainedTokenizerFast"}"#) { $0.replacing("\"post_processor\"", with: "\"unused\"") })
    #expect(null.contains("tokenizer.json: post_processor: is missing or null"), "\(null)")
  }

  @Test("a tokenizer that BERT's class would not make is saved under another, and reads back the same")
  func saving() throws {
    for (found, change, name) in [
      ("\"clean_text\": true", "\"clean_text\": false", "PreTrainedTokenizerFast"),
      ("\"max_input_chars_per_word\": 100", "\"max_input_chars_per_word\": 3", "PreTrainedTokenizerFast"),
      ("\"continuing_subword_prefix\": \"##\"", "\"continuing_subword_prefix\": \"@@\"", "PreTrainedTokenizerFast"),
      ("\"lowercase\": false", "\"lowercase\": true", "BertTokenizer"),
    ] {
      let source = try folder(#"{"tokenizer_class": "PreTrainedTokenizerFast"}"#) { $0.replacing(found, with: change) }
      let tokenizer = try Tokenizer(folder: source.url), saved = try TokenizerScratch()
      try tokenizer.save(to: saved.url)
      let config = try String(contentsOf: saved.url.appendingPathComponent("tokenizer_config.json"), encoding: .utf8)
      #expect(config.contains("\"tokenizer_class\": \"\(name)\""), "\(change)")
      let reread = try Tokenizer(folder: saved.url)
      for text in [Self.text, "the\u{0}the", "\u{4E2D}\u{56FD}\u{56FD}"] {
        #expect(reread.encode(text) == tokenizer.encode(text), "\(change)")
      }
    }
  }

  @Test(
    "a tokenizer of another class is refused with its name",
    arguments: ["BertJapaneseTokenizer", "MPNetTokenizer", "XLMRobertaTokenizerFast"])
  func otherClasses(name: String) throws {
    let config = "{\"tokenizer_class\": \"\(name)\", \"model_type\": \"bert\"}"
    let expected = "tokenizer_class: is \"\(name)\", a tokenizer of another kind"
    let text = message(try folder(config)), model = message(try folder(nil, model: config))
    #expect(text.contains("tokenizer_config.json: \(expected)"), "\(text)")
    #expect(model.contains("/config.json: \(expected)"), "\(model)")
    let list = message(try TokenizerScratch(["vocab.txt": "[UNK]\na\n", "tokenizer_config.json": config]))
    #expect(list.contains("tokenizer_config.json: \(expected)"), "\(list)")
    #expect(try ids(folder(#"{"tokenizer_class": "BertTokenizer"}"#, model: config)) == Self.bert[0].ids)
  }

  @Test(
    "settings that change how texts are split are refused by name, and accepted where they are off",
    arguments: [
      ("word_tokenizer_type", "\"mecab\"", "null"), ("subword_tokenizer_type", "\"character\"", "null"),
      ("mecab_kwargs", "{\"mecab_dic\": \"unidic\"}", "null"), ("split_special_tokens", "true", "false"),
    ])
  func settings(key: String, value: String, off: String) throws {
    let text = message(try folder("{\"tokenizer_class\": \"BertTokenizer\", \"\(key)\": \(value)}"))
    #expect(text.contains("tokenizer_config.json: \(key): is "), "\(text)")
    #expect(try ids(folder("{\"tokenizer_class\": \"BertTokenizer\", \"\(key)\": \(off)}")) == Self.bert[0].ids)
  }

  @Test(
    "truncation and padding from the left in tokenizer.json are refused, unless tokenizer_config.json says right",
    arguments: [("truncation", "truncation_side"), ("padding", "padding_side")])
  func sides(object: String, key: String) throws {
    for name in ["BertTokenizer", "PreTrainedTokenizerFast"] {
      func with(_ direction: String, _ setting: String = "") throws -> TokenizerScratch {
        try folder("{\"tokenizer_class\": \"\(name)\"\(setting)}") {
          $0.replacing("\"\(object)\": null", with: "\"\(object)\": {\"direction\": \"\(direction)\", \"max_length\": 4}")
        }
      }
      let text = message(try with("Left"))
      #expect(text.contains("tokenizer.json: \(object).direction: is \"Left\""), "\(text)")
      #expect(try message(with("Left", ", \"\(key)\": \"left\"")).contains("\(object).direction"))
      #expect(try message(with("Left", ", \"\(key)\": \"right\"")) == "no error")
      #expect(try message(with("Right")) == "no error")
    }
  }
}
