/// Primitives that take the matrices of the last two axes apart; leading axes are equal.
struct Factorization: Operation {
  var kernel: FactorizationKernel

  var name: String {
    switch kernel {
    case .lu: "lu"
    case .qr: "qr"
    case .svd: "svd"
    case .eigh: "eigh"
    case .eig: "eig"
    }
  }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    let x = operands[0], rank = x.shape.rank, lead = x.shape.selecting(x.shape.indices.dropLast(2))
    let m = x.shape[dim: rank - 2], n = x.shape[dim: rank - 1], k = Dimension.minimum(m, n)
    func of(_ extents: Dimension..., dtype: DType? = nil) -> TensorType {
      TensorType(shape: lead.appending(Shape(dimensions: extents)), dtype: dtype ?? x.dtype)
    }
    switch kernel {
    case .lu: return [x, of(m, dtype: .int32), of()]
    case .qr(let full): return [of(m, full ? m : k), of(full ? m : k, n)]
    case .svd(let full): return [of(m, full ? m : k), of(k), of(full ? n : k, n)]
    case .eigh: return [of(n), of(n, n)]
    case .eig: return [of(n), of(n), of(n, n), of(n, n)]
    }
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    if let reason = backend.refusal(of: kernel) { caller.fail(name, reason) }
    let outs = results.map { $0.allocate(on: backend) }
    if results.contains(where: { $0.shape.elementCount > 0 }) {
      let shape = operands[0].shape, kernel = kernel
      let report = FaultReport(kind: .notConverged, operation: name, shapes: [shape], caller: caller) { matrix in
        (matrix, kernel.message(matrix: matrix, of: shape))
      }
      report.run(FactorizationCall(kernel, operands[0].view, into: outs), on: backend)
    }
    return outs.map { Tensor($0, node: nil) }
  }

  func substituting(_ symbols: [String: Int]) -> Factorization { self }

  func batched(_ application: BatchedApplication) -> [Tensor] { apply(self, application.wholes, application.caller) }

  func keeps(for wanted: [Bool]) -> Residuals { Residuals(operands: 0, results: true) }

  var derivative: Derivative {
    switch kernel {
    case .lu: .rule(vjp: { a, ct in [Self.luPullback(a, ct[0])] }, jvp: { a, t in [Self.luTangent(a, t[0]!), nil, nil] })
    case .qr(full: false): .rule(vjp: { a, ct in [Self.qrPullback(a, ct)] }, jvp: { a, t in Self.qrTangents(a, t[0]!) })
    case .svd(full: false): .rule(vjp: { a, ct in [Self.svdPullback(a, ct)] }, jvp: { a, t in Self.svdTangents(a, t[0]!) })
    case .eigh: .rule(vjp: { a, ct in [Self.eighPullback(a, ct)] }, jvp: { a, t in Self.eighTangents(a, t[0]!) })
    case .qr(full: true), .svd(full: true):
      .notDifferentiable("the vectors beyond the lesser extent are any that complete the others; \(name)(full: false) has a derivative")
    case .eig:
      .notDifferentiable("there is no rule for general eigenvalues and their vectors; eigh() of symmetric matrices has a derivative")
    }
  }
}

extension FactorizationKernel: CodeValue {
  func write(to code: inout ProgramWriter) {
    switch self {
    case .lu: code.form("lu")
    case .qr(let full): code.form("qr", full)
    case .svd(let full): code.form("svd", full)
    case .eigh: code.form("eigh")
    case .eig: code.form("eig")
    }
  }

  init(from code: inout ProgramReader) throws {
    let word = try code.word()
    switch word {
    case "lu": self = .lu
    case "qr": self = try .qr(full: code.read())
    case "svd": self = try .svd(full: code.read())
    case "eigh": self = .eigh
    case "eig": self = .eig
    default: throw code.unknown(word, "kernel")
    }
  }
}

extension Factorization {
  func write(to code: inout ProgramWriter) { code.values(kernel) }
  init(from code: inout ProgramReader) throws { try self.init(kernel: code.read()) }
}
