import Foundation

/// The header of a NumPy `.npy` file, as NEP 1 defines it: a magic string, a version, and a Python dictionary literal with
/// the keys `descr`, `fortran_order` and `shape`.
struct NPYHeader {
  var descr: String
  var isFortranOrder: Bool
  var shape: [Int]

  static let magic = Data([0x93]) + Data("NUMPY".utf8)

  init(descr: String, shape: [Int]) {
    self.descr = descr
    self.isFortranOrder = false
    self.shape = shape
  }

  /// The header at the start of `data`, and the offset at which the elements begin.
  static func read(_ data: Data, file: String) throws -> (header: NPYHeader, end: Int) {
    let reader = ByteReader(bytes: data, file: file)
    guard data.starts(with: magic) else {
      throw FileError(file: file, field: "magic", value: "\(Array(data.prefix(6)))", advice: "not a .npy file: \\x93NUMPY is expected")
    }
    let version = try reader.load(UInt8.self, at: 6, "version")
    let length: Int
    let start: Int
    switch version {
    case 1: (length, start) = (try reader.loadSize(UInt16.self, at: 8, "header length"), 10)
    case 2, 3: (length, start) = (try reader.loadSize(UInt32.self, at: 8, "header length"), 12)
    default: throw FileError(file: file, field: "version", value: "\(version)", advice: "versions 1, 2 and 3 are known")
    }
    var parser = HeaderParser(bytes: Array(try reader.slice(at: start, count: length, "header")), file: file)
    return (try parser.parse(), start + length)
  }

  /// The header as version 1 writes it, padded so that the elements begin at a multiple of 64 bytes, with room for
  /// `reserving` rows.
  func encoded(reserving rows: Int? = nil) -> Data {
    func literal(_ shape: [Int]) -> String {
      let sizes = shape.map(String.init).joined(separator: ", ")
      return "{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(sizes)\(shape.count == 1 ? "," : "")), }"
    }
    let text = literal(shape)
    let longest = rows.map { literal([$0] + shape.dropFirst()).utf8.count } ?? text.utf8.count
    let total = (10 + longest + 1 + 63) / 64 * 64
    var result = Self.magic + Data([1, 0, UInt8((total - 10) & 0xff), UInt8((total - 10) >> 8)]) + Data(text.utf8)
    result.append(Data(repeating: 0x20, count: total - 1 - result.count))
    result.append(0x0a)
    return result
  }
}

/// Reads the dictionary literal of an `.npy` header: the strings, truth values and integer tuples that occur there.
private struct HeaderParser {
  let bytes: [UInt8]
  let file: String
  var position = 0

  mutating func parse() throws -> NPYHeader {
    var descr: String?
    var isFortranOrder: Bool?
    var shape: [Int]?
    try expect("{")
    while try !accept("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where descr == nil: descr = try string()
      case "fortran_order" where isFortranOrder == nil: isFortranOrder = try truth()
      case "shape" where shape == nil: shape = try tuple()
      default: throw wrong("the key '\(key)' is unknown or occurs twice")
      }
      if try !accept(",") {
        try expect("}")
        break
      }
    }
    skipSpace()
    guard position == bytes.count else { throw wrong("something follows the dictionary") }
    guard let descr, let isFortranOrder, let shape else { throw wrong("descr, fortran_order and shape are needed") }
    var header = NPYHeader(descr: descr, shape: shape)
    header.isFortranOrder = isFortranOrder
    return header
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
  }

  private mutating func accept(_ character: Character) throws -> Bool {
    skipSpace()
    guard position < bytes.count else { throw wrong("'\(character)' is missing at the end") }
    if bytes[position] != character.asciiValue { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Character) throws {
    if try !accept(character) { throw wrong("'\(character)' is expected at byte \(position)") }
  }

  private mutating func string() throws -> String {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: "'") || bytes[position] == UInt8(ascii: "\"") else {
      throw wrong("a string is expected at byte \(position); records and sub-arrays cannot be read")
    }
    guard let end = bytes[(position + 1)...].firstIndex(of: bytes[position]) else { throw wrong("a string does not end") }
    defer { position = end + 1 }
    return String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
  }

  private mutating func truth() throws -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)] where bytes[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw wrong("True or False is expected at byte \(position)")
  }

  private mutating func tuple() throws -> [Int] {
    var sizes: [Int] = []
    try expect("(")
    while try !accept(")") {
      sizes.append(try integer())
      if try !accept(",") {
        try expect(")")
        break
      }
    }
    return sizes
  }

  private mutating func integer() throws -> Int {
    skipSpace()
    let digits = bytes[position...].prefix { $0 >= 0x30 && $0 <= 0x39 }
    guard let value = Int(String(decoding: digits, as: UTF8.self)) else {
      throw wrong("a size from 0 to 2^63 - 1 is expected at byte \(position)")
    }
    position = digits.endIndex
    // Python 2 wrote long integers so.
    if position < bytes.count, bytes[position] == UInt8(ascii: "L") { position += 1 }
    return value
  }

  private func wrong(_ advice: String) -> FileError {
    let text = String(decoding: bytes.prefix(120), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return FileError(file: file, field: "header", value: text.debugDescription, advice: advice)
  }
}
