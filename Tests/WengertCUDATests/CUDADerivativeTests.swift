import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertTestSupport

@testable @_spi(Backend) import WengertCUDA

/// Derivatives, compiled functions and `vmap` of the case list on the stand-in, every access checked, against the CPU.
@Suite("Derivatives, compiled functions and vmap on the CUDA backend", .serialized)
struct CUDADerivativeTests {
  private static let device = Result { try StandIn(order: 5) }

  @Test("gradients, second derivatives, compiled functions and vmap equal the CPU's", arguments: CaseList.all)
  func derived(_ operation: OperationCase) throws {
    let device = try Self.device.get()
    let dtype = operation.dtypes.contains(.float32) ? DType.float32 : operation.dtypes[0]
    guard let shape = operation.shapes.first(where: { (1...70).contains($0.elementCount) }) else { return }
    let variant = Variant(operation, dtype, shape, .contiguous)
    // All is asked for before the first number is read, so that kernels are compiled together.
    let actual = Derived(variant, on: device.backend).results
    let expected = Derived(variant, on: Device.cpu.backend).results
    for (a, e) in zip(actual, expected) {
      #expect(a.tensors.map(\.type) == e.tensors.map(\.type), "\(variant): \(a.name)")
      for (x, y) in zip(a.tensors, e.tensors) { check(x, y, "\(variant): \(a.name)") }
    }
    #expect(try device.failure == "")
  }

  private func check(_ actual: Tensor, _ expected: Tensor, _ title: String) {
    let (a, e) = (actual.view.doubles, expected.view.doubles)
    // Sums of what cancels are as exact as what was added up.
    let scale = e.filter(\.isFinite).map(\.magnitude).reduce(1, max)
    let epsilon =
      switch expected.dtype {
      case .float64: 1e-11
      case .float32: 2e-5
      case .float16: 4e-3
      case .bfloat16: 3e-2
      default: 0.0
      }
    for (i, (x, y)) in zip(a, e).enumerated() where !(x == y || x.isNaN && y.isNaN || abs(x - y) <= epsilon * scale) {
      Issue.record("\(title): element \(i) is \(x), on the CPU \(y)")
      return
    }
  }
}

/// What follows from an operation, on one backend.
private struct Derived {
  private(set) var results: [(name: String, tensors: [Tensor])] = []

  init(_ variant: Variant, on backend: any Backend) {
    let device = Device(backend), operation = variant.operation
    let examples = (0..<2).map { variant.operands(example: $0).map { $0.tensor(on: backend) } }
    let x = examples[0], all = x.indices.map { i in stack(examples.map { $0[i] }) }
    let function: @Sendable ([Tensor]) -> [Tensor] = { operation.apply($0) }
    let floating: @Sendable ([Tensor]) -> [Tensor] = { operation.apply($0).filter(\.dtype.isFloating) }
    results.append(("compiled", compile(function)(x)))
    results.append(("vmap", vmap(function)(all)))
    guard operation.slope != .none, x.contains(where: \.dtype.isFloating), !floating(x).isEmpty else { return }
    var generator = SplitMix64(seed: variant.seed)
    let weights = floating(x).map { Tensor(generator.normals($0.shape.elementCount), shape: $0.shape, device: device).cast(to: $0.dtype) }
    let pulled: @Sendable ([Tensor], [Tensor]) -> [Tensor] = { vjp(at: $0, floating).pullback($1) }
    results.append(("gradient", pulled(x, weights)))
    results.append(("compiled gradient", compile(pulled)(x, weights)))
    results.append(("vmap of the gradient", vmap { (x: [Tensor]) in pulled(x, weights) }(all)))
    let scalar: @Sendable ([Tensor]) -> Tensor = {
      floating($0).map { square($0.cast(to: .float32)).sum() }.reduce(Tensor(0, device: device), +)
    }
    results.append(("second derivative", hessianVectorProduct(at: x, along: x, scalar)))
  }
}
