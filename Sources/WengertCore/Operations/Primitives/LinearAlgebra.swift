/// Primitives of linear algebra on the last two axes; leading axes are equal.
struct LinearAlgebra: Operation {
  var kernel: LinearAlgebraKernel

  var name: String {
    switch kernel {
    case .cholesky: "cholesky"
    case .solve: "solve"
    case .solveTriangular: "solveTriangular"
    }
  }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] { [operands[operands.count - 1]] }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let out = results[0].allocate(on: backend)
    if results[0].shape.elementCount > 0 {
      let shape = operands[0].shape, kernel = kernel
      let report = FaultReport(kind: kernel.fault, operation: name, shapes: operands.map(\.shape), caller: caller) { matrix in
        (matrix, kernel.message(matrix: matrix, of: shape))
      }
      report.run(LinearAlgebraCall(kernel, operands.map(\.view), into: out), on: backend)
    }
    return [Tensor(out, node: nil)]
  }

  func substituting(_ symbols: [String: Int]) -> LinearAlgebra { self }

  func batched(_ application: BatchedApplication) -> [Tensor] { apply(self, application.wholes, application.caller) }

  func keeps(for wanted: [Bool]) -> Residuals {
    switch kernel {
    case .cholesky: Residuals(operands: 0, results: true)
    case .solve, .solveTriangular: Residuals(operands: 1, results: wanted[0])
    }
  }

  var derivative: Derivative {
    switch kernel {
    case .cholesky:
      // A = LLᵀ: L̇ = L Φ(L⁻¹ȦL⁻ᵀ), Ā = sym(L⁻ᵀ Φ(LᵀL̄) L⁻¹), Φ the lower triangle with half the diagonal (Murray 2016).
      .rule(
        vjp: { a, ct in
          let l = a.result(), up = l.transpose()
          let inner = halved(up.multiplied(by: ct[0]!, a.caller))
          let left = solve(up, inner, upper: true, a.caller)
          return [symmetric(solve(up, left.transpose(), upper: true, a.caller))]
        },
        jvp: { a, t in
          let l = a.result()
          let left = solve(l, symmetric(t[0]!), upper: false, a.caller)
          return [l.matmul(halved(solve(l, left.transpose(), upper: false, a.caller)))]
        })
    case .solve:
      // AX = B: Ẋ = A⁻¹(Ḃ − ȦX), B̄ = A⁻ᵀX̄, Ā = −B̄Xᵀ
      .rule(
        vjp: { a, ct in
          let b = apply1(self, [a.operand(0).transpose(), ct[0]!], a.caller)
          return [a.wanted[0] ? -b.multiplied(by: a.result().transpose(), a.caller) : nil, b]
        },
        jvp: { a, t in [apply1(self, [a.operand(0), change(a, t)], a.caller)] })
    case .solveTriangular(let upper):
      // The same, the derivative of A being a triangle too.
      .rule(
        vjp: { a, ct in
          let b = solve(a.operand(0).transpose(), ct[0]!, upper: !upper, a.caller)
          guard a.wanted[0] else { return [nil, b] }
          let full = -b.multiplied(by: a.result().transpose(), a.caller)
          return [upper ? full.upperTriangle() : full.lowerTriangle(), b]
        },
        jvp: { a, t in
          let triangle = t[0].map { upper ? $0.upperTriangle() : $0.lowerTriangle() }
          return [apply1(self, [a.operand(0), change(a, [triangle, t[1]])], a.caller)]
        })
    }
  }

  /// Ḃ − ȦX
  private func change(_ a: Application, _ tangents: [Tensor?]) -> Tensor {
    let moved = tangents[0].map { $0.multiplied(by: a.result(), a.caller) }
    guard let b = tangents[1] else { return -moved! }
    return moved.map { b - $0 } ?? b
  }

  private func solve(_ a: Tensor, _ b: Tensor, upper: Bool, _ caller: Caller) -> Tensor {
    apply1(LinearAlgebra(kernel: .solveTriangular(upper: upper)), [a, b], caller)
  }

  private func symmetric(_ x: Tensor) -> Tensor { (x + x.transpose()) * 0.5 }

  /// The lower triangle with half the diagonal.
  private func halved(_ x: Tensor) -> Tensor { (x.lowerTriangle() + x.lowerTriangle(-1)) * 0.5 }
}

