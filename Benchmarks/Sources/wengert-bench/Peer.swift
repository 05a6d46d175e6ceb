import Foundation

/// A process that measures rows on request: it reads lines "name repeats" and answers each with a line, the median in milliseconds, or "-" for
/// a row that it does not have.
final class Peer {
  let name: String
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
    if line() != "ready" { return nil }
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

  /// The peers that this machine has.
  static func all(threads: Int, peersFolder: URL) -> [Peer] {
    guard let python else { return [] }
    func script(_ name: String, _ file: String, _ mode: String...) -> Peer? {
      Peer(name, python, [peersFolder.appending(path: file).path, "--threads", "\(threads)"] + mode)
    }
    return [
      script("torch", "torch_peer.py", "eager"),
      script(inPlace, "torch_peer.py", "into"),
      script("compile", "torch_peer.py", "compile"),
      script("jax", "jax_peer.py"),
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
