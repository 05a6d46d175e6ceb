import Testing
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

/// Every row of the case list for three examples at once, against the loop over them.
@Suite("vmap of the case list")
struct VmapCaseTests {
  @Test("every operation on all examples at once is the loop over them, whichever operands differ", arguments: CaseList.all)
  func values(_ operation: OperationCase) {
    for point in Examples.all(of: operation) { point.checkValues() }
  }

  @Test(
    "gradients inside of vmap, and of vmap, are those of each example; an operand that is one for all gets their sum",
    arguments: CaseList.all.filter { $0.slope != .none })
  func gradients(_ operation: OperationCase) {
    for point in Examples.all(of: operation) where point.hasDerivative { point.checkGradients() }
  }

  @Test("forward over reverse inside of vmap is that of each example", arguments: CaseList.all.filter { $0.slope != .none })
  func secondOrder(_ operation: OperationCase) {
    for point in Examples.all(of: operation).prefix(1) where point.hasDerivative { point.checkSecondOrder() }
  }

  @Test("compiled, vmap and its gradient are the same", arguments: CaseList.all)
  func compiled(_ operation: OperationCase) {
    for point in Examples.all(of: operation).prefix(1) { point.checkCompiled() }
  }
}

/// A case at one shape, with some operands that differ from example to example.
struct Examples {
  static let size = 3
  let variant: Variant
  /// Whether each operand differs; the others are those of the first example.
  let differs: [Bool]
  /// The operands that differ, of each example.
  private let examples: [[Tensor]]
  private let first: [Tensor]

  /// The smallest shapes and an empty one; all operands differing, and each alone.
  static func all(of operation: OperationCase) -> [Examples] {
    let dtype = operation.dtypes.contains(.float64) ? DType.float64 : operation.dtypes[0]
    let small = operation.shapes.filter { (1...70).contains($0.elementCount) }.prefix(2)
    let empty = operation.shapes.filter { $0.elementCount == 0 }.prefix(1)
    let count = operation.operands.count
    let alone = (0..<count).map { i in (0..<count).map { $0 == i } }
    let choices = [[Bool](repeating: true, count: count)] + (count > 1 ? alone : [])
    return (Array(small) + Array(empty)).flatMap { shape in
      choices.map { Examples(Variant(operation, dtype, shape, .contiguous), $0) }
    }
  }

  init(_ variant: Variant, _ differs: [Bool]) {
    self.variant = variant
    self.differs = differs
    let operands = (0..<Self.size).map { variant.operands(example: $0).map { $0.tensor(on: CPUBackend.shared) } }
    first = operands[0]
    examples = operands.map { all in zip(all, differs).filter(\.1).map(\.0) }
  }

  private var title: String { "\(variant), operands that differ: \(differs)" }

  /// The operation on the operands that differ and the others.
  private func apply(_ differing: [Tensor], _ same: [Tensor]) -> [Tensor] {
    var next = differing.makeIterator()
    return variant.operation.apply(zip(same, differs).map { $1 ? next.next()! : $0 })
  }

  private var function: @Sendable ([Tensor]) -> [Tensor] { { apply($0, first) } }
  private var floating: @Sendable ([Tensor]) -> [Tensor] { { apply($0, first).filter(\.dtype.isFloating) } }

  private func stacked(_ trees: [[Tensor]]) -> [Tensor] { trees[0].indices.map { i in stack(trees.map { $0[i] }) } }

  private func expectSame(_ actual: [Tensor], _ expected: [Tensor], _ what: String) {
    guard actual.map(\.shape) == expected.map(\.shape), actual.map(\.dtype) == expected.map(\.dtype) else {
      Issue.record(
        "\(title): \(what) is \(actual.map(\.shape)) \(actual.map(\.dtype)), expected \(expected.map(\.shape)) \(expected.map(\.dtype))")
      return
    }
    for (a, b) in zip(actual, expected) {
      let tolerance = !b.dtype.isFloating ? 0 : b.dtype == .float64 ? 1e-11 : 1e-5
      expectNear(numbers([a]), numbers([b]), tolerance, "\(title): \(what)")
    }
  }

