/// The feed-forward network of a transformer's block: W₂ f(W₁ x + b₁) + b₂ (Vaswani et al. 2017), or with a gate W₂ (f(W₃ x + b₃) ⊙ (W₁ x + b₁)) + b₂ (Shazeer 2020), which is SwiGLU with
/// SiLU and GEGLU with GELU: [..., width] → [..., width].
///
/// ```swift
/// let layer = FeedForward(width: 8, inner: 20, function: .silu, isGated: true, bias: false, key: RandomKey(1))  // SwiGLU
/// let y = layer(RandomKey(2).normal([5, 8]))  // [5, 8]
/// ```
public struct FeedForward: Layer, ParameterTree {
  /// A function of each element, by name.
  public enum Function: String, Sendable, CaseIterable {
    /// The core's function of this name; `geluTanh` is the approximation of `gelu` by tanh, `squaredReLU` is max(0, x)².
    case relu, gelu, geluTanh, silu, tanh, sigmoid, squaredReLU

    /// The function's value.
    public func callAsFunction(_ x: Tensor) -> Tensor {
      switch self {
      case .relu: Wengert.relu(x)
      case .gelu: Wengert.gelu(x)
      case .geluTanh: Wengert.geluTanh(x)
      case .silu: Wengert.silu(x)
      case .tanh: Wengert.tanh(x)
      case .sigmoid: Wengert.sigmoid(x)
      case .squaredReLU: square(Wengert.relu(x))
      }
    }
  }

  /// W₁, [width] → [inner].
  public var up: Linear
  /// W₃, [width] → [inner]; nil: there is no gate.
  public var gate: Linear?
  /// W₂, [inner] → [width].
  public var down: Linear
  /// f.
  public var function: Function
  /// Dropout of the inner values.
  public var dropout: Dropout

  public static let fields: [Field<Self>] = [.init("up", \.up), .init("gate", \.gate), .init("down", \.down), .init("dropout", \.dropout)]

  public func read(into contents: inout TreeContents) {
    contents.add(up)
    gate.read(into: &contents)
    contents.add(down)
    contents.add(setting: function)
    contents.add(dropout)
  }

  /// New layers; `inner` is the width between them, 4 · width by default.
  ///
  /// - Precondition: The rate of dropout is in 0..<1.
  public init(
    width: Int, inner: Int? = nil, function: Function = .gelu, isGated: Bool = false, bias: Bool = true, dropout: Double = 0,
    key: RandomKey,
    initializer: Initializer = .normal(standardDeviation: 0.02), dtype: DType = .float32, file: StaticString = #fileID, line: UInt = #line
  ) {
    let inner = inner ?? 4 * width
    func layer(_ site: Int, _ inputs: Int, _ outputs: Int) -> Linear {
      Linear(inputs, outputs, bias: bias, key: key.fold(site), initializer: initializer, dtype: dtype)
    }
    up = layer(0, width, inner)
    down = layer(1, inner, width)
    gate = isGated ? layer(2, width, inner) : nil
    self.function = function
    self.dropout = Dropout(dropout, file: file, line: line)
  }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    let inner = gate.map { function($0(x)) * up(x) } ?? function(up(x))
    return down(dropout(inner, mode))
  }
}
