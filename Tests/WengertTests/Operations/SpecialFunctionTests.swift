import Foundation
import Testing
import Wengert
import WengertTestSupport

/// Values from SciPy and mpmath over the whole range of each function, made by Tests/Fixtures/special_functions.py.
@Suite("Special functions")
struct SpecialFunctionTests {
  struct Record: Decodable, Sendable, CustomTestStringConvertible {
    var function: String
    var operands: [[Double]]
    var values: [Double]
    var testDescription: String { function }

    static func all() throws -> [Record] {
      let decoder = JSONDecoder()
      decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      return try decoder.decode([Record].self, from: Data(contentsOf: Fixtures.url("special_functions.json")))
    }
  }

  /// A function, and by how many units in the last place it may differ from SciPy in float32 and in float64, where SciPy errs too.
  static let functions: [String: (function: @Sendable ([Tensor]) -> Tensor, single: Double, double: Double)] = [
    "log2": ({ log2($0[0]) }, 4, 4), "log10": ({ log10($0[0]) }, 4, 4), "exp2": ({ exp2($0[0]) }, 4, 4),
    "asinh": ({ asinh($0[0]) }, 4, 6), "acosh": ({ acosh($0[0]) }, 6, 6), "atanh": ({ atanh($0[0]) }, 4, 6),
    "erfinv": ({ erfinv($0[0]) }, 6, 8), "logit": ({ logit($0[0]) }, 4, 6), "lgamma": ({ lgamma($0[0]) }, 8, 12),
    "digamma": ({ digamma($0[0]) }, 8, 16), "polygamma 1": ({ polygamma(1, $0[0]) }, 8, 12),
    "polygamma 2": ({ polygamma(2, $0[0]) }, 12, 16),
    "polygamma 5": ({ polygamma(5, $0[0]) }, 16, 24), "hypot": ({ hypot($0[0], $0[1]) }, 4, 4),
    "logAddExp": ({ logAddExp($0[0], $0[1]) }, 4, 4), "xlogy": ({ xlogy($0[0], $0[1]) }, 4, 4),
  ]

  @Test("values are SciPy's up to a few units in the last place, and its poles and infinities", arguments: try Record.all())
  func values(_ record: Record) throws {
    guard let (function, single, double) = Self.functions[record.function] else { return }
    for (dtype, units) in [(DType.float32, single), (.float64, double)] {
      let actual = function(record.operands.map { Tensor($0, dtype: dtype) }).array(of: Double.self)
      var worst = (units: 0.0, place: 0)
      for (i, expected) in record.values.enumerated() {
        let format = FloatFormat.of(dtype)!
        // What float32 rounds to infinity or to a denormal number.
        if expected.isFinite && expected.magnitude > format.greatest && actual[i] == (expected < 0 ? -.infinity : .infinity) { continue }
        if expected.isFinite && expected.magnitude < 2 * Double(sign: .plus, exponent: format.leastExponent, significand: 1)
          && expected != 0
        {
          continue
        }
        let error = unitsInLastPlace(actual[i], expected, dtype)
        if error > worst.units { worst = (error, i) }
      }
      let i = worst.place
      #expect(
        worst.units <= units,
        "\(record.function) of \(record.operands.map { $0[i] }), \(dtype): \(actual[i]), SciPy has \(record.values[i])")
    }
  }

  @Test("below zero values are SciPy's up to the rounding of the reflection's terms", arguments: [DType.float32, .float64])
  func reflected(_ dtype: DType) throws {
    let epsilon = FloatFormat.of(dtype)!.spacing(at: 1)
    for record in try Record.all() where record.function.hasSuffix("below zero") {
      let x = Tensor(record.operands[0], dtype: dtype)
      let actual =
        switch record.function {
        case "lgamma below zero": lgamma(x)
        case "digamma below zero": digamma(x)
        case "polygamma 1 below zero": polygamma(1, x)
        default: polygamma(2, x)
        }
      for (a, e) in zip(actual.array(of: Double.self), record.values) {
        #expect(abs(a - e) <= 64 * epsilon * max(1, abs(e)), "\(record.function), \(dtype)")
      }
    }
  }

  @Test("logBeta differs from mpmath's by a few epsilons, also where the three logarithms nearly cancel")
  func logBetas() throws {
    let record = try #require(try Record.all().first { $0.function == "logBeta" })
    for (dtype, scale) in [(DType.float32, 16.0), (.float64, 16)] {
      let actual = logBeta(Tensor(record.operands[0], dtype: dtype), Tensor(record.operands[1], dtype: dtype)).array(of: Double.self)
      for (i, (a, e)) in zip(actual, record.values).enumerated() {
        let epsilon = FloatFormat.of(dtype)!.spacing(at: 1)
        #expect(
          a == e || abs(a - e) <= scale * epsilon * max(1, abs(e)),
          "\(dtype): \(record.operands[0][i]), \(record.operands[1][i]): \(a), \(e)")
      }
    }
  }

  @Test("gradients at the ends of a domain are finite or infinite as the slope is, and never cut")
  func ends() {
    func slope(_ x: Double, _ f: @escaping @Sendable (Tensor) -> Tensor) -> Double {
      gradient(at: Tensor([x], dtype: .float64)) { f($0).sum() }.item()
    }
    #expect(slope(0) { hypot($0, 0 * $0) } == 0)
    #expect(slope(0) { xlogy($0, $0) } == 0)
    #expect(slope(1) { erfinv($0) } == .infinity && slope(1) { acosh($0) } == .infinity)
    #expect(abs(slope(1) { lgamma($0) } + 0.577_215_664_901_532_9) < 1e-15)
    let second = hessianVectorProduct(at: Tensor([1.0, 3, 9], dtype: .float64), along: Tensor([1.0, 1, 1], dtype: .float64)) {
      lgamma($0).sum()
    }
    let expected = polygamma(1, Tensor([1.0, 3, 9], dtype: .float64))
    #expect(abs(second - expected).max().item() < 1e-13)
    let half = hessianVectorProduct(at: Tensor([2.0], dtype: .float64), along: Tensor([1.0], dtype: .float64)) {
      logAddExp($0, Tensor([2.0])).sum()
    }
    #expect(half.item() == 0.25)
  }
}
