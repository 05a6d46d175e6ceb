import Foundation
import Synchronization
import WengertNN

/// BERT's WordPiece tokenizer: the ids that Hugging Face's `BertTokenizerFast` gives for the same folder.
///
/// A text is cleaned, ideographs get spaces around them, accents are stripped and letters lower-cased as the folder says; it is
/// split at white space and punctuation, and every word into the longest pieces of the vocabulary from left to right. Special
/// and added tokens in the text stay whole.
///
/// ```swift
/// let tokenizer = Tokenizer(vocabulary: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "##ing", "chess"])
/// let ids = tokenizer.encode("Playing chess!")  // [CLS] play ##ing chess [UNK] [SEP]: [2, 5, 6, 7, 1, 3]
/// ```
public struct Tokenizer: Sendable {
  /// The folder's last path component, and a checksum of the prompt if there is one; part of the names of token files.
  public private(set) var name: String
  /// The id of the padding token.
  public let padID: Int32
  /// The id of words without pieces, `[UNK]`.
  public let unkID: Int32
  /// The id with which every text begins, `[CLS]`.
  public let clsID: Int32
  /// The id with which every text ends, `[SEP]`.
  public let sepID: Int32
  /// One more than the largest id: the number of rows a token embedding must have.
  public let vocabularySize: Int

  let settings: TokenizerSettings
  private let engine: WordPiece
  /// What precedes every text, as UTF-8.
  private var prompt: [UInt8] = []
  /// The number of tokens that the prompt takes of each text, `[CLS]` included; 0 if there is none.
  public private(set) var promptLength = 0

  /// A tokenizer with these pieces, numbered in their order; of the special tokens ([PAD], [UNK], [CLS], [SEP], [MASK]) those
  /// that are missing are added behind them.
  ///
  /// - Parameters:
  ///   - vocabulary: the pieces; those that go on inside of a word begin with `##`.
  ///   - lowercase: whether texts are put in lower case first.
  ///   - stripAccents: nil strips them if `lowercase` is true.
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

  /// Reads `tokenizer.json`, or, if there is none, `vocab.txt`; beside them `tokenizer_config.json`,
  /// `special_tokens_map.json` and `added_tokens.json` if present.
  ///
  /// As in transformers 5, the class decides what counts: if `tokenizer_class`, or else the `model_type` of a `config.json`, is of BERT or DistilBERT, what
  /// `tokenizer_config.json` says of lower case, accents and ideographs, and BERT's defaults if it does not; else what `tokenizer.json` says. A length limit or
  /// padding stored in `tokenizer.json` is not applied: callers pass their own.
  /// - Throws: `FileError` naming the file, the field and the value.
  public init(folder: URL) throws { try self.init(folder: folder, lowercases: false) }

  /// The same; `lowercases` makes lower case of texts even if the folder's own files do not, and leaves accents as they say.
  init(folder: URL, lowercases: Bool) throws {
    var settings = try TokenizerSettings(folder: folder)
    if lowercases && !settings.lowercase {
      settings.stripAccents = settings.stripAccents ?? false
      settings.lowercase = true
    }
    self.init(name: folder.standardizedFileURL.lastPathComponent, settings: settings)
  }

  /// The same tokenizer, which puts `prompt` before each text.
  public func prefixed(by prompt: String) -> Tokenizer {
    guard !prompt.isEmpty else { return self }
    var copy = self
    copy.promptLength = encode(prompt).count - 1
    copy.prompt = Array(prompt.utf8) + self.prompt
    copy.name += ".prompt-" + String(Deflate.checksum(Data(copy.prompt)), radix: 16)
    return copy
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
    engine.withScratch { encode(text, maxLength: maxLength, with: $0) }
  }

  /// The ids of each text, computed on all cores, or on `threads` of them.
  public func encode(_ texts: [String], maxLength: Int?, threads: Int? = nil) -> [[Int32]] {
    encode(texts.count, threads) { encode(texts[$0], maxLength: maxLength, with: $1) }
  }

  /// The ids of some lines, computed on all cores.
  func encode(_ rows: some RandomAccessCollection<Int> & Sendable, of lines: Lines, maxLength: Int?) -> [[Int32]] {
    encode(rows.count, nil) { place, scratch in
      lines.withLine(rows[rows.index(rows.startIndex, offsetBy: place)]) { encode($0, maxLength: maxLength, with: scratch) }
    }
  }

  /// Writes a text's ids as `encode` makes them, then padding to the end of `row`, which has room for two ids or more.
  func encode(_ text: UnsafeBufferPointer<UInt8>, into row: UnsafeMutableBufferPointer<Int64>, with scratch: WordPiece.Scratch) {
    fill(&scratch.ids, text, maxLength: row.count, with: scratch)
    for column in row.indices {
      row[column] = Int64(column < scratch.ids.count ? scratch.ids[column] : padID).littleEndian
    }
  }

  /// Calls `body` with a scratch that no other thread uses meanwhile.
  func withScratch<Result>(_ body: (WordPiece.Scratch) throws -> Result) rethrows -> Result { try engine.withScratch(body) }

  /// Threads take blocks of texts until none is left.
  private func encode(_ texts: Int, _ threads: Int?, _ encode: @Sendable (Int, WordPiece.Scratch) -> [Int32]) -> [[Int32]] {
    let block = 64
    let threads = min(threads ?? ProcessInfo.processInfo.activeProcessorCount, (texts + block - 1) / block)
    guard threads > 1 else { return engine.withScratch { scratch in (0..<texts).map { encode($0, scratch) } } }
    let next = Atomic(0)
    return [[Int32]](unsafeUninitializedCapacity: texts) { buffer, count in
      let results = UncheckedSendable(buffer.baseAddress!)
      concurrently(threads) { _ in
        engine.withScratch { scratch in
          while true {
            let start = next.wrappingAdd(block, ordering: .relaxed).oldValue
            if start >= texts { break }
            for index in start..<min(start + block, texts) {
              (results.value + index).initialize(to: encode(index, scratch))
            }
          }
        }
      }
      count = texts
    }
  }

  private func encode(_ text: String, maxLength: Int?, with scratch: WordPiece.Scratch) -> [Int32] {
    var text = text
    return text.withUTF8 { encode($0, maxLength: maxLength, with: scratch) }
  }

  private func encode(_ text: UnsafeBufferPointer<UInt8>, maxLength: Int?, with scratch: WordPiece.Scratch) -> [Int32] {
    fill(&scratch.ids, text, maxLength: maxLength, with: scratch)
    return scratch.ids.withUnsafeBufferPointer { Array($0) }
  }

  private func fill(_ ids: inout [Int32], _ text: UnsafeBufferPointer<UInt8>, maxLength: Int?, with scratch: WordPiece.Scratch) {
    ids.removeAll(keepingCapacity: true)
    ids.append(clsID)
    let limit = maxLength.map { max($0 - 2, 0) } ?? .max
    if prompt.isEmpty {
      engine.encode(text, limit: limit, with: scratch, into: &ids)
    } else {
      (prompt + text).withUnsafeBufferPointer { engine.encode($0, limit: limit, with: scratch, into: &ids) }
    }
    ids.append(sepID)
  }
}

/// A value that several threads may use because each touches a part of its own.
struct UncheckedSendable<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
