import Foundation

/// Every row, ours, the peers' and the yardsticks', in turn.
enum RowTable {
  static func run(_ arguments: inout Arguments, threads: Int) throws {
    let options = Options(&arguments)
    if options.lists { return Row.all.forEach { print($0.name, $0.shape, separator: "\t") } }
    if options.serves { return serve() }
    let rows = Row.all.filter(options.includes)
    if rows.isEmpty { Arguments.stop("no row's name begins with \(options.only.joined(separator: " or "))") }
    // Before anything is measured or written: --json may name the same file.
    let gate = try options.gate.map { try Gate($0, allowance: options.allowance) }
    let peers = Peer.all(threads: threads)
    let single = rows.contains { $0.product != nil } && threads > 1 ? ourselvesOnOneThread() : nil
    defer { for peer in peers + [single].compactMap(\.self) { peer.stop() } }
    Machine.showHeading(threads: threads, peers: peers)
    var report = Report(peers: peers.map(\.name), threads: threads, rounds: options.rounds)
    report.printHeading()
    for row in rows {
      let line = measure(row, options, threads, peers, single)
      report.printLine(line)
      report.lines.append(line)
    }
    if let path = options.json { try report.write(to: path) }
    if let path = options.markdown { try report.markdown.write(toFile: path, atomically: true, encoding: .utf8) }
    if let path = options.svg { try report.svg.write(toFile: path, atomically: true, encoding: .utf8) }
    let faults = report.lines.flatMap(\.faults)
    if let gate {
      let fallen = gate.compare(report)
      if !fallen.isEmpty { Arguments.stop("rows that fell: \(fallen.joined(separator: ", "))") }
    }
    if !faults.isEmpty { Arguments.stop("rows that do not measure what they claim:\n\(faults.joined(separator: "\n"))") }
  }

  private static func measure(_ row: Row, _ options: Options, _ threads: Int, _ peers: [Peer], _ single: Peer?) -> Line {
    let repeats = options.repeats
    var measures: [(name: String, measure: (Bool) -> Double?)] = []
    func add(_ name: String, _ call: @escaping () -> Void) {
      measures.append((name, { Measurement(repeats: repeats, isWarm: $0, call).median }))
    }
    add(Line.ours, row.prepare())
    if case .function = row.body { add(Line.eager, row.prepare(isCompiled: false)) }
    for peer in peers + [single].compactMap(\.self) {
      measures.append((peer.name, { _ in peer.measure(row.name, repeats: repeats) }))
    }
    if case .bytes(let bytes) = row.cost { add(Line.copy, Yardstick.copy(bytes: Int(bytes), threads: threads)) }
    if let product = row.product {
      add(Line.blas, Yardstick.product(product, threads: threads))
      add(Line.blasOneThread, Yardstick.product(product, threads: 1))
    }
    let comparable = peers.map(\.name).filter { $0 != Peer.inPlace && ($0 != Peer.jax || row.product == nil || Level.current == .avx512) }
    return Line(row, Rounds(options.rounds, measures), peers: peers.map(\.name), comparable: comparable)
  }

  /// Answers requests, as the peers' scripts do.
  private static func serve() {
    show("ready")
    var latest: (name: Substring, call: () -> Void)?
    while let request = readLine()?.split(separator: " "), request.count == 2 {
      guard let row = Row.all.first(where: { $0.name == request[0] }) else {
        show("-")
        continue
      }
      let isWarm = latest?.name == request[0]
      if !isWarm { latest = (request[0], row.prepare()) }
      show("\(Measurement(repeats: Int(request[1]) ?? 5, isWarm: isWarm, latest!.call).median)")
    }
  }

  private static func ourselvesOnOneThread() -> Peer? {
    Peer(Line.oneThread, "/proc/self/exe", ["--serve", "--threads", "1"], environment: ["WENGERT_NUM_THREADS": "1"])
  }
}
