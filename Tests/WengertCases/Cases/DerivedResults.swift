@_spi(Backend) import Wengert

/// What follows from an operation, on one backend.
package struct DerivedResults {
  private var results: [(name: String, tensors: [Tensor])] = []

  /// What differs on a backend from the CPU, at the operation's smallest shape.
  package static func differences(of operation: OperationCase, on backend: any Backend) -> [String] {
    let dtype = operation.dtypes.contains(.float32) ? DType.float32 : operation.dtypes[0]
    guard let shape = operation.shapes.first(where: { (1...70).contains($0.elementCount) }) else { return [] }
    let variant = Variant(operation, dtype, shape, .contiguous)
    // All is asked for before the first number is read, so that kernels are compiled together.
    let actual = DerivedResults(variant, on: backend).results, expected = DerivedResults(variant, on: Device.cpu.backend).results
    return zip(actual, expected).flatMap { a, e -> [String] in
      if a.tensors.map(\.type) != e.tensors.map(\.type) {
        return ["\(variant): \(a.name) is \(a.tensors.map(\.type)), on the CPU \(e.tensors.map(\.type))"]
      }
      return zip(a.tensors, e.tensors).compactMap { difference($0, $1).map { "\(variant): \(a.name): \($0)" } }
    }
  }

  private static func difference(_ actual: Tensor, _ expected: Tensor) -> String? {
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
    let wrong = a.indices.first { i in !(a[i] == e[i] || a[i].isNaN && e[i].isNaN || abs(a[i] - e[i]) <= epsilon * scale) }
    return wrong.map { "element \($0) is \(a[$0]), on the CPU \(e[$0])" }
  }

  private init(_ variant: Variant, on backend: any Backend) {
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
