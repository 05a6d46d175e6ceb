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

  /// The rounds: how often each process runs.
  static func run(_ arguments: inout Arguments, threads: Int) {
    let only = arguments.list("--only")
    let rounds = arguments.count("--rounds") ?? 1, repeats = arguments.count("--repeats") ?? 7
    _ = arguments.end()
    let peers = Peer.python == nil ? [] : ["eager", "compile", Peer.jax]
    let comparable = peers.filter { $0 != Peer.jax || Level.current == .avx512 }
    Machine.showHeading(threads: threads)
    for peer in peers { show("\(peer): \(output(of: peer, ["--about"]) ?? "")") }
    show("\(threads) threads; medians of \(rounds) rounds in milliseconds, peak resident memory in MiB")
    show("time, memory: ours / the best of \(comparable.joined(separator: ", ")) by time, ours / PyTorch eager by memory")
    if comparable != peers { show("JAX's products choose their instructions at run time, and may go beyond the level: not compared") }
    for (name, arguments) in rows where only.isEmpty || only.contains(where: { name.lowercased().contains($0.lowercased()) }) {
      var peaks: [String: Int] = [:]
      let times = Rounds(
        rounds,
        (["ours"] + peers).map { mode in
          (
            mode,
            { _ in
              let text = output(of: mode, arguments + ["--repeats", "\(repeats)", "--threads", "\(threads)"])
              let numbers = (text ?? "").split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
              guard numbers.count == 2 else { return nil }
              peaks[mode] = max(peaks[mode] ?? 0, Int(numbers[1]))
              return numbers[0]
            }
          )
        })
      let cells = (["ours"] + peers).map { mode in
        "\(mode) " + (times.median(mode).map { String(format: "%.0f ms, %d MiB", $0, peaks[mode]!) } ?? "–")
      }
      var line = "\(name): \(cells.joined(separator: " · "))"
      if let ratio = times.ratio("ours", to: times.best(of: comparable)) { line += String(format: " · time %.2f", ratio) }
      if let peak = peaks["ours"], let eager = peaks["eager"] { line += String(format: " · memory %.2f", Double(peak) / Double(eager)) }
      show(line)
    }
  }

  /// What a process of ours or of a peer prints.
  private static func output(of mode: String, _ arguments: [String]) -> String? {
    let process = Process()
    let output = Pipe()
    if mode == "ours" {
      process.executableURL = URL(fileURLWithPath: "/proc/self/exe")
      process.arguments = ["encoder", "--plain"] + arguments
    } else {
      guard let python = Peer.python else { return nil }
      process.executableURL = URL(fileURLWithPath: python)
      process.arguments = [Peer.script("encoder_peer.py"), mode] + arguments
    }
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return nil }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
  }
}
