import Foundation

/// A GGUF file (versions 2 and 3, little-endian), memory-mapped: metadata as typed values, and named tensors, some of which are quantized.
///
/// Opening checks every count, length and offset: the tensors must lie one after another, each at a multiple of the alignment, and inside of the file. Tensors of F32, F16, BF16 and F64 are
/// given as they are, I32 and I64 too, I8 and I16 as int32; Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K and Q6_K become float32, number by number as ggml does it. Other types are refused when
/// their tensor is asked for, by name. Shapes are row-major, the file's extents in reverse: [outputs, inputs] of a linear layer.
///
/// ```swift
/// let file = try GGUF(contentsOf: url)
/// let architecture = file.metadata["general.architecture"]?.text  // "llama"
/// let weight = try file.array("q4_0")  // Q4_0 in the file: float32, [3, 64]
/// ```
public struct GGUF: NamedArrays, Sendable {
  /// The format's version.
  public let version: Int
  /// What the file says of itself, by key: `general.architecture`, `tokenizer.ggml.tokens` …
  public let metadata: [String: Value]
  /// The tensors' names, in the file's order.
  public let names: [String]
  /// The path of the file, for errors.
  public let file: String
  private let entries: [String: Entry]
  private let body: Data

  private struct Entry {
    var type: GGUFType
    /// Row-major.
    var shape: [Int]
    var range: Range<Int>
  }

  /// A value of the metadata, of the type that the file has it in.
  public enum Value: Sendable, Equatable {
    /// A whole number.
    case uint8(UInt8), int8(Int8), uint16(UInt16), int16(Int16), uint32(UInt32), int32(Int32), uint64(UInt64), int64(Int64)
    /// A real number.
    case float32(Float), float64(Double)
    /// A truth value.
    case bool(Bool)
    /// A text.
    case string(String)
    /// A list of values of one type.
    case array([Value])

    /// A whole number of any width that an `Int` holds; nil for other values.
    public var int: Int? {
      switch self {
      case .uint8(let value): Int(value)
      case .int8(let value): Int(value)
      case .uint16(let value): Int(value)
      case .int16(let value): Int(value)
      case .uint32(let value): Int(value)
      case .int32(let value): Int(value)
      case .uint64(let value): Int(exactly: value)
      case .int64(let value): Int(value)
      case .float32, .float64, .bool, .string, .array: nil
      }
    }

    /// A number, whole or not; nil for other values.
    public var double: Double? {
      switch self {
      case .float32(let value): Double(value)
      case .float64(let value): value
      case .uint64(let value): Double(value)
      default: int.map(Double.init)
      }
    }

    /// A text; nil for other values.
    public var text: String? { if case .string(let value) = self { value } else { nil } }

    /// A truth value; nil for other values.
    public var flag: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The values of a list; nil for other values.
    public var list: [Value]? { if case .array(let values) = self { values } else { nil } }
  }

  /// Opens the file at `url`, memory-mapped.
  ///
  /// - Throws: `FileError` if the file cannot be read, is no GGUF file of these versions, or is truncated or damaged.
  public init(contentsOf url: URL) throws { try self.init(mapFile(url), file: url.path) }

