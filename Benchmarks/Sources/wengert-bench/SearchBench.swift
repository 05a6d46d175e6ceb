import DEXML
import Foundation
import Wengert

/// The best hundred labels of each of 512 documents, beside faiss and PyTorch, and the product alone.
enum SearchBench {
  static func run(_ arguments: inout Arguments, threads: Int) throws {
    let labels = arguments.count("--labels") ?? 131_072, block = arguments.count("--block") ?? ExactSearch.labelBlock
    let repeats = arguments.count("--repeats") ?? 5, rounds = arguments.count("--rounds") ?? 3
    _ = arguments.end()
    let documents = 512, width = 384, count = 100
    let x = RandomKey(1).normal([documents, width]).l2Normalize(), y = RandomKey(2).normal([labels, width]).l2Normalize()
    let exchange = try Exchange()
    try exchange.write(x.array(of: Float.self), "documents")
    try exchange.write(y.array(of: Float.self), "labels")
    let options = [exchange.folder.path, "\(width)", "\(count)", "--results", exchange.folder.path, "--threads", "\(threads)"]
    // An OpenBLAS of faiss's that does not know the processor would take it for the oldest.
    let core = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] ?? Level.current.blasCore
    let peers = ["faiss", "torch"].compactMap {
      Peer($0, script: "search_peer.py", [$0] + options, environment: ["OPENBLAS_CORETYPE": core])
    }
    defer { for peer in peers { peer.stop() } }
    Machine.showHeading(threads: threads, peers: peers)
    let search = ExactSearch()
    let blocks = stride(from: 0, to: labels, by: block).map { y[$0..<min($0 + block, labels)] }
    let ours = search.search(documents: x, labels: blocks, topK: count).scores.array(of: Float.self)
    let product = Measurement(repeats: repeats) {
      for rows in blocks { _ = x.matmul(rows.transpose()) }
    }
    show("search \(documents)×\(labels)×\(width), best \(count), blocks of \(block); its product alone \(Int(product.median)) ms")
    exchange.compare(
      ours, rows: peers.map { ($0.name, $0) }, amount: documents, unit: "documents", tolerance: 1e-5, rounds: rounds, repeats: repeats
    ) {
      _ = search.search(documents: x, labels: blocks, topK: count)
    }
  }
}
