/// A tensor plus each slice of the updates at its index, added up in the tensor's memory where it is not needed any more. Only graphs that are already
/// differentiated hold it. Operands: updates, indices [n], the tensor.
struct ScatterAddInto: Operation {
  var axis: Int

  var name: String { "scatterAdd + add" }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] { [operands[2]] }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let out = results[0].allocate(on: backend)
    ViewKernels.copy(operands[2].view, into: out)
    func front(_ view: View) -> View { view.with(view.layout.movingToFront(axis)) }
    let report = FaultReport(kind: .outOfRange, operation: "scatterAdd", shapes: operands.map(\.shape), caller: caller) { index in
      (index, "index \(index) is out of range for axis \(axis) with extent \(results[0].shape[dim: axis])")
    }
    report.run(ScatterAddCall(front(operands[0].view), indices: operands[1].view, into: front(out)), on: backend)
    return [Tensor(out, node: nil)]
  }

  func substituting(_ symbols: [String: Int]) -> ScatterAddInto { self }
  func batched(_ application: BatchedApplication) -> [Tensor] { unreachable("\(name) is made when a graph is complete") }
  func keeps(for wanted: [Bool]) -> Residuals { .nothing }
  var derivative: Derivative { .notDifferentiable("it is made after differentiation") }
}

extension ScatterAddInto {
  func write(to code: inout ProgramWriter) { code.values(axis) }
  init(from code: inout ProgramReader) throws { try self.init(axis: code.read()) }
}
