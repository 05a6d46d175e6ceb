import Foundation
import WengertNN

/// Embeddings of the lines of a text file.
public enum Embedder {
  private static let block = 8192

  /// Writes one float32 row for each line, to an `.npy` file or as the tensor `embeddings` of a `.safetensors` file. Without a length, a pooling or a word on
  /// normalization they are the model folder's own, and so is the prompt. Streams: memory is one block of lines.
  ///
  /// - Throws: `FileError` if the output's name ends otherwise or is one of the inputs, the model or the text cannot be read, an embedding is not a number, or
  ///   the output cannot be written.
  public static func run(
    model: URL, input: URL, output: URL, maxLength: Int?, pooling: Pooling?, normalizes: Bool? = nil, prompt: Prompts.Use = .text
  ) throws {
    guard ["npy", "safetensors"].contains(output.pathExtension) else {
      throw FileError(
        file: output.path, field: "extension", value: output.pathExtension.isEmpty ? "none" : ".\(output.pathExtension)",
        advice: "name a file that ends with .npy or .safetensors")
    }
    try checkOutput(output, isNoneOf: [input.path] + filePaths(in: model))
    let folder = try ModelFolder(model)
    let length = try folder.maximumLength(maxLength)
    let reader = try folder.reader(for: prompt, maximumLength: length)
    let program = EmbeddingProgram(try folder.textEncoder(pooling: pooling, normalizes: normalizes))
    let total = try TextLines.count(of: input), width = program.model.width
    var lines = try TextLines(contentsOf: input)
    let writer: any RowWriter =
      output.pathExtension == "npy"
      ? try NPYWriter(to: output, dtype: .float32, rowShape: [width])
      : try SafeTensorsWriter(
        to: output, name: "embeddings", rows: total, width: width,
        metadata: [
          "model": model.standardizedFileURL.lastPathComponent, "input": input.lastPathComponent,
          "pooling": program.model.pooling.configurationText,
          "normalized": "\(program.model.normalizes)", "max_length": "\(length)",
        ])
    var bar = ProgressBar("embedding", total: total)
    while case let texts = try lines.next(block), !texts.isEmpty {
      let done = writer.rows
      let rows = program.embed(reader.tokenizer.encode(texts, maxLength: length), chunk: 256, skipping: reader.skipped) {
        bar.update(step: done + $0, documents: done + $0)
      }
      let values = rows.array(of: Float.self)
      if let place = values.firstIndex(where: { !$0.isFinite }) {
        throw FileError(
          file: model.path, field: "embedding of \(input.path), line \(done + place / width + 1)", value: "\(values[place])",
          advice: "the model gives embeddings that are no numbers; look at its weights")
      }
      try writer.append(values)
    }
    try writer.finish()
    bar.finish()
    Console.standardError.line("\(output.path): \(writer.rows) rows of \(width)")
  }
}
