import Testing
import Wengert
@_spi(Backend) import WengertTestSupport

@_spi(Backend) @testable import WengertCPU
@_spi(Backend) @testable import WengertCore

@Suite("Constants of row programs")
struct ConstantFormTests {
  private func program(_ a: Double, _ b: Double, _ dtype: DType = .float32) -> RowProgram {
    let builder = RowBuilder("form")
    let x = builder.row(dtype)
    builder.store(x * a + b, as: dtype)
    return builder.finish()
  }

  @Test("programs that differ in constants other than 0, ±1 and ±∞ have one form")
  func forms() {
    let form = RowProgram.Form(program(0.3, 7))
    #expect(form == RowProgram.Form(program(-2.5, .nan)))
    #expect(form.hashValue == RowProgram.Form(program(-2.5, .nan)).hashValue)
    for (a, b) in [(1, 7), (0.3, 0), (0.3, -1), (.infinity, 7)] as [(Double, Double)] { #expect(form != RowProgram.Form(program(a, b))) }
    #expect(form != RowProgram.Form(program(0.3, 7, .float64)))
    // The programs themselves differ: so much depends on it.
    #expect(program(0.3, 7) != program(0.4, 7))
  }

  @Test("each call has its own constants in a plan that is shared", arguments: [DType.float32, .float64, .float16, .int32, .int64])
  func values(_ dtype: DType) {
    for (a, b) in [(3, 7), (2, 5), (-4, 100)] as [(Double, Double)] {
      let cases = [CPUBackend.shared as any Backend, ReferenceBackend.shared].map { backend -> [Double] in
        let x = View((0..<40).map { Double($0) }, [40], .float64, on: backend)
        let source = View(emptyLike: [40], dtype, on: backend), out = View(emptyLike: [40], dtype, on: backend)
        ViewKernels.copy(x, into: source)
        backend.run(program(a, b, dtype), inputs: [source], outputs: [out], over: [40])
        return out.doubles
      }
      #expect(cases[0] == cases[1])
    }
  }

  @Test("a new number makes no new plan")
  func plans() {
    let cache = RowPlanCache(capacity: 16)
    func plan(_ a: Double, _ b: Double) -> RowPlan { cache.plan(program(a, b), kinds: InputKinds(), isSingleTile: true) }
    #expect(plan(0.3, 7) === plan(0.4, -9))
    #expect(plan(0.3, 7) !== plan(0.3, 1))
    #expect(plan(0.3, 1) === plan(5, 1))
  }

  @Test("compiled functions have their own numbers, though they share plans")
  func compiled() {
    let x = Tensor([1.0, 2, 3])
    for number in [0.25, 0.37, 3.7] {
      let f = compile { (x: Tensor) in exp(x * number) - number }
      let expected = (exp(x * Tensor(number)) - Tensor(number)).array(of: Float.self)
      #expect(f(x).array() == expected)
      let factor = Float(number)
      let products: [Float] = [factor, 2 * factor, 3 * factor]
      #expect((x * number).array() == products)
    }
  }

  @Test("a number in a tensor has the bytes that a kernel gives it", arguments: DType.allCases)
  func scalars(_ dtype: DType) {
    let numbers = dtype.isFloating ? [0.1, -0.0, 1.0009765625, 65519, 3.4e38, 1e-40, .infinity, -.infinity] : [0, 1, 3, 250]
    for number in numbers {
      if !dtype.isFloating && !dtype.holds(number) { continue }
      let b = RowBuilder("constant")
      b.store(b.constant(number, dtype), as: dtype)
      let out = View(emptyLike: [1], dtype, on: CPUBackend.shared)
      CPUBackend.shared.run(b.finish(), inputs: [], outputs: [out], over: [1])
      let made = CPUBackend.shared.withBytes(of: out.storage) { span in span.withUnsafeBytes { Array($0) } }
      let full = Tensor.full(number, [], dtype: dtype).withBytes { span in span.withUnsafeBytes { Array($0) } }
      #expect(made == full, "\(number)")
    }
    #expect(!dtype.isFloating || Tensor.full(.nan, [], dtype: dtype).item().isNaN)
  }
}
