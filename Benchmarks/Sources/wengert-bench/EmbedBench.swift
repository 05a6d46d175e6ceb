import DEXML
import Foundation
import Wengert

/// Embeddings of a file's first texts, tokenizing included, beside sentence-transformers and ONNX Runtime.
enum EmbedBench {
  private static let chunk = 256

  static func run(_ arguments: inout Arguments, threads: Int) throws {
    guard let file = arguments.text("--file"), let model = arguments.text("--model") else {
      Arguments.stop("embed needs --file and --model; --help tells what there is")
    }
    let count = arguments.count("--texts") ?? 1000, maxLength = arguments.count("--max-length") ?? 128
    let repeats = arguments.count("--repeats") ?? 1, rounds = arguments.count("--rounds") ?? 3
    _ = arguments.end()
    var lines = try TextLines(contentsOf: URL(fileURLWithPath: file))
    let texts = try lines.next(count)
    let folder = try ModelFolder(URL(fileURLWithPath: model))
    let length = try folder.maximumLength(maxLength)
    let reader = try folder.reader(for: .text, maximumLength: length)
    let program = EmbeddingProgram(try folder.textEncoder())
    func encode() -> [[Int32]] { reader.tokenizer.encode(texts, maxLength: length) }
    func embed() -> [Float] { program.embed(encode(), chunk: chunk, skipping: reader.skipped).array(of: Float.self) }
    let ours = embed()

    let exchange = try Exchange()
    let options = [model, file, "\(texts.count)", "\(length)", "--results", exchange.folder.path, "--threads", "\(threads)"]
    let peers = ["sentence-transformers", "onnxruntime"].compactMap { Peer($0, script: "embed_peer.py", [$0] + options) }
    defer { for peer in peers { peer.stop() } }
    Machine.showHeading(threads: threads, peers: peers)
    if Level.current != .avx512 { show("ONNX Runtime chooses its instructions itself, whatever the level") }
    let tokenizing = Measurement(repeats: repeats) { withExtendedLifetime(encode()) {} }.median
    let tokens = encode().reduce(0) { $0 + $1.count }
    show(
      String(format: "\(texts.count) texts, \(tokens) tokens, at most \(length) each; of ours, tokenizing takes %.1f ms", tokenizing))
    let rows = ["sentence-transformers-32", "sentence-transformers-128", "onnxruntime-32"].compactMap { name in
      peers.first { name.hasPrefix($0.name) }.map { (name, $0) }
    }
    exchange.compare(
      ours, rows: rows, amount: texts.count, unit: "texts", tolerance: 1e-4, rounds: rounds,
      repeats: repeats
    ) { withExtendedLifetime(embed()) {} }
  }
}
