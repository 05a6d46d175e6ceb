/// A function without parameters as a layer: `Activation(gelu)`, `Activation { 2 * tanh($0) }`.
public struct Activation: Layer {
  private let function: @Sendable (Tensor) -> Tensor

  /// A layer that applies `function`.
  public init(_ function: @escaping @Sendable (Tensor) -> Tensor) { self.function = function }

  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {}

  /// Functions cannot be compared.
  public func read(into contents: inout TreeContents) {}

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { function(x) }
}
