/// The batched matrix product […, m, k] · […, k, n] → […, m, n]; leading axes are equal (views with stride zero where one was broadcast).
struct MatMul: Operation {
  /// Whether the right factor's columns are in memory one after another, as those of a weight that is handed over transposed; its gradient is then made in that order, without
  /// a copy. Of a traced factor, the layout pass decides.
  var rightIsTransposed = false

  var name: String { "matmul" }

  /// The product of two factors as they are in memory.
  static func product(_ a: Tensor, _ b: Tensor, _ caller: Caller) -> Tensor {
    apply1(MatMul(rightIsTransposed: b.hasNumbers && b.strides[b.rank - 2] < b.strides[b.rank - 1]), [a, b], caller)
  }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    let a = operands[0].shape, b = operands[1].shape
    var shape = a
    shape[dim: a.rank - 1] = b[dim: b.rank - 1]
    return [TensorType(shape: shape, dtype: operands[0].dtype)]
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let out = results[0].allocate(on: backend)
    if results[0].shape.elementCount > 0 { backend.run(MatMulCall(a: operands[0].view, b: operands[1].view, out: out)) }
    return [Tensor(out, node: nil)]
  }

  func substituting(_ symbols: [String: Int]) -> MatMul { self }

  func batched(_ application: BatchedApplication) -> [Tensor] {
    let a = application
    let left = a.operandTypes[0].shape, right = a.operandTypes[1].shape
    let inner = left[dim: left.rank - 1]
    if left.rank == 2 && !a.isBatched[1] {
      // One right factor for all: the examples' rows are rows of one product.
      return a.split([Self.product(a.rows(0), a.operands[1], a.caller)])
    }
    if right.rank == 2 && right.isOne(1) && !a.isBatched[0] {
      // One matrix for all columns: these are the rows of the transposed product.
      let rows = a.operands[1].move(.reshape(Shape(dimensions: [a.size, inner])), a.caller)
      return a.split([Self.product(rows, a.operands[0].transpose(), a.caller)])
    }
    if inner.number == 1 && a.operandTypes[0].dtype.isFloating {
      // Columns times rows.
      let factors = a.wholes.map { $0.move(.broadcast(a.batch(a.resultTypes[0].shape)), a.caller) }
      return apply(Elementwise.binary(.multiply), factors, a.caller)
    }
    return [Self.product(a.whole(0), a.whole(1), a.caller)]
  }

  func keeps(for wanted: [Bool]) -> Residuals { Residuals(operands: (wanted[0] ? 0b10 : 0) | (wanted[1] ? 0b01 : 0), results: false) }

  var derivative: Derivative {
    // Z = AB: Ā = Z̄Bᵀ, B̄ = AᵀZ̄; Ż = ȦB + AḂ
    .rule(
      vjp: { a, ct in
        [
          a.wanted[0] ? Self.product(ct[0]!, a.operand(1).transpose(), a.caller) : nil,
          a.wanted[1] ? gradientOfRight(a.operand(0), ct[0]!, a.caller) : nil,
        ]
      },
      jvp: { a, t in
        let left = t[0].map { Self.product($0, a.operand(1), a.caller) }
        let right = t[1].map { Self.product(a.operand(0), $0, a.caller) }
        return [left.map { l in right.map { l + $0 } ?? l } ?? right]
      })
  }
}

extension MatMul {
  func write(to code: inout ProgramWriter) { code.values(rightIsTransposed) }
  init(from code: inout ProgramReader) throws { try self.init(rightIsTransposed: code.read()) }
}

extension MatMul {
  /// AᵀZ̄, laid out as B is.
  private func gradientOfRight(_ a: Tensor, _ ct: Tensor, _ caller: Caller) -> Tensor {
    rightIsTransposed ? Self.product(ct.transpose(), a, caller).transpose() : Self.product(a.transpose(), ct, caller)
  }
}

extension Tensor {
  /// The matrix product of the last two axes, leading axes broadcast (NumPy's matmul): [m, k] · [k, n] → [m, n]; a vector counts as a row on the left and as a
  /// column on the right, and its axis is dropped from the result.
  ///
  /// Half types are multiplied and added up in float32 and rounded once. Float32 is added up in parts of the inner axis, which errs by
  /// (1024 + k/256) · 2⁻²⁴ Σ|x||y| at most.
  ///
  /// ```swift
  /// let y = Tensor([[1, 2], [3, 4]]).matmul(Tensor([1.0, 1.0]))  // [3, 7]
  /// ```
  ///
  /// - Precondition: Both have at least one axis, the inner extents are equal, and the leading axes broadcast.
  public func matmul(_ other: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    Autocast.lowered(self).multiplied(by: Autocast.lowered(other), Caller(file, line))
  }

  /// The same in the operands' own dtypes, whatever `Autocast` says.
  func multiplied(by other: Tensor, _ caller: Caller) -> Tensor {
    caller.require(rank > 0 && other.rank > 0, "matmul", "needs at least one axis on each side, got \(shape) and \(other.shape)")
    var a = rank == 1 ? expandDims(0) : self
    var b = other.rank == 1 ? other.expandDims(1) : other
    let inner = a.shape[dim: a.rank - 1]
    caller.expect(
      inner, sameAs: b.shape[dim: b.rank - 2], "matmul",
      "inner extents differ: \(shape) · \(other.shape), axis −1 of the left has \(inner), axis \(other.rank == 1 ? "−1" : "−2") of the right has \(b.shape[dim: b.rank - 2])",
      of: [self, other])
    let dtype = DType.promote(a.dtype, b.dtype)
    a = a.cast(to: dtype)
    b = b.cast(to: dtype)
    var result: Tensor
    if b.rank == 2 && a.rank > 2 && a.isContiguous {
      // One matrix for all: the leading axes are rows, so that its gradient is one product too.
      let lead = a.shape.selecting(a.shape.indices.dropLast())
      let rows = a.reshape(Shape(dimensions: [lead.elements, inner]))
      var shape = a.shape
      shape[dim: a.rank - 1] = b.shape[dim: 1]
      result = MatMul.product(rows, b, caller).reshape(shape)
    } else {
      let lead = caller.broadcast([a.shape, b.shape], exceptLast: 2, of: [a, b], "matmul")
      result = MatMul.product(a.withLead(lead), b.withLead(lead), caller)
    }
    if rank == 1 { result = result.squeeze(-2) }
    if other.rank == 1 { result = result.squeeze(-1) }
    return result
  }

  /// The matrices of the last two axes, repeated along the leading axes.
  func withLead(_ lead: Shape) -> Tensor { broadcast(to: lead.appending(shape.selecting(shape.indices.suffix(2)))) }
}
