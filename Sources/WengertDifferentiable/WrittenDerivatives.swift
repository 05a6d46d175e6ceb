// The operations whose derivatives are not generated: several results of different kinds, closures, and what is no tensor.

extension Tensor {
  @derivative(of: item(file:line:), wrt: self)
  @usableFromInline func vjpItem(file: StaticString, line: UInt) -> (value: Double, pullback: (Double) -> TensorTangent) {
    let value = item(file: file, line: line)
    return (value, { TensorTangent(self.dtype.isFloating ? .full($0, self.shape, dtype: self.dtype, beside: self) : nil) })
  }

  @derivative(of: cast(to:), wrt: self)
  @usableFromInline func vjpCast(to dtype: DType) -> OneRule {
    Caller(#fileID, #line).require(
      dtype.isFloating || !self.dtype.isFloating, "cast",
      "\(dtype) has no derivative, and the result is used as if it had one: write withoutDerivative(at: x.cast(to: .\(dtype)))")
    return Tensor.rule(self) { $0.cast(to: dtype) }
  }

  @derivative(of: to(_:file:line:), wrt: self)
  @usableFromInline func vjpTo(_ device: Device, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.to(device, file: file, line: line) }
  }

  @derivative(of: subscript(indices:file:line:), wrt: self)
  @usableFromInline func vjpSubscript(indices: [any TensorIndex], file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0[indices: indices, file: file, line: line] }
  }

  @derivative(of: subscript(indices:file:line:).set, wrt: (self, newValue))
  @usableFromInline mutating func vjpSubscriptSet(
    _ newValue: Tensor, indices: [any TensorIndex], file: StaticString, line: UInt
  ) -> (value: Void, pullback: (inout TensorTangent) -> TensorTangent) {
    Tensor.assignment(&self, newValue) {
      var result = $0
      result[indices: indices, file: file, line: line] = $1
      return result
    }
  }

  @derivative(of: topK(_:axis:largest:file:line:), wrt: self)
  @usableFromInline func vjpTopK(
    _ k: Int, axis: Int, largest: Bool, file: StaticString, line: UInt
  ) -> (value: (values: Tensor, indices: Tensor), pullback: (TensorTangent, TensorTangent) -> TensorTangent) {
    let (values, pullback) = Tensor.rules([self]) {
      let top = $0[0].topK(k, axis: axis, largest: largest, file: file, line: line)
      return [top.values, top.indices]
    }
    return ((values[0], values[1]), { pullback([$0, $1])[0] })
  }

  @derivative(of: choleskyWithInfo(file:line:), wrt: self)
  @usableFromInline func vjpCholeskyWithInfo(
    file: StaticString, line: UInt
  ) -> (value: (factor: Tensor, info: Tensor), pullback: (TensorTangent, TensorTangent) -> TensorTangent) {
    let (values, pullback) = Tensor.rules([self]) {
      let result = $0[0].choleskyWithInfo(file: file, line: line)
      return [result.factor, result.info]
    }
    return ((values[0], values[1]), { pullback([$0, $1])[0] })
  }
}

@derivative(of: solveWithInfo(_:_:file:line:), wrt: (a, b))
@usableFromInline func vjpSolveWithInfo(
  _ a: Tensor, _ b: Tensor, file: StaticString, line: UInt
) -> (value: (solution: Tensor, info: Tensor), pullback: (TensorTangent, TensorTangent) -> (TensorTangent, TensorTangent)) {
  let (values, pullback) = Tensor.rules([a, b]) {
    let result = solveWithInfo($0[0], $0[1], file: file, line: line)
    return [result.solution, result.info]
  }
  return (
    (values[0], values[1]),
    {
      let gradients = pullback([$0, $1])
      return (gradients[0], gradients[1])
    }
  )
}

@derivative(of: checkpoint(_:_:file:line:), wrt: x)
@usableFromInline func vjpCheckpoint(
  _ x: [Tensor], _ f: @escaping ([Tensor]) -> Tensor, file: StaticString, line: UInt
) -> Tensor.ManyRule {
  Tensor.ruleOfMany(x) { checkpoint($0, f, file: file, line: line) }
}

@derivative(of: customDerivative(_:forward:vjp:jvp:file:line:), wrt: inputs)
@usableFromInline func vjpCustomDerivative(
  _ inputs: [Tensor], forward: @escaping ([Tensor]) -> Tensor, vjp: @escaping ([Tensor], Tensor, Tensor) -> [Tensor?],
  jvp: (([Tensor], [Tensor]) -> Tensor)?, file: StaticString, line: UInt
) -> Tensor.ManyRule {
  Tensor.ruleOfMany(inputs) { customDerivative($0, forward: forward, vjp: vjp, jvp: jvp, file: file, line: line) }
}

// Assignments.
extension Tensor {
  /// The rule of a function whose first operand becomes its result.
  static func assignment(
    _ a: inout Tensor, _ b: Tensor, _ f: (Tensor, Tensor) -> Tensor
  ) -> (value: Void, pullback: (inout TensorTangent) -> TensorTangent) {
    let (value, pullback) = rule(a, b, f)
    a = value
    return (
      (),
      { cotangent in
        let (ofA, ofB) = pullback(cotangent)
        cotangent = ofA
        return ofB
      }
    )
  }

  static func assignment(_ a: inout Tensor, _ f: (Tensor) -> Tensor) -> (value: Void, pullback: (inout TensorTangent) -> Void) {
    let (value, pullback) = rule(a, f)
    a = value
    return ((), { $0 = pullback($0) })
  }
}
