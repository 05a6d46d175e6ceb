import Foundation
import WengertNN

/// Writes the fields of one Protocol Buffers message.
struct MessageWriter {
  private(set) var bytes = Data()

  mutating func add(_ field: Int, varint value: UInt64) {
    add(varint: UInt64(field << 3))
    add(varint: value)
  }

  mutating func add(_ field: Int, fixed64 value: UInt64) {
    add(varint: UInt64(field << 3 | 1))
    bytes.append(little: value)
  }

  mutating func add(_ field: Int, bytes value: Data) {
    add(varint: UInt64(field << 3 | 2))
    add(varint: UInt64(value.count))
    bytes.append(value)
  }

  mutating func add(_ field: Int, fixed32 value: UInt32) {
    add(varint: UInt64(field << 3 | 5))
    bytes.append(little: value)
  }

  private mutating func add(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// Reads the fields of one Protocol Buffers message, and stops at the first that is none.
struct MessageReader {
  enum Value {
    case varint(UInt64), fixed64(UInt64), bytes(Data), fixed32(UInt32)
  }

  private var rest: Data

  init(_ bytes: Data) { rest = bytes }

  /// Whether nothing is left: false after `next` came upon bytes that are not a field.
  var isAtEnd: Bool { rest.isEmpty }

  /// The next field's number and value.
  mutating func next() -> (field: UInt64, value: Value)? {
    let before = rest
    guard let key = varint(), let value = value(ofType: key & 7) else {
      rest = before
      return nil
    }
    return (key >> 3, value)
  }

  private mutating func value(ofType type: UInt64) -> Value? {
    switch type {
    case 0: varint().map(Value.varint)
    case 1: rest.popLittleEndian().map(Value.fixed64)
    case 2: varint().flatMap { Int(exactly: $0) }.flatMap { rest.popBytes($0) }.map(Value.bytes)
    case 5: rest.popLittleEndian().map(Value.fixed32)
    default: nil
    }
  }

  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }
}

extension Data {
  /// Takes an integer from the front, if there are bytes enough.
  mutating func popLittleEndian<T: FixedWidthInteger & UnsignedInteger>() -> T? {
    popBytes(MemoryLayout<T>.size).map { $0.reversed().reduce(0) { $0 << 8 | T($1) } }
  }

  /// Takes bytes from the front, if there are as many.
  mutating func popBytes(_ length: Int) -> Data? {
    guard length >= 0, length <= count else { return nil }
    defer { self = dropFirst(length) }
    return prefix(length)
  }
}
