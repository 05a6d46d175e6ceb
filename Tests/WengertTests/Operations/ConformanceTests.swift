import Testing
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

/// The CPU backend against the reference backend over the case list: dtype × shape × layout × kernel level.
@Suite("Conformance of the CPU backend", .serialized)
struct ConformanceTests {
  @Test("every instruction of the kernel language has a row in the case list", arguments: OperationCase.Instruction.all)
  func covered(_ instruction: OperationCase.Instruction) {
    #expect(CaseList.all.contains { $0.covers.contains(instruction) })
  }

  @Test("no two rows have one name")
  func names() {
    #expect(Set(CaseList.all.map(\.name)).count == CaseList.all.count)
  }

  @Test("results agree with the reference for every dtype, shape and layout, at every kernel level", arguments: CaseList.all)
  func conforms(_ operation: OperationCase) {
    for dtype in operation.dtypes {
      for variant in operation.variants(dtype) { Conformance.check(variant, variant.operands) }
    }
  }

  @Test(
    "NaN, infinities, denormals, signed zeros and extremes give what the reference gives",
    arguments: (CaseList.unary + CaseList.binary + CaseList.comparison).filter { $0.shapes.contains([17]) })
  func special(_ operation: OperationCase) {
    for dtype in operation.dtypes {
      // Every pair of special values for two operands; twice over, so that vectors and tails both meet them.
      let values = dtype.specialValues
      var columns = [[Double]](repeating: [], count: operation.operands.count)
      for a in values {
        for (i, b) in values.enumerated() {
          columns[0].append(a)
          if columns.count > 1 { columns[1].append(b) }
          if columns.count > 2 { columns[2].append(values[(i + 1) % values.count]) }
        }
      }
      let operands = zip(operation.operands, columns).map { operand, column in
        Blueprint(column, [column.count], operand.dtype ?? dtype)
      }
      Conformance.check(Variant(operation, dtype, [columns[0].count], .contiguous), operands, special: true)
    }
  }
}

extension Conformance {
  static let levels: [CPULevel] = {
    let before = CPULevel.current
    defer { CPULevel.select(before) }
    return CPULevel.allCases.filter { CPULevel.select($0) }
  }()

  static func check(_ variant: Variant, _ operands: [Blueprint], special: Bool = false) {
    let expected = results(variant, operands, on: ReferenceBackend.shared)
    let magnitudes = special ? [] : self.magnitudes(variant, operands, expected)
    let before = CPULevel.current
    defer { CPULevel.select(before) }
    for level in levels {
      CPULevel.select(level)
      let actual = results(variant, operands, on: CPUBackend.shared)
      #expect(actual.count == expected.count, "\(variant), \(level)")
      for (i, (a, e)) in zip(actual, expected).enumerated() {
        expectClose(a, e, tolerance(variant, e.dtype, special ? 0 : magnitudes[i]), "\(variant), \(level), result \(i)")
      }
    }
  }
}
