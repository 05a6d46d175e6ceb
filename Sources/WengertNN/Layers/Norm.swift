/// A normalization of the last axis, one or another by choice: what a block is made with.
public enum Norm: Layer {
  /// Layer normalization: less the mean, by the standard deviation.
  case layerNorm(LayerNorm)
  /// By the root of the mean square.
  case rmsNorm(RMSNorm)

  /// Which one.
  public enum Kind: String, Sendable, CaseIterable {
    /// As the case of this name.
    case layerNorm, rmsNorm
  }

  /// A new layer of gain 1, and bias 0 if it has one.
  ///
  /// - Parameters:
  ///   - kind: which normalization.
  ///   - width: of the last axis.
  ///   - epsilon: nil: the layer's own, 1e-5 and 1e-6.
  ///   - dtype: of gain and bias.
  ///   - device: where they lie.
  public init(_ kind: Kind, _ width: Int, epsilon: Double? = nil, dtype: DType = .float32, device: Device = .current) {
    switch kind {
    case .layerNorm: self = .layerNorm(LayerNorm(width, epsilon: epsilon ?? 1e-5, dtype: dtype, device: device))
    case .rmsNorm: self = .rmsNorm(RMSNorm(width, epsilon: epsilon ?? 1e-6, dtype: dtype, device: device))
    }
  }

  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
    switch self {
    case .layerNorm(var layer):
      layer.visit(prefix, body)
      self = .layerNorm(layer)
    case .rmsNorm(var layer):
      layer.visit(prefix, body)
      self = .rmsNorm(layer)
    }
  }

  public func read(into contents: inout TreeContents) {
    switch self {
    case .layerNorm(let layer):
      contents.add(setting: Kind.layerNorm)
      contents.add(layer)
    case .rmsNorm(let layer):
      contents.add(setting: Kind.rmsNorm)
      contents.add(layer)
    }
  }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    switch self {
    case .layerNorm(let layer): layer(x, mode)
    case .rmsNorm(let layer): layer(x, mode)
    }
  }
}
