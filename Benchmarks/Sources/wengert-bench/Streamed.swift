import DEXML
import Foundation
import Wengert

/// Streamed losses and exact search at extreme label counts, against the products that they run.
enum StreamedBench {
  /// The best hundred labels of each document, against the product alone.
  static func search(_ arguments: [String]) {
    func option(_ name: String) -> Int? {
      arguments.firstIndex(of: name).flatMap { $0 + 1 < arguments.count ? Int(arguments[$0 + 1]) : nil }
    }
    let labels = option("--labels") ?? 131_072, block = option("--block") ?? ExactSearch.labelBlock
    let x = RandomKey(1).normal([512, 384]).l2Normalize(), y = RandomKey(2).normal([labels, 384]).l2Normalize()
    let clock = ContinuousClock()
    func median(_ body: () -> Void) -> Double {
      body()
      return (0..<5).map { _ in clock.measure(body) / .milliseconds(1) }.sorted()[2]
    }
    let search = ExactSearch()
    let blocks = stride(from: 0, to: labels, by: block).map { y[$0..<min($0 + block, labels)] }
    let whole = median { _ = search.search(documents: x, labels: blocks, topK: 100) }
    let product = median {
      for rows in blocks { _ = x.matmul(rows.transpose()) }
    }
    print(
      "search 512×\(labels)×384, blocks of \(block): \(Int(whole)) ms; its product alone \(Int(product)) ms, speed \((100 * product / whole).rounded() / 100)"
    )
  }

  static func run(_ arguments: [String], peersFolder: URL) {
    var labels = 131_072, batch = 512, width = 384, block = 4096, repeats = 3
    var criterion = SimilarityLoss.Criterion.decoupledSoftmax
    var rest = arguments.makeIterator()
    while let argument = rest.next() {
      switch argument {
      case "--labels": labels = rest.next().flatMap { Int($0) } ?? labels
      case "--batch": batch = rest.next().flatMap { Int($0) } ?? batch
      case "--width": width = rest.next().flatMap { Int($0) } ?? width
      case "--block": block = rest.next().flatMap { Int($0) } ?? block
      case "--repeats": repeats = rest.next().flatMap { Int($0) } ?? repeats
      default:
        criterion =
          argument == "topk" ? .topK(.fixed(5), alpha: 2) : argument == "softmax" ? .softmax : argument == "bce" ? .bce : .decoupledSoftmax
      }
    }
    let key = RandomKey(1)
    let documents = key.fold(0).normal([batch, width]).l2Normalize()
    let blocks = stride(from: 0, to: labels, by: block).map { start in
      key.fold(1 + start).normal([min(block, labels - start), width]).l2Normalize()
    }
    var generator = SystemRandomNumberGenerator()
    let rows = (0..<batch).map { _ in Set((0..<5).map { _ in Int32.random(in: 0..<Int32(labels), using: &generator) }).sorted() }
    let offsets = rows.reduce(into: [0]) { $0.append($0.last! + $1.count) }
    let positives = try! SparseMatrix(
      rows: batch, columns: labels, rowOffsets: offsets, indices: rows.flatMap { $0 }, values: Array(repeating: 1, count: offsets.last!))
    let targets = LossTargets(positives: positives, drawn: rows.map { _ in criterion == .decoupledSoftmax ? [0] : [0, 1, 2] })
    let loss = StreamedLoss(SimilarityLoss(criterion, temperature: 0.05))
    var gradients = [Tensor?](repeating: nil, count: blocks.count)
    func step() {
      _ = loss.valueAndGradient(documents: documents, labels: blocks, targets: targets) { gradients[$0] = $1 }
    }
    step()
    let clock = ContinuousClock()
    let times = (0..<repeats).map { _ in clock.measure(step) / .milliseconds(1) }.sorted()
    // The same products alone: similarities twice, and the two gradients.
    let similarity = compile { (x: Tensor, y: Tensor) in x.matmul(y.transpose()) }
    let documentGradient = compile { (s: Tensor, y: Tensor) in s.matmul(y) }
    let labelGradient = compile { (s: Tensor, x: Tensor) in s.transpose().matmul(x) }
    func products() {
      for y in blocks {
        let s = similarity(documents, y)
        _ = similarity(documents, y)
        _ = documentGradient(s, y)
        _ = labelGradient(s, documents)
      }
    }
    let peak = EncoderBench.peakMiB()
    products()
    let alone = (0..<repeats).map { _ in clock.measure(products) / .milliseconds(1) }.sorted()
    let bytes = Double(labels * width * 4 + batch * width * 4) * 2 / 1_048_576
    let median = times[repeats / 2], base = alone[repeats / 2]
    print(
      "\(criterion) \(batch)×\(labels)×\(width), blocks of \(block): \(Int(median)) ms; its four products alone \(Int(base)) ms, ratio \((median / base * 100).rounded() / 100); peak \(peak) MiB, inputs and gradients \(Int(bytes)) MiB"
    )
    if let python = Peer.python,
      let peer = Peer(
        "torch", python,
        [
          peersFolder.appending(path: "losses_peer.py").path, "\(batch)", "\(labels)", "\(width)", "--threads",
          "\(ProcessInfo.processInfo.activeProcessorCount)",
        ])
    {
      let row = criterion == .decoupledSoftmax ? "decoupled" : criterion == .topK(.fixed(5), alpha: 2) ? "topk" : "-"
      if let theirs = peer.measure(row, repeats: repeats) {
        let again = (0..<repeats).map { _ in clock.measure(step) / .milliseconds(1) }.sorted()[repeats / 2]
        print(
          "PyTorch on whole similarities: \(Int(theirs)) ms; ours before and after it \(Int(median)) and \(Int(again)) ms, ratio \(((median + again) / 2 / theirs * 1000).rounded() / 1000)"
        )
      }
      peer.stop()
    }
    for (name, program) in loss.programs { print("\(name): \(program.program?.memoryDescription.split(separator: "\n")[0] ?? "")") }
  }
}
