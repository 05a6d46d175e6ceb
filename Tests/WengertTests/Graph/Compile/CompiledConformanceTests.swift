import Testing
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

/// The case list once more, compiled: the operation alone, and its pullback.
@Suite("Conformance of compiled functions", .serialized)
struct CompiledConformanceTests {
  @Test("compiled results equal the eager ones for every dtype, shape and layout", arguments: CaseList.all)
  func values(_ operation: OperationCase) {
    for dtype in operation.dtypes {
      for variant in operation.variants(dtype) {
        let operands = variant.operands.map { $0.tensor(on: CPUBackend.shared) }
        let compiled = compile(operation.apply)
        let eager = operation.apply(operands)
        let magnitudes = Conformance.magnitudes(variant, variant.operands, eager.map(\.view))
        for (i, (a, e)) in zip(compiled(operands), eager).enumerated() {
          // Half precision is rounded less often in a fused program; both sides may be off by the operation's tolerance.
          var tolerance = Conformance.tolerance(variant, e.dtype, 2 * magnitudes[i])
          if e.dtype == .float16 || e.dtype == .bfloat16 { tolerance.unitsInLastPlace += 2 }
          expectClose(a.view, e.view, tolerance, "\(variant), compiled, result \(i)")
        }
      }
    }
  }

  @Test("compiled pullbacks equal the eager ones", arguments: CaseList.all.filter { $0.slope != .none })
  func pullbacks(_ operation: OperationCase) {
    for variant in operation.variants(.float32) where operation.dtypes.contains(.float32) {
      let operands = variant.operands.map { $0.tensor(on: CPUBackend.shared) }
      let pull: ([Tensor]) -> [Tensor] = { operands in
        let (value, pullback) = vjp(at: operands, operation.apply)
        return pullback(value.map { $0.dtype.isFloating ? Tensor.full(0.5, $0.shape, dtype: $0.dtype, beside: $0) : $0 })
      }
      Conformance.compare(compile(pull)(operands), pull(operands), variant, "compiled pullback")
    }
  }
}

extension Conformance {
  /// What fusion changes: half precision is rounded less often, sums are cut in other places.
  static func compare(_ actual: [Tensor], _ expected: [Tensor], _ variant: Variant, _ mode: String) {
    #expect(actual.count == expected.count, "\(variant), \(mode)")
    for (i, (a, e)) in zip(actual, expected).enumerated() {
      var tolerance = Tolerance.elementwise(e.dtype)
      if e.dtype.isFloating {
        let largest = e.array(of: Double.self).lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0
        tolerance.absolute = 16 * largest * (FloatFormat.of(e.dtype)?.spacing(at: 1) ?? 0)
      }
      expectClose(a.view, e.view, tolerance, "\(variant), \(mode), result \(i)")
    }
  }
}
