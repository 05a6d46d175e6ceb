import Foundation

/// A safetensors file, memory-mapped: named arrays behind a JSON header.
///
/// Opening checks that the arrays fill the file exactly, without holes or overlaps, as the format demands. int8, int16 and
/// uint16 are given as int32, and uint32 as int64.
///
/// ```swift
/// try SafeTensors.write([("x", HostArray([1.5, 2.5]))], to: file)
/// let x = try SafeTensors(contentsOf: file)["x"]?.doubles()  // [1.5, 2.5]
/// ```
public struct SafeTensors: Sendable {
  /// The names, in the order of the arrays in the file.
  public let names: [String]
  /// The free texts of the header's `__metadata__`.
  public let metadata: [String: String]
  /// The path of the file, for errors.
  public let file: String
  private let entries: [String: Entry]
  private let body: Data

  private struct Entry {
    var element: StoredElement
    var shape: [Int]
    var range: Range<Int>
  }

  /// Opens the file at `url`, memory-mapped.
  ///
  /// - Throws: `FileError` if the file cannot be read, or its header or layout is wrong.
  public init(contentsOf url: URL) throws { try self.init(mapFile(url), file: url.path) }

  /// The file whose content is `data`.
  /// - Parameters:
  ///   - data: the content of a file.
  ///   - file: the name that errors give.
  /// - Throws: `FileError` if the header or the layout of the arrays is wrong.
  public init(_ data: Data, file: String = "safetensors data") throws {
    let reader = ByteReader(bytes: data, file: file)
    let length = try reader.loadSize(UInt64.self, at: 0, "header length")
    guard length <= Self.longestHeader else {
      throw FileError(
        file: file, field: "header length", value: "\(length)", advice: "at most \(Self.longestHeader): not a safetensors file")
    }
    let header = try Header(reader.slice(at: 8, count: length, "header"), file: file)
    body = data.dropFirst(8 + length)
    metadata = header.metadata
    self.file = file
    var entries: [String: Entry] = [:]
    for (name, stored) in header.tensors {
      entries[name] = try Self.entry(name, stored, file: file)
    }
    self.entries = entries
    names = entries.keys.sorted {
      let (a, b) = (entries[$0]!.range, entries[$1]!.range)
      return (a.lowerBound, a.upperBound, $0) < (b.lowerBound, b.upperBound, $1)
    }
    var end = 0
    for name in names {
      let range = entries[name]!.range
      guard range.lowerBound == end else {
        throw FileError(
          file: file, field: "data_offsets of \(name)", value: "[\(range.lowerBound), \(range.upperBound)]",
          advice: "the previous array ends at \(end): arrays may neither overlap nor leave holes")
      }
      end = range.upperBound
    }
    guard end == body.count else {
      throw FileError(
        file: file, field: "data", value: "\(body.count) bytes", advice: "the header describes \(end): the file is truncated or damaged")
    }
  }

  /// How many bytes the arrays take in the file.
  package var byteCount: Int { body.count }

  public func type(of name: String) -> (dtype: DType, shape: [Int])? { entries[name].map { ($0.element.dtype, $0.shape) } }

  /// The array of this name, if there is one; its bytes stay in the mapping if they need no widening.
  public subscript(name: String) -> HostArray? {
    guard let entry = entries[name] else { return nil }
    let stored = body.dropFirst(entry.range.lowerBound).prefix(entry.range.count)
    // The sizes were checked on opening, and uint64, the only element that can fail, was refused.
    let data = try! entry.element.decode(stored, bigEndian: false, file: file, field: name)
    return try! HostArray(dtype: entry.element.dtype, shape: entry.shape, data: data)
  }

  /// Writes the arrays to `url`, aside and then renamed into place.
  ///
  /// They are in the given order except for their width: wider elements come first, so that all are aligned.
  ///
  /// - Parameters:
  ///   - tensors: names and arrays.
  ///   - metadata: free texts, by their names.
  ///   - isChecksummed: whether the metadata get a checksum of the whole file, which `init(verifying:)` asks for.
  ///   - url: the file, which is replaced if it is there.
  /// - Throws: `FileError` if two arrays have one name, the header is too long, or the file cannot be written.
  public static func write(
    _ tensors: [(name: String, array: HostArray)], metadata: [String: String] = [:], isChecksummed: Bool = false, to url: URL
  ) throws {
    let metadata = isChecksummed ? metadata.merging([checksumName: noChecksum]) { $1 } : metadata
    let widths = Set(tensors.map(\.array.dtype.byteCount)).sorted(by: >)
    let ordered = widths.flatMap { width in tensors.filter { $0.array.dtype.byteCount == width } }
    var start = try opening(ordered.map { ($0.name, $0.array.dtype, $0.array.shape) }, metadata: metadata, file: url.path)
    let output = try FileBeingWritten(url)
    if isChecksummed {
      let sum = ordered.reduce(Deflate.checksum(start)) { Deflate.checksum($1.array.data, after: $0) }
      try setChecksum(of: &start, to: text(ofChecksum: sum), file: url.path)
    }
    try output.append(start)
    for (_, array) in ordered { try output.append(array.data) }
    try output.commit()
  }

