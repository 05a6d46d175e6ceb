import Foundation
import Support

/// A folder in memory for readers that want files.
enum Folder {
  static let url: URL = {
    let url = URL(fileURLWithPath: "/dev/shm/wengert-fuzz-\(ProcessInfo.processInfo.processIdentifier)")
    try! FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }()

  /// Puts a file there, or, without bytes, takes it away.
  static func put(_ bytes: Data?, _ name: String) -> URL {
    let file = url.appendingPathComponent(name)
    guard let bytes else {
      unlink(file.path)
      return file
    }
    let descriptor = open(file.path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    expect(descriptor >= 0 && bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
    close(descriptor)
    return file
  }
}

extension Data {
  /// The parts between bytes of 255, which stand in no UTF-8 text; at least as many as asked for, missing ones nil.
  func parts(_ count: Int) -> [Data?] {
    var parts: [Data?] = split(separator: 0xFF, maxSplits: count - 1, omittingEmptySubsequences: false).map { Data($0) }
    while parts.count < count { parts.append(nil) }
    return parts
  }
}
