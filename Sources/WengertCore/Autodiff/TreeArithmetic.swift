/// Arithmetic on models and their gradients, tensor by tensor: `model - 0.1 * gradient`. Tensors of whole numbers, which have no gradient, stay as they are on the left.
extension ParameterTree {
  /// The sum, tensor by tensor.
  ///
  /// - Precondition: The trees have the same structure, here and for all operators of two trees.
  public static func + (a: Self, b: Self) -> Self { a.combined(b, +) }
  /// The difference, tensor by tensor.
  public static func - (a: Self, b: Self) -> Self { a.combined(b, -) }
  /// Adds a tree, tensor by tensor.
  public static func += (a: inout Self, b: Self) { a = a + b }
  /// Subtracts a tree, tensor by tensor.
  public static func -= (a: inout Self, b: Self) { a = a - b }
  /// The negative of each tensor.
  public static prefix func - (a: Self) -> Self { a.changed { -$0 } }
  /// Each tensor times a number.
  public static func * (a: Double, b: Self) -> Self { b.changed { a * $0 } }
  /// Each tensor times a number.
  public static func * (a: Self, b: Double) -> Self { b * a }
  /// Each tensor divided by a number.
  public static func / (a: Self, b: Double) -> Self { a.changed { $0 / b } }
  /// Each tensor multiplied by a scalar.
  public static func * (a: Tensor, b: Self) -> Self { b.changed { (a * $0).cast(to: $0.dtype) } }
  /// Each tensor times a scalar.
  public static func * (a: Self, b: Tensor) -> Self { b * a }

  private func changed(_ change: (Tensor) -> Tensor) -> Self { map { $1.dtype.isFloating ? change($1) : $1 } }

  private func combined(_ other: Self, _ operation: (Tensor, Tensor) -> Tensor) -> Self {
    let (names, others) = (namedTensors.map(\.name), other.namedTensors)
    Caller(#fileID, #line).require(
      names == others.map(\.name), "\(Self.self)",
      "trees of different structures: the first has \(names.count) tensors, the second \(others.count)")
    var next = others.makeIterator()
    return map { _, tensor in
      let other = next.next()!.tensor
      return tensor.dtype.isFloating ? operation(tensor, other) : tensor
    }
  }
}
