import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertTestSupport

@testable @_spi(Backend) import WengertCUDA

/// What cuBLASLt does besides multiplying, beside the CPU's results.
@Suite("Products on the CUDA device", .serialized)
struct CUDAProductTests {
  private let device: StandIn
  private let cuda: Device

  init() throws {
    device = try StandIn()
    cuda = Device(device.backend)
  }

  private func random(_ shape: Shape, _ dtype: DType, _ seed: Int) -> Tensor { RandomKey(seed).normal(shape).cast(to: dtype) }

  private func expectSame(_ actual: Tensor, _ expected: Tensor, _ bound: Double) {
    #expect(actual.type == expected.type)
    let (a, e) = (actual.cast(to: .float64).array(of: Double.self), expected.cast(to: .float64).array(of: Double.self))
    #expect(zip(a, e).allSatisfy { abs($0 - $1) <= bound * max(1, abs($1)) }, "\(a) and \(e)")
  }

  @Test(
    "a row that is added to the product is added by cuBLASLt, before the product is rounded",
    arguments: [(DType.float32, 1e-5), (.bfloat16, 0.008), (.float16, 0.001)])
  func bias(_ dtype: DType, _ bound: Double) throws {
    let x = random([5, 24], dtype, 1), w = random([24, 16], dtype, 2), b = random([16], dtype, 3)
    let f = compile { (x: Tensor, w: Tensor, b: Tensor) in x.matmul(w) + b }
    let wide = { (x: Tensor) in x.cast(to: .float64) }
    let exact = (wide(x).matmul(wide(w)) + wide(b)).cast(to: dtype)
    let launched = try device.count("cuLaunchKernel")
    let y = f(x.to(cuda), w.to(cuda), b.to(cuda))
    expectSame(y.to(.cpu), exact, bound)
    #expect(try device.count("cublasLtMatmul") == 1)
    #expect(try device.count("cuLaunchKernel") == launched)
    // The same program on other memory: a bias that begins in the middle, a transposed factor.
    let long = random([40], dtype, 3), other = f(x.to(cuda), random([16, 24], dtype, 2).to(cuda).transpose(), long.to(cuda)[3..<19])
    expectSame(other.to(.cpu), f(x, random([16, 24], dtype, 2).transpose(), long[3..<19]), bound * 2)
    #expect(try device.failure == "")
  }

  @Test("what is no row, or is read besides, is added by a kernel of its own")
  func others() throws {
    let x = random([5, 24], .float32, 1), w = random([24, 16], .float32, 2), full = random([5, 16], .float32, 3)
    let column = random([5, 1], .float32, 4), b = random([16], .float32, 5)
    func expectSame(_ f: CompiledFunction<Tensor, Tensor, Tensor, Tensor>, _ third: Tensor) {
      for _ in 0..<3 { self.expectSame(f(x.to(cuda), w.to(cuda), third.to(cuda)).to(.cpu), f(x, w, third), 1e-5) }
    }
    expectSame(compile { x, w, r in x.matmul(w) + r }, full)
    expectSame(compile { x, w, r in x.matmul(w) + r }, column)
    expectSame(compile { x, w, r in x.matmul(w).transpose() + r.sum() }, b)
    expectSame(
      compile { x, w, r in
        let y = x.matmul(w), z = y + r
        return y * z
      }, b)
    expectSame(compile { x, w, r in x[0..., 0..<0].matmul(w[0..<0]) + r }, b)
    expectSame(compile { x, w, r in (x.matmul(w) + r).transpose().contiguous() }, b)
    let nan = compile { (x: Tensor, w: Tensor, b: Tensor) in relu(x.matmul(w) + b) }
    let found = nan(x.to(cuda), w.to(cuda), (b * .nan).to(cuda))
    #expect(!found.array(of: Float.self).contains { !$0.isNaN })
  }

  // In a process of its own, whose other products nobody compares.
  @Test("products of float32 may be computed in tf32, which has 10 bits after the point, and are not by default")
  func tf32() async {
    await #expect(processExitsWith: .success) {
      let device = try StandIn(), cuda = Device(device.backend)
      let fine = Tensor([[1.000244140625]]).to(cuda), one = Tensor.ones([1, 1]).to(cuda)
      func product() -> Double { fine.matmul(one).to(.cpu).item() }
      precondition(!Device.allowsTF32 && product() == 1.000244140625)
      Device.allowsTF32 = true
      precondition(product() == 1)
    }
  }
}
