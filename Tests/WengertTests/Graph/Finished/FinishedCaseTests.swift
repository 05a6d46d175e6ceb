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
    let shapes = Dictionary(uniqueKeysWithValues: symbolic.shapes.enumerated().map { ("0.\($0.offset)", $0.element) })
    let copy = try FinishedCopy(
      of: SymbolSweepTests.withDerivatives(operation), at: symbolic.operands(symbolic.bases[0]), CompileOptions(shapes: shapes))
    for base in symbolic.bases { copy.compare(at: symbolic.operands(base), "\(symbolic) at \(base)") }
    #expect(copy.compiled.statistics.compilations == 1, "\(symbolic)")
  }
}
