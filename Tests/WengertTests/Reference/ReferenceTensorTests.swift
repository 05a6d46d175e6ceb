import Testing
@_spi(Backend) import WengertTestSupport

@Suite("Tensors on the reference backend")
struct ReferenceTensorTests {
  @Test("tensors compute and differentiate on a backend that the core does not know")
  func gradients() {
    // f(x) = Σ softmax(x · w)₀: the gradient of p₀ = σ(z₀ − z₁) with respect to z is ±p₀p₁, here with z = (ln 3, 0).
    let device = Device(reference)
    let w = Tensor([[1, 0], [0, 1]], dtype: .float64, device: device)
    let x = Tensor([[1.0986122886681098, 0]], dtype: .float64, device: device)
    let (value, gradient) = valueAndGradient(at: x) { x in
      x.matmul(w).softmax().gather(Tensor([Int64(0)], device: device), axis: 1).sum()
    }
    #expect(gradient.backend === reference)
    expectClose(value.array(), [0.75], .elementwise(.float64), "value")
    expectClose(gradient.array(), [0.1875, -0.1875], .elementwise(.float64), "gradient")
  }

  @Test("tensors sort, scan and draw numbers there")
  func others() {
    let device = Device(reference)
    let x = Tensor([3.0, 1, 2], dtype: .float32, device: device)
    #expect(x.argSort().array(of: Int64.self) == [1, 2, 0])
    #expect(x.cumulativeSum().array(of: Float.self) == [3, 4, 6])
    let uniform = RandomKey(7, backend: reference).uniform([5]).array(of: Float.self)
    let words = (0..<5).map { Int64(Philox.word(key: 7, stream: 0, lane: 0, element: $0)) }
    #expect(uniform == words.map { Float(Philox.unitInterval($0, .float32)) })
  }
}
