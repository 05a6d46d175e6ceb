import Foundation
import Logging
import WengertNN

/// The token ids of the lines of a text file: read from the file that `tokenize` makes, or made from the text each time.
enum TokenSource: Sendable {
  case file(TokenFile, padID: Int32)
  case texts(Lines, Tokenizer, maximumLength: Int)

  var count: Int {
    switch self {
    case .file(let file, _): file.rows
    case .texts(let texts, _, _): texts.count
    }
  }

  /// The ids of some lines, without padding.
  func tokens(_ rows: some RandomAccessCollection<Int> & Sendable) -> [[Int32]] {
    switch self {
    case .file(let file, let padID): rows.map { file.row($0, padID: padID) }
    case .texts(let texts, let tokenizer, let length): tokenizer.encode(rows, of: texts, maxLength: length)
    }
  }

  /// All lines' ids.
  func all() -> [[Int32]] { tokens(0..<count) }

  /// Opens a text file's tokens. Offline, the token file beside the text is made if it is missing or older than the text, of another number of lines or of
  /// another tokenizer, and the log says so; if the folder cannot be written, the texts are tokenized as they are needed.
  static func open(
    _ texts: URL, _ tokenizer: Tokenizer, maximumLength: Int, _ mode: Configuration.Tokenization, rows: Int, log: Logger
  ) throws -> TokenSource {
    if mode == .offline {
      let location = TokenFile.location(texts: texts, tokenizer: tokenizer.name, maxLength: maximumLength)
      if let modified = date(location), let written = date(texts), modified >= written,
        let file = try? TokenFile(contentsOf: location), file.rows == rows, file.columns == maximumLength,
        try isMade(file, of: texts, by: tokenizer)
      {
        return .file(file, padID: tokenizer.padID)
      }
      do {
        log.info("making \(location.path)")
        let file = try TokenFile.write(texts: texts, tokenizer: tokenizer, maxLength: maximumLength, to: location, progress: nil)
        return .file(file, padID: tokenizer.padID)
      } catch let error as FileError where error.field == "file" {
        log.warning("\(error); tokenizing during training instead")
      }
    }
    return .texts(try Lines(mapping: texts), tokenizer, maximumLength: maximumLength)
  }

  /// Whether the first lines' tokens are those that the tokenizer makes: folders of different tokenizers may have the same name, as do the models of all runs.
  private static func isMade(_ file: TokenFile, of texts: URL, by tokenizer: Tokenizer) throws -> Bool {
    var lines = try TextLines(contentsOf: texts)
    let expected = tokenizer.encode(try lines.next(min(file.rows, 100)), maxLength: file.columns)
    return expected.enumerated().allSatisfy { file.row($0, padID: tokenizer.padID) == $1 }
  }

  private static func date(_ file: URL) -> Date? {
    (try? FileManager.default.attributesOfItem(atPath: file.path))?[.modificationDate] as? Date
  }
}
