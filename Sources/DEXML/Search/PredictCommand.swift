import Foundation
import WengertNN

/// What `dexml predict` does.
package enum PredictCommand {
  /// How predictions are written.
  public enum Format: String, CaseIterable, Sendable {
    /// For people: each text, and below it its labels with scores.
    case text
    /// A list of objects, one for each text.
    case json
    /// A line for each text and label, below a line of names.
    case tsv
    /// A matrix of scores, texts × labels, as `scipy.sparse.save_npz` writes one.
    case npz
  }

  /// Writes the best labels of each line of some text files.
  ///
  /// - Parameters:
  ///   - inputs: paths of files; `-` is standard input.
  ///   - output: nil prints, which a matrix cannot.
  /// - Throws: `FileError` if the output is one of the inputs, a file cannot be read or written, or a similarity is not a number.
  public static func run(model: URL, labels: URL, inputs: [String], format: Format, output: URL?, topK: Int) throws {
    // What can go wrong soon does so before the labels are encoded.
    if let output { try checkOutput(output, isNoneOf: inputs + [labels.path] + filePaths(in: model)) }
    var sources = try inputs.map { try InputLines($0) }
    let file = try output.map { try FileBeingWritten($0) }
    let predictor = try Predictor(model: model, labels: labels)
    let write: (Data) throws -> Void = { data in
      if let file { try file.append(data) } else { try StandardOutput.write(data) }
    }
    var writer: any PredictionWriter
    switch format {
    case .text: writer = TextPredictions()
    case .json: writer = JSONPredictions()
    case .tsv: writer = TSVPredictions()
    case .npz:
      guard let output else {
        throw FileError(value: "--format npz is a file of bytes: name it with --output FILE.npz")
      }
      writer = MatrixPredictions(output, columns: predictor.labelTexts.count)
    }
    try write(writer.begin())
    for i in sources.indices {
      while case let first = sources[i].count, let texts = try sources[i].next() {
        let found = predictor.predict(texts, topK: topK)
        for (place, (text, predictions)) in zip(texts, found).enumerated() {
          let row = PredictedText(file: inputs[i], line: first + place + 1, text: text, predictions: predictions)
          if let wrong = predictions.first(where: { !$0.score.isFinite }) {
            throw FileError(
              file: model.path, field: "score of \(inputs[i]), line \(row.line)", value: "\(wrong.score)",
              advice: "the model gives similarities that are no numbers; look at its weights")
          }
          try write(writer.row(row))
        }
      }
    }
    try write(writer.end())
    if format != .npz { try file?.commit() }
  }
}

/// A text of an input and its labels, best first.
struct PredictedText: Encodable {
  var file: String
  /// From 1.
  var line: Int
  var text: String
  var predictions: [Prediction]

  private enum CodingKeys: CodingKey { case file, line, text, predictions }

  private struct Label: Encodable {
    var index: Int
    var label: String
    var score: Float
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(file, forKey: .file)
    try container.encode(line, forKey: .line)
    try container.encode(text, forKey: .text)
    try container.encode(predictions.map { Label(index: $0.index, label: $0.label, score: $0.score) }, forKey: .predictions)
  }
}

/// Makes bytes of predictions.
protocol PredictionWriter {
  mutating func begin() throws -> Data
  mutating func row(_ row: PredictedText) throws -> Data
  mutating func end() throws -> Data
}

struct TextPredictions: PredictionWriter {
  func begin() -> Data { Data() }
  func end() -> Data { Data() }

  func row(_ row: PredictedText) -> Data {
    Data((row.text + "\n" + row.predictions.map { String(format: "  %.4f\t", $0.score) + $0.label + "\n" }.joined()).utf8)
  }
}

/// One list, whose objects are on a line each.
struct JSONPredictions: PredictionWriter {
  private let encoder = JSONEncoder()
  private var rows = 0

  init() { encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys] }

  func begin() -> Data { Data("[".utf8) }

  mutating func row(_ row: PredictedText) throws -> Data {
    defer { rows += 1 }
    return Data((rows == 0 ? "\n" : ",\n").utf8) + (try encoder.encode(row))
  }

  func end() -> Data { Data("\n]\n".utf8) }
}

struct TSVPredictions: PredictionWriter {
  func begin() -> Data { Data("file\tline\ttext\trank\tindex\tlabel\tscore\n".utf8) }
  func end() -> Data { Data() }

  func row(_ row: PredictedText) -> Data {
    let start = "\(Self.field(row.file))\t\(row.line)\t\(Self.field(row.text))"
    let lines = row.predictions.enumerated().map { "\(start)\t\($0 + 1)\t\($1.index)\t\(Self.field($1.label))\t\($1.score)\n" }
    return Data(lines.joined().utf8)
  }

  /// A text without what ends a field or a line.
  private static func field(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { "\t\n\r\\".unicodeScalars.contains($0) }) else { return text }
    return text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "\\": result += "\\\\"
      case "\t": result += "\\t"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}

/// Keeps the scores, and writes them as a matrix at the end, as `evaluate` does.
struct MatrixPredictions: PredictionWriter {
  private let output: URL
  private let columns: Int
  private var offsets = [0]
  private var indices: [Int32] = []
  private var values: [Float] = []

  init(_ output: URL, columns: Int) { (self.output, self.columns) = (output, columns) }

  func begin() -> Data { Data() }

  mutating func row(_ row: PredictedText) -> Data {
    indices += row.predictions.map { Int32($0.index) }
    values += row.predictions.map(\.score)
    offsets.append(indices.count)
    return Data()
  }

  func end() throws -> Data {
    try SparseMatrix(rows: offsets.count - 1, columns: columns, rowOffsets: offsets, indices: indices, values: values).write(to: output)
    return Data()
  }
}

extension Predictor {
  /// Prints the nearest labels of texts.
  func show(_ texts: [String], _ topK: Int) throws {
    for (text, predictions) in zip(texts, predict(texts, topK: topK)) {
      try StandardOutput.write(TextPredictions().row(PredictedText(file: "", line: 0, text: text, predictions: predictions)))
    }
  }
}
