import Foundation

/// A process that measures rows on request: it says "ready" and what it is, then reads lines "name repeats" and answers each with a line, the median in milliseconds,
/// or "-" for a row that it does not have.
final class Peer {
  let name: String
  /// What it says of itself: its version, and the instructions that it uses.
  private(set) var about = ""
  private let process = Process()
  private let requests = Pipe()
  private let answers = Pipe()
  private var isAlive = true

  /// Nil if the process cannot be started, or does not answer that it is ready.
  init?(_ name: String, _ executable: String, _ arguments: [String], environment: [String: String] = [:]) {
    self.name = name
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = requests
    process.standardOutput = answers
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return nil }
    guard let first = line(), first.hasPrefix("ready") else { return nil }
    about = String(first.dropFirst(6))
  }

  func measure(_ row: String, repeats: Int) -> Double? {
    guard isAlive else { return nil }
    do {
      try requests.fileHandleForWriting.write(contentsOf: Data("\(row) \(repeats)\n".utf8))
    } catch {
      isAlive = false
    }
    guard let answer = line() else {
      isAlive = false
      return nil
    }
    return Double(answer)
  }

  func stop() {
    try? requests.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  private func line() -> String? {
    var bytes: [UInt8] = []
    while let byte = try? answers.fileHandleForReading.read(upToCount: 1), let first = byte.first {
      if first == 10 { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(first)
    }
    return nil
  }
}

extension Peer {
  /// PyTorch writing into memory that is there: without the page faults of fresh memory.
  static let inPlace = "torch into"

  /// Which chooses the instructions of its products itself, whatever it is told.
  static let jax = "jax"

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../peers")

  static func script(_ file: String) -> String { folder.appending(path: file).path }

  /// The peer of a script in Python; nil where there is none.
  convenience init?(_ name: String, script: String, _ arguments: [String], environment: [String: String] = [:]) {
    guard let python = Self.python else { return nil }
    self.init(name, python, [Self.script(script)] + arguments, environment: environment)
  }

  /// The peers of the rows that this machine has.
  static func all(threads: Int) -> [Peer] {
    let count = ["--threads", "\(threads)"]
    return [
      Peer("torch", script: "torch_peer.py", count + ["eager"]),
      Peer(inPlace, script: "torch_peer.py", count + ["into"]),
      Peer("compile", script: "torch_peer.py", count + ["compile"]),
      Peer(jax, script: "jax_peer.py", count),
    ].compactMap(\.self)
  }

  /// `WENGERT_PEERS`, a Python executable or the folder of a virtual environment, or else python3.
  static var python: String? {
    guard let wanted = ProcessInfo.processInfo.environment["WENGERT_PEERS"] else { return found("python3") }
    let inside = "\(wanted)/bin/python"
    return FileManager.default.isExecutableFile(atPath: inside) ? inside : wanted
  }

  private static func found(_ command: String) -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { "\($0)/\(command)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}
