// What the tape knows of an operation, as Swift wants it: no derivative is written twice.

extension Tensor {
  /// What Swift wants of a function of one, two or three tensors.
  @usableFromInline typealias OneRule = (value: Tensor, pullback: (TensorTangent) -> TensorTangent)
  @usableFromInline typealias TwoRule = (value: Tensor, pullback: (TensorTangent) -> (TensorTangent, TensorTangent))
  @usableFromInline typealias ThreeRule = (value: Tensor, pullback: (TensorTangent) -> (TensorTangent, TensorTangent, TensorTangent))
  /// Of a function of many tensors, and of one that gives many.
  @usableFromInline typealias ManyRule = (value: Tensor, pullback: (TensorTangent) -> [Tensor].TangentVector)
  @usableFromInline typealias PartsRule = (value: [Tensor], pullback: ([Tensor].TangentVector) -> TensorTangent)

  /// The rule of any number of operands and results. Nothing flows to whole numbers.
  static func rules(
    _ operands: [Tensor], _ f: ([Tensor]) -> [Tensor]
  ) -> (values: [Tensor], pullback: ([TensorTangent]) -> [TensorTangent]) {
    let nothing = [TensorTangent](repeating: .zero, count: operands.count)
    guard operands.contains(where: \.dtype.isFloating) else { return (f(operands), { _ in nothing }) }
    let (values, pullback) = vjp(at: operands, f)
    let areFloating = operands.map(\.dtype.isFloating)
    return (
      values,
      { cotangents in
        if cotangents.allSatisfy({ $0.value == nil }) { return nothing }
        let gradients = pullback(zip(values, cotangents).map { value, cotangent in cotangent.value ?? value.zeros })
        return zip(gradients, areFloating).map { gradient, isFloating in TensorTangent(isFloating ? gradient : nil) }
      }
    )
  }

  /// Zeros of this tensor's shape and dtype, beside it.
  var zeros: Tensor { .full(0, shape, dtype: dtype, beside: self) }

  static func rule(_ operands: [Tensor], _ f: ([Tensor]) -> Tensor) -> (value: Tensor, pullback: (TensorTangent) -> [TensorTangent]) {
    let (values, pullback) = rules(operands) { [f($0)] }
    return (values[0], { pullback([$0]) })
  }

  static func rule(_ x: Tensor, _ f: (Tensor) -> Tensor) -> OneRule {
    let (value, pullback) = rule([x]) { f($0[0]) }
    return (value, { pullback($0)[0] })
  }

  static func rule(_ x: Tensor, _ y: Tensor, _ f: (Tensor, Tensor) -> Tensor) -> TwoRule {
    let (value, pullback) = rule([x, y]) { f($0[0], $0[1]) }
    return (
      value,
      {
        let gradients = pullback($0)
        return (gradients[0], gradients[1])
      }
    )
  }

  static func rule(_ x: Tensor, _ y: Tensor, _ z: Tensor, _ f: (Tensor, Tensor, Tensor) -> Tensor) -> ThreeRule {
    let (value, pullback) = rule([x, y, z]) { f($0[0], $0[1], $0[2]) }
    return (
      value,
      {
        let gradients = pullback($0)
        return (gradients[0], gradients[1], gradients[2])
      }
    )
  }

  static func ruleOfMany(_ operands: [Tensor], _ f: ([Tensor]) -> Tensor) -> ManyRule {
    let (value, pullback) = rule(operands, f)
    return (value, { .init(pullback($0)) })
  }

  static func ruleOfParts(_ x: Tensor, _ f: (Tensor) -> [Tensor]) -> PartsRule {
    let (values, pullback) = rules([x]) { f($0[0]) }
    let count = values.count
    // A cotangent of zero is one without elements.
    return (values, { $0.base.count == count && count > 0 ? pullback($0.base)[0] : .zero })
  }
}
