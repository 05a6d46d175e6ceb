// The functions of Gradient.swift for several tensors, `gradient(at: [w, b]) { … $0[0] … $0[1] … }`: the parameter's type is known however the array is written.

/// The value of a function of several tensors, and its pullback: from a cotangent of the value to one of each tensor, as often as wanted.
///
/// - Precondition: A tensor is floating, and f(x) does not depend on those only through whole numbers or truth values. The pullback takes a cotangent of the value's structure and shapes.
public func vjp<Output: TensorTree>(
  at x: [Tensor], _ f: ([Tensor]) throws -> Output, file: StaticString = #fileID, line: UInt = #line
) rethrows -> (value: Output, pullback: (Output) -> [Tensor]) {
  try vjp("vjp", at: x, needsUse: false, f, Caller(file, line))
}

/// The value of a function of several tensors and its derivative along `tangent`, one tensor for each: f(x) and ∂f/∂x · tangent.
///
/// - Precondition: As for `vjp`; `tangent` has as many tensors, of the same shapes.
public func jvp<Output: TensorTree>(
  at x: [Tensor], along tangent: [Tensor], _ f: ([Tensor]) throws -> Output, file: StaticString = #fileID, line: UInt = #line
) rethrows -> (value: Output, tangent: Output) {
  try jvp("jvp", at: x, along: tangent, f, Caller(file, line))
}

/// f(x), a scalar, and its gradient with respect to each tensor of x.
///
/// - Precondition: f(x) is one floating number (a scalar, or one element) that depends on a floating tensor of `x`; see `vjp`.
public func valueAndGradient(
  at x: [Tensor], _ f: ([Tensor]) throws -> Tensor, file: StaticString = #fileID, line: UInt = #line
) rethrows -> (value: Tensor, gradient: [Tensor]) {
  try valueAndGradient(at: x, f, Caller(file, line))
}

/// The gradient of a scalar function with respect to each tensor of x.
///
/// - Precondition: f(x) is one floating number (a scalar, or one element) that depends on a floating tensor of `x`; see `vjp`.
public func gradient(
  at x: [Tensor], _ f: ([Tensor]) throws -> Tensor, file: StaticString = #fileID, line: UInt = #line
) rethrows -> [Tensor] {
  try valueAndGradient(at: x, f, Caller(file, line)).gradient
}

/// The product of the Hessian and a vector, ∂²f/∂x² · v, for several tensors, forward over reverse: the cost of a few gradients, without the matrix.
///
/// - Precondition: As for `gradient`; `v` has as many tensors, of the same shapes.
public func hessianVectorProduct(
  at x: [Tensor], along v: [Tensor], _ f: ([Tensor]) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> [Tensor] {
  hessianVectorProduct(at: x, along: v, f, Caller(file, line))
}

/// `f(x)` whose intermediate values are not kept for the backward pass but computed again in it. All parameters that `f` uses must be among `x`.
///
/// - Precondition: `f` uses no variable of a derivative that is not among `x`.
public func checkpoint(
  _ x: [Tensor], _ f: @escaping ([Tensor]) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  checkpoint(x, f, Caller(file, line))
}
