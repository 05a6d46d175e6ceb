import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertTestSupport

@testable @_spi(Backend) import WengertCUDA

@Suite("Few and long rows on the CUDA device", .serialized)
struct LongRowsTests {
  @Test("rows are combined by many blocks, and results are the CPU's", arguments: [DType.float32, .bfloat16, .float64, .int32])
  func results(_ dtype: DType) throws {
    let device = try StandIn(order: 3), cuda = Device(device.backend)
    func numbers(_ shape: Shape, _ seed: Int) -> Tensor { (RandomKey(seed).normal(shape) * 3).cast(to: dtype) }
    func expectSame(_ name: String, _ x: [Tensor], _ f: @escaping ([Tensor]) -> Tensor) {
      let compiled = compile(f), expected = f(x)
      for found in [f(x.map { $0.to(cuda) }), compiled(x.map { $0.to(cuda) }), compiled(x.map { $0.to(cuda) })] {
        #expect(found.type == expected.type, "\(name)")
        let bound = dtype == .bfloat16 ? 0.02 : 1e-4
        let (a, e) = (found.array(of: Double.self), expected.array(of: Double.self))
        #expect(zip(a, e).allSatisfy { abs($0 - $1) <= bound * max(1, abs($1)) }, "\(name)")
      }
    }
    let x = numbers([2, 32768], 1), odd = numbers([40007], 2), b = numbers([2, 1], 3)
    expectSame("sums", [x]) { square($0[0]).sum(axis: -1) }
    expectSame("of all", [x]) { $0[0].max() }
    expectSame("a prime number of columns", [odd]) { $0[0].sum() }
    expectSame("with a number for each row", [x, b]) { ($0[0] * $0[1]).min(axis: -1) }
    expectSame("part of a longer row", [numbers([3, 33000], 4)]) { $0[0][1..., 100..<32868].sum(axis: -1) }
    expectSame("strided", [numbers([32768, 2], 5)]) { $0[0].transpose().max(axis: -1) }
    if dtype.isFloating {
      expectSame("softmax", [x]) { $0[0].softmax(axis: -1) * 1000 }
      expectSame("logSumExp", [x]) { $0[0].logSumExp(axis: -1) }
      expectSame("layer norm", [x, numbers([32768], 6), numbers([32768], 7)]) { $0[0].layerNorm(gain: $0[1], bias: $0[2]) }
    }
    #expect(device.backend.kernels.texts.contains { $0.name.hasPrefix("pieces") })
    #expect(try device.failure == "")
    try device.reset()
  }
}
