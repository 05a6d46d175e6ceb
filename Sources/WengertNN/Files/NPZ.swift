import Foundation

/// NumPy's `.npz` archives: a ZIP of `.npy` members, stored or deflated.
///
/// The archive is memory-mapped. A member is read, and its checksum verified, when it is asked for; a stored one's bytes
/// stay in the mapping.
///
/// ```swift
/// try NPZ.write([("x", .array(HostArray([1, 2]))), ("format", .text("csr"))], to: file)
/// let x = try NPZ(contentsOf: file).array("x").ints()  // [1, 2]
/// ```
public struct NPZ: Sendable {
  /// What a member holds.
  public enum Member: Sendable {
    /// An array of numbers or truth values.
    case array(HostArray)
    /// One text, as SciPy keeps a matrix's format.
    case text(String)
  }

  /// The members' names without `.npy`, in the archive's order.
  public let names: [String]
  private let archive: ZipReader

  /// Opens the archive at `url`, memory-mapped.
  ///
  /// - Throws: `FileError` if the file cannot be read, is not a ZIP archive, is damaged, or has two members of one name.
  public init(contentsOf url: URL) throws { try self.init(mapFile(url), file: url.path) }

  /// The archive in `data`.
  /// - Parameters:
  ///   - data: the content of a file.
  ///   - file: the name that errors give.
  /// - Throws: `FileError` if the data is not a ZIP archive, is damaged, or has two members of one name.
  public init(_ data: Data, file: String = "npz data") throws {
    archive = try ZipReader(data, file: file)
    names = archive.members.map { $0.name.hasSuffix(".npy") ? String($0.name.dropLast(4)) : $0.name }
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw FileError(file: file, field: "member", value: name, advice: "the name occurs twice in the archive")
    }
  }

  /// The path of the archive, for errors.
  public var file: String { archive.file }

  /// Whether there is a member of this name.
  public func contains(_ name: String) -> Bool { names.contains(name) }

  /// The array `name`.
  ///
  /// - Throws: `FileError` if there is no such member, it is damaged, or it is not an array of numbers.
  public func array(_ name: String) throws -> HostArray {
    try NPY.read(contents(name), file: "\(file)/\(name)")
  }

  /// The text `name`.
  ///
  /// - Throws: `FileError` if there is no such member, it is damaged, or it is not one text.
  public func text(_ name: String) throws -> String {
    try NPY.readText(contents(name), file: "\(file)/\(name)")
  }

  private func contents(_ name: String) throws -> Data {
    guard let index = names.firstIndex(of: name) else {
      throw FileError(
        file: file, field: "member \(name)", value: "missing", advice: "the archive holds \(names.joined(separator: ", "))")
    }
    return try archive.contents(archive.members[index])
  }

  /// Writes an archive to `url`, aside and then renamed into place; bfloat16 arrays become float32.
  ///
  /// - Throws: `FileError` if two members have one name, or the file cannot be written.
  public static func write(_ members: [(name: String, member: Member)], compressed: Bool = false, to url: URL) throws {
    try write(members, compressed: compressed, to: url, zip64Limit: 0xffff_ffff)
  }

  /// The same with ZIP64 fields from `zip64Limit` bytes on, so that they can be tested on small files.
  package static func write(
    _ members: [(name: String, member: Member)], compressed: Bool, to url: URL, zip64Limit: Int
  ) throws {
    var seen: Set<String> = []
    var archive = try ZipWriter(url, limit: zip64Limit)
    for (name, member) in members {
      guard seen.insert(name).inserted else {
        throw FileError(file: url.path, field: "member", value: name, advice: "give each member a name of its own")
      }
      let contents =
        switch member {
        case .array(let array): try NPY.encode(array)
        case .text(let text): NPY.encode(text: text)
        }
      try archive.add(name + ".npy", contents, isDeflated: compressed)
    }
    try archive.finish()
  }
}
