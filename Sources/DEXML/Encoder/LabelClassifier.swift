import WengertNN

/// A weight row and a bias for each label in the place of a label encoder: label l scores ⟨x, w_l⟩ + b_l for a document's embedding x.
///
/// The same scores are inner products of longer vectors, (x, 1) and (w_l, b_l), which is how losses and search see them.
public struct LabelClassifier: ParameterTree, Sendable {
  /// The weights w_l, [labels, width].
  public var weight: Tensor
  /// The biases b_l, [labels].
  public var bias: Tensor

  public static let fields: [Field<Self>] = [.init("weight", \.weight), .init("bias", \.bias)]

  /// A classifier of these weights.
  ///
  /// - Precondition: the weight is [labels, width] and the bias [labels].
  public init(weight: Tensor, bias: Tensor) {
    ensure(
      weight.rank == 2 && bias.shape == [weight.shape[0]],
      "LabelClassifier: the weight must be [labels, width] and the bias [labels], got \(weight.shape) and \(bias.shape)")
    self.weight = weight
    self.bias = bias
  }

  /// A new classifier: weights uniform in ±1/√width, biases zero.
  public init(labels: Int, width: Int, key: RandomKey) {
    weight = Initializer.uniformByInputs.weight([labels, width], inputs: width, key: key)
    bias = .zeros([labels], dtype: weight.dtype, device: weight.device).materialized
  }

  /// The number of labels.
  public var labelCount: Int { weight.shape[0] }
  /// The width of the embeddings.
  public var width: Int { weight.shape[1] }

  /// These labels in order, in ranges of at most `size`.
  public func blocks(of size: Int, in labels: Range<Int>) -> [Range<Int>] {
    stride(from: labels.lowerBound, to: labels.upperBound, by: size).map { $0..<min($0 + size, labels.upperBound) }
  }

  /// The vectors (w_l, b_l) of some labels, [labels, width + 1].
  public func vectors(_ labels: Range<Int>) -> Tensor { concatenate([weight[labels], bias[labels].expandDims(1)], axis: 1) }

  /// Writes the vectors of some labels, in place if no other tensor shares the memory.
  mutating func setVectors(_ labels: Range<Int>, _ vectors: Tensor) {
    weight[labels] = vectors[Axis.all, 0..<width]
    bias[labels] = vectors[Axis.all, width]
  }

  /// The vectors (x, 1) of documents with embeddings [documents, width], [documents, width + 1].
  static func documents(_ embeddings: Tensor) -> Tensor {
    concatenate([embeddings, .full(1, [embeddings.shape[0], 1], dtype: embeddings.dtype, beside: embeddings)], axis: 1)
  }
}
