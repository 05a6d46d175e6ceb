/// The value of a scalar function that Swift differentiates, and its gradient at `x`.
///
/// - Precondition: f(x) is one floating number: a scalar, or one element.
/// - Returns: f(x), and for each tensor of `x` its derivative, or nothing where none flows.
public func valueWithGradient<Model: Differentiable>(
  at x: Model, of f: @differentiable(reverse) (Model) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> (value: Tensor, gradient: Model.TangentVector) {
  let (value, pullback) = valueWithPullback(at: x, of: f)
  Caller(file, line).require(
    value.shape.elements.number == 1 && value.dtype.isFloating, "gradient",
    "the function must give one floating number, it gave \(value.type)")
  return (value, pullback(TensorTangent(.full(1, value.shape, dtype: value.dtype, beside: value))))
}

/// The gradient at `x` of a scalar function that Swift differentiates.
///
/// ```swift
/// let slope = gradient(at: Tensor([1.0, 2.0]), of: { x in square(x).sum() })  // slope.value is [2, 4]
/// ```
///
/// - Precondition: f(x) is one floating number: a scalar, or one element.
public func gradient<Model: Differentiable>(
  at x: Model, of f: @differentiable(reverse) (Model) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Model.TangentVector {
  valueWithGradient(at: x, of: f, file: file, line: line).gradient
}

/// A function of tensors that the tape differentiates, inside of one that Swift does: for operations that Swift cannot register, and for functions that are not marked.
///
/// ```swift
/// let y = onTape([Tensor([[1, 2], [3, 4]])]) { x in einsum("ii->i", x[0]) }  // [1, 4]
/// ```
/// What `f` takes from its surroundings is a constant; the compiler refuses there what has a derivative.
public func onTape(_ x: [Tensor], _ f: ([Tensor]) -> Tensor) -> Tensor { f(x) }

@derivative(of: onTape, wrt: x)
@usableFromInline func vjpOnTape(_ x: [Tensor], _ f: ([Tensor]) -> Tensor) -> Tensor.ManyRule { Tensor.ruleOfMany(x, f) }

extension TensorTree where Self: Differentiable {
  /// A gradient that Swift computed as a tree like this one, as optimizers take it: zeros where nothing flows.
  public func tree(of gradient: TangentVector) -> Self {
    var tree = map { _, tensor in tensor.zeros }
    tree.move(by: gradient)
    return tree
  }
}
