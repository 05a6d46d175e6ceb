extension Sequence<Tensor> {
  /// The standard library's `reduce` with a tensor as result: tensors.reduce(first, +). Swift then knows the types of formulas beside it, in closures that
  /// `map` takes, before it looks into them.
  public func reduce(_ first: Tensor, _ next: (Tensor, Tensor) throws -> Tensor) rethrows -> Tensor {
    var result = first
    for tensor in self { result = try next(result, tensor) }
    return result
  }
}
