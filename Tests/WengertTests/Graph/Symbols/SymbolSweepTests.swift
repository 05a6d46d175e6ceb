import Testing
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

/// The case list with symbols: what runs eagerly compiles for symbolic extents, and then gives the same at every size.
@Suite("Symbols in every operation", .serialized)
struct SymbolSweepTests {
  @Test("value, pullback and jvp traced with symbols equal the eager ones at every size, of one program", arguments: CaseList.all)
  func sweep(_ operation: OperationCase) {
    for symbolic in SymbolicCase.all(of: operation) {
      let function = Self.withDerivatives(operation)
      let shapes = Dictionary(uniqueKeysWithValues: symbolic.shapes.enumerated().map { ("0.\($0.offset)", $0.element) })
      let compiled = compile(function, CompileOptions(shapes: shapes))
      for base in symbolic.bases {
        let operands = symbolic.operands(base)
        Self.compare(compiled(operands), function(operands), "\(symbolic) at \(base)")
      }
      #expect(compiled.statistics.compilations == 1, "\(symbolic) at \(symbolic.bases)")
    }
  }

  @Test("every case with an extent above one takes part")
  func takesPart() {
    for operation in CaseList.all {
      let hasExtents = operation.operands.contains { operand in
        operation.shapes.contains { $0.rank > 0 && $0.elementCount > 1 && operand.shape($0).elementCount > 1 }
      }
      #expect(!hasExtents || !SymbolicCase.all(of: operation).isEmpty, "\(operation.name)")
    }
  }

  /// The results, and where they have a slope, the pullback of the results themselves and the derivative along the operands.
  static func withDerivatives(_ operation: OperationCase) -> @Sendable ([Tensor]) -> [Tensor] {
    let apply = operation.apply
    if operation.slope == .none { return apply }
    return { operands in
      let (value, pullback) = vjp(at: operands, apply)
      return value + pullback(value) + jvp(at: operands, along: operands, apply).tangent
    }
  }

  static func compare(_ actual: [Tensor], _ expected: [Tensor], _ name: String) {
    #expect(actual.count == expected.count, "\(name)")
    for (i, (a, e)) in zip(actual, expected).enumerated() {
      var tolerance = Tolerance.elementwise(e.dtype)
      if e.dtype.isFloating {
        let largest = e.array(of: Double.self).lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0
        tolerance.absolute = 64 * largest * (FloatFormat.of(e.dtype)?.spacing(at: 1) ?? 0)
      }
      expectClose(a.view, e.view, tolerance, "\(name), result \(i)")
    }
  }
}
