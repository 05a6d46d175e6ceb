import Foundation

/// Token ids made once for a whole text file: `rows` × `columns` int64 in row order, memory-mapped, each row padded at its end.
///
/// Beside the file, `.meta` holds one line, `rows columns int64`.
public struct TokenFile: Sendable {
  public let rows: Int
  public let columns: Int
  private let ids: Data

  /// Maps a token file after checking its size against its `.meta`.
  ///
  /// - Throws: `TokenizerError` naming the file, the field and the value.
  public init(contentsOf file: URL) throws {
    let meta = Self.meta(of: file)
    (rows, columns) = try Self.shape(readFile(meta), file: meta.path)
    do {
      ids = try Data(contentsOf: file, options: .alwaysMapped)
    } catch {
      throw TokenizerError(file.path, "file", "cannot be read (\(systemReason(error))); make it with tokenize")
    }
    // The product cannot overflow: the shape's parser limits both.
    guard ids.count == rows * columns * 8 else {
      throw TokenizerError(
        file.path, "size", "is \(ids.count) bytes; \(rows) rows of \(columns) int64 are \(rows * columns * 8): delete it and tokenize again"
      )
    }
  }

  /// Row `i` without the padding at its end. Ids that do not fit 32 bits, which no tokeniser makes, become the nearest that do.
  ///
  /// - Precondition: `i` is a row.
  public func row(_ i: Int, padID: Int32) -> [Int32] {
    precondition((0..<rows).contains(i), "row \(i) of a token file of \(rows) rows")
    return ids.withUnsafeBytes { bytes in
      func id(_ column: Int) -> Int64 {
        Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: (i * columns + column) * 8, as: Int64.self))
      }
      var length = columns
      while length > 0, id(length - 1) == padID { length -= 1 }
      return (0..<length).map { Int32(clamping: id($0)) }
    }
  }

  /// Where the tokens of a text file are kept: `trn_X.txt` → `trn_X.<tokenizer>_<maxLength>.dat`, in the same folder.
  public static func location(texts: URL, tokenizer: String, maxLength: Int) -> URL {
    texts.deletingPathExtension().appendingPathExtension("\(tokenizer)_\(maxLength).dat")
  }

  /// Tokenises a text file line by line and opens the result; the file is written aside and takes its place only when complete.
  ///
  /// - Parameters:
  ///   - maxLength: the number of columns, special tokens included: 2 or more.
  ///   - progress: called now and then with the number of lines done.
  /// - Throws: `TokenizerError` for an unreadable or invalid text, naming its line, or a disk that cannot be written.
  public static func write(
    texts: URL, tokenizer: Tokenizer, maxLength: Int, to file: URL, progress: ((Int) -> Void)? = nil
  ) throws -> TokenFile {
    guard (2...largestColumns).contains(maxLength) else {
      throw TokenizerError(file.path, "maximum length", "is \(maxLength); expected 2 to \(largestColumns)")
    }
    var lines = try TextLines(contentsOf: texts)
    let aside = file.appendingPathExtension("\(ProcessInfo.processInfo.processIdentifier).partial")
    defer { try? FileManager.default.removeItem(at: aside) }
    do {
      try Data().write(to: aside)
      let output = try FileHandle(forWritingTo: aside)
      defer { try? output.close() }
      let block = min(max((1 << 22) / maxLength, 1), 1 << 14)
      while true {
        let texts = try lines.next(block)
        if texts.isEmpty { break }
        try output.write(contentsOf: table(tokenizer.encode(texts, maxLength: maxLength), columns: maxLength, padID: tokenizer.padID))
        progress?(lines.count)
      }
      try output.close()
      let meta = meta(of: file)
      if FileManager.default.fileExists(atPath: meta.path) { try FileManager.default.removeItem(at: meta) }
      try replace(file, with: aside)
      try Data("\(lines.count) \(maxLength) int64\n".utf8).write(to: meta, options: .atomic)
    } catch let error as TokenizerError {
      throw error
    } catch {
      throw TokenizerError(file.path, "file", "cannot be written (\(systemReason(error)))")
    }
    return try TokenFile(contentsOf: file)
  }

  private static let largestColumns = 1 << 20
  private static let largestRows = 1 << 40

  private static func meta(of file: URL) -> URL { file.appendingPathExtension("meta") }

  /// Renames over a file that may exist.
  private static func replace(_ file: URL, with aside: URL) throws {
    guard rename(aside.path, file.path) == 0 else {
      throw TokenizerError(file.path, "file", "cannot be written (\(String(cString: strerror(errno))))")
    }
  }

  private static func table(_ encoded: [[Int32]], columns: Int, padID: Int32) -> Data {
    var rows = [Int64](repeating: Int64(padID).littleEndian, count: encoded.count * columns)
    for (row, ids) in encoded.enumerated() {
      for (column, id) in ids.enumerated() { rows[row * columns + column] = Int64(id).littleEndian }
    }
    return rows.withUnsafeBytes { Data($0) }
  }

  /// The rows and columns of a `.meta`.
  static func shape(_ bytes: [UInt8], file: String) throws -> (rows: Int, columns: Int) {
    let text = String(decoding: bytes.prefix(200), as: UTF8.self)
    let fields = text.split(whereSeparator: \.isWhitespace)
    guard bytes.count <= 200, fields.count == 3 else {
      throw TokenizerError(file, "line 1", "is \"\(text.prefix(60))\"; expected \"rows columns int64\"")
    }
    guard let rows = Int(fields[0]), (0...largestRows).contains(rows) else {
      throw TokenizerError(file, "rows", "is \"\(fields[0])\"; expected a number from 0 to \(largestRows)")
    }
    guard let columns = Int(fields[1]), (1...largestColumns).contains(columns) else {
      throw TokenizerError(file, "columns", "is \"\(fields[1])\"; expected a number from 1 to \(largestColumns)")
    }
    guard fields[2] == "int64" else { throw TokenizerError(file, "type", "is \"\(fields[2])\"; expected int64") }
    return (rows, columns)
  }
}
