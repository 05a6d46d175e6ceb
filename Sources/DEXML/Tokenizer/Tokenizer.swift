import Foundation
import Synchronization

/// BERT's WordPiece tokeniser: the ids that Hugging Face's `BertTokenizerFast` gives for the same folder.
///
/// A text is cleaned, ideographs get spaces around them, accents are stripped and letters lower-cased as the folder says; it is
/// split at white space and punctuation, and every word into the longest pieces of the vocabulary from left to right. Special
/// and added tokens that stand in the text stay whole.
public struct Tokenizer: Sendable {
  /// The folder's last path component; part of the names of token files.
  public let name: String
  public let padID: Int32
  public let unkID: Int32
  public let clsID: Int32
  public let sepID: Int32
  /// One more than the largest id: the number of rows a token embedding must have.
  public let vocabularySize: Int

  let settings: TokenizerSettings
  private let engine: WordPiece

  /// A tokeniser with these pieces, numbered in their order; of the special tokens ([PAD], [UNK], [CLS], [SEP], [MASK]) those
  /// that are missing are added behind them.
  ///
  /// - Parameters:
  ///   - stripAccents: as `lowercase` where nil.
  ///   - handleChinese: make every ideograph a word of its own.
  public init(vocabulary: [String], lowercase: Bool = true, stripAccents: Bool? = nil, handleChinese: Bool = true) {
    var settings = TokenizerSettings()
    settings.vocabulary = vocabulary.enumerated().map { (Array($1.utf8), Int32($0)) }
    settings.lowercase = lowercase
    settings.stripAccents = stripAccents
    settings.handleChinese = handleChinese
    settings.addSpecialTokens()
    self.init(name: "wordpiece", settings: settings)
  }

  /// Reads `tokenizer.json`, or, where there is none, `vocab.txt`; beside them `tokenizer_config.json`,
  /// `special_tokens_map.json` and `added_tokens.json` where present.
  ///
  /// What `tokenizer_config.json` says of lower case, accents and ideographs goes before `tokenizer.json`, as in Hugging Face's
  /// BERT class. A length limit or padding stored in `tokenizer.json` is not applied: callers pass their own.
  /// - Throws: `TokenizerError` naming the file, the field and the value.
  public init(folder: URL) throws {
    self.init(name: folder.standardizedFileURL.lastPathComponent, settings: try TokenizerSettings(folder: folder))
  }

  /// - Precondition: the settings contain the special tokens.
  private init(name: String, settings: TokenizerSettings) {
    self.name = name
    self.settings = settings
    let names = settings.names
    padID = settings.id(names.pad)!
    unkID = settings.id(names.unk)!
    clsID = settings.id(names.cls)!
    sepID = settings.id(names.sep)!
    vocabularySize = Int(max(settings.vocabulary.map(\.id).max() ?? -1, settings.added.map(\.id).max() ?? -1)) + 1
    engine = WordPiece(
      vocabulary: settings.vocabulary, unknownID: unkID, prefix: settings.prefix, longestWord: settings.longestWord,
      normalizer: settings.normalizer, added: settings.added)
  }

  /// `[CLS]`, the text's ids, `[SEP]`; at most `maxLength` of them in all, but never fewer than these two.
  public func encode(_ text: String, maxLength: Int? = nil) -> [Int32] {
    encode(text, maxLength: maxLength, with: WordPiece.Scratch())
  }

  /// The ids of each text, computed on all cores.
  public func encode(_ texts: [String], maxLength: Int?) -> [[Int32]] {
    let block = 64
    let threads = min(ProcessInfo.processInfo.activeProcessorCount, (texts.count + block - 1) / block)
    guard threads > 1 else {
      let scratch = WordPiece.Scratch()
      return texts.map { encode($0, maxLength: maxLength, with: scratch) }
    }
    let next = Atomic(0)
    return [[Int32]](unsafeUninitializedCapacity: texts.count) { buffer, count in
      let results = UncheckedSendable(buffer.baseAddress!)
      DispatchQueue.concurrentPerform(iterations: threads) { _ in
        let scratch = WordPiece.Scratch()
        while true {
          let start = next.wrappingAdd(block, ordering: .relaxed).oldValue
          if start >= texts.count { break }
          for index in start..<min(start + block, texts.count) {
            (results.value + index).initialize(to: encode(texts[index], maxLength: maxLength, with: scratch))
          }
        }
      }
      count = texts.count
    }
  }

  private func encode(_ text: String, maxLength: Int?, with scratch: WordPiece.Scratch) -> [Int32] {
    var text = text
    var ids = [clsID]
    ids.reserveCapacity(min(maxLength ?? Int.max, text.utf8.count / 3 + 8))
    text.withUTF8 { engine.encode($0, limit: maxLength.map { max($0 - 2, 0) } ?? .max, with: scratch, into: &ids) }
    ids.append(sepID)
    return ids
  }
}

/// A value that several threads may use because each touches a part of its own.
struct UncheckedSendable<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
