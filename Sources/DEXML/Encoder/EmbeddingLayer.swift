import WengertNN

/// What is between pooling and the embedding: modules of sentence-transformers, in any order.
public enum EmbeddingLayer: TensorTree, Sendable {
  /// A dense layer.
  case dense(Dense)
  /// Layer normalization.
  case norm(LayerNorm)
  /// Scaling to length one.
  case normalize
  /// The first components alone.
  case truncate(Int)

  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
    // The payload is taken out, so that nobody else refers to memory that is written in place.
    switch self {
    case .dense(var dense):
      self = .normalize
      dense.visit(dotted(prefix, "dense"), body)
      self = .dense(dense)
    case .norm(var norm):
      self = .normalize
      norm.visit(dotted(prefix, "norm"), body)
      self = .norm(norm)
    case .normalize, .truncate: break
    }
  }

  public func read(into contents: inout TreeContents) {
    switch self {
    case .dense(let dense):
      contents.add(setting: 0)
      contents.add(dense)
    case .norm(let norm):
      contents.add(setting: 1)
      contents.add(norm)
    case .normalize: contents.add(setting: 2)
    case .truncate(let width): contents.add(setting: [3, width])
    }
  }

  /// [texts, inputs] → [texts, outputs]
  func callAsFunction(_ x: Tensor) -> Tensor {
    switch self {
    case .dense(let dense): dense(x)
    case .norm(let norm): norm(x)
    case .normalize: x.l2Normalize()
    case .truncate(let width): x[Axis.all, 0..<width]
    }
  }

  /// The width of what it makes of vectors of `width`; nil if it takes none of that width.
  func width(of width: Int) -> Int? {
    switch self {
    case .dense(let dense): dense.linear.weight.shape[1] == width ? dense.linear.weight.shape[0] : nil
    case .norm(let norm): norm.weight.shape[0] == width ? width : nil
    case .normalize: width
    case .truncate(let wanted): min(wanted, width)
    }
  }
}

/// y = f(x Wᵀ + b), plus x or its projection if there is a residual connection.
public struct Dense: ParameterTree, Sendable {
  /// The linear part, x Wᵀ + b.
  public var linear: Linear
  /// The function f.
  public let activation: DenseActivation
  /// Whether the input is added to the output.
  public let isResidual: Bool
  /// The projection of the input that is added, if it has another width than the output.
  public var residual: Linear?

  public static let fields: [Field<Self>] = [
    .init("linear", \.linear), .init("residual", \.residual), .setting(\.activation), .setting(\.isResidual),
  ]

  /// A layer of these parts.
  public init(_ linear: Linear, activation: DenseActivation = .identity, isResidual: Bool = false, residual: Linear? = nil) {
    self.linear = linear
    self.activation = activation
    self.isResidual = isResidual
    self.residual = residual
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let y = activation(linear(x))
    return isResidual ? y + (residual.map { $0(x) } ?? x) : y
  }
}
