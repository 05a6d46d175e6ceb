@_spi(Backend) import Wengert

extension CaseList {
  /// Base shape [n, k]: steps, and a state of k numbers.
  private static func row(
    _ name: String, _ operands: [Operand], _ f: @escaping @Sendable ([Tensor]) -> [Tensor]
  ) -> OperationCase {
    OperationCase(name, operands, shapes: Shapes.matrices, accuracy: .composed(64), f)
  }

  private static let steps = Operand.real(-1...1), state = Operand.real(-1...1, shape: { [$0[1]] })
  private static func number(_ fill: Fill, _ dtype: DType) -> Operand { Operand(fill, dtype: dtype, keepsLayout: true, shape: { _ in [] }) }

  /// h ← tanh(w·h + x), which uses w of its surroundings; gives h·x besides.
  private static func recurrent(_ x: Tensor, _ h: Tensor, _ w: Tensor, reversed: Bool) -> [Tensor] {
    let (last, outputs) = scan(h, over: x, reversed: reversed) { h, x in
      let next = tanh(w * h + x)
      return (next, next * x)
    }
    return [last, outputs]
  }

  public static let controlFlow: [OperationCase] = [
    row("scan", [steps, state, state]) { recurrent($0[0], $0[1], $0[2], reversed: false) },
    row("scan reversed", [steps, state, state]) { recurrent($0[0], $0[1], $0[2], reversed: true) },
    row("scan of a scan", [steps, state]) { x in
      [
        scan(x[1], over: x[0]) { h, row in
          let inner = scan(h.sum(), over: row) { total, x in (sin(total + x), total) }
          return (h * 0.5 + inner.carry, inner.outputs)
        }.outputs
      ]
    },
    row("forLoop", [steps]) { x in [forLoop(x[0], count: 4) { i, x in x * 0.5 + sin(x * i.cast(to: x.dtype)) }] },
    row("forLoop of no steps", [steps]) { x in [forLoop(x[0], count: 0) { _, x in x * 2 }] },
    row("whileLoop", [steps, number(.fixed([5]), .int32), state]) { x in
      let state = whileLoop([x[0], x[1]], maximumSteps: 8, while: { $0[1] .> 0 }) { state in
        [tanh(state[0] + x[2] * state[0]), state[1] - 1]
      }
      return [state[0]]
    },
    row("cond", [number(.flags, .bool), steps, state]) { x in
      [
        cond(x[0]) {
          sin(x[1]) * x[2]
        } otherwise: {
          x[1] + x[2]
        }
      ]
    },
    row("cond within a scan", [steps, state]) { x in
      [
        scan(x[1], over: x[0]) { h, x in
          let next = cond(h.sum() .> 100) {
            h * 0
          } otherwise: {
            h * 0.5 + x
          }
          return (next, next)
        }.outputs
      ]
    },
  ]
}
