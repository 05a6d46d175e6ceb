import CZlib
import Foundation

/// Raw deflate streams (RFC 1951) and CRC-32, by zlib.
package enum Deflate {
  /// The CRC-32 of `data`, or of what gave `before` followed by `data`.
  package static func checksum(_ data: Data, after before: UInt32 = 0) -> UInt32 {
    data.isEmpty ? before : data.withUnsafeBytes { UInt32(crc32_z(UInt(before), $0.bindMemory(to: UInt8.self).baseAddress, $0.count)) }
  }

  /// What `data` unpacks to, which must be exactly `size` bytes; nothing beyond them is ever unpacked.
  static func unpack(_ data: Data, size: Int, file: String, field: String) throws -> Data {
    func wrong(_ value: String, _ advice: String) -> FileError { FileError(file: file, field: field, value: value, advice: advice) }
    // No deflate stream expands more than 1032 times: a size beyond that is a lie, and is not worth an allocation.
    guard size / 1032 <= data.count else {
      throw wrong("\(size) bytes unpacked from \(data.count)", "no deflated member grows that much: the file is damaged")
    }
    // One byte more than declared, so that the end of the stream is seen and an excess noticed.
    let capacity = size + 1
    guard let memory = malloc(capacity) else { throw wrong("\(size) bytes unpacked", "not enough memory") }
    var isKept = false
    defer { if !isKept { free(memory) } }
    var stream = z_stream()
    guard inflateInit2_(&stream, -MAX_WBITS, zlibVersion(), Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw wrong("zlib cannot start", "check the installed zlib")
    }
    defer { inflateEnd(&stream) }
    try data.withUnsafeBytes { input in
      var consumed = 0
      var produced = 0
      while true {
        let given = min(input.count - consumed, Int(UInt32.max))
        let room = min(capacity - produced, Int(UInt32.max))
        stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress.map { $0 + consumed })
        stream.avail_in = UInt32(given)
        stream.next_out = memory.assumingMemoryBound(to: UInt8.self) + produced
        stream.avail_out = UInt32(room)
        let status = inflate(&stream, Z_NO_FLUSH)
        let (read, written) = (given - Int(stream.avail_in), room - Int(stream.avail_out))
        consumed += read
        produced += written
        guard produced <= size else { throw wrong("more than \(size) bytes", "the member is larger than declared") }
        if status == Z_STREAM_END { break }
        guard status == Z_OK, read + written > 0 else {
          throw wrong("\(produced) of \(size) bytes unpacked", "the deflated bytes are damaged or end early")
        }
      }
      guard produced == size else { throw wrong("\(produced) bytes", "\(size) were declared: the file is damaged") }
      guard consumed == input.count else {
        throw wrong("\(input.count) packed bytes", "the stream ends after \(consumed): the file is damaged")
      }
    }
    isKept = true
    return Data(bytesNoCopy: memory, count: capacity, deallocator: .free).prefix(size)
  }

  /// `data` as a raw deflate stream.
  static func pack(_ data: Data, file: String) throws -> Data {
    var stream = z_stream()
    let started = deflateInit2_(
      &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY, zlibVersion(), Int32(MemoryLayout<z_stream>.size))
    guard started == Z_OK else {
      throw FileError(file: file, field: "compression", value: "zlib cannot start", advice: "check the installed zlib")
    }
    defer { deflateEnd(&stream) }
    var result = Data()
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    data.withUnsafeBytes { input in
      var consumed = 0
      var status = Z_OK
      while status != Z_STREAM_END {
        let given = min(input.count - consumed, 1 << 30)
        let isLast = consumed + given == input.count
        stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress.map { $0 + consumed })
        stream.avail_in = UInt32(given)
        chunk.withUnsafeMutableBufferPointer { output in
          stream.next_out = output.baseAddress
          stream.avail_out = UInt32(output.count)
          status = deflate(&stream, isLast ? Z_FINISH : Z_NO_FLUSH)
          result.append(contentsOf: output.prefix(output.count - Int(stream.avail_out)))
        }
        consumed += given - Int(stream.avail_in)
      }
    }
    return result
  }
}
