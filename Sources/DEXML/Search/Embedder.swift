import Foundation
import WengertNN

/// Embeddings of the lines of a text file.
public enum Embedder {
  private static let block = 8192

  /// Writes one L2-normalised float32 row for each line; without a length or a pooling the model folder's own. Streams: memory is one block of lines.
  public static func run(model: URL, input: URL, output: URL, maxLength: Int?, pooling: Pooling?) throws {
    let folder = try ModelFolder(model)
    let length = try folder.maximumLength(maxLength)
    let tokenizer = try folder.tokenizer()
    let encoder = try folder.textEncoder(pooling: pooling, normalizes: true)
    let total = try DatasetFolder.countLines(input)
    var lines = try TextLines(contentsOf: input)
    let writer = try NPYWriter(to: output, dtype: .float32, rowShape: [encoder.width])
    var bar = ProgressBar("embedding", total: total)
    var done = 0
    while case let texts = try lines.next(block), !texts.isEmpty {
      let rows = encoder.embed(tokenizer.encode(texts, maxLength: length), chunk: 256) { bar.update(step: done + $0, documents: done + $0) }
      try writer.append(rows.array(of: Float.self))
      done += texts.count
    }
    try writer.finish()
    bar.finish()
    Console.standardError.line("\(output.path): \(done) rows of \(encoder.width)")
  }
}