extension LinearAlgebraKernel: CodeValue {
  func write(to code: inout ProgramWriter) {
    switch self {
    case .cholesky: code.form("cholesky")
    case .solve: code.form("solve")
    case .solveTriangular(let upper): code.form("solveTriangular", upper)
    }
  }

  init(from code: inout ProgramReader) throws {
    let word = try code.word()
    switch word {
    case "cholesky": self = .cholesky
    case "solve": self = .solve
    case "solveTriangular": self = try .solveTriangular(upper: code.read())
    default: throw code.unknown(word, "kernel")
    }
  }
}

extension LinearAlgebra {
  func write(to code: inout ProgramWriter) { code.values(kernel) }
  init(from code: inout ProgramReader) throws { try self.init(kernel: code.read()) }
}

extension Tensor {
  /// The lower triangular L with a positive diagonal and L·Lᵀ = A, for each matrix A of [..., n, n]; of A the symmetric part (A + Aᵀ)/2 is taken.
  ///
  /// Float32 or float64. A matrix that is not positive definite is a `DataFault`; `choleskyWithInfo` reports which it is and goes on.
  ///
  /// ```swift
  /// let l = Tensor([[4, 2], [2, 5]]).cholesky()  // [[2, 0], [1, 2]]
  /// ```
  ///
  /// - Precondition: Square matrices on the last two axes, of float32 or float64.
  public func cholesky(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    requireSquare("cholesky", caller)
    return apply1(LinearAlgebra(kernel: .cholesky), [self], caller)
  }

  func requireSquare(_ name: String, _ caller: Caller) {
    caller.require(dtype == .float32 || dtype == .float64, name, "needs float32 or float64, got \(dtype)")
    caller.require(rank >= 2, name, "needs square matrices on the last two axes, got \(shape)")
    caller.expect(
      shape[dim: rank - 1], sameAs: shape[dim: rank - 2], name, "needs square matrices on the last two axes, got \(shape)", of: [self])
  }

  fileprivate static func solve(_ kernel: LinearAlgebraKernel, _ a: Tensor, _ b: Tensor, _ caller: Caller) -> Tensor {
    let operation = LinearAlgebra(kernel: kernel)
    let (x, y) = equations(a, b, operation.name, caller)
    let result = apply1(operation, [x, y], caller)
    return b.rank == 1 ? result.squeeze(-1) : result
  }

  /// Matrices and right-hand sides with equal leading axes; one vector becomes a column.
  static func equations(_ a: Tensor, _ b: Tensor, _ name: String, _ caller: Caller) -> (Tensor, Tensor) {
    a.requireSquare(name, caller)
    let right = b.rank == 1 ? b.expandDims(1) : b
    let message =
      "the right-hand side must be \(a.dtype) and have \(a.shape[dim: a.rank - 1]) rows, it is \(b.type) for matrices of shape \(a.shape)"
    caller.require(b.dtype == a.dtype && b.rank > 0, name, message)
    caller.expect(right.shape[dim: right.rank - 2], sameAs: a.shape[dim: a.rank - 1], name, message, of: [a, b])
    let lead = caller.broadcast([a.shape, right.shape], exceptLast: 2, of: [a, right], name)
    return (a.withLead(lead), right.withLead(lead))
  }
}

/// X with A·X = B, for square matrices A [..., n, n] and B [..., n, k] or one vector [n]; leading axes broadcast.
///
/// Float32 or float64, by an LU factorization with partial pivoting. A matrix that is singular is a `DataFault`; `solveWithInfo` reports which it is and
/// goes on.
///
/// ```swift
/// let x = solve(Tensor([[2, 0], [0, 4]]), Tensor([2.0, 2.0]))  // [1, 0.5]
/// ```
///
/// - Precondition: Both are float32 or both float64, A is square, B has as many rows, and the leading axes broadcast.
public func solve(_ a: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  .solve(.solve, a, b, Caller(file, line))
}

/// X with A·X = B for a triangular A [..., n, n]: only its lower triangle, or its upper one, is read. B is [..., n, k] or one vector [n]; leading
/// axes broadcast. A zero on the diagonal is a `DataFault`.
///
/// - Precondition: As for `solve`.
public func solveTriangular(
  _ a: Tensor, _ b: Tensor, upper: Bool = false, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  .solve(.solveTriangular(upper: upper), a, b, Caller(file, line))
}
