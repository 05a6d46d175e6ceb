/// How a matrix of weights and its bias begin.
public enum Initializer: Sendable {
  /// Weights and biases uniform in ±1/√(inputs), as a new linear layer of PyTorch has them (He et al. 2015 with slope √5).
  case uniformByInputs
  /// Weights normal with mean 0 and this standard deviation, biases zero: BERT's choice with 0.02 (Devlin et al. 2019).
  case normal(standardDeviation: Double)

  /// Weights of `shape`, each output of which reads `inputs` values.
  public func weight(_ shape: Shape, inputs: Int, key: RandomKey, dtype: DType = .float32) -> Tensor {
    switch self {
    case .uniformByInputs: Self.uniform(shape, inputs, key, dtype)
    case .normal(let deviation): key.normal(shape, standardDeviation: deviation, dtype: dtype)
    }
  }

  /// The bias of `outputs` values that belongs to such weights.
  public func bias(_ outputs: Int, inputs: Int, key: RandomKey, dtype: DType = .float32) -> Tensor {
    switch self {
    case .uniformByInputs: Self.uniform([outputs], inputs, key, dtype)
    case .normal: .full(0, [outputs], dtype: dtype, beside: key.data).materialized
    }
  }

  private static func uniform(_ shape: Shape, _ inputs: Int, _ key: RandomKey, _ dtype: DType) -> Tensor {
    if inputs == 0 { return .full(0, shape, dtype: dtype, beside: key.data).materialized }
    let bound = 1 / Double(inputs).squareRoot()
    return key.uniform(shape, low: -bound, high: bound, dtype: dtype)
  }
}
