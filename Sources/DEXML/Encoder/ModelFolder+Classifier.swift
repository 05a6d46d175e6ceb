import Foundation
import WengertNN

extension ModelFolder {
  private var classifierFile: URL { url.appendingPathComponent(Self.classifierName) }
  static let classifierName = "classifier.safetensors"

  /// The classifier that was trained with the encoder, of `labels` labels over embeddings of `width`; nil if the folder has none.
  ///
  /// - Throws: `FileError` if the file is damaged, or is of another width or number of labels.
  public func classifier(labels: Int, width: Int) throws -> LabelClassifier? {
    guard FileManager.default.fileExists(atPath: classifierFile.path) else { return nil }
    func wrong(_ field: String, _ value: String, _ advice: String) -> FileError {
      FileError(file: classifierFile.path, field: field, value: value, advice: advice)
    }
    let file = try SafeTensors(contentsOf: classifierFile)
    guard let weight = file["weight"], let bias = file["bias"] else {
      throw wrong("weights", "\(file.names)", "expected weight [labels, width] and bias [labels]")
    }
    guard weight.shape.count == 2, bias.shape == [weight.shape[0]], weight.dtype.isFloating, bias.dtype.isFloating else {
      throw wrong(
        "weights", "weight \(weight.dtype) \(weight.shape), bias \(bias.dtype) \(bias.shape)",
        "expected real numbers, weight [labels, width] and bias [labels]")
    }
    guard weight.shape[1] == width else {
      throw wrong("width", "\(weight.shape[1])", "the encoder's embeddings have the width \(width): the files are of different models")
    }
    guard weight.shape[0] == labels else {
      throw wrong("labels", "\(weight.shape[0])", "there are \(labels) label texts; give those that it was trained on, in their order")
    }
    return LabelClassifier(weight: Tensor(weight).cast(to: .float32), bias: Tensor(bias).cast(to: .float32))
  }

  /// The same; an error if the folder has none.
  func requiredClassifier(labels: Int, width: Int) throws -> LabelClassifier {
    if let classifier = try classifier(labels: labels, width: width) { return classifier }
    throw FileError(
      file: classifierFile.path, field: "file", value: "not there",
      advice: "net \(Configuration.Net.classifier.rawValue) needs it: set tf to the model folder of such a run, or another net")
  }
}
