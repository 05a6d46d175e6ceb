/// (x − μ)/√(σ² + ε) · weight + bias over the last axis (Ba, Kiros & Hinton 2016).
///
/// ```swift
/// let norm = LayerNorm(2)
/// let y = norm(Tensor([[1, 3]]))  // about [[-1, 1]]
/// ```
public struct LayerNorm: Layer, ParameterTree {
  /// The gain, [width].
  public var weight: Tensor
  /// The offset, [width].
  public var bias: Tensor
  /// The number ε that is added to the variance.
  public var epsilon: Double

  public static let fields: [Field<Self>] = [.init("weight", \.weight), .init("bias", \.bias)]

  public func read(into contents: inout TreeContents) {
    contents.add(weight)
    contents.add(bias)
    contents.add(setting: epsilon)
  }

  /// A layer with these parameters. PyTorch's ε is 1e-5, BERT's 1e-12.
  ///
  /// - Precondition: Both are floating.
  public init(
    weight: Tensor, bias: Tensor, epsilon: Double = 1e-5, file: StaticString = #fileID, line: UInt = #line
  ) {
    requireFloating("LayerNorm", ["weight": weight, "bias": bias], Caller(file, line))
    self.weight = weight
    self.bias = bias
    self.epsilon = epsilon
  }

  /// A new layer: gain 1, bias 0.
  public init(_ width: Int, epsilon: Double = 1e-5, dtype: DType = .float32, device: Device = .current) {
    self.init(
      weight: .ones([width], dtype: dtype, device: device).materialized, bias: .zeros([width], dtype: dtype, device: device).materialized,
      epsilon: epsilon)
  }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { x.layerNorm(gain: weight, bias: bias, epsilon: epsilon) }
}
