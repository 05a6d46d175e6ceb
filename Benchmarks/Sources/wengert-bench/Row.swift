import Wengert

/// One line of the table: an operation at one shape.
struct Row: Sendable {
  /// As the peers' scripts know it.
  var name: String
  var shape: String
  /// What a call must at least do: its arithmetic, or the bytes that it must read and write once.
  var cost: Cost
  var body: Body
  /// What a row of this kind multiplies.
  var product: Product?

  enum Cost: Sendable {
    case flops(Double)
    case bytes(Double)
  }

  enum Body: Sendable {
    /// A function of tensors, and the tensors.
    case function(inputs: @Sendable () -> [Tensor], @Sendable ([Tensor]) -> [Tensor])
    /// Something that changes its tensors in place: `prepare` makes them and returns one step.
    case step(prepare: @Sendable () -> () -> Void)
  }

  static let all =
    products + convolutions + attention + elementwise + rowwise + reductions + movement + indexing + losses + sorting + optimizers
    + linearAlgebra + transforms
}

extension Row {
  /// A row whose time goes into arithmetic.
  static func arithmetic(
    _ name: String, _ shape: String, flops: Double, _ inputs: @escaping @Sendable () -> [Tensor],
    _ f: @escaping @Sendable ([Tensor]) -> [Tensor]
  ) -> Row {
    Row(name: name, shape: shape, cost: .flops(flops), body: .function(inputs: inputs, f))
  }

  /// A row whose time goes into memory: `elements` float32 numbers are read or written at least once.
  static func memory(
    _ name: String, _ shape: String, elements: Int, _ inputs: @escaping @Sendable () -> [Tensor],
    _ f: @escaping @Sendable ([Tensor]) -> [Tensor]
  ) -> Row {
    Row(name: name, shape: shape, cost: .bytes(Double(elements) * 4), body: .function(inputs: inputs, f))
  }
}

/// Normally distributed numbers.
func normal(_ shape: Shape, seed: Int = 1) -> Tensor { RandomKey(seed).normal(shape) }
