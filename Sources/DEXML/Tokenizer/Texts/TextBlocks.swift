import Foundation
import WengertNN

/// Reads a text file in blocks of whole lines; a block grows to the length of its longest line. A byte order mark at the start is passed over.
struct TextBlocks {
  /// Lines in the blocks so far.
  private(set) var count = 0

  private let path: String
  private let handle: FileHandle
  private let size: Int
  /// What was read behind the last block's lines.
  private var rest = Data()
  private var reachedEnd = false

  /// - Parameter size: the bytes to read at a time.
  /// - Throws: `FileError` if the file cannot be opened or begins as one that is not UTF-8.
  init(contentsOf file: URL, size: Int) throws {
    try Self.check(file)
    (path, self.size) = (file.path, size)
    do {
      handle = try FileHandle(forReadingFrom: file)
    } catch {
      throw FileError(file: path, field: "file", value: "cannot be read (\(systemReason(error)))")
    }
    let head = try read(TextMark.headSize)
    try TextMark.check(head, file: path)
    rest = Data(head.dropFirst(TextMark.length(head)))
  }

  /// Throws unless there is a file at this place that is not a folder.
  static func check(_ file: URL) throws {
    guard !file.exists || file.isFolder else { return }
    let value = file.isFolder ? "is a folder" : "does not exist"
    throw FileError(file: file.path, field: "file", value: value, advice: "expected a text file with one text per line")
  }

  /// The next lines, or nil after the last; they are not checked.
  ///
  /// - Throws: `FileError` if the file cannot be read on.
  mutating func next() throws -> Lines? {
    var text = rest
    rest = Data()
    while !reachedEnd {
      // As much again as is there, so that a long line is not copied too often.
      let more = try read(max(size, text.count))
      reachedEnd = more.isEmpty
      guard let end = more.withUnsafeBytes({ $0.lastIndex(of: 0x0A) }) else {
        text.append(more)
        continue
      }
      text.append(more.prefix(end + 1))
      rest = Data(more.dropFirst(end + 1))
      break
    }
    guard !text.isEmpty else { return nil }
    let lines = Lines(text, path: path, before: count)
    count += lines.count
    return lines
  }

  private func read(_ count: Int) throws -> Data {
    do {
      return try handle.read(upToCount: count) ?? Data()
    } catch {
      throw FileError(file: path, field: "line \(self.count + 1)", value: "cannot be read (\(systemReason(error)))")
    }
  }
}
