import DEXML
import Foundation

/// Tokenizing lines in memory, and a whole file into a file of tokens, beside Hugging Face's tokenizer in Rust.
struct TokenizeBench {
  private let file: String
  private let model: String
  private let megabytes: Int
  private let repeats: Int
  private let threads: Int

  static func run(_ arguments: inout Arguments, threads: Int) throws {
    let bench = TokenizeBench(&arguments, threads)
    try bench.inMemory()
    try bench.wholeFile()
  }

  private init(_ arguments: inout Arguments, _ threads: Int) {
    guard let file = arguments.text("--file"), let model = arguments.text("--model") else {
      Arguments.stop("tokenize needs --file and --model; --help tells what there is")
    }
    self.file = file
    self.model = model
    megabytes = arguments.count("--megabytes") ?? 2
    repeats = arguments.count("--repeats") ?? 5
    self.threads = threads
    _ = arguments.end()
  }

  /// Longest numbers of tokens; 0 for no limit.
  private static let lengths = [32, 128, 0]

  /// The first lines of the file, encoded by us and the peer in turn.
  private func inMemory() throws {
    let tokenizer = try Tokenizer(folder: URL(fileURLWithPath: model))
    var lines: [String] = []
    var bytes = 0
    var source = try TextLines(contentsOf: URL(fileURLWithPath: file))
    while bytes < megabytes << 20, let line = try source.next() {
      lines.append(line)
      bytes += line.utf8.count
    }
    let peers = [false, true].compactMap { peer(isParallel: $0, lines: lines.count) }
    defer { for peer in peers { peer.stop() } }
    Machine.showHeading(threads: threads, peers: peers)
    show("\(file): \(lines.count) lines, \(speed(1, Double(bytes) / 1e6)) MB; \(threads) cores; medians of \(repeats), in MB/s\n")
    show(
      "| at most | ours, 1 thread | Rust, 1 thread | ratio | ours, \(threads) threads | Rust, \(threads) threads | ours on all ÷ cores ÷ Rust on 1 |"
    )
    show("|---|---|---|---|---|---|---|")
    for length in Self.lengths {
      let maxLength = length > 0 ? length : nil
      func ours(_ threads: Int) -> Double {
        Measurement(repeats: repeats) { withExtendedLifetime(tokenizer.encode(lines, maxLength: maxLength, threads: threads)) {} }.median
      }
      let one = ours(1), all = ours(threads)
      let theirs = peers.map { $0.measure("\(length)", repeats: repeats) ?? .nan }
      let (single, parallel) = (theirs.first ?? .nan, theirs.last ?? .nan)
      let megabytes = Double(bytes) / 1e6
      let cells =
        [one, single].map { speed($0 / 1e3, megabytes) } + [ratio(single / one)]
        + [all, parallel].map { speed($0 / 1e3, megabytes) } + [ratio(single / all / Double(threads))]
      show("| \(maxLength.map { "\($0)" } ?? "no limit") | \(cells.joined(separator: " | ")) |")
    }
  }

  private func wholeFile() throws {
    let texts = URL(fileURLWithPath: file)
    let tokenizer = try Tokenizer(folder: URL(fileURLWithPath: model))
    let target = FileManager.default.temporaryDirectory.appending(path: "wengert-bench-\(ProcessInfo.processInfo.processIdentifier).dat")
    defer { for end in ["", ".meta"] { try? FileManager.default.removeItem(atPath: target.path + end) } }
    let bytes = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0
    for length in Self.lengths where length > 0 {
      var rows = 0
      let clock = ContinuousClock()
      let times = try (0..<repeats).map { _ in
        try clock.measure { rows = try TokenFile.write(texts: texts, tokenizer: tokenizer, maxLength: length, to: target).rows }
          / .seconds(1)
      }
      let time = times.sorted()[repeats / 2]
      show(
        "file to file of \(length) tokens a line: \(rows) lines in \(speed(1, time)) s, \(Int(Double(rows) / time)) lines/s, "
          + "\(speed(time, Double(bytes) / 1e6)) MB/s; peak memory \(EncoderBench.peakMiB()) MiB")
    }
  }

  private func peer(isParallel: Bool, lines: Int) -> Peer? {
    Peer(
      "tokenizers", script: "tokenizer_peer.py", ["\(model)/tokenizer.json", file, "\(lines)"],
      environment: ["TOKENIZERS_PARALLELISM": isParallel ? "true" : "false"])
  }

  private func speed(_ seconds: Double, _ amount: Double) -> String {
    String(format: amount / seconds < 10 ? "%.2f" : "%.0f", amount / seconds)
  }
  private func ratio(_ x: Double) -> String { String(format: "%.1f", x) }
}
