import Foundation
import WengertNN

/// Token ids made once for a whole text file: `rows` × `columns` int64 in row order, memory-mapped, each row padded at its end.
///
/// Beside the file, `.meta` holds one line, `rows columns int64`.
public struct TokenFile: Sendable {
  /// The number of texts.
  public let rows: Int
  /// The number of ids of a row, padding included.
  public let columns: Int
  private let ids: Data

  /// Maps a token file after checking its size against its `.meta`.
  ///
  /// - Throws: `FileError` naming the file, the field and the value.
  public init(contentsOf file: URL) throws {
    let meta = Self.meta(of: file)
    (rows, columns) = try Self.shape(readFile(meta), file: meta.path)
    do {
      ids = try Data(contentsOf: file, options: .alwaysMapped)
    } catch {
      throw FileError(file: file.path, field: "file", value: "cannot be read (\(systemReason(error)))", advice: "make it with tokenize")
    }
    // The product cannot overflow: the shape's parser limits both.
    guard ids.count == rows * columns * 8 else {
      throw FileError(
        file: file.path, field: "size", value: "is \(ids.count) bytes",
        advice: "\(rows) rows of \(columns) int64 are \(rows * columns * 8): delete it and tokenize again")
    }
  }

  /// Row `i` without the padding at its end. Ids that do not fit 32 bits, which no tokenizer makes, become the nearest that do.
  ///
  /// - Precondition: `i` is a row.
  public func row(_ i: Int, padID: Int32) -> [Int32] {
    ensure((0..<rows).contains(i), "row \(i) of a token file of \(rows) rows")
    return ids.withUnsafeBytes { bytes in
      let row = UnsafeRawBufferPointer(rebasing: bytes[i * columns * 8..<(i + 1) * columns * 8])
      let padding = Int64(padID).littleEndian
      var length = columns
      while length > 0, row.loadUnaligned(fromByteOffset: (length - 1) * 8, as: Int64.self) == padding { length -= 1 }
      if length == 0 { return [] }
      return [Int32](unsafeUninitializedCapacity: length) { result, count in
        for column in 0..<length {
          result[column] = Int32(clamping: Int64(littleEndian: row.loadUnaligned(fromByteOffset: column * 8, as: Int64.self)))
        }
        count = length
      }
    }
  }

  /// Where the tokens of a text file are kept: `trn_X.txt` → `trn_X.<tokenizer>_<maxLength>.dat`, in the same folder.
  public static func location(texts: URL, tokenizer: String, maxLength: Int) -> URL {
    texts.deletingPathExtension().appendingPathExtension("\(tokenizer)_\(maxLength).dat")
  }

  static let largestColumns = 1 << 20
  private static let largestRows = 1 << 39

  static func meta(of file: URL) -> URL { file.appendingPathExtension("meta") }

  /// The rows and columns of a `.meta`.
  static func shape(_ bytes: [UInt8], file: String) throws -> (rows: Int, columns: Int) {
    let text = String(decoding: bytes.prefix(200), as: UTF8.self)
    let fields = text.split(whereSeparator: \.isWhitespace)
    guard bytes.count <= 200, fields.count == 3 else {
      throw FileError(file: file, field: "line 1", value: "is \"\(text.prefix(60))\"", advice: "expected \"rows columns int64\"")
    }
    guard let rows = Int(fields[0]), (0...largestRows).contains(rows) else {
      throw FileError(file: file, field: "rows", value: "is \"\(fields[0])\"", advice: "expected a number from 0 to \(largestRows)")
    }
    guard let columns = Int(fields[1]), (1...largestColumns).contains(columns) else {
      throw FileError(file: file, field: "columns", value: "is \"\(fields[1])\"", advice: "expected a number from 1 to \(largestColumns)")
    }
    guard fields[2] == "int64" else { throw FileError(file: file, field: "type", value: "is \"\(fields[2])\"", advice: "expected int64") }
    return (rows, columns)
  }
}
