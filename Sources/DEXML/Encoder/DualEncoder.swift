import WengertNN

/// What a run trains: the encoder of documents and label texts, or an encoder of documents and a classifier over its embeddings.
public struct DualEncoder: TensorTree, Sendable {
  /// The encoder of documents, and of label texts if there is no classifier.
  public var encoder: TextEncoder
  /// The classifier that replaces the labels' texts; nil: they are encoded.
  public var classifier: LabelClassifier?

  /// A model of these parts.
  public init(_ encoder: TextEncoder, classifier: LabelClassifier? = nil) {
    self.encoder = encoder
    self.classifier = classifier
  }

  /// The encoder's tensors have the same names with a classifier as without.
  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
    encoder.visit(prefix, body)
    classifier.visit(dotted(prefix, "classifier"), body)
  }

  public func read(into contents: inout TreeContents) {
    contents.add(encoder)
    contents.add(classifier)
  }

  /// Documents as they are searched with, by their embeddings [documents, width].
  func queries(_ embeddings: Tensor) -> Tensor { classifier == nil ? embeddings : LabelClassifier.documents(embeddings) }

  /// Labels as they are searched for: the classifier's, or those that the encoder makes of their texts.
  func candidates(_ embeddings: @autoclosure () -> Tensor) -> Tensor {
    classifier.map { $0.vectors(0..<$0.labelCount) } ?? embeddings()
  }
}
