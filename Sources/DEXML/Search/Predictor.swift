import Foundation
import WengertNN

/// The nearest labels of texts, by a trained encoder, or the best ones by its classifier if the model has one. Not thread-safe: call from one thread at a time.
///
/// ```swift
/// try ModelFolder.save(encoder, tokenizer: tokenizer, maximumLength: 8, to: folder)
/// let predictor = try Predictor(model: folder, labelTexts: ["chess", "play"])
/// let best = predictor.predict(["Chess"], topK: 1)[0][0].label  // "chess"
/// ```
public final class Predictor {
  private let documents: TextReader
  private let labels: TextReader
  private let maximumLength: Int
  private let chunk: Int
  private let program: EmbeddingProgram
  private let classifier: LabelClassifier?
  private let index = LabelIndex()
  /// The labels as a set, from the first addition on.
  private lazy var known = Set(index.texts)

  /// Reads the model and encodes the label texts, unless it has a classifier, whose labels they must then be; an encoder's call takes `chunk` texts at most.
  ///
  /// - Throws: `FileError` if the model cannot be read, or its classifier has another number of labels.
  public init(model: URL, labelTexts: [String], chunk: Int = 256) throws {
    let folder = try ModelFolder(model)
    maximumLength = try folder.maximumLength(nil)
    documents = try folder.reader(for: .query, maximumLength: maximumLength)
    labels = try folder.reader(for: .candidate, maximumLength: maximumLength)
    self.chunk = chunk
    program = EmbeddingProgram(try folder.textEncoder(normalizes: folder.comparesNormalized(nil)))
    classifier = try folder.classifier(labels: labelTexts.count, width: program.model.width)
    if let classifier {
      for labels in classifier.blocks(of: 8192, in: 0..<labelTexts.count) {
        index.append(Array(labelTexts[labels]), embeddings: classifier.vectors(labels))
      }
      return
    }
    var bar = ProgressBar("encoding labels", total: labelTexts.count)
    for start in stride(from: 0, to: labelTexts.count, by: 8192) {
      let texts = Array(labelTexts[start..<min(start + 8192, labelTexts.count)])
      index.append(texts, embeddings: embed(texts, labels) { bar.update(step: start + $0, documents: start + $0) })
    }
    bar.finish()
  }

  /// Reads the model and a file with one label text on each line.
  ///
  /// - Throws: `FileError` if the model or the label texts cannot be read, or there are no labels.
  public convenience init(model: URL, labels: URL, chunk: Int = 256) throws {
    let texts = try TextLines.all(of: labels)
    guard !texts.isEmpty else {
      throw FileError(file: labels.path, field: "lines", value: "none", advice: "give one label text on each line")
    }
    try self.init(model: model, labelTexts: texts, chunk: chunk)
  }

  /// The texts of the labels, in their order.
  public var labelTexts: [String] { index.texts }

  /// The `topK` nearest labels of each text, best first, with their similarities.
  public func predict(_ texts: [String], topK: Int) -> [[Prediction]] {
    let rows = embed(texts, documents)
    return index.nearest(classifier == nil ? rows : LabelClassifier.documents(rows), topK: topK)
  }

  /// Whether labels can be added: not if a classifier has a row for each label that it was trained with.
  public var takesLabels: Bool { classifier == nil }

  /// Those of the texts that are not labels yet, each once.
  public func unknown(_ texts: [String]) -> [String] {
    var seen: Set<String> = []
    return texts.filter { !known.contains($0) && seen.insert($0).inserted }
  }

  /// Adds those of the texts that are not labels yet; they are found from now on.
  ///
  /// - Precondition: `takesLabels`.
  public func add(_ texts: [String]) {
    ensure(takesLabels, "a classifier's labels are those that it was trained with")
    let new = unknown(texts)
    index.append(new, embeddings: embed(new, labels))
    known.formUnion(new)
  }

  private func embed(_ texts: [String], _ reader: TextReader, progress: (Int) -> Void = { _ in }) -> Tensor {
    program.embed(
      reader.tokenizer.encode(texts, maxLength: maximumLength), chunk: chunk, skipping: reader.skipped, progress: progress)
  }
}
