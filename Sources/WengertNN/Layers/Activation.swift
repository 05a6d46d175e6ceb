import Synchronization

/// A function without parameters as a layer: `Activation(gelu)`, `Activation { 2 * tanh($0) }`.
///
/// Functions cannot be compared: a compiled function takes each new `Activation` for another one, and copies of one for the same.
public struct Activation: Layer {
  private let function: @Sendable (Tensor) -> Tensor
  private let identity = Identity()

  /// A number that no other has in this process. Settings, which other processes compare, tell of an object its type alone.
  private final class Identity: Sendable {
    private static let count = Atomic<Int>(0)
    let number = count.add(1, ordering: .relaxed).newValue
  }

  /// A layer that applies `function`.
  public init(_ function: @escaping @Sendable (Tensor) -> Tensor) { self.function = function }

  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {}

  public func read(into contents: inout TreeContents) { contents.add(setting: identity.number) }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor { function(x) }
}
