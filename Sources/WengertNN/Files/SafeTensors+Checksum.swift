import Foundation

// A checksum of the whole file, header and arrays, as the text `crc32` of the metadata: eight hexadecimal digits, the CRC-32 of the file with zeros in their place.
extension SafeTensors {
  static let checksumName = "crc32"
  static let noChecksum = "00000000"

  /// Opens a file that was written with a checksum, and checks every byte against it.
  ///
  /// - Throws: `FileError` if the file cannot be read, has no checksum, or has changed since it was written.
  public init(verifying url: URL) throws {
    let data = try mapFile(url)
    try Self.verify(data, file: url.path)
    try self.init(data, file: url.path)
  }

  private static func verify(_ data: Data, file: String) throws {
    let reader = ByteReader(bytes: data, file: file)
    let length = try reader.loadSize(UInt64.self, at: 0, "header length")
    guard length <= longestHeader else {
      throw FileError(
        file: file, field: "header length", value: "\(length)",
        advice: "at most \(longestHeader): the file is damaged or no safetensors file")
    }
    _ = try reader.slice(at: 8, count: length, "header")
    var start = Data(data.prefix(8 + length))
    let stored = try setChecksum(of: &start, to: noChecksum, file: file)
    let found = text(ofChecksum: Deflate.checksum(data.dropFirst(8 + length), after: Deflate.checksum(start)))
    guard stored == found else {
      throw FileError(
        file: file, field: checksumName, value: "\(stored.debugDescription) is stored, the bytes give \(found.debugDescription)",
        advice: "the file is truncated or damaged: use another copy")
    }
  }

  /// Replaces the digits of the checksum in the length and header of a file; returns the old digits.
  @discardableResult
  static func setChecksum(of start: inout Data, to digits: String, file: String) throws -> String {
    let opening = Data("\"\(checksumName)\":\"".utf8)
    guard let place = start.range(of: opening), start.endIndex - place.upperBound >= noChecksum.utf8.count else {
      throw FileError(
        file: file, field: checksumName, value: "missing", advice: "the header is damaged, or the file was written without a checksum")
    }
    let range = place.upperBound..<place.upperBound + noChecksum.utf8.count
    let stored = String(decoding: start[range], as: UTF8.self)
    start.replaceSubrange(range, with: digits.utf8)
    return stored
  }

  static func text(ofChecksum sum: UInt32) -> String {
    let digits = String(sum, radix: 16)
    return String(repeating: "0", count: noChecksum.count - digits.count) + digits
  }
}
