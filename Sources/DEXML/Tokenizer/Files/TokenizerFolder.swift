import Foundation
import WengertNN

extension TokenizerSettings {
  /// Reads a Hugging Face tokenizer folder.
  init(folder: URL) throws {
    let json = folder.appendingPathComponent("tokenizer.json")
    let list = folder.appendingPathComponent("vocab.txt")
    let config = try Self.document(folder.appendingPathComponent("tokenizer_config.json"))
    let map = try Self.document(folder.appendingPathComponent("special_tokens_map.json"))
    let isBert = try Self.isBert(config, folder), hasJSON = FileManager.default.fileExists(atPath: json.path)
    self.init()
    if hasJSON {
      let document = try JSONDocument(parsing: readFile(json), file: json.path)
      try read(tokenizer: document, isBert: isBert, file: json.path)
      try Self.checkSides(document, config?.0, file: json.path)
      if isBert { resetToBert() }
    } else if FileManager.default.fileExists(atPath: list.path) {
      try read(vocabulary: readFile(list), file: list.path)
    } else {
      let other = ["sentencepiece.bpe.model", "spiece.model", "tokenizer.model", "merges.txt", "vocab.json"].first {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path)
      }
      throw FileError(
        file: folder.path, field: "folder",
        value: "has neither tokenizer.json nor vocab.txt" + (other.map { ", but \($0): the tokenizer of another kind of model" } ?? ""),
        advice: other == nil ? "give the folder of a BERT model with its tokenizer files" : "\(Self.kinds) can be opened")
    }
    let own = names
    for (document, file) in [map, config].compactMap(\.self) { try read(names: document, file: file) }
    if hasJSON && !isBert { (names.unk, names.cls, names.sep) = (own.unk, own.cls, own.sep) }
    if let (document, file) = config { try read(config: document, setsRules: isBert || !hasJSON, file: file) }
    if let (document, file) = try Self.document(folder.appendingPathComponent("added_tokens.json")) {
      try read(addedTokens: document, file: file)
    }
    if let (key, _) = SpecialNames.keys.first(where: { names[keyPath: $0.path].isEmpty }) {
      throw FileError(file: folder.path, field: key, value: "is empty", advice: "expected the token's text")
    }
    addSpecialTokens()
    for (document, file) in [map, config].compactMap(\.self) { try read(additional: document, file: file) }
    let size = added.reduce(0) { $0 + $1.token.content.count }
    guard size <= Self.mostAddedBytes else {
      throw FileError(
        file: folder.path, field: "added tokens", value: "\(size) bytes", advice: "at most \(Self.mostAddedBytes) are supported")
    }
    if let token = added.first(where: { Int($0.id) > Self.largestID }) {
      throw FileError(file: folder.path, field: "added tokens", value: "an id of \(token.id) is more than the supported \(Self.largestID)")
    }
  }

  /// A JSON file that need not exist; it must hold an object.
  private static func document(_ url: URL) throws -> (JSONDocument, String)? {
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    let document = try JSONDocument(parsing: readFile(url), file: url.path)
    guard case .object = document else {
      throw FileError(file: url.path, field: "document", value: "is \(document.summary)", advice: "expected an object")
    }
    return (document, url.path)
  }

  // MARK: the class

  /// Whether transformers makes a tokenizer of BERT's class from the folder: `tokenizer.json` then gives the pieces and the added tokens, and all else is as
  /// `tokenizer_config.json` says or, if it is silent, as BERT has it. Of any other folder `tokenizer.json` alone counts.
  private static func isBert(_ config: (JSONDocument, String)?, _ folder: URL) throws -> Bool {
    let model = try document(folder.appendingPathComponent("config.json"))
    for (document, file) in [config, model].compactMap(\.self) {
      guard let name = document["tokenizer_class"], !name.isNull else { continue }
      switch text(name) {
      case "BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast": return true
      case "PreTrainedTokenizerFast", "TokenizersBackend": return false
      default:
        throw FileError(
          file: file, field: "tokenizer_class", value: "is \(name.summary), a tokenizer of another kind", advice: "\(kinds) can be opened")
      }
    }
    return ["bert", "distilbert"].contains(text(model?.0["model_type"]))
  }

  /// What BERT's class takes from no `tokenizer.json`.
  private mutating func resetToBert() {
    let bert = TokenizerSettings()
    (cleanText, handleChinese, lowercase, stripAccents) = (bert.cleanText, bert.handleChinese, bert.lowercase, bert.stripAccents)
    (prefix, longestWord, names) = (bert.prefix, bert.longestWord, bert.names)
  }

  /// Texts are cut and padded at their ends; `tokenizer_config.json` goes before `tokenizer.json`.
  private static func checkSides(_ tokenizer: JSONDocument, _ config: JSONDocument?, file: String) throws {
    for (object, key) in [("truncation", "truncation_side"), ("padding", "padding_side")] where text(config?[key]) != "right" {
      guard let direction = tokenizer[object]?["direction"], !direction.isNull, text(direction) != "Right" else { continue }
      throw FileError(
        file: file, field: "\(object).direction", value: "is \(direction.summary), a tokenizer that works from the other side",
        advice: "only \"Right\" is supported")
    }
  }

  private static func text(_ value: JSONDocument?) -> String? { value?.string.map { String(decoding: $0, as: UTF8.self) } }

  // MARK: vocab.txt

  /// One token per line, numbered from 0; a repeated token keeps its last number.
  private mutating func read(vocabulary bytes: [UInt8], file: String) throws {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    guard !lines.isEmpty else {
      throw FileError(file: file, field: "line 1", value: "the vocabulary is empty", advice: "expected one token per line")
    }
    vocabulary.reserveCapacity(lines.count)
    for (index, line) in lines.enumerated() {
      let token = line.last == 0x0D ? line.dropLast() : line
      guard String(validating: token, as: UTF8.self) != nil else {
        throw FileError(file: file, field: "line \(index + 1)", value: "the token is not valid UTF-8")
      }
      vocabulary.append((Array(token), Int32(truncatingIfNeeded: index)))
    }
    try checkSize(file)
  }

  /// The limit of the trie, which also bounds the ids of a list.
  private func checkSize(_ file: String) throws {
    let size = vocabulary.reduce(0) { $0 + $1.token.count + 1 }
    guard size < 1 << 24 else {
      throw FileError(file: file, field: "vocabulary", value: "\(size) bytes of tokens", advice: "at most \(1 << 24 - 1) are supported")
    }
  }

  // MARK: tokenizer.json

  /// What can be opened, for messages.
  private static let kinds = "WordPiece tokenizers, those of BERT and DistilBERT,"

  private mutating func read(tokenizer: JSONDocument, isBert: Bool, file: String) throws {
    if let type = tokenizer["model"]?["type"], !type.isNull, Self.text(type) != "WordPiece" {
      throw FileError(
        file: file, field: "model.type", value: "is \(type.summary), the tokenizer of another kind of model",
        advice: "\(Self.kinds) can be opened")
    }
    guard let model = tokenizer["model"], let entries = model["vocab"], case .object(let pairs) = entries else {
      throw FileError(
        file: file, field: "model.vocab", value: "is \(tokenizer["model"]?["vocab"]?.summary ?? "missing")",
        advice: "expected an object of token: id")
    }
    for (token, value) in pairs {
      guard let id = value.int, (0...Self.largestID).contains(id) else {
        throw FileError(
          file: file, field: "model.vocab[\"\(String(decoding: token, as: UTF8.self))\"]", value: "is \(value.summary)",
          advice: "expected an id from 0 to \(Self.largestID)")
      }
      vocabulary.append((token, Int32(id)))
    }
    guard !vocabulary.isEmpty else { throw FileError(file: file, field: "model.vocab", value: "is empty") }
    try checkSize(file)
    if let value = try optional(model, "unk_token", "model.", file, \.string, "a string") { names.unk = value }
    if let value = try optional(model, "continuing_subword_prefix", "model.", file, \.string, "a string") { prefix = value }
    if let value = try optional(model, "max_input_chars_per_word", "model.", file, \.int, "a whole number") { longestWord = value }
    guard longestWord >= 0 else {
      throw FileError(file: file, field: "model.max_input_chars_per_word", value: "is \(longestWord)", advice: "expected 0 or more")
    }
    try read(normalizer: tokenizer["normalizer"] ?? .null, file: file)
    try expect(tokenizer["pre_tokenizer"]?["type"], "BertPreTokenizer", "pre_tokenizer.type", file)
    for (index, value) in (try optional(tokenizer, "added_tokens", "", file, \.array, "a list") ?? []).enumerated() {
      let field = "added_tokens[\(index)]"
      guard let id = value["id"]?.int, (0...Self.largestID).contains(id) else {
        throw FileError(
          file: file, field: "\(field).id", value: "is \(value["id"]?.summary ?? "missing")",
          advice: "expected an id from 0 to \(Self.largestID)")
      }
      try add(token(value, special: false, field: field, file), id: id)
    }
    if let value = try optional(tokenizer, "padding", "", file, \.self, "")?["pad_token"]?.string { names.pad = value }
    if let processor = tokenizer["post_processor"], !processor.isNull {
      try read(postProcessor: processor, file: file)
    } else if !isBert {
      throw FileError(
        file: file, field: "post_processor", value: "is missing or null, so that texts have no [CLS] and [SEP]",
        advice: "TemplateProcessing and BertProcessing are supported")
    }
  }

  private mutating func read(normalizer: JSONDocument, file: String) throws {
    if normalizer.isNull {
      (cleanText, handleChinese, lowercase, stripAccents) = (false, false, false, false)
      return
    }
    try expect(normalizer["type"], "BertNormalizer", "normalizer.type", file)
    func flag(_ key: String) throws -> Bool? { try optional(normalizer, key, "normalizer.", file, \.bool, "true or false") }
    cleanText = try flag("clean_text") ?? true
    handleChinese = try flag("handle_chinese_chars") ?? true
    lowercase = try flag("lowercase") ?? true
    stripAccents = try flag("strip_accents")
  }

  /// Takes the names of [CLS] and [SEP]: a template must be the one, the text, the other.
  private mutating func read(postProcessor: JSONDocument, file: String) throws {
    switch Self.text(postProcessor["type"]) {
    case "TemplateProcessing":
      guard let template = postProcessor["single"]?.array, template.count == 3, let first = template[0]["SpecialToken"]?["id"]?.string,
        template[1]["Sequence"] != nil, let last = template[2]["SpecialToken"]?["id"]?.string
      else {
        throw FileError(file: file, field: "post_processor.single", value: "expected a special token, the sequence and a special token")
      }
      (names.cls, names.sep) = (first, last)
    case "BertProcessing":
      guard let cls = postProcessor["cls"]?.array?.first?.string, let sep = postProcessor["sep"]?.array?.first?.string else {
        throw FileError(file: file, field: "post_processor", value: "expected cls and sep, each a list of token and id")
      }
      (names.cls, names.sep) = (cls, sep)
    default:
      let found = postProcessor["type"]?.summary ?? "missing"
      throw FileError(
        file: file, field: "post_processor.type", value: "is \(found)", advice: "TemplateProcessing and BertProcessing are supported")
    }
    guard id(names.cls) != nil, id(names.sep) != nil else {
      throw FileError(file: file, field: "post_processor", value: "its special tokens are not in the vocabulary")
    }
  }

  // MARK: the smaller files

  private mutating func read(names document: JSONDocument, file: String) throws {
    for (key, path) in SpecialNames.keys {
      guard let value = document[key], !value.isNull else { continue }
      let token = try token(value, special: true, field: key, file)
      guard !token.content.isEmpty else { throw FileError(file: file, field: key, value: "is empty") }
      names[keyPath: path] = token.content
      if value.string == nil { add(token) }
    }
  }

  /// - Parameter setsRules: whether its rules of case, accents and ideographs count.
  private mutating func read(config: JSONDocument, setsRules: Bool, file: String) throws {
    func flag(_ key: String) throws -> Bool? { try optional(config, key, "", file, \.bool, "true or false") }
    for key in ["word_tokenizer_type", "subword_tokenizer_type", "mecab_kwargs"] {
      guard let value = config[key], !value.isNull else { continue }
      throw FileError(
        file: file, field: key, value: "is \(value.summary), a setting of another kind of tokenizer", advice: "\(Self.kinds) can be opened")
    }
    if try flag("split_special_tokens") ?? false {
      throw FileError(
        file: file, field: "split_special_tokens", value: "is true", advice: "special tokens that stand in a text stay whole here")
    }
    let rules = try (lowercase: flag("do_lower_case"), chinese: flag("tokenize_chinese_chars"), accents: flag("strip_accents"))
    if setsRules {
      lowercase = rules.lowercase ?? lowercase
      handleChinese = rules.chinese ?? handleChinese
      if config["strip_accents"] != nil { stripAccents = rules.accents }
    }
    guard let tokens = config["added_tokens_decoder"], !tokens.isNull else { return }
    guard case .object(let pairs) = tokens else {
      throw FileError(file: file, field: "added_tokens_decoder", value: "is \(tokens.summary)", advice: "expected an object of id: token")
    }
    let numbered = try pairs.map { key, value in
      let field = "added_tokens_decoder[\"\(String(decoding: key, as: UTF8.self))\"]"
      guard let id = Int(String(decoding: key, as: UTF8.self)), (0...Self.largestID).contains(id) else {
        throw FileError(file: file, field: field, value: "the key is no id from 0 to \(Self.largestID)")
      }
      return (id: id, token: try token(value, special: false, field: field, file))
    }
    for (id, token) in numbered.sorted(by: { $0.id < $1.id }) { add(token, id: id) }
  }

  /// The older way to list added tokens: an object of token: id.
  private mutating func read(addedTokens document: JSONDocument, file: String) throws {
    guard case .object(let pairs) = document else { return }
    let numbered = try pairs.map { key, value in
      guard let id = value.int, (0...Self.largestID).contains(id) else {
        let field = "\"\(String(decoding: key, as: UTF8.self))\""
        throw FileError(file: file, field: field, value: "is \(value.summary)", advice: "expected an id from 0 to \(Self.largestID)")
      }
      return (id: id, token: key)
    }
    for (id, token) in numbered.sorted(by: { $0.id < $1.id }) where !added.contains(where: { $0.token.content == token }) {
      add(AddedToken(content: token, normalized: true), id: id)
    }
  }

  private mutating func read(additional document: JSONDocument, file: String) throws {
    for key in ["additional_special_tokens", "extra_special_tokens"] {
      guard let list = document[key]?.array else { continue }
      for (index, value) in list.enumerated() {
        let token = try token(value, special: true, field: "\(key)[\(index)]", file)
        if !added.contains(where: { $0.token.content == token.content }) { add(token) }
      }
    }
  }

  // MARK: pieces

  /// Adds a token that says its id; an id in the vocabulary goes before it.
  private mutating func add(_ token: AddedToken, id: Int) {
    if self.id(token.content) == nil, !token.content.isEmpty {
      added.append((token, Int32(id)))
    } else {
      add(token)
    }
  }

  /// A token given by its text, or by an object with its flags.
  private func token(_ value: JSONDocument, special: Bool, field: String, _ file: String) throws -> AddedToken {
    if let content = value.string { return AddedToken(content: content, special: special) }
    guard let content = value["content"]?.string else {
      throw FileError(
        file: file, field: field, value: "is \(value.summary)", advice: "expected a token's text, or an object with its content")
    }
    func flag(_ key: String) throws -> Bool? { try optional(value, key, field + ".", file, \.bool, "true or false") }
    let special = try flag("special") ?? special
    return AddedToken(
      content: content, special: special, normalized: try flag("normalized") ?? !special, lstrip: try flag("lstrip") ?? false,
      rstrip: try flag("rstrip") ?? false, singleWord: try flag("single_word") ?? false)
  }

  private func expect(_ value: JSONDocument?, _ expected: String, _ field: String, _ file: String) throws {
    guard let found = value, !(found.string?.elementsEqual(expected.utf8) ?? false) else {
      if value == nil { throw FileError(file: file, field: field, value: "is missing", advice: "expected \"\(expected)\"") }
      return
    }
    throw FileError(file: file, field: field, value: "is \(found.summary)", advice: "only \"\(expected)\" is supported")
  }

  /// A field that may be absent or null; another type is an error.
  private func optional<Value>(
    _ object: JSONDocument, _ key: String, _ parent: String, _ file: String, _ read: (JSONDocument) -> Value?, _ expected: String
  ) throws -> Value? {
    guard let value = object[key], !value.isNull else { return nil }
    guard let result = read(value) else {
      throw FileError(file: file, field: parent + key, value: "is \(value.summary)", advice: "expected \(expected)")
    }
    return result
  }
}
