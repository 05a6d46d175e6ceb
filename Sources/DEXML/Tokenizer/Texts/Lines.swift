import Foundation
import WengertNN

/// Consecutive lines of a UTF-8 text file as they are in memory, with eight bytes for each line's place: one text per line, ended by LF or CR LF.
///
/// The last line may lack its end; text that ends with LF has no empty line after it.
struct Lines: Sendable {
  private let text: Data
  /// Where each line begins, then the end of the text.
  private let starts: [Int]
  private let path: String
  /// The number of lines before these in the file.
  private let before: Int

  var count: Int { starts.count - 1 }

  /// - Parameter text: of the file at `path`, from the beginning of the line numbered `before`, counted from 0.
  init(_ text: Data, path: String, before: Int = 0) {
    (self.text, self.path, self.before) = (text, path, before)
    starts = text.withUnsafeBytes { bytes in
      var starts = [0]
      while let start = starts.last, start < bytes.count {
        let end = memchr(bytes.baseAddress! + start, 0x0A, bytes.count - start)
        starts.append(end.map { UnsafeRawPointer($0) - bytes.baseAddress! + 1 } ?? bytes.count)
      }
      return starts
    }
  }

  /// Maps a whole file and checks it; a byte order mark at its start is passed over.
  ///
  /// - Throws: `FileError` if the file cannot be read, or with the number of the first line that is not valid UTF-8.
  init(mapping file: URL) throws {
    try TextBlocks.check(file)
    let text: Data
    do {
      text = try Data(contentsOf: file, options: .alwaysMapped)
    } catch {
      throw FileError(file: file.path, field: "file", value: "cannot be read (\(systemReason(error)))")
    }
    try self.init(marked: text, path: file.path)
    if let line = firstInvalid(0..<count) { throw invalid(line) }
  }

  /// Maps a whole file, of whose text only the encoding's mark is checked.
  init(unchecked file: URL) throws { try self.init(marked: mapFile(file), path: file.path) }

  /// The lines of a whole file behind its byte order mark.
  private init(marked text: Data, path: String) throws {
    try TextMark.check(text.prefix(TextMark.headSize), file: path)
    self.init(text.dropFirst(TextMark.length(text)), path: path)
  }

  /// Calls `body` with the bytes of a line without its end.
  @inline(__always)
  func withLine<Result>(_ line: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    try text.withUnsafeBytes { bytes in
      let bytes = bytes.bindMemory(to: UInt8.self)
      let start = starts[line]
      var end = starts[line + 1]
      if bytes[end - 1] == 0x0A {
        end -= 1
        if end > start, bytes[end - 1] == 0x0D { end -= 1 }
      }
      return try body(UnsafeBufferPointer(rebasing: bytes[start..<end]))
    }
  }

  /// A line without its end, or nil if it is not valid UTF-8.
  func string(_ line: Int) -> String? { withLine(line) { String(validating: $0, as: UTF8.self) } }

  /// The first of some lines that is not valid UTF-8.
  func firstInvalid(_ lines: Range<Int>) -> Int? {
    text.withUnsafeBytes { bytes -> Int? in
      let part = bytes.bindMemory(to: UInt8.self).span.extracting(starts[lines.lowerBound]..<starts[lines.upperBound])
      do throws(UTF8.ValidationError) {
        _ = try UTF8Span(validating: part)
        return nil
      } catch {
        // The line that holds the wrong byte: the last that begins at or before it.
        let place = starts[lines.lowerBound] + error.byteOffsets.lowerBound
        var (low, high) = (lines.lowerBound, lines.upperBound)
        while high - low > 1 {
          let middle = (low + high) / 2
          if starts[middle] <= place { low = middle } else { high = middle }
        }
        return low
      }
    }
  }

  /// The error of a line that is not valid UTF-8.
  func invalid(_ line: Int) -> FileError {
    FileError(
      file: path, field: "line \(before + line + 1)", value: "is not valid UTF-8",
      advice: "save the file as UTF-8, for instance with iconv -f LATIN1 -t UTF-8 if it is Latin-1")
  }
}
