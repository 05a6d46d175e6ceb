import Testing
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

/// Forward mode, reverse mode and second order of every row of the case list, against differences in float64 and each other.
@Suite("Derivatives of the case list")
struct DerivativeTests {
  @Test("jvp is the central difference, and ⟨Jv, w⟩ = ⟨v, Jᵀw⟩", arguments: CaseList.all.filter { $0.slope != .none })
  func firstOrder(_ operation: OperationCase) {
    for point in DerivativePoint.all(of: operation) { point.checkFirstOrder() }
  }

  @Test(
    "second derivatives are differences of gradients, symmetric, and the same in both modes",
    arguments: CaseList.all.filter { $0.slope != .none })
  func secondOrder(_ operation: OperationCase) {
    for point in DerivativePoint.all(of: operation).prefix(3) { point.checkSecondOrder() }
  }

  @Test(
    "where nothing floating comes out or no derivative is declared, the gradient is zero",
    arguments: CaseList.all.filter { $0.slope == .none && $0.dtypes.contains(.float64) })
  func none(_ operation: OperationCase) {
    for point in DerivativePoint.all(of: operation) where !point.x.isEmpty {
      let (value, pullback) = vjp(at: point.x, point.function)
      let gradients = pullback(value.map { Tensor.full(1, $0.shape, dtype: $0.dtype, backend: $0.backend) })
      #expect(zip(gradients, point.x).allSatisfy { $0.shape == $1.shape }, "\(point.variant)")
      if !operation.name.hasPrefix("cast") {
        #expect(gradients.allSatisfy { $0.array(of: Double.self).allSatisfy { $0 == 0 } }, "\(point.variant)")
      }
    }
  }

  static let withEmptyShapes = CaseList.all.filter { $0.slope != .none && $0.shapes.contains { $0.elementCount == 0 } }

  @Test(
    "derivatives of empty tensors have their shapes, to second order, and what is not empty beside them gets zeros",
    arguments: withEmptyShapes)
  func empty(_ operation: OperationCase) {
    for shape in operation.shapes where shape.elementCount == 0 {
      let point = DerivativePoint(Variant(operation, .float64, shape, .contiguous))
      guard point.x.contains(where: { $0.count == 0 }) else { continue }
      let scalar: @Sendable ([Tensor]) -> Tensor = { total(point.function($0).map { square($0) }) }
      let first = gradient(at: point.x, scalar), second = hessianVectorProduct(at: point.x, along: point.x, scalar)
      #expect(first.map(\.shape) == point.x.map(\.shape) && second.map(\.shape) == point.x.map(\.shape), "\(point.variant)")
      if point.function(point.x).allSatisfy({ $0.count == 0 }) {
        #expect(numbers(first + second).allSatisfy { $0 == 0 }, "\(point.variant)")
      }
    }
  }

  @Test("most operations have a case of an empty tensor")
  func manyAreEmpty() { #expect(Self.withEmptyShapes.count > 80) }
}

/// A case at one point: a function of its floating operands.
struct DerivativePoint {
  let variant: Variant
  let x: [Tensor]
  let function: @Sendable ([Tensor]) -> [Tensor]

  /// The smallest shapes, row-major and in one or two other layouts.
  static func all(of operation: OperationCase) -> [DerivativePoint] {
    let shapes = operation.shapes.filter { (1...70).contains($0.elementCount) }.prefix(3)
    return shapes.enumerated().flatMap { i, shape -> [DerivativePoint] in
      let others: [LayoutKind] =
        operation.operands.contains(where: \.fill.isDistinct) ? [.transposed, .sliced, .reversed] : [.broadcast, .transposed, .reversed]
      let kinds: [LayoutKind] = shape.rank == 0 ? [.contiguous] : [.contiguous, others[i % others.count]]
      return kinds.map { DerivativePoint(Variant(operation, .float64, shape, $0)) }
    }
  }

