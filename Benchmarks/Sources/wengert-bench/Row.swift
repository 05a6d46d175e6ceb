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

  static let all: [Row] = joined(
    products, contractions, convolutions, pooling, attention, elementwise, functions, rowwise, reductions, movement, indexing, losses,
    sorting,
    random, optimizers, linearAlgebra, transforms, complex, loops)
}

/// Functions by the names of their rows.
typealias Functions = KeyValuePairs<String, @Sendable ([Tensor]) -> [Tensor]>

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

extension Row {
  /// With the type of each part alone for the compiler to find.
  static func joined(_ parts: [Row]...) -> [Row] { parts.flatMap(\.self) }

  /// Rows of functions of the same tensors.
  static func memory(_ shape: String, elements: Int, _ inputs: @escaping @Sendable () -> [Tensor], _ functions: Functions) -> [Row] {
    functions.map { name, f in memory(name, shape, elements: elements, inputs, f) }
  }

  static func arithmetic(_ shape: String, flops: Double, _ inputs: @escaping @Sendable () -> [Tensor], _ functions: Functions) -> [Row] {
    functions.map { name, f in arithmetic(name, shape, flops: flops, inputs, f) }
  }

  /// f(x) for the first tensors, and their cotangents where the last one is f(x)'s.
  static func withPullbacks(_ x: [Tensor], of count: Int, _ f: ([Tensor]) -> Tensor) -> [Tensor] {
    let (value, pullback) = vjp(at: Array(x[..<count]), f)
    return [value] + pullback(x[x.count - 1])
  }
}

/// Normally distributed numbers.
func normal(_ shape: Shape, seed: Int = 1) -> Tensor { RandomKey(seed).normal(shape) }

/// Numbers that are equally likely everywhere between two bounds.
func uniform(_ shape: Shape, _ bounds: ClosedRange<Double>, seed: Int = 1) -> Tensor {
  RandomKey(seed).uniform(shape, low: bounds.lowerBound, high: bounds.upperBound)
}
