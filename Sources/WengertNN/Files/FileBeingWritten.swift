import Foundation

/// A file that is written beside its place and renamed into it when complete, so that no reader sees half of it and a
/// failure leaves what was there before.
///
/// A symbolic link stays: what it points to is written. What is not a regular file (a device, a pipe) is never replaced: it gets
/// the bytes when they are complete.
package final class FileBeingWritten {
  let path: String
  private let place: OutputPlace
  /// Where the bytes are until `commit`; nil for a file without a name, whose bytes go to a device or pipe.
  private let partial: String?
  private var descriptor: Int32
  private let name: String

  /// Writes a whole file, aside and then renamed into place.
  package static func write(_ data: Data, to url: URL) throws {
    let file = try FileBeingWritten(url)
    try file.append(data)
    try file.commit()
  }

  package init(_ url: URL) throws {
    place = try OutputPlace(url.path)
    path = place.path
    let folder: String
    switch place {
    case .file(let path):
      folder = (path as NSString).deletingLastPathComponent
      name = (path as NSString).lastPathComponent
    case .stream:
      folder = FileManager.default.temporaryDirectory.path
      name = "dexml"
    }
    let partial = (folder as NSString).appendingPathComponent(".\(name).\(UUID().uuidString).partial")
    descriptor = open(partial, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw FileError.system(path, "creating", "check that the folder exists and is writable") }
    switch place {
    case .file(let path):
      self.partial = partial
      // A file that others must not read stays so.
      var status = stat()
      if stat(path, &status) == 0 { _ = fchmod(descriptor, status.st_mode & 0o777) }
      KillPoint.reached(.begun, writing: name)
    case .stream:
      self.partial = nil
      unlink(partial)
    }
  }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
      if let partial { unlink(partial) }
    }
  }

  /// Adds `data` at the end.
  package func append(_ data: Data) throws {
    try writeAll(data, to: descriptor, path: path)
    KillPoint.reached(.half, writing: name)
  }

  /// Puts `bytes` at `offset`, beyond the present end too; several threads may do so at a time.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let written = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if written < 0 && errno == EINTR { continue }
      if written <= 0 { throw FileError.writing(path) }
      done += written
    }
  }

  /// Writes `data` over the start.
  func overwriteStart(_ data: Data) throws {
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw FileError.writing(path) }
    try append(data)
  }

  /// Makes the file durable and gives it its name, or hands its bytes to the device or pipe.
  package func commit() throws {
    guard fsync(descriptor) == 0 else { throw FileError.writing(path) }
    KillPoint.reached(.whole, writing: name)
    if let partial {
      guard rename(partial, path) == 0 else {
        throw FileError.system(path, "renaming", "check that the place is no folder and is writable")
      }
      KillPoint.reached(.named, writing: name)
    } else {
      try copyToStream()
    }
    close(descriptor)
    descriptor = -1
  }

  private func copyToStream() throws {
    let target = try place.openStream()
    defer { close(target) }
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw FileError.writing(path) }
    var buffer = Data(count: 1 << 20)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress!, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw FileError.writing(path) }
      if count == 0 { return }
      try writeAll(buffer.prefix(count), to: target, path: path)
    }
  }
}

/// Where an output goes.
private enum OutputPlace {
  /// A regular file, or none yet: no link.
  case file(String)
  /// A device, a pipe, or an open file of this process.
  case stream(String)

  var path: String {
    switch self {
    case .file(let path), .stream(let path): path
    }
  }

  /// Follows symbolic links, one after the other, to what is to be written.
  init(_ path: String) throws {
    var current = path
    for _ in 0..<40 {
      // What the process has open is written through, for a name behind it may be somebody else's by now.
      if Self.descriptor(current) != nil {
        self = .stream(current)
        return
      }
      var status = stat()
      guard lstat(current, &status) == 0 else {
        guard errno == ENOENT else { throw FileError.system(path, "opening", "check the path") }
        self = .file(current)
        return
      }
      switch status.st_mode & S_IFMT {
      case S_IFLNK:
        guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: current) else {
          throw FileError.system(path, "reading the link", "check the path")
        }
        let folder = (current as NSString).deletingLastPathComponent
        current = target.hasPrefix("/") ? target : (folder as NSString).appendingPathComponent(target)
      case S_IFREG:
        guard access(current, W_OK) == 0 else { throw FileError.system(path, "opening", "make the file writable, or name another") }
        self = .file(current)
        return
      case S_IFDIR:
        throw FileError(file: path, field: "opening", value: "a folder", advice: "name a file")
      default:
        self = .stream(current)
        return
      }
    }
    throw FileError(file: path, field: "opening", value: "links that go round in a circle", advice: "name a file")
  }

  func openStream() throws -> Int32 {
    let target = Self.descriptor(path).map { fcntl($0, F_DUPFD_CLOEXEC, 0) } ?? open(path, O_WRONLY | O_CLOEXEC)
    guard target >= 0 else { throw FileError.system(path, "opening", "check that it can be written to") }
    return target
  }

  /// The number of the open file that a path of the system's names.
  private static func descriptor(_ path: String) -> Int32? {
    switch path {
    case "/dev/stdout": return STDOUT_FILENO
    case "/dev/stderr": return STDERR_FILENO
    default:
      for folder in ["/dev/fd/", "/proc/self/fd/", "/proc/\(getpid())/fd/"] where path.hasPrefix(folder) {
        return Int32(path.dropFirst(folder.count))
      }
      return nil
    }
  }
}

/// Linux's call, which the C library has since glibc 2.28 but shows to GNU programs in C only.
private let renameat2 = dlsym(nil, "renameat2").map {
  unsafeBitCast($0, to: (@convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32).self)
}

/// Puts a file or folder in the place of another, which takes the first one's name: at no moment is there none.
///
/// A file system that cannot exchange names gets a short moment in which the old one has no name.
package func exchange(_ new: URL, with old: URL) throws {
  if let renameat2 {
    let exchanging: UInt32 = 2
    if renameat2(AT_FDCWD, new.path, AT_FDCWD, old.path, exchanging) == 0 { return }
    guard [EINVAL, ENOSYS, ENOTSUP].contains(errno) else {
      throw FileError.system(old.path, "renaming", "check that the folder is writable")
    }
  }
  let aside = new.appendingPathExtension("previous")
  try? FileManager.default.removeItem(at: aside)
  try FileManager.default.moveItem(at: old, to: aside)
  try FileManager.default.moveItem(at: new, to: old)
  try FileManager.default.moveItem(at: aside, to: new)
}

/// Adds `data` at the end of the file at `url`, which is made if there is none.
package func appendToFile(_ data: Data, _ url: URL) throws {
  let descriptor = open(url.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
  guard descriptor >= 0 else { throw FileError.system(url.path, "opening", "check that the folder exists and is writable") }
  defer { close(descriptor) }
  try writeAll(data, to: descriptor, path: url.path)
}

/// Writes all of `data` to an open file; an error with the system's reason if that fails.
package func writeAll(_ data: Data, to descriptor: Int32, path: String) throws {
  try data.withUnsafeBytes { bytes in
    var done = 0
    while done < bytes.count {
      let written = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if written < 0 && errno == EINTR { continue }
      if written <= 0 { throw FileError.writing(path) }
      done += written
    }
  }
}
