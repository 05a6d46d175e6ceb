import Foundation
import WengertNN

/// Where a file or folder is to be written: what links at `url` lead to, one after the other, be it there or not yet.
func linked(_ url: URL) throws -> URL {
  var place = url
  for _ in 0..<40 {
    guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: place.path) else { return place }
    place = target.hasPrefix("/") ? URL(fileURLWithPath: target) : place.deletingLastPathComponent().appendingPathComponent(target)
  }
  throw FileError(file: url.path, field: "link", value: "links that go round in a circle", advice: "remove them, or name another place")
}

/// An error if an output is, by whatever name, one of the files that are read to make it; `-` is standard input.
func checkOutput(_ output: URL, isNoneOf inputs: [String]) throws {
  /// A regular file's device and number on it.
  func identity(_ path: String) -> (dev_t, ino_t)? {
    var status = stat()
    guard (path == "-" ? fstat(STDIN_FILENO, &status) : stat(path, &status)) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return (status.st_dev, status.st_ino)
  }
  guard let written = identity(output.path) else { return }
  for input in inputs {
    if let read = identity(input), read == written {
      throw FileError(
        file: output.path, field: "output", value: "the same file as the input \(input == "-" ? "on standard input" : input)",
        advice: "it would be replaced: name another output")
    }
  }
}

/// The files of a folder, without those in folders in it.
func filePaths(in folder: URL) -> [String] {
  let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
  return names.map { folder.appendingPathComponent($0).path }
}
