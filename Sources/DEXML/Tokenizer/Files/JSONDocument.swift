import WengertNN

/// A JSON value whose strings and keys are kept byte for byte.
///
/// Swift's `String`, and every dictionary keyed by it, treats canonically equivalent texts as equal; two pieces of a vocabulary
/// that differ only so (a composed and a decomposed é) must stay two. Objects are therefore lists of pairs in the file's order.
package indirect enum JSONDocument: Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string([UInt8])
  case array([JSONDocument])
  case object([(key: [UInt8], value: JSONDocument)])

  /// Parses a whole file; errors name `file` and the byte.
  package init(parsing bytes: [UInt8], file: String) throws {
    var parser = JSONParser(bytes: bytes, file: file)
    self = try parser.document()
  }

  /// The value of an object's key, the last one if the key is repeated; nil if it is absent or this is not an object.
  package subscript(key: String) -> JSONDocument? {
    guard case .object(let pairs) = self else { return nil }
    return pairs.last { $0.key.elementsEqual(key.utf8) }?.value
  }

  package var isNull: Bool {
    if case .null = self { return true }
    return false
  }

  package var bool: Bool? {
    if case .bool(let value) = self { return value }
    return nil
  }

  package var string: [UInt8]? {
    if case .string(let value) = self { return value }
    return nil
  }

  package var array: [JSONDocument]? {
    if case .array(let value) = self { return value }
    return nil
  }

  package var int: Int? {
    if case .number(let value) = self { return Int(exactly: value) }
    return nil
  }

  /// A short wording of the value for error messages.
  package var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let value): Int(exactly: value).map { "\($0)" } ?? "\(value)"
    case .string(let value): "\"\(String(decoding: value.prefix(60), as: UTF8.self))\""
    case .array(let value): "a list of \(value.count)"
    case .object(let value): "an object of \(value.count) keys"
    }
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  let file: String
  var position = 0
  var depth = 0

  func failure(_ message: String) -> FileError {
    FileError(file: file, field: "byte \(position)", value: "\(message)", advice: "this is not valid JSON")
  }

  mutating func document() throws -> JSONDocument {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    let value = try self.value()
    skipSpace()
    guard position == bytes.count else { throw failure("text after the end of the document") }
    return value
  }

  mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
  }

  /// The next byte that is not white space, left in place.
  mutating func peek() throws -> UInt8 {
    skipSpace()
    guard position < bytes.count else { throw failure("it ends too early") }
    return bytes[position]
  }

  mutating func accept(_ byte: Character) throws -> Bool {
    guard try peek() == byte.asciiValue else { return false }
    position += 1
    return true
  }

  mutating func value() throws -> JSONDocument {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 64 else { throw failure("nested more than 64 deep") }
    switch try peek() {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    default: return try number()
    }
  }

  mutating func literal(_ word: String, _ value: JSONDocument) throws -> JSONDocument {
    guard bytes[position...].starts(with: word.utf8) else { throw failure("expected \(word)") }
    position += word.utf8.count
    return value
  }

  mutating func number() throws -> JSONDocument {
    let start = position
    while position < bytes.count, "+-.eE0123456789".utf8.contains(bytes[position]) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let first = text.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "."), let value = Double(text) else {
      position = start
      throw failure("expected a value")
    }
    return .number(value)
  }

  mutating func array() throws -> JSONDocument {
    position += 1
    var elements: [JSONDocument] = []
    if try accept("]") { return .array([]) }
    repeat { elements.append(try value()) } while try accept(",")
    guard try accept("]") else { throw failure("expected , or ]") }
    return .array(elements)
  }

  mutating func object() throws -> JSONDocument {
    position += 1
    var pairs: [(key: [UInt8], value: JSONDocument)] = []
    if try accept("}") { return .object([]) }
    repeat {
      guard try peek() == UInt8(ascii: "\"") else { throw failure("expected a key in quotes") }
      let key = try string()
      guard try accept(":") else { throw failure("expected : after a key") }
      pairs.append((key, try value()))
    } while try accept(",")
    guard try accept("}") else { throw failure("expected , or }") }
    return .object(pairs)
  }

  mutating func string() throws -> [UInt8] {
    let start = position
    position += 1
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard String(validating: text, as: UTF8.self) != nil else {
          position = start
          throw failure("a string that is not valid UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw failure("a control character inside a string")
      default: text.append(byte)
      }
    }
    throw failure("a string without an end")
  }

  mutating func escape(into text: inout [UInt8]) throws {
    guard position < bytes.count else { throw failure("it ends too early") }
    let letter = bytes[position]
    position += 1
    switch letter {
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code), bytes[position...].starts(with: "\\u".utf8) {
        position += 2
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw failure("half of a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("half of a surrogate pair") }
      text.append(contentsOf: UTF8.encode(scalar)!)
    default: throw failure("an unknown escape")
    }
  }

  mutating func hexadecimal() throws -> UInt32 {
    let digits = bytes[position...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw failure("expected four hexadecimal digits") }
    position += 4
    return code
  }
}
