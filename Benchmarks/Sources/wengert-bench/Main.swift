import Foundation
import Wengert

@main struct Bench {
  static func main() throws {
    let peersFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../peers")
    switch CommandLine.arguments.dropFirst().first {
    case "encoder": return EncoderBench.run(Array(CommandLine.arguments.dropFirst(2)))
    case "calls":
      pin(to: 1)
      return Calls.run(peersFolder: peersFolder)
    case "search": return StreamedBench.search(CommandLine.arguments)
    case "losses": return StreamedBench.run(Array(CommandLine.arguments.dropFirst(2)), peersFolder: peersFolder)
    case "programs":
      let options = Options(Array(CommandLine.arguments.dropFirst(2)))
      pin(to: options.threads)
      return try Programs.run(repeats: options.repeats)
    case "tokenize": return try TokenizeBench.run(Array(CommandLine.arguments.dropFirst(2)), peersFolder: peersFolder)
    case "encoders":
      let options = Options(Array(CommandLine.arguments.dropFirst(2)))
      pin(to: options.threads)
      return EncoderTable.run(only: options.only, rounds: 1, repeats: max(options.repeats, 5), peersFolder: peersFolder)
    default: break
    }
    let options = Options(Array(CommandLine.arguments.dropFirst()))
    pin(to: options.threads)
    if options.serves { return serve() }
    let rows = Row.all.filter(options.includes)
    let peers = Peer.all(threads: options.threads, peersFolder: peersFolder)
    let single = rows.contains(where: \.isProduct) && options.threads > 1 ? ourselvesOnOneThread() : nil
    defer { for peer in peers + [single].compactMap(\.self) { peer.stop() } }
    var report = Report(core: Yardstick.blasCore, threads: options.threads, peers: peers.map(\.name))
    report.printHeading()
    for row in rows {
      let line = measure(row, options, peers, single)
      report.printLine(line)
      report.lines.append(line)
    }
    if let path = options.json { try report.write(to: path) }
  }

  private static func measure(_ row: Row, _ options: Options, _ peers: [Peer], _ single: Peer?) -> Line {
    var line = Line(row: row.name, shape: row.shape, ours: row.measure(repeats: options.repeats).median, peers: [:])
    if case .function = row.body { line.eager = row.measure(repeats: options.repeats, isCompiled: false).median }
    for peer in peers { line.peers[peer.name] = peer.measure(row.name, repeats: options.repeats) }
    switch row.cost {
    case .flops(let flops): line.flops = flops
    case .bytes(let bytes):
      line.bytes = bytes
      line.copy = Yardstick.copy(bytes: Int(bytes), threads: options.threads, repeats: options.repeats).median
    }
    if row.isProduct, case .function(let inputs, _) = row.body {
      line.oneThread = single?.measure(row.name, repeats: options.repeats)
      let x = inputs()
      let (a, b) = (x[0].shape, x[1].shape)
      line.blas =
        Yardstick.product(
          a[a.rank - 2], a[a.rank - 1], b[b.rank - 1], batch: a.rank == 3 ? a[0] : 1, threads: options.threads, repeats: options.repeats
        ).median
    }
    return line
  }

  /// Answers requests, as the peers' scripts do.
  private static func serve() {
    show("ready")
    while let request = readLine()?.split(separator: " "), request.count == 2 {
      let row = Row.all.first { $0.name == request[0] }
      show(row.map { "\($0.measure(repeats: Int(request[1]) ?? 5).median)" } ?? "-")
    }
  }

  private static func ourselvesOnOneThread() -> Peer? {
    Peer("1 thread", "/proc/self/exe", ["--serve", "--threads", "1"], environment: ["WENGERT_NUM_THREADS": "1"])
  }

  /// Leaves this process, and the peers that it starts, `count` of the cores that it may use.
  private static func pin(to count: Int) {
    typealias Affinity = @convention(c) (pid_t, Int, UnsafeMutableRawPointer) -> Int32
    guard let get = dlsym(nil, "sched_getaffinity"), let set = dlsym(nil, "sched_setaffinity") else { return }
    var cores = [UInt8](repeating: 0, count: 128)
    guard unsafeBitCast(get, to: Affinity.self)(0, cores.count, &cores) >= 0 else { return }
    var left = count
    for core in 0..<cores.count * 8 where cores[core / 8] >> UInt8(core % 8) & 1 == 1 {
      if left > 0 { left -= 1 } else { cores[core / 8] &= ~(1 << UInt8(core % 8)) }
    }
    _ = unsafeBitCast(set, to: Affinity.self)(0, cores.count, &cores)
  }
}

/// Prints a line at once, also into a pipe.
func show(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

extension Row {
  var isProduct: Bool { name.hasPrefix("product") }
}