  func checkValues() {
    let loop = stacked(examples.map(function)), all = stacked(examples)
    expectSame(vmap(function)(all), loop, "vmap")
    if loop.allSatisfy({ $0.rank > 1 }) {
      let last = vmap(function, in: [-1], out: 1)(all.map { $0.moveAxis(0, to: -1) })
      expectSame(last, loop.map { $0.moveAxis(0, to: 1) }, "vmap along the last axis")
    }
  }

  var hasDerivative: Bool { variant.dtype == .float64 && examples[0].contains(where: \.dtype.isFloating) }

  private func random(_ shapes: [Shape], _ salt: UInt64) -> [Tensor] {
    var generator = SplitMix64(seed: variant.seed ^ salt)
    return shapes.map { Tensor(generator.normals($0.elementCount), shape: $0) }
  }

  /// Weights of the results of each example.
  private func weights() -> [[Tensor]] {
    (0..<Self.size).map { random(floating(examples[$0]).map(\.shape), UInt64($0 + 1)) }
  }

  private func product(_ a: [Tensor], _ b: [Tensor]) -> Tensor { total(zip(a, b).map { $0 * $1 }) }

  func checkGradients() {
    let all = stacked(examples), weights = weights(), allWeights = stacked(weights)
    let loop = zip(examples, weights).map { x, w in vjp(at: x, floating).pullback(w) }
    let inside = vmap { (x: [Tensor], w: [Tensor]) in vjp(at: x, floating).pullback(w) }(all, allWeights)
    expectSame(inside, stacked(loop), "the gradient inside")
    let outside = gradient(at: all) { product(vmap(floating)($0), allWeights) }
    expectSame(outside, stacked(loop), "the gradient of vmap")
    let tangents = random(all.filter(\.dtype.isFloating).map(\.shape), 99)
    var next = tangents.makeIterator()
    let directions = all.map { $0.dtype.isFloating ? next.next()! : $0 }
    let forward = zip(0..<Self.size, examples).map { i, x in
      jvp(at: x, along: directions.map { $0[i] }, floating).tangent
    }
    expectSame(
      vmap { (x: [Tensor], t: [Tensor]) in jvp(at: x, along: t, floating).tangent }(all, directions), stacked(forward), "the jvp inside")
    expectSame(jvp(at: all, along: directions, vmap(floating)).tangent, stacked(forward), "the jvp of vmap")
    checkGradientOfSame(all, weights, allWeights)
  }

  private func checkGradientOfSame(_ all: [Tensor], _ weights: [[Tensor]], _ allWeights: [Tensor]) {
    let same = zip(first, differs).filter { !$1 && $0.dtype.isFloating }.map(\.0)
    if same.isEmpty { return }
    @Sendable func mixed(_ differing: [Tensor], _ same: [Tensor]) -> [Tensor] {
      var next = same.makeIterator()
      let others = zip(first, differs).map { !$1 && $0.dtype.isFloating ? next.next()! : $0 }
      return apply(differing, others).filter(\.dtype.isFloating)
    }
    let sums = zip(examples, weights).map { x, w in vjp(at: same) { mixed(x, $0) }.pullback(w) }
    let expected = same.indices.map { i in stack(sums.map { $0[i] }).sum(axes: [0]) }
    let found = gradient(at: same) { same in product(vmap { (x: [Tensor]) in mixed(x, same) }(all), allWeights) }
    expectSame(found, expected, "the gradient of what is the same for all")
  }

  func checkSecondOrder() {
    let all = stacked(examples)
    let scalar: @Sendable ([Tensor]) -> Tensor = { total(floating($0).map { square($0) }) }
    let loop = examples.map { hessianVectorProduct(at: $0, along: $0, scalar) }
    let inside = vmap { (x: [Tensor]) in hessianVectorProduct(at: x, along: x, scalar) }(all)
    expectSame(inside, stacked(loop), "the second derivative inside")
  }

  func checkCompiled() {
    let all = stacked(examples)
    expectSame(compile(vmap(function))(all), stacked(examples.map(function)), "compiled vmap")
    guard hasDerivative, variant.operation.slope != .none else { return }
    let scalar: @Sendable ([Tensor]) -> Tensor = { total(floating($0)) }
    let perExample = vmap { (x: [Tensor]) in gradient(at: x, scalar) }
    expectSame(compile(perExample)(all), stacked(examples.map { gradient(at: $0, scalar) }), "compiled gradient inside")
  }
}
