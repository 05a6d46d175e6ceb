import Foundation

/// The members of a ZIP archive (APPNOTE 6.3): stored or deflated, with ZIP64 fields and data descriptors.
///
/// Opening checks the whole structure: every size and offset is in the file, local headers agree with the directory, and
/// no two members share bytes.
struct ZipReader: Sendable {
  struct Member: Sendable {
    var name: String
    var isDeflated: Bool
    var checksum: UInt32
    var packedSize: Int
    var size: Int
    /// Where the local header begins, and where the packed bytes begin.
    var headerOffset: Int
    var dataOffset: Int
  }

  let file: String
  let members: [Member]
  private let data: Data

  init(_ data: Data, file: String) throws {
    self.data = data
    self.file = file
    let reader = ByteReader(bytes: data, file: file)
    let directory = try Directory(reader)
    var members: [Member] = []
    var names: Set<String> = []
    var position = directory.offset
    for index in 0..<directory.entries {
      guard position < directory.offset + directory.size else {
        throw FileError(
          file: file, field: "zip directory", value: "\(index) entries", advice: "\(directory.entries) were declared: the file is damaged")
      }
      let member = try Self.readEntry(reader, at: &position)
      guard names.insert(member.name).inserted else {
        throw FileError(file: file, field: "member", value: member.name, advice: "the name occurs twice in the archive")
      }
      members.append(member)
    }
    guard position == directory.offset + directory.size else {
      throw FileError(
        file: file, field: "zip directory", value: "\(directory.size) bytes",
        advice: "its \(directory.entries) entries take \(position - directory.offset): the file is damaged")
    }
    var end = 0
    for member in members.sorted(by: { $0.headerOffset < $1.headerOffset }) {
      guard member.headerOffset >= end else {
        throw FileError(
          file: file, field: "offset of \(member.name)", value: "\(member.headerOffset)", advice: "members overlap: the file is damaged")
      }
      end = member.dataOffset + member.packedSize
      guard end <= directory.offset else {
        throw FileError(
          file: file, field: "size of \(member.name)", value: "\(member.packedSize)",
          advice: "the member runs into the directory: the file is damaged")
      }
    }
    self.members = members
  }

  /// The bytes of a member, checked against its CRC-32; a stored member's are the archive's own.
  func contents(_ member: Member) throws -> Data {
    let packed = data.dropFirst(member.dataOffset).prefix(member.packedSize)
    let contents =
      member.isDeflated
      ? try Deflate.unpack(packed, size: member.size, file: file, field: "member \(member.name)") : packed
    let checksum = Deflate.checksum(contents)
    guard checksum == member.checksum else {
      throw FileError(
        file: file, field: "checksum of \(member.name)", value: String(checksum, radix: 16),
        advice: "\(String(member.checksum, radix: 16)) was declared: the file is damaged")
    }
    return contents
  }

  /// One entry of the central directory together with its local header.
  private static func readEntry(_ reader: ByteReader, at position: inout Int) throws -> Member {
    let start = position
    try expect(reader, 0x0201_4b50, at: start, "directory entry")
    let flags = try reader.load(UInt16.self, at: start + 8, "flags")
    let method = try reader.load(UInt16.self, at: start + 10, "compression method")
    let checksum = try reader.load(UInt32.self, at: start + 16, "checksum")
    let nameLength = try reader.loadSize(UInt16.self, at: start + 28, "name length")
    let extraLength = try reader.loadSize(UInt16.self, at: start + 30, "extra length")
    let commentLength = try reader.loadSize(UInt16.self, at: start + 32, "comment length")
    let nameBytes = try reader.slice(at: start + 46, count: nameLength, "member name")
    let name = String(decoding: nameBytes, as: UTF8.self)
    let extra = try reader.slice(at: start + 46 + nameLength, count: extraLength, "extra fields of \(name)")
    position = start + 46 + nameLength + extraLength + commentLength
    guard flags & 0x2041 == 0 else {
      throw FileError(file: reader.file, field: "member \(name)", value: "encrypted", advice: "store it without a password")
    }
    guard method == 0 || method == 8 else {
      throw FileError(
        file: reader.file, field: "compression of \(name)", value: "method \(method)", advice: "store or deflate the member")
    }
    var wide = Zip64Fields(extra, file: reader.file)
    let size = try wide.resolve(reader.load(UInt32.self, at: start + 24, "size of \(name)"), "size of \(name)")
    let packedSize = try wide.resolve(reader.load(UInt32.self, at: start + 20, "packed size of \(name)"), "packed size of \(name)")
    let offset = try wide.resolve(reader.load(UInt32.self, at: start + 42, "offset of \(name)"), "offset of \(name)")
    if method == 0 && size != packedSize {
      throw FileError(
        file: reader.file, field: "size of \(name)", value: "\(size)", advice: "the member is stored in \(packedSize) bytes: damaged")
    }

    try expect(reader, 0x0403_4b50, at: offset, "local header of \(name)")
    let localFlags = try reader.load(UInt16.self, at: offset + 6, "local flags of \(name)")
    let localMethod = try reader.load(UInt16.self, at: offset + 8, "local compression of \(name)")
    let localNameLength = try reader.loadSize(UInt16.self, at: offset + 26, "local name length of \(name)")
    let localExtraLength = try reader.loadSize(UInt16.self, at: offset + 28, "local extra length of \(name)")
    let localName = try reader.slice(at: offset + 30, count: localNameLength, "local name of \(name)")
    let localExtra = try reader.slice(at: offset + 30 + localNameLength, count: localExtraLength, "local extra fields of \(name)")
    guard localName == nameBytes, localMethod == method else {
      throw FileError(
        file: reader.file, field: "local header of \(name)", value: "\(String(decoding: localName, as: UTF8.self)), method \(localMethod)",
        advice: "it contradicts the directory: the file is damaged")
    }
    // Bit 3: the sizes follow the data, in a descriptor, and the directory alone is to be believed.
    if localFlags & 8 == 0 {
      var localWide = Zip64Fields(localExtra, file: reader.file)
      let localSize = try localWide.resolve(reader.load(UInt32.self, at: offset + 22, "local size of \(name)"), "local size of \(name)")
      let localPacked = try localWide.resolve(reader.load(UInt32.self, at: offset + 18, "local size of \(name)"), "local size of \(name)")
      guard localSize == size, localPacked == packedSize else {
        throw FileError(
          file: reader.file, field: "local size of \(name)", value: "\(localPacked) packed, \(localSize) unpacked",
          advice: "the directory declares \(packedSize) and \(size): the file is damaged")
      }
    }
    let dataOffset = offset + 30 + localNameLength + localExtraLength
    _ = try reader.slice(at: dataOffset, count: packedSize, "packed bytes of \(name)")
    return Member(
      name: name, isDeflated: method == 8, checksum: checksum, packedSize: packedSize, size: size, headerOffset: offset,
      dataOffset: dataOffset)
  }

