import Foundation
import WengertNN

/// A file of events that TensorBoard reads: `events.out.tfevents.<seconds>.<host>.<pid>`.
///
/// Each event is one record: its length (8 bytes), the masked CRC-32C of the length (4), the message, the masked CRC-32C of the message (4), all little-endian.
/// Every record goes to the file in one write as soon as it is known, so that an interruption costs the last one at most.
public struct EventFile: Sendable {
  /// The place of the file.
  public let url: URL

  /// A new file in a folder, begun with the event that names its format.
  ///
  /// - Throws: `FileError` if the file cannot be written.
  public init(in folder: URL, time: Double = Date().timeIntervalSince1970) throws {
    let process = ProcessInfo.processInfo
    let host = process.hostName.map { $0.isASCII && ($0.isLetter || $0.isNumber) || "-_.".contains($0) ? $0 : "_" }
    url = folder.appendingPathComponent("\(Self.prefix)\(Int(time)).\(String(host)).\(process.processIdentifier)")
    try append(Event(time: time, step: 0, fileVersion: "brain.Event:2"))
  }

  /// Adds an event at the end.
  ///
  /// - Throws: `FileError` if the file cannot be written.
  public func append(_ event: Event) throws { try appendToFile(Self.record(event.encoded), url) }

  static let prefix = "events.out.tfevents."

  /// A message with its length and checksums.
  package static func record(_ message: Data) -> Data {
    var record = Data()
    record.append(little: UInt64(message.count))
    record.append(little: CRC32C.masked(record))
    record.append(message)
    record.append(little: CRC32C.masked(message))
    return record
  }
}

// Reading.
extension EventFile {
  /// The events of a file, and what is wrong with it.
  public struct Contents: Sendable, Equatable {
    /// The events that could be read, in order.
    public var events: [Event] = []
    /// What is damaged or missing, in words; nil if the file is whole.
    public var damage: String?
  }

  /// The event files of a folder, oldest first.
  ///
  /// - Throws: the system's error if the folder cannot be listed.
  public static func files(in folder: URL) throws -> [URL] {
    func age(_ name: String) -> (Int, String) { (Int(name.dropFirst(prefix.count).prefix { $0 != "." }) ?? 0, name) }
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix(prefix) }
      .sorted { age($0) < age($1) }.map { folder.appendingPathComponent($0) }
  }

  /// Reads a file as far as it can be read.
  ///
  /// A record whose message does not agree with its checksum is passed over; one whose length does not ends the reading, for nothing tells where the next begins.
  /// Damage is reported in `Contents.damage` and is not an error.
  ///
  /// - Throws: `FileError` if there is no such file, or it cannot be read.
  public static func read(_ url: URL) throws -> Contents { contents(try mapFile(url)) }

  package static func contents(_ bytes: Data) -> Contents {
    var contents = Contents()
    var rest = bytes
    while !rest.isEmpty {
      let place = bytes.count - rest.count
      let start = rest
      guard let length: UInt64 = rest.popLittleEndian(), let lengthSum: UInt32 = rest.popLittleEndian() else {
        contents.damage = "the record at byte \(place) is cut short"
        break
      }
      guard CRC32C.masked(start.prefix(8)) == lengthSum else {
        contents.damage = "the length of the record at byte \(place) is damaged; what follows is not read"
        break
      }
      guard let size = Int(exactly: length), let message = rest.popBytes(size), let sum: UInt32 = rest.popLittleEndian() else {
        contents.damage = "the record at byte \(place) is cut short"
        break
      }
      if CRC32C.masked(message) == sum, let event = Event(encoded: message) {
        contents.events.append(event)
      } else {
        contents.damage = "the record at byte \(place) is damaged and left out"
      }
    }
    return contents
  }
}