  /// The file whose content is `data`.
  /// - Parameters:
  ///   - data: the content of a file.
  ///   - file: the name that errors give.
  /// - Throws: `FileError` if it is no GGUF file of these versions, or is truncated or damaged.
  public init(_ data: Data, file: String = "GGUF data") throws {
    var reader = GGUFReader(bytes: ByteReader(bytes: data, file: file))
    guard data.starts(with: "GGUF".utf8) else {
      throw FileError(file: file, field: "magic number", value: "not GGUF", advice: "a GGUF file is expected")
    }
    reader.position = 4
    let number: UInt32 = try reader.number("version")
    guard (2...3).contains(number) else {
      let isBig = (1...0xffff).contains(number.byteSwapped)
      throw FileError(
        file: file, field: "version", value: "\(isBig ? number.byteSwapped : number)",
        advice: isBig ? "the file is big-endian: convert it to little-endian" : "versions 2 and 3 can be read")
    }
    version = Int(number)
    self.file = file
    // A tensor takes at least 24 bytes here, an entry of the metadata 13.
    let tensorCount = try reader.count("number of tensors", of: 24), valueCount = try reader.count("number of metadata", of: 13)
    var metadata: [String: Value] = [:]
    for place in 0..<valueCount {
      let key = try reader.text("metadata key \(place)")
      guard metadata.updateValue(try reader.value(of: reader.number("type of \(key)"), key), forKey: key) == nil else {
        throw FileError(file: file, field: "metadata", value: "\(key.debugDescription) occurs twice", advice: "the file is damaged")
      }
    }
    self.metadata = metadata
    let alignment = try Self.alignment(metadata["general.alignment"], file)

    var names: [String] = [], entries: [String: Entry] = [:], end = 0
    names.reserveCapacity(tensorCount)
    for place in 0..<tensorCount {
      let name = try reader.text("name of tensor \(place)")
      let entry = try Self.entry(name, &reader, after: end, alignment)
      guard entries.updateValue(entry, forKey: name) == nil else {
        throw FileError(file: file, field: "tensors", value: "\(name.debugDescription) occurs twice", advice: "the file is damaged")
      }
      names.append(name)
      end = entry.range.upperBound
    }
    self.names = names
    self.entries = entries
    let start = tensorCount == 0 ? min(reader.position, data.count) : try Self.aligned(reader.position, alignment, "data", file)
    guard start <= data.count, end <= data.count - start else {
      throw FileError(
        file: file, field: "data", value: "\(max(data.count - start, 0)) bytes",
        advice: "the tensors take \(end): the file is truncated or damaged")
    }
    body = data.dropFirst(start)
  }

  public func type(of name: String) throws -> (dtype: DType, shape: [Int])? {
    try entries[name].map { (try dtype(name, $0), $0.shape) }
  }

  /// The tensor of this name, if there is one; quantized ones as float32.
  ///
  /// - Throws: `FileError` if it is of a type that cannot be read.
  public func array(_ name: String) throws -> HostArray? {
    guard let entry = entries[name] else { return nil }
    let dtype = try dtype(name, entry), stored = body.dropFirst(entry.range.lowerBound).prefix(entry.range.count)
    let data = try entry.type.decode(stored, file: file, field: name)
    return try HostArray(dtype: dtype, shape: entry.shape, data: data)
  }

  private func dtype(_ name: String, _ entry: Entry) throws -> DType {
    guard let dtype = entry.type.dtype else {
      throw FileError(
        file: file, field: "type of \(name)", value: entry.type.name,
        advice: "\(GGUFType.readable) can be read: quantize the model to one of them")
    }
    return dtype
  }

  /// What is said of a tensor, which must follow the one before.
  private static func entry(_ name: String, _ reader: inout GGUFReader, after end: Int, _ alignment: Int) throws -> Entry {
    let file = reader.bytes.file, axes: UInt32 = try reader.number("number of axes of \(name)")
    guard axes <= 8 else {
      throw FileError(
        file: file, field: "number of axes of \(name)", value: "\(axes)", advice: "at most 8 are possible: the file is damaged")
    }
    var extents: [Int] = []
    for _ in 0..<axes { extents.append(try reader.size("shape of \(name)")) }
    let number: UInt32 = try reader.number("type of \(name)")
    guard let type = GGUFType(number) else {
      throw FileError(file: file, field: "type of \(name)", value: "number \(number)", advice: "\(GGUFType.readable) can be read")
    }
    let row = extents.first ?? 1
    guard row % type.blockSize == 0 else {
      throw FileError(
        file: file, field: "shape of \(name)", value: "rows of \(row)",
        advice: "\(type.name) has blocks of \(type.blockSize): the file is damaged")
    }
    let shape = Array(extents.reversed())
    // Bounds the number of elements too, so that nothing overflows below.
    _ = try HostArray.byteCount(shape, max(8, type.byteCount), file: file, field: "shape of \(name)")
    let bytes = shape.reduce(1, *) / type.blockSize * type.byteCount
    let offset = try reader.size("offset of \(name)"), expected = try aligned(end, alignment, "offset of \(name)", file)
    guard offset == expected else {
      throw FileError(
        file: file, field: "offset of \(name)", value: "\(offset)",
        advice: "the tensor before ends at \(end), so that \(expected) is expected: the file is damaged")
    }
    let (last, isTooLarge) = offset.addingReportingOverflow(bytes)
    guard !isTooLarge else {
      throw FileError(file: file, field: "offset of \(name)", value: "\(offset)", advice: "no file is that large: the file is damaged")
    }
    return Entry(type: type, shape: shape, range: offset..<last)
  }

