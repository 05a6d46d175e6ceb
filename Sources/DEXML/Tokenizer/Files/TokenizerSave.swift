import Foundation
import WengertNN

extension Tokenizer {
  /// Writes `vocab.txt`, `tokenizer.json`, `tokenizer_config.json` and `special_tokens_map.json`, from which Hugging Face's
  /// `AutoTokenizer` and `init(folder:)` make a tokenizer with the same ids; the folder is made if needed.
  ///
  /// `vocab.txt` numbers its lines, so an id without a piece gets a filler line there.
  ///
  /// - Throws: `FileError` if a file cannot be written; the system's error if the folder cannot be made.
  public func save(to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (file, text) in [
      ("vocab.txt", vocabularyText), ("tokenizer.json", tokenizerJSON), ("tokenizer_config.json", configJSON),
      ("special_tokens_map.json", "{\(nameFields.joined(separator: ", "))}\n"),
    ] {
      let url = folder.appendingPathComponent(file)
      do {
        try Data(text.utf8).write(to: url, options: .atomic)
      } catch {
        throw FileError(file: url.path, field: "file", value: "cannot be written (\(systemReason(error)))")
      }
    }
  }

  private var vocabularyText: String {
    var lines = [String?](repeating: nil, count: Int(settings.vocabulary.map(\.id).max() ?? -1) + 1)
    for (token, id) in settings.vocabulary where !token.contains(0x0A) { lines[Int(id)] = String(decoding: token, as: UTF8.self) }
    return lines.enumerated().map { ($1 ?? "[no token \($0)]") + "\n" }.joined()
  }

  private var tokenizerJSON: String {
    let added = settings.added.sorted { $0.id < $1.id }.map { token, id in "    {\"id\": \(id), \(flags(token))}" }
    let pieces = settings.vocabulary.map { token, id in "      \(quote(token)): \(id)" }
    let (cls, sep) = (quote(settings.names.cls), quote(settings.names.sep))
    let first = "{\"SpecialToken\": {\"id\": \(cls), \"type_id\": 0}}"
    func second(_ type: Int) -> String { "{\"SpecialToken\": {\"id\": \(sep), \"type_id\": \(type)}}" }
    func text(_ name: String, _ type: Int) -> String { "{\"Sequence\": {\"id\": \"\(name)\", \"type_id\": \(type)}}" }
    return """
      {
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [
      \(added.joined(separator: ",\n"))
        ],
        "normalizer": {
          "type": "BertNormalizer",
          "clean_text": \(settings.cleanText),
          "handle_chinese_chars": \(settings.handleChinese),
          "strip_accents": \(settings.stripAccents.map { "\($0)" } ?? "null"),
          "lowercase": \(settings.lowercase)
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
          "type": "TemplateProcessing",
          "single": [\(first), \(text("A", 0)), \(second(0))],
          "pair": [\(first), \(text("A", 0)), \(second(0)), \(text("B", 1)), \(second(1))],
          "special_tokens": {
            \(cls): {"id": \(cls), "ids": [\(clsID)], "tokens": [\(cls)]},
            \(sep): {"id": \(sep), "ids": [\(sepID)], "tokens": [\(sep)]}
          }
        },
        "decoder": {"type": "WordPiece", "prefix": \(quote(settings.prefix)), "cleanup": true},
        "model": {
          "type": "WordPiece",
          "unk_token": \(quote(settings.names.unk)),
          "continuing_subword_prefix": \(quote(settings.prefix)),
          "max_input_chars_per_word": \(settings.longestWord),
          "vocab": {
      \(pieces.joined(separator: ",\n"))
          }
        }
      }

      """
  }

  /// Hugging Face's class: that of BERT has some rules of its own, whatever `tokenizer.json` says.
  private var className: String {
    let bert = TokenizerSettings()
    let isBert = settings.cleanText == bert.cleanText && settings.prefix == bert.prefix && settings.longestWord == bert.longestWord
    return isBert ? "BertTokenizer" : "PreTrainedTokenizerFast"
  }

  private var configJSON: String {
    let added = settings.added.sorted { $0.id < $1.id }.map { token, id in "    \"\(id)\": {\(flags(token))}" }
    return """
      {
        "added_tokens_decoder": {
      \(added.joined(separator: ",\n"))
        },
        "do_lower_case": \(settings.lowercase),
        "strip_accents": \(settings.stripAccents.map { "\($0)" } ?? "null"),
        "tokenize_chinese_chars": \(settings.handleChinese),
        \(nameFields.joined(separator: ",\n  ")),
        "tokenizer_class": "\(className)"
      }

      """
  }

  private var nameFields: [String] {
    SpecialNames.keys.map { key, path in "\"\(key)\": \(quote(settings.names[keyPath: path]))" }
  }

  private func flags(_ token: AddedToken) -> String {
    """
    "content": \(quote(token.content)), "single_word": \(token.singleWord), "lstrip": \(token.lstrip), "rstrip": \(token.rstrip), \
    "normalized": \(token.normalized), "special": \(token.special)
    """
  }

  private func quote(_ text: [UInt8]) -> String { JSONValue.text(String(decoding: text, as: UTF8.self)).json }
}
