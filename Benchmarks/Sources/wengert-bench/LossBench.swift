import DEXML
import Foundation
import Wengert

/// A streamed loss at extreme label counts, against the products that it runs and the published loss in PyTorch.
enum LossBench {
  static func run(_ arguments: inout Arguments, threads: Int) {
    let labels = arguments.count("--labels") ?? 131_072, block = arguments.count("--block") ?? 4096
    let batch = arguments.count("--batch") ?? 512, width = arguments.count("--width") ?? 384
    let repeats = arguments.count("--repeats") ?? 3
    let name = arguments.end(["decoupled", "softmax", "topk", "bce"]) ?? "decoupled"
    let criterion: SimilarityLoss.Criterion =
      name == "topk" ? .topK(.fixed(5), alpha: 2) : name == "softmax" ? .softmax : name == "bce" ? .bce : .decoupledSoftmax
    let peer = Peer("torch", script: "losses_peer.py", ["\(batch)", "\(labels)", "\(width)", "--threads", "\(threads)"])
    defer { peer?.stop() }
    Machine.showHeading(threads: threads, peers: [peer].compactMap(\.self))
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
    show(
      "\(name) \(batch)×\(labels)×\(width), blocks of \(block): \(Int(median)) ms; its four products alone \(Int(base)) ms, ratio \((median / base * 100).rounded() / 100); peak \(peak) MiB, inputs and gradients \(Int(bytes)) MiB"
    )
    if let theirs = peer?.measure(name, repeats: repeats) {
      let again = Rounds.median((0..<repeats).map { _ in clock.measure(step) / .milliseconds(1) })
      show(
        "PyTorch on whole similarities: \(Int(theirs)) ms; ours before and after it \(Int(median)) and \(Int(again)) ms, ratio \(((median + again) / 2 / theirs * 1000).rounded() / 1000)"
      )
    }
    for (name, program) in loss.programs { show("\(name): \(program.program?.memoryDescription.split(separator: "\n")[0] ?? "")") }
  }
}