  /// What precedes the arrays, which follow in this order: the header's length and the header.
  static func opening(_ tensors: [(name: String, dtype: DType, shape: [Int])], metadata: [String: String], file: String) throws -> Data {
    var fields: [(key: String, value: JSONValue)] = []
    if !metadata.isEmpty {
      fields.append(("__metadata__", .object(metadata.sorted { $0.key < $1.key }.map { (key: $0.key, value: .text($0.value)) })))
    }
    var seen: Set<String> = ["__metadata__"]
    var offset = 0
    for (name, dtype, shape) in tensors {
      guard seen.insert(name).inserted else {
        throw FileError(file: file, field: "name", value: name, advice: "give each array a name of its own, not __metadata__")
      }
      let end = offset + (try HostArray.byteCount(shape, dtype.byteCount, file: file, field: "shape of \(name)"))
      let stored: [(key: String, value: JSONValue)] = [
        ("dtype", .text(Self.name(dtype))), ("shape", .list(shape.map { .whole($0) })),
        ("data_offsets", .list([.whole(offset), .whole(end)])),
      ]
      fields.append((name, .object(stored)))
      offset = end
    }
    var header = Data(JSONValue.object(fields).json.utf8)
    header.append(Data(repeating: 0x20, count: (8 - header.count % 8) % 8))
    guard header.count <= longestHeader else {
      throw FileError(file: file, field: "header length", value: "\(header.count)", advice: "at most \(longestHeader) is possible")
    }
    var start = Data()
    start.append(little: UInt64(header.count))
    start.append(header)
    return start
  }

  /// The format's own limit.
  static let longestHeader = 100_000_000

  private static func entry(_ name: String, _ stored: Header.Tensor, file: String) throws -> Entry {
    guard let element = element(stored.dtype) else {
      throw FileError(
        file: file, field: "dtype of \(name)", value: stored.dtype,
        advice: "BOOL, U8, I8, U16, I16, U32, I32, I64, F16, BF16, F32 and F64 can be read")
    }
    let offsets = stored.dataOffsets
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1] else {
      throw FileError(file: file, field: "data_offsets of \(name)", value: "\(offsets.prefix(8))", advice: "[begin, end] is expected")
    }
    let bytes = try HostArray.byteCount(stored.shape, element.byteCount, file: file, field: "shape of \(name)")
    guard offsets[1] - offsets[0] == bytes else {
      throw FileError(
        file: file, field: "data_offsets of \(name)", value: "\(offsets)",
        advice: "shape \(stored.shape) of \(stored.dtype) takes \(bytes) bytes")
    }
    return Entry(element: element, shape: stored.shape, range: offsets[0]..<offsets[1])
  }

  private static func element(_ name: String) -> StoredElement? {
    switch name {
    case "BOOL": .bool
    case "U8": .uint8
    case "I8": .int8
    case "U16": .uint16
    case "I16": .int16
    case "U32": .uint32
    case "I32": .int32
    case "I64": .int64
    case "F16": .float16
    case "BF16": .bfloat16
    case "F32": .float32
    case "F64": .float64
    default: nil
    }
  }

  private static func name(_ dtype: DType) -> String {
    switch dtype {
    case .bool: "BOOL"
    case .uint8: "U8"
    case .int32: "I32"
    case .int64: "I64"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .float32: "F32"
    case .float64: "F64"
    }
  }
}

/// The JSON header: an object of tensors by name, and texts under `__metadata__`.
private struct Header: Decodable {
  struct Tensor: Decodable {
    var dtype: String
    var shape: [Int]
    var dataOffsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case dataOffsets = "data_offsets"
    }
  }

  struct Name: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  var metadata: [String: String] = [:]
  var tensors: [String: Tensor] = [:]

  init(_ json: Data, file: String) throws {
    guard json.first == UInt8(ascii: "{") else {
      throw FileError(
        file: file, field: "header", value: String(decoding: json.prefix(40), as: UTF8.self).debugDescription,
        advice: "a JSON object is expected: not a safetensors file")
    }
    do {
      self = try JSONDecoder().decode(Header.self, from: json)
    } catch let DecodingError.dataCorrupted(context), let DecodingError.keyNotFound(_, context),
      let DecodingError.typeMismatch(_, context), let DecodingError.valueNotFound(_, context)
    {
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw FileError(
        file: file, field: path.isEmpty ? "header" : "header, \(path)", value: context.debugDescription,
        advice: "the file is damaged or is no safetensors file")
    }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    for key in container.allKeys {
      if key.stringValue == "__metadata__" {
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        tensors[key.stringValue] = try container.decode(Tensor.self, forKey: key)
      }
    }
  }
}
