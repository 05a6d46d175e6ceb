import Foundation
import WengertNN

/// Another process writes into a results folder.
public struct FolderInUse: Error, Equatable, CustomStringConvertible {
  /// Who has the folder, and what to do.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// A results folder in use by one process: no other may write into it meanwhile.
///
/// The file `run.lock` says who has the folder, and the process keeps it locked (`flock`), so that a process that has died leaves none behind that counts:
/// on its own machine the kernel tells, and the next process takes the folder over. Of a process on another machine nobody can tell; its file counts until it
/// is removed.
final class ResultsLock: Sendable {
  /// Who has a folder.
  struct Owner: Equatable, CustomStringConvertible {
    var host: String
    var process: Int32
    var start: String
    var command: String

    static func current() -> Owner {
      Owner(
        host: ProcessInfo.processInfo.hostName, process: getpid(), start: Date().formatted(.iso8601),
        command: CommandLine.arguments.map { $0.contains(" ") ? "'\($0)'" : $0 }.joined(separator: " "))
    }

    var description: String { "process \(process) on \(host) since \(start) (\(command.prefix(300)))" }

    fileprivate var text: String { "host: \(host)\nprocess: \(process)\nstart: \(start)\ncommand: \(command.replacing("\n", with: " "))\n" }

    init(host: String, process: Int32, start: String, command: String) {
      (self.host, self.process, self.start, self.command) = (host, process, start, command)
    }

    fileprivate init?(text: String) {
      let fields = text.split(separator: "\n").map {
        $0.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      }
      guard fields.count >= 4, fields.allSatisfy({ $0.count == 2 }), let process = Int32(fields[1][1]) else { return nil }
      self.init(host: fields[0][1], process: process, start: fields[2][1], command: fields[3][1])
    }
  }

  private let file: URL
  private let descriptor: Int32

  /// The process that died with the folder, which is this one's now.
  let predecessor: Owner?

  /// Takes the folder; if a process that lives has it, or one on another machine, the error says which.
  init(_ folder: ResultsFolder) throws {
    file = folder.lock
    let (descriptor, hasLock) = try Self.open(file)
    do {
      predecessor = try Self.take(folder, descriptor, hasLock: hasLock)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    Interruptions.shared.add(self)
  }

  /// Writes this process into the file, unless another has the folder; the one that had it and died.
  private static func take(_ folder: ResultsFolder, _ descriptor: Int32, hasLock: Bool) throws -> Owner? {
    let file = folder.lock, here = Owner.current()
    let text = try contents(of: descriptor), other = Owner(text: text)
    guard hasLock else {
      throw FolderInUse(
        "\(folder.url.path): in use by \(other?.description ?? "a process that begins at this moment"); wait until it ends, or give this one another expname"
      )
    }
    guard other == nil || other?.host == here.host else {
      throw FolderInUse(
        "\(folder.url.path): in use by \(other!), says \(file.lastPathComponent); wait until it ends, or give this one another expname. If it has died, remove \(file.path)"
      )
    }
    // What nobody of this program has written is not written over.
    guard other != nil || text.isEmpty else {
      throw FileError(
        file: file.path, field: "owner", value: String(text.prefix(60)).debugDescription,
        advice: "that is not who has the folder: remove the file if no run has it, or give this run another expname")
    }
    let bytes = Array(here.text.utf8)
    guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
      throw FileError(file: file.path, value: "cannot be written: \(String(cString: strerror(errno)))")
    }
    return other
  }

  deinit {
    release()
    close(descriptor)
  }

  /// Takes the file away. Whoever has opened it meanwhile sees that it is gone and opens another.
  fileprivate func release() {
    guard Interruptions.shared.remove(self) else { return }
    unlink(file.path)
  }

  /// The file, open, and whether it is locked by this process now.
  private static func open(_ file: URL) throws -> (descriptor: Int32, hasLock: Bool) {
    while true {
      let descriptor = Foundation.open(file.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
      guard descriptor >= 0 else {
        if errno == ELOOP {
          throw FileError(
            file: file.path, field: "file", value: "a symbolic link", advice: "what it points to is not written over: remove the link")
        }
        throw FileError(file: file.path, value: "cannot be opened for writing: \(String(cString: strerror(errno)))")
      }
      var result = flock(descriptor, LOCK_EX | LOCK_NB)
      while result != 0 && errno == EINTR { result = flock(descriptor, LOCK_EX | LOCK_NB) }
      if result != 0 {
        // A file system without locks: what the file says must do.
        guard errno == EWOULDBLOCK else { return (descriptor, !isAlive(try Owner(text: contents(of: descriptor)))) }
        return (descriptor, false)
      }
      // Its owner may have taken it away between the two calls.
      var opened = stat(), named = stat()
      if fstat(descriptor, &opened) == 0, lstat(file.path, &named) == 0, opened.st_ino == named.st_ino, opened.st_dev == named.st_dev {
        return (descriptor, true)
      }
      close(descriptor)
    }
  }

  private static func isAlive(_ owner: Owner?) -> Bool {
    guard let owner, owner.host == ProcessInfo.processInfo.hostName else { return false }
    return kill(owner.process, 0) == 0 || errno == EPERM
  }

  private static func contents(of descriptor: Int32) throws -> String {
    var bytes = [UInt8](repeating: 0, count: 8192)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    guard count >= 0 else { throw FileError(file: "run.lock", value: "cannot be read: \(String(cString: strerror(errno)))") }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}

extension ResultsFolder {
  /// Who writes into the folder.
  var lock: URL { url.appendingPathComponent("run.lock") }
}

/// SIGTERM, SIGINT and SIGHUP while folders are in use: they are given back, the log says why, and the process ends as it would have.
private final class Interruptions: Sendable {
  static let shared = Interruptions()

  private struct State {
    var locks: [ObjectIdentifier: URL] = [:]
    var sources: [any DispatchSourceSignal] = []
  }
  private let state = Locked(State())
  private let queue = DispatchQueue(label: "dexml interruptions")

  func add(_ lock: ResultsLock) {
    state.withLock { state in
      state.locks[ObjectIdentifier(lock)] = lock.place
      if state.sources.isEmpty { state.sources = [SIGTERM, SIGINT, SIGHUP].compactMap(watch) }
    }
  }

  /// Whether it was there.
  func remove(_ lock: ResultsLock) -> Bool { state.withLock { $0.locks.removeValue(forKey: ObjectIdentifier(lock)) != nil } }

  /// Nil if somebody else, or nobody, is to be told: a handler of the program's own, or nohup.
  private func watch(_ number: Int32) -> (any DispatchSourceSignal)? {
    var present = sigaction()
    guard sigaction(number, nil, &present) == 0, present.__sigaction_handler.sa_handler == nil else { return nil }
    let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
    source.setEventHandler { [self] in end(number) }
    source.resume()
    return source
  }

  private func end(_ number: Int32) {
    let name = [SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP"][number] ?? "signal \(number)"
    for file in state.withLock({ Array($0.locks.values) }) {
      try? LogFile(ResultsFolder(file.deletingLastPathComponent()).log).append(RunLogHandler.line(.notice, "ended by \(name)"))
      unlink(file.path)
    }
    // As if nobody had listened.
    signal(number, SIG_DFL)
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, number)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
    raise(number)
    exit(128 + number)
  }
}

extension ResultsLock {
  fileprivate var place: URL { file }
}