  init(_ variant: Variant) {
    self.variant = variant
    let operands = variant.operands.map { $0.tensor(on: CPUBackend.shared) }
    let apply = variant.operation.apply
    x = operands.filter(\.dtype.isFloating)
    function = { x in
      var next = x.makeIterator()
      return apply(operands.map { $0.dtype.isFloating ? next.next()! : $0 }).filter(\.dtype.isFloating)
    }
  }

  private func random(like tensors: [Tensor], _ salt: UInt64) -> [Tensor] {
    var generator = SplitMix64(seed: variant.seed ^ salt)
    return tensors.map { Tensor(generator.normals($0.count), shape: $0.shape) }
  }

  private func moved(_ v: [Tensor], _ step: Double) -> [Tensor] { zip(x, v).map { $0 + $1 * step } }

  private func difference(_ f: ([Tensor]) -> [Tensor], _ v: [Tensor]) -> [Double] {
    let step = 1e-5
    return zip(numbers(f(moved(v, step))), numbers(f(moved(v, -step)))).map { ($0 - $1) / (2 * step) }
  }

  func checkFirstOrder() {
    let v = random(like: x, 1)
    let (value, tangent) = jvp(at: x, along: v, function)
    expectNear(numbers(value), numbers(function(x)), 1e-14, "\(variant): value of jvp")
    expectNear(numbers(tangent), difference(function, v), 1e-6, "\(variant): jvp against a difference")

    let w = random(like: value, 2)
    let (same, pullback) = vjp(at: x, function)
    expectNear(numbers(same), numbers(value), 1e-14, "\(variant): value of vjp")
    let gradient = pullback(w)
    expectNear([dot(tangent, w)], [dot(v, gradient)], 1e-10, "\(variant): ⟨Jv, w⟩ and ⟨v, Jᵀw⟩")
    if variant.operation.slope == .zero {
      #expect(numbers(gradient + tangent).allSatisfy { $0 == 0 }, "\(variant): a zero derivative")
    }
  }

  func checkSecondOrder() {
    let w = random(like: function(x), 3), u = random(like: x, 4), v = random(like: x, 5)
    let scalar: @Sendable ([Tensor]) -> Tensor = { total(zip(function($0), w).map { $0 * $1 }) }
    let hu = hessianVectorProduct(at: x, along: u, scalar)
    expectNear(numbers(hu), difference({ gradient(at: $0, scalar) }, u), 2e-5, "\(variant): Hu against a difference of gradients")
    let hv = hessianVectorProduct(at: x, along: v, scalar)
    expectNear([dot(hu, v)], [dot(u, hv)], 1e-9, "\(variant): ⟨Hu, v⟩ and ⟨u, Hv⟩")
    let reverse = gradient(at: x) { x in total(zip(gradient(at: x, scalar), u).map { $0 * $1 }) }
    expectNear(numbers(reverse), numbers(hu), 1e-9, "\(variant): reverse over reverse and forward over reverse")
  }
}

extension Fill {
  var isDistinct: Bool { if case .distinct = self { true } else { false } }
}

/// The sum of all elements of all tensors.
@Sendable func total(_ tensors: [Tensor]) -> Tensor {
  tensors.map { $0.sum() }.reduce(Tensor(0, dtype: .float64)) { $0 + $1 }
}

func numbers(_ tensors: [Tensor]) -> [Double] { tensors.flatMap { $0.array(of: Double.self) } }

func dot(_ a: [Tensor], _ b: [Tensor]) -> Double { zip(numbers(a), numbers(b)).reduce(0) { $0 + $1.0 * $1.1 } }

/// Within `tolerance` of the largest expected number or of one.
func expectNear(
  _ actual: [Double], _ expected: [Double], _ tolerance: Double, _ name: @autoclosure () -> String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let largest = expected.lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0
  expectClose(
    actual, expected, Tolerance(.float64, unitsInLastPlace: 0, absolute: tolerance * max(largest, 1)), name(),
    sourceLocation: sourceLocation)
}
