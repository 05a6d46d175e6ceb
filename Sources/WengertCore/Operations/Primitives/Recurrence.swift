/// A linear recurrence along one axis: y[j] = a[j]·y[j−1] + b[j], y[−1] = 0; or from the end, y[j] = a[j]·y[j+1] + b[j]. Operands a and b of one shape and dtype.
///
/// It is what derivatives of running products are made of.
struct Recurrence: Operation {
  var axis: Int
  var reverse: Bool

  var name: String { "recurrence" }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] { [operands[1]] }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let out = results[0].allocate(on: backend)
    if results[0].shape.elementCount > 0 {
      func end(_ view: View) -> View { view.with(view.layout.movingToEnd(axis)) }
      backend.run(RecurrenceCall(end(operands[0].view), end(operands[1].view), reverse: reverse, into: end(out)))
    }
    return [Tensor(out, node: nil)]
  }

  func substituting(_ symbols: [String: Int]) -> Recurrence { self }

  func batched(_ application: BatchedApplication) -> [Tensor] {
    apply(Recurrence(axis: axis + 1, reverse: reverse), application.wholes, application.caller)
  }

  func keeps(for wanted: [Bool]) -> Residuals { Residuals(operands: 1, results: wanted[0]) }

  var derivative: Derivative {
    // ẏ[j] = a[j]·ẏ[j−1] + ȧ[j]·y[j−1] + ḃ[j]; transposed, b̄[j] = ȳ[j] + a[j+1]·b̄[j+1], ā[j] = b̄[j]·y[j−1].
    .rule(
      vjp: { a, ct in
        let next = a.operand(0).shifted(reverse ? 1 : -1, axis: axis, fill: 0, a.caller)
        let b = apply1(Recurrence(axis: axis, reverse: !reverse), [next, ct[0]!], a.caller)
        return [a.wanted[0] ? b * before(a) : nil, b]
      },
      jvp: { a, t in
        let moved = t[0].map { $0 * before(a) }
        let drive = moved.map { m in t[1].map { m + $0 } ?? m } ?? t[1]!
        return [apply1(self, [a.operand(0), drive], a.caller)]
      })
  }

  /// y[j−1], zero before the first.
  private func before(_ a: Application) -> Tensor { a.result().shifted(reverse ? -1 : 1, axis: axis, fill: 0, a.caller) }
}

extension Recurrence {
  func write(to code: inout ProgramWriter) { code.values(axis, reverse) }
  init(from code: inout ProgramReader) throws { try self.init(axis: code.read(), reverse: code.read()) }
}
