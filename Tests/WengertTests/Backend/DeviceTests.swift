import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertTestSupport

@Suite("Tensors on several devices")
struct DeviceTests {
  static let other = Device(ReferenceBackend.shared)

  @Test("a tensor that is moved has the same numbers, whatever its layout", arguments: [DType.float32, .float64, .int64, .bool, .bfloat16])
  func values(_ dtype: DType) {
    let x = Tensor([[1, 0, 3], [0, 5, 6]] as [[Double]]).cast(to: dtype)
    for view in [x, x.transpose(), x[0..., 1...], x[1], x[0..., ..<0]] {
      let moved = view.to(Self.other)
      #expect(moved.backend === ReferenceBackend.shared && moved.shape == view.shape && moved.dtype == view.dtype)
      let back = moved.to(.cpu)
      #expect(back.cast(to: .float64).array(of: Double.self) == view.cast(to: .float64).array(of: Double.self))
    }
    #expect(x.to(.cpu).view.storage === x.view.storage)
  }

  @Test("gradients of first and second order come back over devices")
  func gradients() {
    let x = Tensor([1.0, 2, 3], dtype: .float64)
    func f(_ x: Tensor) -> Tensor { square(x.to(Self.other)).to(.cpu) * x }
    #expect(gradient(at: x) { f($0).sum() }.array(of: Double.self) == [3, 12, 27])
    #expect(gradient(at: x) { gradient(at: $0) { f($0).sum() }.sum() }.array(of: Double.self) == [6, 12, 18])
    #expect(jvp(at: x, along: x, f).tangent.array(of: Double.self) == [3, 24, 81])
    let there = gradient(at: x.to(Self.other)) { ($0.to(.cpu) * x).sum() }
    #expect(there.backend === ReferenceBackend.shared && there.to(.cpu).array(of: Double.self) == [1, 2, 3])
  }

  @Test("operands on different devices are named")
  func mixed() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor([1.0, 2]) + Tensor([1.0, 2]).to(Device(ReferenceBackend.shared))
    }
    .expectsMessage("add: its operands are on different devices, cpu and reference; move one with to(_:)")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let y = Tensor([1.0, 2]).to(Device(ReferenceBackend.shared))
      _ = compile { (x: Tensor) in x * y }(Tensor([1.0, 2]))
    }
    .expectsMessage("compile: a tensor on the device reference is used in a program for cpu; move it with to(_:)")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = compile { (x: Tensor) in x.to(Device(ReferenceBackend.shared)) }(Tensor([1.0, 2]))
    }
    .expectsMessage("to: a compiled function runs on one device")
  }
}
