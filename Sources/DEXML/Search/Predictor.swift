import Foundation
import WengertNN

/// The nearest labels of texts, by a trained encoder, or the best ones by its classifier where the model has one.
public struct Predictor {
  private let model: DualEncoder
  private let tokenizer: Tokenizer
  private let maximumLength: Int
  public let labelTexts: [String]
  private let labels: Tensor

  /// Reads the model and encodes the label texts, unless it has a classifier, whose labels they must then be.
  public init(model: URL, labelTexts: [String]) throws {
    let folder = try ModelFolder(model)
    let encoder = try folder.textEncoder()
    tokenizer = try folder.tokenizer()
    maximumLength = try folder.maximumLength(nil)
    self.labelTexts = labelTexts
    self.model = DualEncoder(encoder, classifier: try folder.classifier(labels: labelTexts.count, width: encoder.width))
    labels = self.model.candidates(encoder.embed(tokenizer.encode(labelTexts, maxLength: maximumLength), chunk: 256))
  }

  /// The `topK` nearest labels of each text, best first, with their similarities.
  public func predict(_ texts: [String], topK: Int) -> [[(label: String, score: Float)]] {
    let documents = model.queries(model.encoder.embed(tokenizer.encode(texts, maxLength: maximumLength), chunk: 256))
    let found = ExactSearch.search(documents: documents, labels: labels, topK: topK)
    let scores = found.scores.array(of: Float.self), indices = found.indices.array(of: Int.self)
    let width = found.scores.shape[1]
    return texts.indices.map { i in
      (i * width..<(i + 1) * width).map { (labelTexts[indices[$0]], scores[$0]) }
    }
  }

  /// Prints the nearest labels of each line of a text file, or of standard input where `input` is nil.
  public static func run(model: URL, labels: URL, input: URL?, topK: Int) throws {
    let labelTexts = try TextLines.all(of: labels)
    guard !labelTexts.isEmpty else {
      throw FileError(file: labels.path, field: "lines", value: "none", advice: "give one label text on each line")
    }
    let predictor = try Predictor(model: model, labelTexts: labelTexts)
    if let input {
      var lines = try TextLines(contentsOf: input)
      while case let texts = try lines.next(1024), !texts.isEmpty { predictor.show(texts, topK) }
    } else {
      while let line = readLine() { predictor.show([line], topK) }
    }
  }

  /// One line per label, `score <tab> label`, below the text.
  func show(_ texts: [String], _ topK: Int) {
    for (text, labels) in zip(texts, predict(texts, topK: topK)) {
      print(text)
      for (label, score) in labels { print(String(format: "  %.4f\t", score) + label) }
    }
  }
}
