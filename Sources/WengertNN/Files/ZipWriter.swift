import Foundation

/// Writes a ZIP archive member by member; ZIP64 fields appear if a size, an offset or the number of members asks for them.
struct ZipWriter {
  private let output: FileBeingWritten
  private let limit: Int
  private var directory = Data()
  private var members = 0
  private var offset = 0

  /// - Parameter limit: the least size that goes to a 64-bit field.
  init(_ url: URL, limit: Int = 0xffff_ffff) throws {
    output = try FileBeingWritten(url)
    self.limit = limit
  }

  /// Adds the member `name`, stored or deflated.
  mutating func add(_ name: String, _ contents: Data, isDeflated: Bool) throws {
    guard name.utf8.count <= 0xffff else {
      throw FileError(file: output.path, field: "member name", value: "\(name.utf8.count) bytes", advice: "at most 65535 are possible")
    }
    let packed = isDeflated ? try Deflate.pack(contents, file: output.path) : contents
    let isWide = contents.count >= limit || packed.count >= limit
    let isFar = offset >= limit

    // Shared by both headers: version, flags (UTF-8 name), method, 1 January 1980, checksum, sizes, length of the name.
    var common = Data()
    common.append(little: UInt16(isWide || isFar ? 45 : 20))
    common.append(little: UInt16(0x800))
    common.append(little: UInt16(isDeflated ? 8 : 0))
    common.append(little: UInt32(0x0021_0000))
    common.append(little: Deflate.checksum(contents))
    common.append(little: isWide ? UInt32.max : UInt32(packed.count))
    common.append(little: isWide ? UInt32.max : UInt32(contents.count))
    common.append(little: UInt16(name.utf8.count))

    var sizes = Data()
    if isWide {
      sizes.append(little: UInt64(contents.count))
      sizes.append(little: UInt64(packed.count))
    }
    let localExtra = Self.wideField(sizes)
    var header = Data()
    header.append(little: UInt32(0x0403_4b50))
    header.append(common)
    header.append(little: UInt16(localExtra.count))
    header.append(contentsOf: name.utf8)
    header.append(localExtra)
    try output.append(header)
    try output.append(packed)

    if isFar { sizes.append(little: UInt64(offset)) }
    let extra = Self.wideField(sizes)
    directory.append(little: UInt32(0x0201_4b50))
    directory.append(little: UInt16(45))
    directory.append(common)
    directory.append(little: UInt16(extra.count))
    // No comment, first disk, no attributes.
    directory.append(Data(count: 10))
    directory.append(little: isFar ? UInt32.max : UInt32(offset))
    directory.append(contentsOf: name.utf8)
    directory.append(extra)
    members += 1
    offset += header.count + packed.count
  }

  /// Writes the directory and gives the file its name.
  mutating func finish() throws {
    var end = Data()
    let isWide = offset >= limit || directory.count >= limit || members >= min(limit, 0xffff)
    if isWide {
      end.append(little: UInt32(0x0606_4b50))
      end.append(little: UInt64(44))
      end.append(little: UInt16(45))
      end.append(little: UInt16(45))
      end.append(little: UInt64(0))
      end.append(little: UInt64(members))
      end.append(little: UInt64(members))
      end.append(little: UInt64(directory.count))
      end.append(little: UInt64(offset))
      end.append(little: UInt32(0x0706_4b50))
      end.append(little: UInt32(0))
      end.append(little: UInt64(offset + directory.count))
      end.append(little: UInt32(1))
    }
    end.append(little: UInt32(0x0605_4b50))
    end.append(little: UInt32(0))
    end.append(little: isWide ? UInt16.max : UInt16(members))
    end.append(little: isWide ? UInt16.max : UInt16(members))
    end.append(little: isWide ? UInt32.max : UInt32(directory.count))
    end.append(little: isWide ? UInt32.max : UInt32(offset))
    end.append(little: UInt16(0))
    try output.append(directory)
    try output.append(end)
    try output.commit()
  }

  private static func wideField(_ values: Data) -> Data {
    guard !values.isEmpty else { return values }
    var field = Data()
    field.append(little: UInt16(1))
    field.append(little: UInt16(values.count))
    return field + values
  }
}

extension Data {
  /// Appends an integer's bytes, the lowest first.
  package mutating func append<T: FixedWidthInteger>(little value: T) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
