// Each function here takes its closure's parameter as `Input.Itself`, which gets its meaning from the argument before Swift looks into the closure: a parameter of type
// `Input` would stay open until every overload of every operator in it had been tried. An argument that is written as an array, `[x, y]`, has no type of its own yet;
// GradientOfArrays.swift has the same functions for arrays of tensors, and Swift considers these here only where those do not fit.

/// The value of a function of a tree, and its pullback: from a cotangent of the value to one of the argument, as often as wanted.
///
/// ```swift
/// let (value, pullback) = vjp(at: Tensor([1.0, 3.0])) { square($0) }  // value is [1, 9]
/// let slope = pullback(Tensor([1.0, 10.0]))  // [2, 60]
/// ```
///
/// - Precondition: A tensor of `x` is floating, and f(x) does not depend on those only through whole numbers or truth values. The pullback takes a cotangent of the value's structure and shapes.
/// - Returns: f(x) and v ↦ vᵀ ∂f/∂x. Tensors of whole numbers beside floating ones (indices, random keys) have the gradient zero, and so have floating ones that f does
///   not use.
///
/// The program ends if no tensor of `x` is floating, and if f(x) depends on them only through whole numbers or truth values (argMax, comparisons, casts): there is
/// nothing to differentiate. `stopGradient` of the result says that a derivative of zero is meant; functions that are constant almost everywhere (floor, round, sign) have
/// one without it. The same holds for all functions here; `gradient` and `valueAndGradient` also refuse an f(x) that uses no tensor of `x` at all.
@_disfavoredOverload
public func vjp<Input: TensorTree, Output: TensorTree>(
  at x: Input, _ f: (Input.Itself) throws -> Output, file: StaticString = #fileID, line: UInt = #line
) rethrows -> (value: Output, pullback: (Output) -> Input.Itself) {
  try vjp("vjp", at: x.itself, needsUse: false, f, Caller(file, line))
}

/// The value of a function and its derivative along `tangent`, which has the argument's structure: f(x) and ∂f/∂x · tangent.
///
/// ```swift
/// let (value, tangent) = jvp(at: Tensor([3.0]), along: Tensor([1.0])) { square($0) }  // [9], and [6]
/// ```
///
/// - Precondition: As for `vjp`; `tangent` has the argument's structure and shapes.
@_disfavoredOverload
public func jvp<Input: TensorTree, Output: TensorTree>(
  at x: Input, along tangent: Input, _ f: (Input.Itself) throws -> Output, file: StaticString = #fileID, line: UInt = #line
) rethrows -> (value: Output, tangent: Output) {
  try jvp("jvp", at: x.itself, along: tangent.itself, f, Caller(file, line))
}

/// f(x), a scalar, and its gradient, which has x's structure.
///
/// ```swift
/// let (value, slope) = valueAndGradient(at: Tensor([1.0, 2.0])) { square($0).sum() }  // 5, and [2, 4]
/// ```
///
/// - Precondition: f(x) is one floating number (a scalar, or one element) that depends on a floating tensor of `x`; see `vjp`.
@_disfavoredOverload
public func valueAndGradient<Input: TensorTree>(
  at x: Input, _ f: (Input.Itself) throws -> Tensor, file: StaticString = #fileID, line: UInt = #line
) rethrows -> (value: Tensor, gradient: Input.Itself) {
  try valueAndGradient(at: x.itself, f, Caller(file, line))
}

/// The gradient of a scalar function at x, with x's structure.
///
/// ```swift
/// let slope = gradient(at: Tensor([1.0, 2.0])) { square($0).sum() }  // [2, 4]
/// ```
///
/// - Precondition: f(x) is one floating number (a scalar, or one element) that depends on a floating tensor of `x`; see `vjp`.
@_disfavoredOverload
public func gradient<Input: TensorTree>(
  at x: Input, _ f: (Input.Itself) throws -> Tensor, file: StaticString = #fileID, line: UInt = #line
) rethrows -> Input.Itself {
  try valueAndGradient(at: x.itself, f, Caller(file, line)).gradient
}

/// The product of the Hessian and a vector, ∂²f/∂x² · v, forward over reverse: the cost of a few gradients, without the matrix.
///
/// - Precondition: As for `gradient`; `v` has the argument's structure and shapes.
@_disfavoredOverload
public func hessianVectorProduct<Input: TensorTree>(
  at x: Input, along v: Input, _ f: (Input.Itself) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Input.Itself {
  hessianVectorProduct(at: x.itself, along: v.itself, f, Caller(file, line))
}

/// `f(x)` whose intermediate values are not kept for the backward pass but computed again in it: memory for time (Griewank & Walther 2000). All
/// parameters that `f` uses must come through `x`.
///
/// ```swift
/// let slope = gradient(at: Tensor([1.0, 2.0])) { x in
///   checkpoint(x) { square($0) }.sum()
/// }  // [2, 4]
/// ```
///
/// - Precondition: `f` uses no variable of a derivative that does not come through `x`.
@_disfavoredOverload
public func checkpoint<Input: TensorTree>(
  _ x: Input, _ f: @escaping (Input.Itself) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  checkpoint(x.itself, f, Caller(file, line))
}

extension TensorTree {
  /// This value, by the other name of its type.
  var itself: Itself {
    guard let itself = self as? Itself else {
      Caller(#fileID, #line).fail("\(Self.self)", "declares \(Itself.self) as its type `Itself`, which must stay \(Self.self)")
    }
    return itself
  }
}
