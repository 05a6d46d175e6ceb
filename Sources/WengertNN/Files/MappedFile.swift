import Foundation

/// The bytes of a file, memory-mapped: pages are read when they are first touched.
package func mapFile(_ url: URL) throws -> Data {
  var status = stat()
  guard stat(url.path, &status) == 0 else { throw FileError.system(url.path, "opening", "check the path") }
  guard status.st_mode & S_IFMT == S_IFREG else {
    throw FileError(file: url.path, field: "opening", value: "not a regular file", advice: "name a file")
  }
  guard access(url.path, R_OK) == 0 else { throw FileError.system(url.path, "opening", "make the file readable") }
  do {
    return try Data(contentsOf: url, options: .alwaysMapped)
  } catch {
    throw FileError(file: url.path, field: "reading", value: error.localizedDescription, advice: "check the file and the disk")
  }
}

/// Little-endian fields of a file's bytes, each read with a check of the bounds.
struct ByteReader {
  let bytes: Data
  let file: String

  var count: Int { bytes.count }

  /// The integer at `offset`.
  func load<T: FixedWidthInteger>(_ type: T.Type, at offset: Int, _ field: String) throws -> T {
    guard offset >= 0, offset <= count - MemoryLayout<T>.size else { throw outside(field, offset, MemoryLayout<T>.size) }
    return bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
  }

  /// A length or offset that must fit an `Int`.
  func loadSize<T: FixedWidthInteger>(_ type: T.Type, at offset: Int, _ field: String) throws -> Int {
    let value = try load(type, at: offset, field)
    guard let size = Int(exactly: value) else {
      throw FileError(file: file, field: field, value: "\(value)", advice: "no file is that large: the file is damaged")
    }
    return size
  }

  /// The bytes from `offset` on, shared with the file.
  func slice(at offset: Int, count length: Int, _ field: String) throws -> Data {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { throw outside(field, offset, length) }
    return bytes.dropFirst(offset).prefix(length)
  }

  private func outside(_ field: String, _ offset: Int, _ length: Int) -> FileError {
    FileError(
      file: file, field: field, value: "\(length) bytes at \(offset)",
      advice: "the file has only \(count) bytes: it is truncated or damaged")
  }
}
