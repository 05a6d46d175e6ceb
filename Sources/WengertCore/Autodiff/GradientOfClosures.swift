// The derivatives of Gradient.swift, for closures whose parameter has no type written down. An argument of type `Input` gives `Input.Itself` its meaning before Swift
// looks into the closure; a parameter of type `Input` would stay open until every overload of every operator in it had been tried. Code that is generic
// over a tree is served by the declarations in Gradient.swift.

/// The value of a function of a tree, and its pullback: from a cotangent of the value to one of the argument, as often as wanted.
///
/// - Returns: f(x) and v ↦ vᵀ ∂f/∂x. What is refused, and what has the gradient zero, is told in Documentation/Differentiation.md.
public func vjp<Input: TensorTree, Output: TensorTree>(
  at x: Input, _ f: (Input.Itself) throws -> Output, file: StaticString = #fileID, line: UInt = #line
) rethrows -> (value: Output, pullback: (Output) -> Input.Itself) {
  try vjp(at: x.itself, f, file: file, line: line)
}

/// The value of a function and its derivative along `tangent`, which has the argument's structure: f(x) and ∂f/∂x · tangent.
public func jvp<Input: TensorTree, Output: TensorTree>(
  at x: Input, along tangent: Input, _ f: (Input.Itself) throws -> Output, file: StaticString = #fileID, line: UInt = #line
) rethrows -> (value: Output, tangent: Output) {
  try jvp(at: x.itself, along: tangent.itself, f, file: file, line: line)
}

/// f(x), a scalar, and its gradient, which has x's structure.
public func valueAndGradient<Input: TensorTree>(
  at x: Input, _ f: (Input.Itself) throws -> Tensor, file: StaticString = #fileID, line: UInt = #line
) rethrows -> (value: Tensor, gradient: Input.Itself) {
  try valueAndGradient(at: x.itself, f, file: file, line: line)
}

/// The gradient of a scalar function at x, with x's structure.
public func gradient<Input: TensorTree>(
  at x: Input, _ f: (Input.Itself) throws -> Tensor, file: StaticString = #fileID, line: UInt = #line
) rethrows -> Input.Itself {
  try gradient(at: x.itself, f, file: file, line: line)
}

/// ∂²f/∂x² · v, forward over reverse: the cost of a few gradients, no matrix.
public func hessianVectorProduct<Input: TensorTree>(
  at x: Input, along v: Input, _ f: (Input.Itself) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Input.Itself {
  hessianVectorProduct(at: x.itself, along: v.itself, f, file: file, line: line)
}

/// `f(x)` whose inner values are not kept for the gradient but computed again when it is wanted: memory for time (Griewank & Walther 2000). All
/// parameters that `f` uses must come through `x`.
public func checkpoint<Input: TensorTree>(
  _ x: Input, _ f: @escaping (Input.Itself) -> Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  checkpoint(x.itself, f, file: file, line: line)
}

extension TensorTree {
  /// This value, by the other name of its type.
  @usableFromInline var itself: Itself {
    guard let itself = self as? Itself else {
      Failure.end("\(Self.self) declares \(Itself.self) as its type `Itself`, which must stay \(Self.self)")
    }
    return itself
  }
}
