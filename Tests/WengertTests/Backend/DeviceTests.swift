import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertTestSupport

@testable import WengertCore

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

  @Test("a program, an assignment, an update and a cotangent of another device are refused as operands are")
  func everywhere() {
    let x = Tensor([[1.0, 2], [3, 4]]), there = x.to(Self.other)
    let found = collectingMistakes([
      { _ = compile { (a: Tensor, b: Tensor) in a + b }(x, there) },
      {
        var z = x
        z[0] = there[1]
      },
      {
        var state = [x]
        _ = compileUpdate { (state: inout [Tensor], g: Tensor) -> Tensor in
          state[0] = state[0] - g
          return g.sum()
        }(&state, there)
      },
      { _ = vjp(at: x) { $0 * 2 }.pullback(there) },
      { _ = jvp(at: x, along: there) { $0 * 2 } },
      { _ = gradient(at: x) { customDerivative([$0], forward: { $0[0] * 2 }, vjp: { _, _, c in [c.to(Self.other)] }).sum() } },
      {
        var slope = there
        compilePullback { (w: Tensor) in square(w).sum() }(x).add(Tensor(1), to: &slope)
      },
    ])
    #expect(found.count == 7)
    for mistake in found {
      #expect(mistake.message.hasPrefix("its operands are on different devices, cpu and reference"), "\(mistake)")
    }
  }

  @Test("memory of another device that passes all this is stopped before its first byte is read")
  func memory() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      ViewKernels.copy(Tensor([1.0, 2]).to(Device(ReferenceBackend.shared)).view, into: Tensor([1.0, 2]).view)
    }
    .expectsMessage("a CPU kernel was handed memory of another device")
  }

  @Test("a compiled function has a program for each device that its arguments are on")
  func programs() {
    let f = compile { (x: Tensor) in square(x) }, x = Tensor([1.0, 2, 3])
    #expect(f(x).array(of: Float.self) == [1, 4, 9])
    let there = f(x.to(Self.other))
    #expect(there.backend === ReferenceBackend.shared)
    #expect(there.to(.cpu).array(of: Float.self) == [1, 4, 9])
    #expect(f(x).backend === x.backend)
    #expect(f.statistics.compilations == 2)
  }
}
