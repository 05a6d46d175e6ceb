@_spi(Backend) import Wengert

/// A gradient with an element that is infinite or not a number: which tensors hold one.
public struct NonFiniteGradient: Error, Sendable, CustomStringConvertible {
  /// The dotted names of the tensors.
  public let names: [String]
  /// The norm that was found: infinite or NaN.
  public let norm: Double

  public var description: String {
    let names = names.map { $0.isEmpty ? "the tensor" : $0 }
    let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
    return "the gradient's norm is \(norm), because of \(shown); lower the learning rate, or look for a division by zero in the loss"
  }
}

/// A gradient scaled down to a norm of at most `maximum`, and its norm before: the root of the sum of the squares of all its elements.
///
/// As `torch.nn.utils.clip_grad_norm_`: above the maximum every tensor is multiplied by maximum / (norm + 10⁻⁶) (Pascanu et al. 2013).
///
/// ```swift
/// let (clipped, norm) = try clipByGlobalNorm(Tensor([3.0, 4.0]), 1)  // about [0.6, 0.8], and 5
/// ```
/// - Throws: `NonFiniteGradient` if the norm is not finite.
public func clipByGlobalNorm<Tree: TensorTree>(_ gradient: Tree, _ maximum: Double) throws -> (gradient: Tree, norm: Double) {
  let parts = gradient.namedTensors.filter { $0.tensor.dtype.isFloating }
  let squares = parts.map { square($0.tensor.cast(to: $0.tensor.dtype.computeType)).sum().item() }
  let norm = squares.reduce(0, +).squareRoot()
  guard norm.isFinite else {
    throw NonFiniteGradient(names: zip(parts, squares).filter { !$1.isFinite }.map(\.0.name), norm: norm)
  }
  let scale = maximum / (norm + 1e-6)
  guard scale < 1 else { return (gradient, norm) }
  // The factor is not rounded to half precision before the product is.
  return (gradient.map { $1.dtype.isFloating ? ($1.cast(to: $1.dtype.computeType) * scale).cast(to: $1.dtype) : $1 }, norm)
}

/// A gradient scaled down to a norm of at most `maximum`, and its norm before, as a scalar: `clipByGlobalNorm` in tensor operations alone, which a compiled step can
/// hold. A norm that is not finite makes every element of the gradient NaN.
public func clippedByGlobalNorm<Tree: TensorTree>(_ gradient: Tree, _ maximum: Double) -> (gradient: Tree, norm: Tensor) {
  guard let first = gradient.tensors.first(where: \.dtype.isFloating) else { return (gradient, Tensor(0)) }
  let norm = globalNorm(gradient)
  func number(_ value: Double) -> Tensor { .full(value, [], dtype: .float32, beside: first) }
  let scale = select(isFinite(norm), minimum(maximum / (norm + 1e-6), number(1)), number(.nan))
  return (gradient.map { $1.dtype.isFloating ? ($1 * scale).cast(to: $1.dtype) : $1 }, norm)
}

/// The root of the sum of the squares of all elements of a gradient, a float32 scalar, in tensor operations alone; 0 if there are none.
public func globalNorm(_ gradient: some TensorTree) -> Tensor {
  let squares = gradient.tensors.filter(\.dtype.isFloating).map { square($0.cast(to: $0.dtype.computeType)).sum().cast(to: .float32) }
  guard let first = squares.first else { return Tensor(0) }
  return sqrt(squares.dropFirst().reduce(first, +))
}
