/// A matrix product [m, k] · [k, n] and a row program over it, run while the product is in the cache. Only graphs that are already differentiated hold it.
///
/// Operands: a, b, then the program's operands but the one that the product takes. Results: the product, where it is kept, then the program's.
struct MatMulEpilogue: Operation {
  /// Over the product's shape.
  var rows: RowOperation
  /// The program's operand that is the product.
  var product: Int
  /// Whether the product is a result too.
  var keepsProduct: Bool

  var name: String { "matmul + \(rows.name)" }

  /// The product's type, and the program's operands'.
  private func types(_ operands: [TensorType], _ caller: Caller) -> (product: TensorType, rows: [TensorType]) {
    let made = MatMul().results(Array(operands[..<2]), caller)[0]
    var all = Array(operands[2...])
    all.insert(made, at: product)
    return (made, all)
  }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    let (made, all) = types(operands, caller)
    return (keepsProduct ? [made] : []) + rows.results(all, caller)
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let outs = results.map { $0.allocate(on: backend) }
    let stored = keepsProduct ? Array(outs.dropFirst()) : outs
    let made = types(operands.map(\.type), caller).product
    var inputs = operands.dropFirst(2).map(\.view)
    // The backend puts the product in this place.
    inputs.insert(View(storage: operands[0].view.storage, layout: Layout(rowMajor: made.shape), dtype: made.dtype), at: product)
    let call = ViewKernels.call(rows.program, inputs, into: stored, over: made.shape)
    backend.run(
      MatMulCall(a: operands[0].view, b: operands[1].view, out: keepsProduct ? outs[0] : nil, epilogue: (call, product)))
    return outs.map { Tensor($0, node: nil) }
  }

  func substituting(_ symbols: [String: Int]) -> MatMulEpilogue {
    var result = self
    result.rows = rows.substituting(symbols)
    return result
  }

  func batched(_ application: BatchedApplication) -> [Tensor] { unreachable("\(name) is made when a graph is complete") }

  func keeps(for wanted: [Bool]) -> Residuals { .nothing }
  var derivative: Derivative { .notDifferentiable("it is made after differentiation") }
}

extension MatMulEpilogue {
  func write(to code: inout ProgramWriter) { code.values(rows, product, keepsProduct) }
  init(from code: inout ProgramReader) throws { try self.init(rows: code.read(), product: code.read(), keepsProduct: code.read()) }
}

/// a · b + c, added up in c's memory where c is not needed any more. Only graphs that are already differentiated hold it.
struct MatMulAdd: Operation {
  var name: String { "matmul + add" }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] { [operands[2]] }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let out = results[0].allocate(on: backend)
    ViewKernels.copy(operands[2].view, into: out)
    backend.run(MatMulCall(a: operands[0].view, b: operands[1].view, out: out, accumulates: true))
    return [Tensor(out, node: nil)]
  }

  func substituting(_ symbols: [String: Int]) -> MatMulAdd { self }
  func batched(_ application: BatchedApplication) -> [Tensor] { unreachable("\(name) is made when a graph is complete") }
  func keeps(for wanted: [Bool]) -> Residuals { .nothing }
  var derivative: Derivative { .notDifferentiable("it is made after differentiation") }
}

extension MatMulAdd {
  func write(to code: inout ProgramWriter) {}
  init(from code: inout ProgramReader) throws { self.init() }
}