  fileprivate static func expect(_ reader: ByteReader, _ signature: UInt32, at offset: Int, _ field: String) throws {
    let found = try reader.load(UInt32.self, at: offset, field)
    guard found == signature else {
      throw FileError(
        file: reader.file, field: field, value: "signature \(String(found, radix: 16))",
        advice: "\(String(signature, radix: 16)) is expected at byte \(offset): the file is damaged")
    }
  }
}

/// Where the central directory is, from the record at the archive's end.
private struct Directory {
  var entries: Int
  var size: Int
  var offset: Int

  init(_ reader: ByteReader) throws {
    let end = try Self.endRecord(reader)
    entries = try reader.loadSize(UInt16.self, at: end + 10, "number of members")
    size = try reader.loadSize(UInt32.self, at: end + 12, "directory size")
    offset = try reader.loadSize(UInt32.self, at: end + 16, "directory offset")
    var limit = end
    if entries == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff {
      try ZipReader.expect(reader, 0x0706_4b50, at: end - 20, "ZIP64 locator")
      limit = try reader.loadSize(UInt64.self, at: end - 12, "ZIP64 end record offset")
      // Kept below the end, so that no sum of it and a small number overflows.
      guard limit <= end - 20 else {
        throw FileError(
          file: reader.file, field: "ZIP64 end record offset", value: "\(limit)", advice: "it is behind its locator: the file is damaged")
      }
      try ZipReader.expect(reader, 0x0606_4b50, at: limit, "ZIP64 end record")
      entries = try reader.loadSize(UInt64.self, at: limit + 32, "number of members")
      size = try reader.loadSize(UInt64.self, at: limit + 40, "directory size")
      offset = try reader.loadSize(UInt64.self, at: limit + 48, "directory offset")
    }
    guard offset <= limit, size <= limit - offset else {
      throw FileError(
        file: reader.file, field: "zip directory", value: "\(size) bytes at \(offset)",
        advice: "it must end before byte \(limit): the file is truncated or damaged")
    }
  }

  /// The position of the end-of-directory record, which a comment of at most 65,535 bytes may follow.
  private static func endRecord(_ reader: ByteReader) throws -> Int {
    let last = reader.count - 22
    let first = max(0, last - 0xffff)
    for position in stride(from: last, through: first, by: -1) {
      let signature = try reader.load(UInt32.self, at: position, "end of zip directory")
      guard signature == 0x0605_4b50 else { continue }
      let comment = try reader.loadSize(UInt16.self, at: position + 20, "comment length")
      if position + 22 + comment == reader.count { return position }
    }
    throw FileError(
      file: reader.file, field: "end of zip directory", value: "missing in \(reader.count) bytes",
      advice: "the file is truncated or is no zip archive")
  }
}

/// The ZIP64 extra field: 64-bit values for those of the 32-bit ones that are saturated, in a fixed order.
private struct Zip64Fields {
  private let reader: ByteReader
  private var position = 0

  init(_ extra: Data, file: String) {
    var rest = extra
    var found = Data()
    while rest.count >= 4 {
      let bytes = Array(rest.prefix(4))
      let length = Int(bytes[2]) | Int(bytes[3]) << 8
      if bytes[0] == 1 && bytes[1] == 0 {
        found = rest.dropFirst(4).prefix(length)
        break
      }
      rest = rest.dropFirst(4 + length)
    }
    reader = ByteReader(bytes: found, file: file)
  }

  /// `narrow`, or the next 64-bit value when `narrow` is saturated and there is one.
  mutating func resolve(_ narrow: UInt32, _ field: String) throws -> Int {
    guard narrow == .max, reader.count > 0 else { return Int(narrow) }
    defer { position += 8 }
    return try reader.loadSize(UInt64.self, at: position, field)
  }
}
