import Testing
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

/// The case list once more, as finished programs: written, read, and called.
@Suite("Finished programs of every operation", .serialized)
struct FinishedCaseTests {
  @Test("values have the bits of the compiled function, and what is read is written as the same", arguments: CaseList.all)
  func values(_ operation: OperationCase) throws {
    for dtype in operation.dtypes {
      for variant in operation.variants(dtype).prefix(4) {
        let operands = variant.operands.map { $0.tensor(on: CPUBackend.shared) }
        try FinishedCopy(of: operation.apply, at: operands).compare(at: operands, "\(variant)")
      }
    }
  }

  @Test("so have pullbacks", arguments: CaseList.all.filter { $0.slope != .none })
  func pullbacks(_ operation: OperationCase) throws {
    let pull: ([Tensor]) -> [Tensor] = { operands in
      let (value, pullback) = vjp(at: operands, operation.apply)
      return value + pullback(value.map { $0.dtype.isFloating ? Tensor.full(0.5, $0.shape, dtype: $0.dtype, beside: $0) : $0 })
    }
    for variant in operation.variants(.float32).prefix(4) where operation.dtypes.contains(.float32) {
      let operands = variant.operands.map { $0.tensor(on: CPUBackend.shared) }
      try FinishedCopy(of: pull, at: operands).compare(at: operands, "\(variant)")
    }
  }

  @Test("with symbols, one code serves every size: value, pullback and derivative along the operands", arguments: CaseList.all)
  func symbols(_ operation: OperationCase) throws {
    guard let symbolic = SymbolicCase.all(of: operation).last else { return }
    try compare(symbolic, symbolic.bases)
  }

  @Test("so it does where an extent may be zero", arguments: CaseList.all)
  func emptyAxes(_ operation: OperationCase) throws {
    guard let symbolic = SymbolicCase.all(of: operation, least: 0).last else { return }
    let function = SymbolSweepTests.withDerivatives(operation)
    try compare(symbolic, symbolic.bases.prefix(1) + symbolic.leastBases.filter { !symbolic.refuses($0, function) })
  }

  private func compare(_ symbolic: SymbolicCase, _ bases: some Sequence<Shape>) throws {
    let copy = try FinishedCopy(
      of: SymbolSweepTests.withDerivatives(symbolic.operation), at: symbolic.operands(symbolic.bases[0]), symbolic.options)
    for base in bases { copy.compare(at: symbolic.operands(base), "\(symbolic) at \(base)") }
    #expect(copy.compiled.statistics.compilations == 1, "\(symbolic)")
  }
}
