import Testing
import WengertTestSupport

/// Values and slopes where functions have poles, kinks, limits or nothing: both modes and compiled programs agree, in every floating dtype.
@Suite("Derivatives at special values")
struct SpecialValueTests {
  static func points(_ dtype: DType) -> [Double] {
    let format = FloatFormat.of(dtype)!
    let least = format.spacing(at: 0)
    return [
      0, -0.0, .nan, .infinity, -.infinity, 1, -1, 0.5, -0.5, 2, -2, 3, 6, 1.5, -2.5, least, -least, 1000 * least, format.greatest,
      -format.greatest, 20, -20,
      700, -700, format.greatest.squareRoot() * 2, 1 - format.spacing(at: 0.5),
    ]
  }

  static let unary = CaseList.unary.filter { $0.slope != .none && !$0.name.hasPrefix("cast") }
  static let binary = CaseList.binary.filter { $0.operands.count == 2 && $0.slope != .none && !$0.covers.isEmpty && $0.shapes.contains([]) }

  private func same(_ a: Tensor, _ b: Tensor, _ note: String, fused: Bool = false, _ points: Tensor...) {
    let x = a.array(of: Double.self), y = b.array(of: Double.self)
    let format = FloatFormat.of(a.dtype)!
    for i in x.indices where x[i] != y[i] && !(x[i].isNaN && y[i].isNaN) {
      if (x[i] - y[i]).magnitude <= 4 * format.spacing(at: x[i]) { continue }
      // A fused kernel does not round what lies between to half precision.
      if fused && a.dtype.byteCount == 2 && x[i].isFinite && y[i].isFinite { continue }
      Issue.record("\(note) at \(points.map { $0.array(of: Double.self)[i] }): \(x[i]) and \(y[i])")
    }
  }

  @Test("second derivatives near zero keep their digits")
  func curvature() {
    func second(_ f: @escaping @Sendable (Tensor) -> Tensor, _ x: Double) -> Double {
      hessianVectorProduct(at: Tensor([x]), along: Tensor([1.0])) { f($0).sum() }.item()
    }
    for x in [1e-8, 1e-5, -1e-3] {
      #expect(abs(second({ tanh($0) }, x) / (-2 * x) - 1) < 1e-5 && abs(second({ asin($0) }, x) / x - 1) < 1e-5, "\(x)")
      #expect(abs(second({ acos($0) }, x) / -x - 1) < 1e-5, "\(x)")
    }
  }

  @Test("a row of zeros is normalized to zeros however small epsilon is")
  func smallEpsilon() {
    for dtype in [DType.float32, .float64] {
      let x = Tensor([0.0, 0], dtype: dtype)
      let (value, slope) = valueAndGradient(at: x) { $0.l2Normalize(epsilon: 1e-300).sum() }
      #expect(value.item() == 0 && slope.array(of: Double.self).allSatisfy { $0.isFinite })
    }
  }

  @Test("the dtype of atan2 does not depend on the operands' order")
  func order() {
    let whole = Tensor([1] as [Int]), half = Tensor([1.0], dtype: .float16)
    #expect(atan2(whole, half).dtype == .float16 && atan2(half, whole).dtype == .float16 && atan2(whole, whole).dtype == .float32)
  }

  @Test("functions of one number", arguments: unary)
  func ofOne(_ operation: OperationCase) {
    for dtype in DType.floats where operation.dtypes.contains(dtype) {
      let x = Tensor(Self.points(dtype), dtype: dtype), ones = Tensor.full(1, x.shape, dtype: dtype)
      let f: @Sendable (Tensor) -> Tensor = { operation.apply([$0])[0] }
      let reverse: @Sendable (Tensor) -> Tensor = { x in gradient(at: x) { f($0).sum() } }
      let note = "\(operation.name), \(dtype)"
      let slope = reverse(x)
      same(jvp(at: x, along: ones, f).tangent, slope, "\(note): forward and reverse", x)
      same(compile(f)(x), f(x), "\(note): compiled value", fused: true, x)
      same(compile(reverse)(x), slope, "\(note): compiled slope", fused: true, x)
      // What a value shows, its slope does not hide.
      for (i, value) in f(x).array(of: Double.self).enumerated()
      where operation.slope == .smooth && Self.points(dtype)[i].isNaN && value.isNaN {
        let atNaN = slope.array(of: Double.self)[i]
        #expect(atNaN != 0, "\(note): slope \(atNaN) at NaN")
      }
      // Twice a power of two is exact: a narrow dtype has the wide one's kind of slope.
      if dtype == .float32 {
        let wide = Tensor(Self.points(dtype), dtype: .float64)
        let kinds = zip(slope.array(of: Double.self), reverse(wide).array(of: Double.self))
        for (i, (narrow, exact)) in kinds.enumerated() where narrow.isNaN != exact.isNaN {
          Issue.record("\(note): slope \(narrow) at \(Self.points(dtype)[i]), \(exact) in float64")
        }
      }
    }
  }

