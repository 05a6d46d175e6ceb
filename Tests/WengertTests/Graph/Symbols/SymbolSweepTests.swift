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
      let compiled = compile(function, symbolic.options)
      for base in symbolic.bases {
        let operands = symbolic.operands(base)
        Self.compare(compiled(operands), function(operands), "\(symbolic) at \(base)")
      }
      #expect(compiled.statistics.compilations == 1, "\(symbolic) at \(symbolic.bases)")
    }
  }

  @Test("where an extent is one, or zero, they equal the eager ones, or both are refused", arguments: CaseList.all)
  func least(_ operation: OperationCase) {
    for symbolic in SymbolicCase.all(of: operation) + SymbolicCase.all(of: operation, least: 0) {
      let function = Self.withDerivatives(operation)
      let compiled = compile(function, symbolic.options)
      for base in symbolic.bases.prefix(1) + symbolic.leastBases {
        let operands = symbolic.operands(base)
        if symbolic.refuses(base, function) {
          #expect(symbolic.refuses(base) { compiled($0) }, "\(symbolic) at \(base)")
        } else {
          Self.compare(compiled(operands), function(operands), "\(symbolic) at \(base)")
        }
      }
      #expect(compiled.statistics.compilations == 1, "\(symbolic)")
    }
  }

  /// The number of examples, and of elements, being a symbol too.
  @Test("so they do inside of vmap", arguments: CaseList.all.filter { $0.name != "attention with dropout" })
  func examples(_ operation: OperationCase) {
    guard let symbolic = SymbolicCase.all(of: operation).last else { return }
    let function = Self.withDerivatives(operation)
    let together: @Sendable ([Tensor]) -> [Tensor] = { vmap(function)($0) }
    let compiled = compile(together, symbolic.options(lead: ["examples"]))
    for (number, base) in zip([3, 1, 2], symbolic.bases) {
      let examples = (0..<number).map { symbolic.operands(base, example: $0) }
      let all = examples[0].indices.map { i in stack(examples.map { $0[i] }) }
      Self.compare(compiled(all), together(all), "\(number) of \(symbolic) at \(base)")
    }
    #expect(compiled.statistics.compilations == 1, "\(symbolic)")
  }

  @Test("what goes through the examples one by one needs their number")
  func oneByOne() {
    let found = collectingMistakes([
      {
        let attend = { (x: Tensor) in
          attention(query: x, key: x, value: x, offsets: Tensor([0, 3] as [Int]), heads: 1, dropout: 0.5, randomKey: RandomKey(1))
        }
        _ = compile(vmap(attend), CompileOptions(shapes: ["0": ["examples", -1, -1]]))(Tensor.ones([2, 3, 4]))
      }
    ])
    #expect(
      found.map { $0.message } == [
        "vmap goes through the examples one by one here, and needs their number: examples is a symbol while the graph is traced; compile for a number of examples, or give each token a random key of its own (RandomKey.keys(for:))"
      ])
  }

  @Test(
    "Jacobians, all rows or columns at once, and second derivatives equal the eager ones",
    arguments: CaseList.all.filter { $0.slope != .none && $0.dtypes.contains(.float64) && $0.name != "attention with dropout" })
  func secondOrder(_ operation: OperationCase) {
    guard let symbolic = SymbolicCase.all(of: operation).last else { return }
    let value: @Sendable ([Tensor]) -> [Tensor] = { x in operation.apply(x).filter { $0.dtype.isFloating } }
    let function: @Sendable ([Tensor]) -> [Tensor] = { x in
      // The last result: the first of a factorization may be a permutation or a sign.
      let forward = jacobian(at: x, mode: .forward) { value($0).last! }, reverse = jacobian(at: x) { value($0).last! }
      return forward + reverse + hessianVectorProduct(at: x, along: x) { total(value($0).map { square($0) }) }
    }
    let compiled = compile(function, symbolic.options)
    // The Jacobian of images with three spatial axes has ten.
    for base in symbolic.bases.prefix(2) where base.elementCount <= 400 && base.rank <= 4 {
      let operands = symbolic.operands(base)
      Self.compare(compiled(operands), function(operands), "\(symbolic) at \(base)")
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
