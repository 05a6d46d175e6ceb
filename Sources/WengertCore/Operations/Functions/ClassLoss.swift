/// −log softmax(x) at one class per row: x [rows, classes] and classes [rows, 1] (int64, from 0) → [rows, 1]. The rows' softmax is never stored.
struct ClassLoss: Operation {
  var name: String { "crossEntropy" }

  /// Added to negative classes, which would count from the end otherwise, to put them out of range.
  static let beyond = 1 << 40

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    [TensorType(shape: operands[1].shape, dtype: operands[0].dtype)]
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let x = operands[0].view, classes = operands[1].view
    let out = results[0].allocate(on: backend), chosen = results[0].allocate(on: backend)
    if x.shape.elementCount == 0 { return [Tensor(out, node: nil)] }
    let report = FaultReport(kind: .outOfRange, operation: name, shapes: [x.shape, classes.shape], caller: caller) { index in
      let number = index > Self.beyond / 2 ? index - Self.beyond : index
      return (number, "class \(number) is not in 0..<\(x.shape.last!)")
    }
    report.run(TakeAlongCall(x, indices: classes, into: chosen), on: backend)
    ViewKernels.run(RowFunctions.classLoss(x.dtype), [x, chosen], into: [out], over: x.shape)
    return [Tensor(out, node: nil)]
  }

  func substituting(_ symbols: [String: Int]) -> ClassLoss { self }

  func batched(_ application: BatchedApplication) -> [Tensor] { apply(self, application.wholes, application.caller) }

  func keeps(for wanted: [Bool]) -> Residuals { .allOperands }

  // With p = softmax(x) and the unit vector e of the class: x̄ = ȳ (p − e), ẏ = Σ (p − e) ẋ
  var derivative: Derivative {
    .rule(
      vjp: { a, ct in [RowFunctions.classLossPullback(a.operand(0), a.operand(1), ct[0]!, a.caller), nil] },
      jvp: { a, t in [RowFunctions.classLossPushforward(a.operand(0), a.operand(1), t[0]!, a.caller)] })
  }
}

extension ClassLoss {
  func write(to code: inout ProgramWriter) {}
  init(from code: inout ProgramReader) throws { self.init() }
}

extension RowFunctions {
  /// From rows and their elements at the class: ln Σ e^(x − max) − (x at the class − max). An infinite maximum is not subtracted.
  fileprivate static func classLoss(_ dtype: DType) -> RowProgram {
    program("crossEntropy", dtype) { b in
      let x = b.row(dtype), chosen = b.scalar(dtype)
      let shift = finite(x.reduce(.maximum))
      b.store((x - shift)(.exp).reduce(.sum)(.log) - (chosen - shift), as: dtype)
    }
  }

  /// softmax(x) − 1 at the class
  private static func slope(_ x: RowValue, _ classes: RowValue) -> RowValue {
    let e = (x - finite(x.reduce(.maximum)))(.exp)
    let p = e * (1 / e.reduce(.sum))
    return p - x.builder.columnIndex().compare(.equal, classes).select(x.constant(1), x.constant(0))
  }

  fileprivate static func classLossPullback(_ x: Tensor, _ classes: Tensor, _ ct: Tensor, _ caller: Caller) -> Tensor {
    let p = program("crossEntropy pullback", x.dtype) { b in
      let x = b.row(x.dtype), classes = b.scalar(.int64), ct = b.scalar(x.dtype)
      b.store(slope(x, classes) * ct, as: x.dtype)
    }
    return apply1(RowOperation(program: p, rule: .replay), [x, classes, ct], caller)
  }

  fileprivate static func classLossPushforward(_ x: Tensor, _ classes: Tensor, _ tangent: Tensor, _ caller: Caller) -> Tensor {
    let p = program("crossEntropy pushforward", x.dtype) { b in
      let x = b.row(x.dtype), classes = b.scalar(.int64), tangent = b.row(x.dtype)
      b.store((slope(x, classes) * tangent).reduce(.sum), as: x.dtype)
    }
    return apply1(RowOperation(program: p, rule: .replay), [x, classes, tangent], caller)
  }
}

/// −log softmax(x) at one class per row, [rows, 1]; x [rows, classes], classes [rows] whole numbers from 0.
package func classLoss(_ x: Tensor, _ classes: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  let caller = Caller(file, line)
  caller.expect(
    !classes.dtype.isFloating, "crossEntropy",
    "classes must be whole numbers, they are \(classes.dtype); cast them, as in classes.cast(to: .int64)", of: [x, classes])
  let classes = classes.cast(to: .int64).expandDims(1)
  let checked = select(classes .< 0, classes + Double(ClassLoss.beyond), classes)
  return apply1(ClassLoss(), [x, checked], caller)
}