  private static func alignment(_ value: Value?, _ file: String) throws -> Int {
    guard let value else { return 32 }
    guard let number = value.int, number >= 1, number <= 1 << 20, number & (number - 1) == 0 else {
      throw FileError(
        file: file, field: "general.alignment", value: "\(value)".prefix(40).description, advice: "a power of two is expected")
    }
    return number
  }

  /// The next multiple of the alignment.
  private static func aligned(_ place: Int, _ alignment: Int, _ field: String, _ file: String) throws -> Int {
    let (sum, isTooLarge) = place.addingReportingOverflow(alignment - 1)
    guard !isTooLarge else {
      throw FileError(file: file, field: field, value: "\(place)", advice: "no file is that large: the file is damaged")
    }
    return sum & ~(alignment - 1)
  }
}

/// The fields of a GGUF file, one after another.
private struct GGUFReader {
  let bytes: ByteReader
  var position = 0

  mutating func number<T: FixedWidthInteger>(_ field: String) throws -> T {
    defer { position += MemoryLayout<T>.size }
    return try bytes.load(T.self, at: position, field)
  }

  /// An extent, length or offset.
  mutating func size(_ field: String) throws -> Int {
    defer { position += 8 }
    return try bytes.loadSize(UInt64.self, at: position, field)
  }

  /// How many of something there are, each of which takes at least so many bytes.
  mutating func count(_ field: String, of width: Int) throws -> Int {
    let count = try size(field)
    guard count <= (bytes.count - position) / width else {
      throw FileError(
        file: bytes.file, field: field, value: "\(count)", advice: "the file has only \(bytes.count) bytes: it is truncated or damaged")
    }
    return count
  }

  mutating func text(_ field: String) throws -> String {
    let length = try count(field, of: 1)
    defer { position += length }
    return String(decoding: try bytes.slice(at: position, count: length, field), as: UTF8.self)
  }

  mutating func value(of type: UInt32, _ key: String, depth: Int = 0) throws -> GGUF.Value {
    switch type {
    case 0: return .uint8(try number(key))
    case 1: return .int8(try number(key))
    case 2: return .uint16(try number(key))
    case 3: return .int16(try number(key))
    case 4: return .uint32(try number(key))
    case 5: return .int32(try number(key))
    case 6: return .float32(Float(bitPattern: try number(key)))
    case 7:
      let byte: UInt8 = try number(key)
      guard byte <= 1 else {
        throw FileError(file: bytes.file, field: key, value: "\(byte)", advice: "a truth value is 0 or 1: the file is damaged")
      }
      return .bool(byte == 1)
    case 8: return .string(try text(key))
    case 9:
      let element: UInt32 = try number("type of \(key)")
      // Lists of lists may be, but nobody's are deeper.
      guard depth < 4, let width = Self.width(element) else {
        throw FileError(file: bytes.file, field: "type of \(key)", value: "a list of type \(element)", advice: "the file is damaged")
      }
      let count = try count("length of \(key)", of: width)
      var values: [GGUF.Value] = []
      values.reserveCapacity(count)
      for _ in 0..<count { values.append(try value(of: element, key, depth: depth + 1)) }
      return .array(values)
    case 10: return .uint64(try number(key))
    case 11: return .int64(try number(key))
    case 12: return .float64(Double(bitPattern: try number(key)))
    default:
      throw FileError(file: bytes.file, field: "type of \(key)", value: "\(type)", advice: "0 to 12 are known: the file is damaged")
    }
  }

  /// The fewest bytes that a value of this type takes.
  private static func width(_ type: UInt32) -> Int? {
    switch type {
    case 0, 1, 7: 1
    case 2, 3: 2
    case 4, 5, 6: 4
    case 8, 10, 11, 12: 8
    case 9: 12
    default: nil
    }
  }
}
