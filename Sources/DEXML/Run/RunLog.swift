import Collectives
import Foundation
import Logging
import WengertNN

/// A file to which lines are added at the end, whole, from any thread and beside other processes.
package final class LogFile: Sendable {
  private let handle: Locked<(file: FileHandle, hasFailed: Bool)>
  private let path: String

  /// Opens a file, or makes it; existing content is kept.
  ///
  /// - Throws: `FileError` if the file cannot be opened for writing.
  public init(_ url: URL) throws {
    let descriptor = open(url.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw FileError(file: url.path, value: "cannot be opened for writing: \(String(cString: strerror(errno)))")
    }
    path = url.path
    handle = Locked((FileHandle(fileDescriptor: descriptor, closeOnDealloc: true), false))
  }

  func append(_ line: String) {
    handle.withLock { handle in
      do {
        try handle.file.write(contentsOf: Data((line + "\n").utf8))
      } catch  where !handle.hasFailed {
        // A full disk must not end a training run for the sake of its log.
        handle.hasFailed = true
        Console.standardError.line("warning: \(path): cannot be written: \(systemReason(error)); the log lacks what was said from here on")
      } catch {}
    }
  }
}

/// Sends what a run says to standard error, short, and to its log file, with the time.
package struct RunLogHandler: LogHandler {
  public var metadata: Logger.Metadata = [:]
  public var metadataProvider: Logger.MetadataProvider?
  public var logLevel = Logger.Level.info
  private let console: Console
  private let file: LogFile?
  private let now: @Sendable () -> Date

  package init(console: Console = .standardError, file: LogFile? = nil, now: @escaping @Sendable () -> Date = { Date() }) {
    self.console = console
    self.file = file
    self.now = now
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
    let message = ([event.message.description] + all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
    console.line(event.level == .info ? message : "\(event.level): \(message)")
    file?.append(Self.line(event.level, message, at: now()))
  }

  /// A line of the log file.
  static func line(_ level: Logger.Level, _ message: String, at time: Date = Date()) -> String {
    "\(time.formatted(.iso8601)) \(level) \(message)"
  }
}

extension Logger {
  /// The logger of a run: standard error, and `log.txt` if the run has a results folder. Of several workers, the first speaks.
  ///
  /// - Throws: `FileError` if the log file cannot be opened for writing.
  package static func run(in folder: ResultsFolder? = nil, _ workers: any Workers = OneWorker()) throws -> Logger {
    guard workers.rank == 0 else { return Logger(label: "dexml") { _ in SwiftLogNoOpLogHandler() } }
    let file = try folder.map { try LogFile($0.log) }
    return Logger(label: "dexml") { _ in RunLogHandler(file: file) }
  }
}

extension ResultsFolder {
  /// Does what writes into the folder of a configuration; an error that ends it goes to the folder's log, if there is one, and on to the caller.
  static func recordingErrors<Value>(_ configuration: Configuration, _ workers: any Workers, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch {
      let folder = ResultsFolder(location(for: configuration))
      // Not into the log of the run that has the folder.
      if !(error is FolderInUse), FileManager.default.fileExists(atPath: folder.url.path) {
        let worker = workers.count > 1 ? " (worker \(workers.rank) of \(workers.count))" : ""
        try? LogFile(folder.log).append(RunLogHandler.line(.error, oneLine(error) + worker))
      }
      throw error
    }
  }
}
