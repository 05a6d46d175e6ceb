import Foundation

/// The cyclic redundancy check of Castagnoli's polynomial, CRC-32C, as RFC 3720 has it (B.4).
package enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    // One bit at a time, lowest first; the polynomial is 0x1EDC6F41 read backwards.
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
  }

  /// The checksum of some bytes.
  package static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
  }

  /// The checksum as record files store it, turned by 15 bits and moved by a constant, so that a checksum of bytes which hold a checksum stays a good one.
  package static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let value = checksum(bytes)
    return (value >> 15 | value << 17) &+ 0xA282_EAD8
  }
}
