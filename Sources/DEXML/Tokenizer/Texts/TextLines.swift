import Foundation
import WengertNN

/// The lines of a UTF-8 text file, read as they are asked for: one text per line, ended by LF or CR LF.
///
/// The last line may lack its end; a file that ends with LF has no empty line after it.
public struct TextLines {
  /// Lines read so far: the number of the line that `next` returned last.
  public private(set) var count = 0

  private var blocks: TextBlocks
  private var block: Lines?
  /// The number of lines before the block.
  private var before = 0

  /// - Throws: `FileError` if the file cannot be opened.
  public init(contentsOf file: URL) throws {
    blocks = try TextBlocks(contentsOf: file, size: 1 << 20)
  }

  /// All lines of a file.
  ///
  /// - Throws: `FileError` if the file cannot be read, or naming the first line that is not valid UTF-8.
  public static func all(of file: URL) throws -> [String] {
    var lines = try TextLines(contentsOf: file)
    var result: [String] = []
    while let line = try lines.next() { result.append(line) }
    return result
  }

  /// The number of lines of a file that can be mapped; they are not checked.
  ///
  /// - Throws: `FileError` if the file cannot be mapped, or is in another encoding by its mark.
  public static func count(of file: URL) throws -> Int { try Lines(unchecked: file).count }

  /// The next line without its end, or nil after the last.
  ///
  /// - Throws: `FileError` with the line's number if it is not valid UTF-8, or if the file cannot be read on.
  public mutating func next() throws -> String? {
    if count == blocks.count {
      (block, before) = (try blocks.next(), count)
    }
    guard let block else { return nil }
    count += 1
    guard let text = block.string(count - 1 - before) else { throw block.invalid(count - 1 - before) }
    return text
  }

  /// Up to `limit` further lines.
  ///
  /// - Throws: `FileError` as `next()`.
  public mutating func next(_ limit: Int) throws -> [String] {
    var lines: [String] = []
    while lines.count < limit, let line = try next() { lines.append(line) }
    return lines
  }
}
