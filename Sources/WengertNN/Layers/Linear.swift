/// y = x Wᵀ + b: [..., inputs] → [..., outputs].
///
/// ```swift
/// let layer = Linear(weight: Tensor([[1, 2], [3, 4]]), bias: Tensor([10.0, 20.0]))
/// let y = layer(Tensor([[1, 1]]))  // [[13, 27]]
/// ```
public struct Linear: Layer, ParameterTree {
  /// The matrix W, [outputs, inputs], as PyTorch and its files store it.
  public var weight: Tensor
  /// The offset b, [outputs]; nil adds nothing.
  public var bias: Tensor?

  public static let fields: [Field<Self>] = [.init("weight", \.weight), .init("bias", \.bias)]

  public func read(into contents: inout TreeContents) {
    contents.add(weight)
    contents.add(bias)
  }

  /// A layer with these parameters.
  ///
  /// - Precondition: `weight` is [outputs, inputs], `bias` [outputs], and both are floating.
  public init(weight: Tensor, bias: Tensor? = nil, file: StaticString = #fileID, line: UInt = #line) {
    let caller = Caller(file, line)
    let fits = weight.rank == 2 && (bias == nil || bias!.shape == Shape(dimensions: [weight.shape[dim: 0]]))
    caller.require(
      fits, "Linear",
      "the weight must be [outputs, inputs] and the bias [outputs], got \(weight.shape) and \(bias?.shape.description ?? "none")")
    requireFloating("Linear", ["weight": weight, "bias": bias], caller)
    self.weight = weight
    self.bias = bias
  }

  /// A new layer, its parameters drawn by `initializer` from `key`.
  public init(
    _ inputs: Int, _ outputs: Int, bias: Bool = true, key: RandomKey, initializer: Initializer = .uniformByInputs, dtype: DType = .float32
  ) {
    weight = initializer.weight([outputs, inputs], inputs: inputs, key: key.fold(0), dtype: dtype)
    self.bias = bias ? initializer.bias(outputs, inputs: inputs, key: key.fold(1), dtype: dtype) : nil
  }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    // Cast before it is transposed, and so in the order of its elements.
    let product = x.matmul(Autocast.lowered(weight).transpose())
    return bias.map { product + Autocast.lowered($0) } ?? product
  }
}
