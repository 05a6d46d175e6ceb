import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertTestSupport

@testable @_spi(Backend) import WengertCUDA

@Suite("Programs with transposed inputs on the CUDA device", .serialized)
struct TransposedTests {
  @Test(
    "inputs that lie transposed go through shared memory, and results are the CPU's",
    arguments: [DType.float32, .float64, .bfloat16, .int64, .bool])
  func transposed(_ dtype: DType) throws {
    let device = try StandIn(order: 5), cuda = Device(device.backend)
    func numbers(_ shape: Shape, _ seed: Int) -> Tensor { (RandomKey(seed).normal(shape) * 9).cast(to: dtype) }
    func expectSame(_ name: String, _ x: [Tensor], _ f: @escaping ([Tensor]) -> Tensor) {
      let found = f(x.map { $0.to(cuda) }), expected = f(x), compiled = compile(f)
      #expect(found.type == expected.type && found.array(of: Double.self) == expected.array(of: Double.self), "\(name)")
      #expect(compiled(x.map { $0.to(cuda) }).array(of: Double.self) == compiled(x).array(of: Double.self), "\(name), compiled")
    }
    for (rows, columns) in [(16, 16), (33, 64), (70, 31), (40, 50), (15, 90)] {
      let x = numbers([rows, columns], 1), y = numbers([columns, rows], 2), row = numbers([rows], 3)
      expectSame("copy \(rows)×\(columns)", [x]) { $0[0].transpose().contiguous() }
      expectSame("sum \(rows)×\(columns)", [x, y, row]) { $0[0].transpose() + $0[1] + $0[2] }
      expectSame("both \(rows)×\(columns)", [x, x * x]) { $0[0].transpose() .> $0[1].transpose() }
    }
    let deep = numbers([3, 20, 35], 4), more = numbers([2, 3, 18, 17], 5)
    expectSame("of a stack", [deep]) { $0[0].transpose().contiguous() }
    expectSame("of outer axes", [deep]) { $0[0].transpose(0, 2).contiguous() }
    expectSame("of four axes", [more]) { $0[0].transpose(2, 3).contiguous() }
    expectSame("part", [deep]) { $0[0][1..., 1..., 2...].transpose().contiguous() }
    #expect(device.backend.kernels.texts.contains { $0.body.contains("[33]") }, "there is a kernel of tiles")
    #expect(try device.failure == "")
    try device.reset()
  }
}
