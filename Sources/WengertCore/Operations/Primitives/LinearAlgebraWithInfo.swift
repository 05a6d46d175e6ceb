/// A factor or a solution for each matrix that has one, NaN for the others, and which they are: [..., n, k], and int32 of the leading axes, 0 if there is one.
struct LinearAlgebraWithInfo: Operation {
  /// `cholesky` or `solve`.
  var kernel: LinearAlgebraKernel

  private var plain: LinearAlgebra { LinearAlgebra(kernel: kernel) }
  var name: String { plain.name + "WithInfo" }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    let result = operands[operands.count - 1]
    return [result, TensorType(shape: result.shape.selecting(result.shape.indices.dropLast(2)), dtype: .int32)]
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let outs = results.map { $0.allocate(on: backend) }
    if results[0].shape.elementCount == 0 {
      ViewKernels.fill(outs[1], with: 0)
    } else {
      _ = backend.run(LinearAlgebraCall(kernel, operands.map(\.view), into: outs[0], info: outs[1]))
    }
    return outs.map { Tensor($0, node: nil) }
  }

  func substituting(_ symbols: [String: Int]) -> LinearAlgebraWithInfo { self }

  func batched(_ application: BatchedApplication) -> [Tensor] { apply(self, application.wholes, application.caller) }

  func keeps(for wanted: [Bool]) -> Residuals { plain.keeps(for: wanted) + Residuals(operands: 0, results: true) }

  // The derivatives of the matrices that have a result. Through the others no cotangent of zero passes as NaN, and any other one does.
  var derivative: Derivative {
    .rule(
      vjp: { a, ct in
        let hasResult = hasResult(a)
        guard let cotangent = ct[0] else { return a.operandTypes.map { _ in nil } }
        let zero = cotangent.constant(0)
        let flow = Tensor.select(hasResult, cotangent, zero, a.caller)
        let isMeant = (cotangent .!= 0).any(axes: [-2, -1], keepDims: true)
        let lost = Tensor.select(isMeant, cotangent.constant(.nan), zero, a.caller)
        return safe(a, hasResult).pullback([flow]).map { gradient in
          gradient.map { .select(hasResult, $0, lost, a.caller) }
        }
      },
      jvp: { a, t in
        let hasResult = hasResult(a)
        let tangent = safe(a, hasResult).pushforward(t)[0]
        return [tangent.map { .select(hasResult, $0, $0.constant(.nan), a.caller) }, nil]
      })
  }

  /// bool [..., 1, 1]
  private func hasResult(_ a: Application) -> Tensor { (a.result(1) .== 0).expandDims(-1).expandDims(-1) }

  /// The plain operation, with the identity in place of the matrices without a result.
  private func safe(_ a: Application, _ hasResult: Tensor) -> Application {
    let result = a.result(0)
    let order = Tensor.iota(a.operandTypes[0].shape[dim: a.operandTypes[0].shape.rank - 1], beside: result)
    let identity = (order.expandDims(1) .== order).cast(to: result.dtype)
    let operands = a.operands.enumerated().map { i, operand in
      i == 0 ? operand.map { .select(hasResult, $0, identity, a.caller) } : operand
    }
    let known = Tensor.select(hasResult, result, kernel == .cholesky ? identity : result.constant(0), a.caller)
    return Application(
      operation: plain, operandTypes: a.operandTypes, resultTypes: [a.resultTypes[0]], wanted: a.wanted, operands: operands,
      results: [known],
      caller: a.caller)
  }
}

extension LinearAlgebraWithInfo {
  func write(to code: inout ProgramWriter) { code.values(kernel) }
  init(from code: inout ProgramReader) throws { try self.init(kernel: code.read()) }
}

extension Tensor {
  /// The Cholesky factors of [..., n, n] as `cholesky` gives them, NaN for a matrix that is not positive definite, and `info` [...] (int32): 0 if there is a
  /// factor, 1 if there is none. `torch.linalg.cholesky_ex` is alike.
  ///
  /// Nothing ends the program, so that the answer can be used in compiled functions: `select(info .== 0, value, other)`. The gradient is that of `cholesky` if there
  /// is a factor; otherwise it is NaN, unless its cotangent is zero.
  ///
  /// - Precondition: As for `cholesky`, except that a matrix need not be positive definite.
  public func choleskyWithInfo(file: StaticString = #fileID, line: UInt = #line) -> (factor: Tensor, info: Tensor) {
    let caller = Caller(file, line)
    requireSquare("choleskyWithInfo", caller)
    let results = apply(LinearAlgebraWithInfo(kernel: .cholesky), [self], caller)
    return (results[0], results[1])
  }
}

/// X with A·X = B as `solve` gives it, NaN for a matrix A that is singular, and `info` [...] (int32): 0 if there is a solution, 1 if the matrix is singular.
///
/// Nothing ends the program; derivatives are as those of `choleskyWithInfo`. `torch.linalg.solve_ex` is alike.
///
/// ```swift
/// let (x, info) = solveWithInfo(Tensor([[0, 0], [0, 1]]), Tensor([1.0, 1.0]))  // [nan, nan], and 1
/// ```
///
/// - Precondition: As for `solve`, except that a matrix may be singular.
public func solveWithInfo(
  _ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> (solution: Tensor, info: Tensor) {
  let caller = Caller(file, line)
  let (x, y) = Tensor.equations(a, b, "solveWithInfo", caller)
  let results = apply(LinearAlgebraWithInfo(kernel: .solve), [x, y], caller)
  return (b.rank == 1 ? results[0].squeeze(-1) : results[0], results[1])
}