  @Test("functions of two numbers", arguments: binary)
  func ofTwo(_ operation: OperationCase) {
    for dtype in DType.floats where operation.dtypes.contains(dtype) {
      let points = Self.points(dtype), n = points.count
      let a = Tensor(points.flatMap { Array(repeating: $0, count: n) }, dtype: dtype),
        b = Tensor((0..<n).flatMap { _ in points }, dtype: dtype)
      let f: @Sendable ([Tensor]) -> Tensor = { operation.apply($0)[0] }
      let reverse: @Sendable ([Tensor]) -> [Tensor] = { x in gradient(at: x) { f($0).sum() } }
      let slopes = reverse([a, b])
      let note = "\(operation.name), \(dtype)"
      for i in 0..<2 {
        let forward = jvp(at: [a, b][i], along: Tensor.full(1, a.shape, dtype: dtype)) { f(i == 0 ? [$0, b] : [a, $0]) }.tangent
        same(forward, slopes[i], "\(note): forward and reverse of operand \(i)", a, b)
      }
      let compiled = compile { (x: [Tensor]) in [f(x)] + reverse(x) }([a, b])
      for (x, y) in zip(compiled, [f([a, b])] + slopes) { same(x, y, "\(note): compiled", fused: true, a, b) }
    }
  }

  @Test("equals in half precision are counted in float32", arguments: [DType.float16, .bfloat16])
  func ties(_ dtype: DType) {
    for count in [300, 5000, 70_000] {
      let x = Tensor.full(2, [count], dtype: dtype)
      let expected = Tensor(1 / Double(count), dtype: dtype).item()
      for f: @Sendable (Tensor) -> Tensor in [{ $0.max() }, { $0.min() }, { $0.norm(.infinity) }, { $0.mean() }] {
        let slope = gradient(at: x) { f($0).cast(to: .float32) }.array(of: Double.self)
        #expect(slope.allSatisfy { $0 == expected }, "\(slope[0]) of \(count), expected \(expected)")
        #expect(jvp(at: x, along: Tensor.full(1, [count], dtype: dtype), f).tangent.item() == 1)
      }
    }
  }

  @Test("running products have the slopes of exact arithmetic, whatever overflows between", arguments: [false, true])
  func runningProducts(_ reverse: Bool) {
    let rows: [[Double]] = [
      [1e-200, 1, 1e200, 1e200], [0, 1, 1e200, 1e200], [2, 0, 3, 0, 4],
      [5], [0], [1e300, 1e-300, 1e300, 1e-300], [0.5, 0, 1e200, 1e-200, 1e200, 2],
    ]
    for row in rows {
      let x = Tensor(reverse ? row.reversed() : row, dtype: .float64)
      let weights = Tensor((0..<row.count).map { 1 + Double($0) / 4 }, dtype: .float64)
      let f: @Sendable (Tensor) -> Tensor = { ($0.cumulativeProduct(reverse: reverse) * weights).sum() }
      let slope = gradient(at: x, f).array(of: Double.self)
      let w = weights.array(of: Double.self)
      let expected = (0..<row.count).map { i -> Double in
        // ∏ of all others up to j, in the order of the running product.
        let values = row, place = reverse ? row.count - 1 - i : i
        return (place..<row.count).reduce(0.0) { sum, j in
          let product = (0...j).reduce(1.0) { $1 == place ? $0 : $0 * values[$1] }
          return sum + product * w[reverse ? row.count - 1 - j : j]
        }
      }
      for (a, e) in zip(slope, expected) {
        #expect(a == e || (a - e).magnitude <= 1e-12 * e.magnitude, "\(row): \(slope), expected \(expected)")
      }
      for i in row.indices where expected[i].isFinite {
        let along = (Tensor.iota(row.count) .== Double(i)).cast(to: .float64)
        let tangent = jvp(at: x, along: along, f).tangent.item()
        #expect((tangent - expected[i]).magnitude <= 1e-12 * expected[i].magnitude, "\(row): \(tangent) forward, expected \(expected[i])")
      }
    }
  }

  @Test("the norm's slope is finite beside zero elements, for every p", arguments: [-2, -1, -0.5, 0.25, 0.5, 1, 1.5, 2, 3] as [Double])
  func norms(_ p: Double) {
    for dtype in DType.floats {
      let x = Tensor([0, 3, -4, 0], dtype: dtype)
      let slope = gradient(at: x) { $0.norm(p) }.array(of: Double.self)
      #expect(slope[0] == 0 && slope[3] == 0 && slope.allSatisfy(\.isFinite), "\(slope)")
      #expect(jvp(at: x, along: Tensor.full(1, [4], dtype: dtype)) { $0.norm(p) }.tangent.item().isFinite)
    }
  }
}
