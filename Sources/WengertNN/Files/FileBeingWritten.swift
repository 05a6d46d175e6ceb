import Foundation

/// A file that is written beside its place and renamed into it when complete, so that no reader sees half of it and a
/// failure leaves what was there before.
package final class FileBeingWritten {
  let path: String
  private let partial: String
  private var descriptor: Int32

  package init(_ url: URL) throws {
    let target = url.resolvingSymlinksInPath()
    path = target.path
    let name = ".\(target.lastPathComponent).\(UUID().uuidString).partial"
    partial = target.deletingLastPathComponent().appendingPathComponent(name).path
    descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL, 0o666)
    if descriptor < 0 { throw FileError.system(path, "creating", "check that the folder exists and is writable") }
  }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
      unlink(partial)
    }
  }

  /// Adds `data` at the end.
  package func append(_ data: Data) throws {
    try writeAll(data, to: descriptor, path: path)
  }

  /// Puts `bytes` at `offset`, beyond the present end too; several threads may do so at a time.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let written = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if written < 0 && errno == EINTR { continue }
      if written <= 0 { throw FileError.system(path, "writing", "make room on the disk") }
      done += written
    }
  }

  /// Writes `data` over what stands at the start.
  func overwriteStart(_ data: Data) throws {
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw FileError.system(path, "writing", "write to a regular file") }
    try append(data)
  }

  /// Makes the file durable and gives it its name.
  package func commit() throws {
    guard fsync(descriptor) == 0 else { throw FileError.system(path, "writing", "make room on the disk") }
    guard rename(partial, path) == 0 else { throw FileError.system(path, "renaming", "check that the place is no folder and is writable") }
    close(descriptor)
    descriptor = -1
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
  let descriptor = open(url.path, O_WRONLY | O_CREAT | O_APPEND, 0o666)
  guard descriptor >= 0 else { throw FileError.system(url.path, "opening", "check that the folder exists and is writable") }
  defer { close(descriptor) }
  try writeAll(data, to: descriptor, path: url.path)
}

private func writeAll(_ data: Data, to descriptor: Int32, path: String) throws {
  try data.withUnsafeBytes { bytes in
    var done = 0
    while done < bytes.count {
      let written = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if written < 0 && errno == EINTR { continue }
      if written <= 0 { throw FileError.system(path, "writing", "make room on the disk") }
      done += written
    }
  }
}
