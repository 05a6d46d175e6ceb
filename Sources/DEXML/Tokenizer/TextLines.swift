import Foundation

/// The lines of a UTF-8 text file, read as they are asked for: one text per line, ended by LF or CR LF.
///
/// The last line may lack its end; a file that ends with LF has no empty line after it.
public struct TextLines {
  /// Lines read so far: the number of the line that `next` returned last.
  public private(set) var count = 0

  private let path: String
  private let handle: FileHandle
  private var buffer: [UInt8] = []
  private var position = 0
  private var reachedEnd = false

  /// - Throws: `TokenizerError` if the file cannot be opened.
  public init(contentsOf file: URL) throws {
    path = file.path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw TokenizerError(path, "file", "does not exist; expected a text file with one text per line")
    }
    guard !isFolder.boolValue else { throw TokenizerError(path, "file", "is a folder; expected a text file with one text per line") }
    do {
      handle = try FileHandle(forReadingFrom: file)
    } catch {
      throw TokenizerError(path, "file", "cannot be read (\(systemReason(error)))")
    }
  }

  /// All lines of a file.
  public static func all(of file: URL) throws -> [String] {
    var lines = try TextLines(contentsOf: file)
    var result: [String] = []
    while let line = try lines.next() { result.append(line) }
    return result
  }

  /// The next line without its end, or nil after the last.
  ///
  /// - Throws: `TokenizerError` with the line's number if it is not valid UTF-8, or if the file cannot be read on.
  public mutating func next() throws -> String? {
    var searched = position
    while true {
      let end = buffer.withUnsafeBufferPointer { bytes in bytes[searched...].firstIndex(of: 0x0A) }
      if let end {
        defer { position = end + 1 }
        return try line(to: end)
      }
      if reachedEnd {
        guard position < buffer.count else { return nil }
        defer { position = buffer.count }
        return try line(to: buffer.count)
      }
      buffer.removeFirst(position)
      position = 0
      searched = buffer.count
      try readOn()
    }
  }

  /// Up to `limit` further lines.
  public mutating func next(_ limit: Int) throws -> [String] {
    var lines: [String] = []
    while lines.count < limit, let line = try next() { lines.append(line) }
    return lines
  }

  private mutating func readOn() throws {
    do {
      guard let data = try handle.read(upToCount: 1 << 20), !data.isEmpty else {
        reachedEnd = true
        return
      }
      buffer.append(contentsOf: data)
    } catch {
      throw TokenizerError(path, "line \(count + 1)", "cannot be read (\(systemReason(error)))")
    }
  }

  private mutating func line(to end: Int) throws -> String {
    count += 1
    let stop = end > position && end < buffer.count && buffer[end - 1] == 0x0D ? end - 1 : end
    guard let text = String(validating: buffer[position..<stop], as: UTF8.self) else {
      throw TokenizerError(path, "line \(count)", "is not valid UTF-8; save the file as UTF-8")
    }
    return text
  }
}
