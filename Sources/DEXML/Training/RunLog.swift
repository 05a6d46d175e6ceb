import Collectives
import Foundation
import Logging
import WengertNN

/// A file to which lines are added at the end, whole, from any thread and beside other processes.
public final class LogFile: Sendable {
  private let handle: Locked<FileHandle>

  /// Opens a file, or makes it; what stands there stays.
  public init(_ url: URL) throws {
    let descriptor = open(url.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw ConfigurationError("\(url.path): cannot be opened for writing: \(String(cString: strerror(errno)))")
    }
    handle = Locked(FileHandle(fileDescriptor: descriptor, closeOnDealloc: true))
  }

  func append(_ line: String) {
    // A full disk must not end a training run for the sake of its log.
    handle.withLock { try? $0.write(contentsOf: Data((line + "\n").utf8)) }
  }
}

/// Sends what a run says to standard error, short, and to its log file, with the time.
public struct RunLogHandler: LogHandler {
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
    file?.append("\(now().formatted(.iso8601)) \(event.level) \(message)")
  }
}

extension Logger {
  /// The logger of a run: standard error, and `log.txt` where the run has a results folder. Of several workers, the first speaks.
  public static func run(in folder: ResultsFolder? = nil, _ workers: any Workers = OneWorker()) throws -> Logger {
    guard workers.rank == 0 else { return Logger(label: "dexml") { _ in SwiftLogNoOpLogHandler() } }
    let file = try folder.map { try LogFile($0.log) }
    return Logger(label: "dexml") { _ in RunLogHandler(file: file) }
  }
}
