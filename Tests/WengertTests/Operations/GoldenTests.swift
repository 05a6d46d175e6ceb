import Foundation
import Testing
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

/// Values and gradients from PyTorch, JAX, NumPy and SciPy, made by Tests/Fixtures/ops_golden.py and fourier_golden.py.
@Suite("Golden values of the operations")
struct GoldenTests {
  @Test("values and gradients are PyTorch's", arguments: try GoldenRecord.all())
  func agrees(_ record: GoldenRecord) throws {
    let operation = try #require(CaseList.named(record.case), "no row is named \(record.case)")
    let operands = record.operands.map(\.tensor)
    let results = operation.apply(operands)
    compare(results, record.results, record.case)

    guard let cotangents = record.cotangents, let gradients = record.gradients else { return }
    let x = operands.filter(\.dtype.isFloating)
    let (_, pullback) = vjp(at: x) { x in
      var next = x.makeIterator()
      return operation.apply(operands.map { $0.dtype.isFloating ? next.next()! : $0 }).filter(\.dtype.isFloating)
    }
    compare(pullback(cotangents.map(\.tensor)), gradients, "\(record.case), gradients")
  }

  @Test("every row of the case list has golden values, but for random numbers")
  func complete() throws {
    let known = Set(try GoldenRecord.all().map(\.case))
    let random = Set(CaseList.random.map(\.name) + ["attention with dropout", "attention with dropout by token"])
    #expect(CaseList.all.map(\.name).filter { !known.contains($0) && !random.contains($0) } == [])
  }

  private func compare(_ actual: [Tensor], _ expected: [GoldenRecord.Value], _ name: String) {
    #expect(actual.map(\.shape) == expected.map { Shape($0.shape) }, "\(name)")
    for (a, e) in zip(actual, expected) {
      #expect(a.dtype.isFloating == (DType.named(e.dtype)?.isFloating == true), "\(name): \(a.dtype), expected \(e.dtype)")
      let largest = e.values.lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0
      // Sums of a few hundred terms at most; half-precision gradients pass through several roundings.
      let relative = a.dtype == .float64 ? 1e-12 : 4 * (FloatFormat.of(a.dtype)?.spacing(at: 1) ?? 0)
      expectClose(
        a.array(of: Double.self), e.values,
        Tolerance(a.dtype, unitsInLastPlace: 4, absolute: relative * min(max(largest, 1e-3), 1e6)), "\(name), \(e.dtype)\(e.shape)")
    }
  }
}

/// One operation on one set of operands.
struct GoldenRecord: Decodable, Sendable, CustomTestStringConvertible {
  var `case`: String
  var operands: [Value]
  var results: [Value]
  var cotangents: [Value]?
  var gradients: [Value]?

  var testDescription: String { "\(`case`) of \(operands.map { "\($0.dtype)\($0.shape)" })" }

  struct Value: Decodable, Sendable {
    var dtype: String
    var shape: [Int]
    var values: [Double]

    var tensor: Tensor { Blueprint(values, Shape(shape), DType.named(dtype)!).tensor(on: CPUBackend.shared) }
  }

  static func all() throws -> [GoldenRecord] {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try ["ops_golden.json", "fourier_golden.json", "control_flow_golden.json", "linear_algebra_golden.json"].flatMap {
      try decoder.decode([GoldenRecord].self, from: Data(contentsOf: Fixtures.url($0)))
    }
  }
}

extension DType {
  /// The dtype that prints as `name`.
  static func named(_ name: String) -> DType? { allCases.first { "\($0)" == name } }
}
