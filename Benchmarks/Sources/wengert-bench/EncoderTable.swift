import Foundation

/// The encoder's steps, ours and the peers', each in a process of its own, in turn: times, peak memory, and their ratios.
enum EncoderTable {
  /// The rows of the table: settings as the command line has them.
  static let rows: [(name: String, arguments: [String])] = [
    ("MiniLM 64×128 step", ["--model", "minilm", "--batch", "64", "--tokens", "128"]),
    ("MiniLM 64×128 step, real lengths", ["--model", "minilm", "--batch", "64", "--tokens", "128", "--real"]),
    ("MiniLM 64×32 step", ["--model", "minilm", "--batch", "64", "--tokens", "32"]),
    ("BERT-base 16×128 step", ["--model", "base", "--batch", "16", "--tokens", "128"]),
    ("MiniLM 64×128 forward", ["--model", "minilm", "--batch", "64", "--tokens", "128", "--forward"]),
    ("BERT-base 16×128 forward", ["--model", "base", "--batch", "16", "--tokens", "128", "--forward"]),
  ]

  private struct Result {
    var times: [Double] = []
    var peak = 0
    var median: Double? { times.isEmpty ? nil : times.sorted()[times.count / 2] }
  }

  /// - Parameter rounds: how often each process runs; the medians of its medians are compared.
  static func run(only: [String], rounds: Int, repeats: Int, peersFolder: URL) {
    let modes = Peer.python == nil ? [] : ["eager", "compile", "jax"]
    show("OpenBLAS core \(Yardstick.blasCore), 2 threads; medians in milliseconds, peak resident memory in MiB")
    show("time, memory: ours / the best of PyTorch and JAX by time, ours / PyTorch eager by memory")
    for (name, arguments) in rows where only.isEmpty || only.contains(where: { name.lowercased().contains($0.lowercased()) }) {
      var results: [String: Result] = [:]
      for _ in 0..<rounds {
        for mode in ["ours"] + modes {
          guard let (time, peak) = measure(mode, arguments + ["--repeats", "\(repeats)"], peersFolder) else { continue }
          results[mode, default: Result()].times.append(time)
          results[mode]!.peak = max(results[mode]!.peak, peak)
        }
      }
      let ours = results["ours"]
      let best = modes.compactMap { results[$0]?.median }.min()
      var line = "\(name): ours \(text(ours))"
      for mode in modes { line += " · \(mode) \(text(results[mode]))" }
      if let time = ours?.median, let best { line += String(format: " · time %.2f", time / best) }
      if let peak = ours?.peak, let eager = results["eager"]?.peak {
        line += String(format: " · memory %.2f", Double(peak) / Double(eager))
      }
      show(line)
    }
  }

  private static func text(_ result: Result?) -> String {
    guard let result, let median = result.median else { return "–" }
    return String(format: "%.0f ms, %d MiB", median, result.peak)
  }

  private static func measure(_ mode: String, _ arguments: [String], _ peersFolder: URL) -> (time: Double, peak: Int)? {
    let process = Process()
    let output = Pipe()
    if mode == "ours" {
      process.executableURL = URL(fileURLWithPath: "/proc/self/exe")
      process.arguments = ["encoder", "--plain"] + arguments
    } else {
      guard let python = Peer.python else { return nil }
      process.executableURL = URL(fileURLWithPath: python)
      process.arguments = [peersFolder.appending(path: "encoder_peer.py").path, mode] + arguments
    }
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return nil }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let numbers = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
    return numbers.count == 2 ? (numbers[0], Int(numbers[1])) : nil
  }
}
