import Wengert
import WengertTestSupport

/// A program of some twenty operations chosen at random, the same for the same seed: what it computes stays small and smooth, so that a compiled and an eager run may
/// differ by rounding alone.
struct RandomProgram {
  /// Floats that the gradient is taken of, then whole numbers (indices, a key).
  let arguments: [Tensor]
  let floatCount: Int
  private(set) var steps: [(text: String, apply: ([Tensor]) -> Tensor)] = []
  private(set) var results: [Int] = []

  /// `isSymbolic`: the arguments have `RandomProgramMaker.batch` rows, and the program may run with any other number of them.
  init(seed: UInt64, operations: Int = 20, isSymbolic: Bool = false) {
    var maker = RandomProgramMaker(seed: seed, isSymbolic: isSymbolic)
    let arguments = maker.arguments(rows: maker.rows)
    self.arguments = arguments.floats + arguments.integers
    floatCount = arguments.floats.count
    var values = self.arguments
    while steps.count < operations {
      guard let step = maker.step(values, floatCount: floatCount) else { continue }
      let value = step.apply(values)
      guard value.count <= 20_000, value.rank <= 4, value.dtype.isFloating else { continue }
      steps.append(step)
      values.append(value)
    }
    results = maker.results(arguments: self.arguments.count, steps: steps.count)
  }

  /// Every value: the arguments', then the steps'.
  func values(_ arguments: [Tensor]) -> [Tensor] {
    steps.reduce(into: arguments) { values, step in values.append(step.apply(values)) }
  }

  /// The results' values, then the gradients of their weighted sum.
  func run(_ arguments: [Tensor]) -> [Tensor] {
    let whole = Array(arguments[floatCount...])
    var kept: [Tensor] = []
    let gradients = gradient(at: Array(arguments[..<floatCount])) { floats in
      let values = values(floats + whole)
      kept = results.map { stopGradient(values[$0]) }
      return results.enumerated().reduce(Tensor(0, dtype: .float64)) { sum, next in
        let value = values[next.element]
        return sum + (next.offset % 2 == 0 ? value.sum() : square(value).mean()) * Double(next.offset + 1)
      }
    }
    return kept + gradients
  }

  /// The same program with as many steps made constants, and as many results left out, as leaves it failing.
  func reduced(_ fails: (RandomProgram) -> Bool) -> RandomProgram {
    var best = self
    let known = values(arguments)
    for number in results.indices.reversed() {
      var candidate = best
      candidate.results.remove(at: number)
      if !candidate.results.isEmpty && fails(candidate) { best = candidate }
    }
    for step in steps.indices.reversed() {
      var candidate = best
      let shape = known[arguments.count + step].shape
      candidate.steps[step] = ("constant \(shape)", { _ in .full(0.3, shape, dtype: .float64) })
      if fails(candidate) { best = candidate }
    }
    return best
  }

  /// The program as a list, for messages.
  var text: String {
    (arguments.enumerated().map { "  \($0) = \($1.dtype)\($1.shape)" }
      + steps.enumerated().map { "  \(arguments.count + $0) = \($1.text)" } + ["  return \(results)"]).joined(separator: "\n")
  }
}

/// Chooses arguments and operations.
struct RandomProgramMaker {
  typealias Step = (text: String, apply: ([Tensor]) -> Tensor)
  var generator: SplitMix64
  let rows: Int, columns: Int
  let isSymbolic: Bool
  /// The number of rows where it stands for any: extents that depend on it are its multiples, others are not.
  static let batch = 7

  init(seed: UInt64, isSymbolic: Bool = false) {
    var generator = SplitMix64(seed: seed)
    self.isSymbolic = isSymbolic
    let symbolic = (Self.batch, Int.random(in: 3..<5, using: &generator))
    (rows, columns) =
      isSymbolic ? symbolic : [(3, 4), (2, 5), (4, 4), (1, 3), (3, 1), (2, 3), (5, 2), (2, 2100)].randomElement(using: &generator)!
    self.generator = generator
  }

  mutating func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }
  mutating func coin() -> Bool { Bool.random(using: &generator) }

  mutating func arguments(rows: Int) -> (floats: [Tensor], integers: [Tensor]) {
    let shapes: [Shape] = [[rows, columns], [columns, rows], [columns], [rows, 1], [rows, columns], []]
    let key = RandomKey(pick(0..<1000))
    let floats = shapes.enumerated().map { key.fold($0).normal($1, dtype: .float64) }
    return (floats, [key.fold(100).integers(0..<rows, [4]), Tensor([Int64(pick(0..<1000))], shape: [])])
  }

  /// A few values, the last among them.
  mutating func results(arguments: Int, steps: Int) -> [Int] {
    let others = (0..<pick(1..<4)).map { _ in arguments + pick(0..<steps) }
    return others + [arguments + steps - 1] + (pick(0..<6) == 0 ? [0] : [])
  }

  /// The next operation on some of these values; nil where the choice does not fit.
  mutating func step(_ values: [Tensor], floatCount: Int) -> Step? {
    // Late values more often.
    func isFloat(_ i: Int) -> Bool { values[i].dtype.isFloating }
    var x = coin() ? values.count - 1 - pick(0..<min(5, values.count)) : pick(0..<values.count)
    if !isFloat(x) { x = 0 }
    let shape = values[x].shape, leaf = pick(0..<floatCount)
    switch pick(0..<32) {
    case 0...4: return unary(x)
    case 5...11: return binary(values, x)
    case 12...15: return reduction(x, shape, leaf, values)
    case 16...21: return movement(values, x, shape)
    case 22...24: return product(values, x, shape)
    case 25...27: return rows(x, shape)
    case 28: return indexing(x, shape, floatCount)
    default: return other(values, x, shape, leaf, floatCount)
    }
  }

  private mutating func unary(_ x: Int) -> Step {
    let constant = [0, 1, -1, 0.5, 2].randomElement(using: &generator)!
    let choices: [(String, (Tensor) -> Tensor)] = [
      ("tanh", { tanh($0) }), ("sin", { sin($0) }), ("gelu", { gelu($0) }), ("softplus", { softplus($0) * 0.5 }),
      ("exp∘tanh", { exp(tanh($0)) }), ("negate", { -$0 }), ("negate twice", { -(-$0) }), ("+ \(constant)", { $0 + constant }),
      ("\(constant) -", { constant - $0 }), ("· \(constant)", { $0 * constant }), ("silu", { silu($0) }),
      ("log(1 + x²)", { log(1 + square($0)) }), ("1/(1 + x²)", { 1 / (1 + square($0)) }), ("float32", { $0.cast(to: .float64) }),
      ("sigmoid", { sigmoid($0) }), ("erf", { erf($0) }), ("square∘tanh", { square(tanh($0)) }), ("/ 1", { $0 / 1 }),
    ]
    let (name, f) = choices[pick(0..<choices.count)]
    return ("\(name) \(x)", { f($0[x]) })
  }

  private mutating func binary(_ values: [Tensor], _ x: Int) -> Step? {
    let candidates = values.indices.filter {
      values[$0].dtype.isFloating && Self.broadcasts(values[$0].shape, values[x].shape)
    }
    let y = pick(0..<8) == 0 ? x : candidates[pick(0..<candidates.count)]
    let choices: [(String, (Tensor, Tensor) -> Tensor)] = [
      ("+", { $0 + $1 }), ("+", { $0 + $1 }), ("-", { $0 - $1 }), ("+ −", { $0 + -$1 }), ("·", { $0 * tanh($1) }), ("·", { tanh($0 * $1) }),
      ("/", { $0 / (1 + square($1)) }), ("atan2", { atan2($0, 1.5 + square($1)) }),
    ]
    let (name, f) = choices[pick(0..<choices.count)]
    let (a, b) = coin() ? (x, y) : (y, x)
    return ("\(a) \(name) \(b)", { f($0[a], $0[b]) })
  }

  static func broadcasts(_ a: Shape, _ b: Shape) -> Bool {
    zip(a.reversed(), b.reversed()).allSatisfy { $0 == $1 || $0 == 1 || $1 == 1 }
  }

  private mutating func reduction(_ x: Int, _ shape: Shape, _ leaf: Int, _ values: [Tensor]) -> Step? {
    let all = pick(0..<3) == 0
    let axes = all ? nil : shape.indices.filter { _ in coin() }
    let keep = coin()
    switch pick(0..<6) {
    case 0, 1: return ("sum \(x) \(axes ?? [-9]) \(keep)", { tanh($0[x].sum(axes: axes, keepDims: keep) * 0.3) })
    case 2: return ("mean \(x) \(axes ?? [-9]) \(keep)", { $0[x].mean(axes: axes, keepDims: keep) })
    case 3: return ("variance \(x) \(axes ?? [-9]) \(keep)", { tanh($0[x].variance(axes: axes, keepDims: keep)) })
    case 4: return ("logSumExp \(x) \(axes ?? [-9]) \(keep)", { tanh($0[x] * 0.1).logSumExp(axes: axes, keepDims: keep) })
    default:
      // Equal elements would share the gradient by rounding: a little of the value is added to numbers that differ.
      guard values[leaf].shape == shape, shape.rank > 0 else { return nil }
      return ("max \(leaf) + \(x) \(axes ?? [-9]) \(keep)", { ($0[leaf] + tanh($0[x]) * 1e-3).max(axes: axes, keepDims: keep) })
    }
  }

  private mutating func movement(_ values: [Tensor], _ x: Int, _ shape: Shape) -> Step? {
    guard shape.rank > 0 else { return ("expandDims \(x)", { $0[x].expandDims(0) }) }
    let axis = pick(0..<shape.rank), extent = shape[axis]
    let choice = pick(0..<14)
    // These ask for numbers.
    if isSymbolic && [3, 4, 6, 7, 10, 12].contains(choice) { return nil }
    switch choice {
    case 0, 1:
      let axes = Array(shape.indices).shuffled(using: &generator)
      return ("permute \(x) \(axes)", { $0[x].permute(axes) })
    case 2: return ("flatten \(x)", { $0[x].flatten() })
    case 3:
      let target = Shape([2, rows, columns])
      guard Self.broadcasts(shape, target), shape.rank <= 3, zip(shape.reversed(), target.reversed()).allSatisfy({ $0 == 1 || $0 == $1 })
      else { return nil }
      return ("broadcast \(x)", { $0[x].broadcast(to: target) })
    case 4:
      let cut = pick(0..<extent)
      return ("from \(cut) on axis \(axis) of \(x)", { $0[x].split([cut, extent - cut], axis: axis)[1] })
    case 5: return ("flip \(x) \(axis)", { $0[x].flip(axis) })
    case 6: return ("roll \(x) \(axis)", { $0[x].roll(1, axis: axis) })
    case 7:
      let widths = shape.indices.map { _ in (before: pick(0..<2), after: pick(0..<3)) }
      return ("pad \(x)", { $0[x].pad(widths, fill: 0.5) })
    case 8: return ("repeated \(x) \(axis)", { $0[x].repeated(2, axis: axis) })
    case 9:
      let others = values.indices.filter { values[$0].dtype.isFloating && values[$0].shape == shape }
      let y = others[pick(0..<others.count)]
      return ("concatenate \(x) \(y) \(axis)", { concatenate([$0[x], $0[y]], axis: axis) })
    case 10: return ("every second on axis 0 of \(x)", { $0[x][Axis.range(by: 2)] })
    case 11: return ("contiguous transpose of \(x)", { ($0[x].rank > 1 ? $0[x].transpose() : $0[x]).contiguous() })
    case 12:
      let order = [shape[axis]] + shape.indices.filter { $0 != axis }.map { shape[$0] }
      return ("reshape \(x) to \(order)", { $0[x].reshape(Shape(order)) })
    default: return ("expandDims \(x) \(axis)", { $0[x].expandDims(axis) })
    }
  }

  private mutating func product(_ values: [Tensor], _ x: Int, _ shape: Shape) -> Step? {
    guard shape.rank >= 2 else { return nil }
    let inner = shape[shape.rank - 1], scale = 1 / Double(inner).squareRoot()
    let others = values.indices.filter {
      let other = values[$0].shape
      return values[$0].dtype.isFloating && other.rank == 2 && other[0] == inner
    }
    guard let y = others.randomElement(using: &generator), coin() else {
      return ("\(x) · \(x)ᵀ", { $0[x].matmul($0[x].transpose()) * scale })
    }
    if coin() { return ("\(x) · \(y)", { $0[x].matmul($0[y]) }) }
    return ("gelu(\(x) · \(y) + 1)", { gelu($0[x].matmul($0[y]) * scale + 1) })
  }

  private mutating func rows(_ x: Int, _ shape: Shape) -> Step? {
    guard shape.rank > 0 else { return nil }
    let axis = pick(0..<shape.rank)
    switch pick(0..<5) {
    case 0, 1: return ("softmax \(x) \(axis)", { $0[x].softmax(axis: axis) })
    case 2: return ("logSoftmax \(x) \(axis)", { tanh($0[x].logSoftmax(axis: axis)) })
    case 3: return ("l2Normalize \(x)", { ($0[x] + 0.1).l2Normalize(axis: axis, epsilon: 0.1) })
    default:
      let width = shape[shape.rank - 1]
      if isSymbolic && width % Self.batch == 0 { return nil }
      return (
        "layerNorm \(x)",
        { values in
          let row = values[2].shape.equals([width]) == true ? values[2] : values[5].broadcast(to: [width])
          return values[x].layerNorm(gain: row, bias: row + 1, epsilon: 0.1)
        }
      )
    }
  }

  private mutating func indexing(_ x: Int, _ shape: Shape, _ floatCount: Int) -> Step? {
    let extent = shape.rank > 0 ? shape[0] : 0
    guard isSymbolic ? extent > 0 && extent % Self.batch == 0 : extent >= rows else { return nil }
    if coin() { return ("gather \(x)", { $0[x].gather($0[floatCount]) }) }
    guard extent == 4, !isSymbolic else { return nil }
    let rows = rows
    return ("scatterAdd \(x)", { tanh($0[x].scatterAdd($0[floatCount], extent: rows)) })
  }

  private mutating func other(_ values: [Tensor], _ x: Int, _ shape: Shape, _ leaf: Int, _ floatCount: Int) -> Step? {
    let site = pick(0..<100)
    switch pick(0..<6) {
    case 0:
      return (
        "select by \(leaf) \(x)",
        { values in
          guard values[leaf].shape.equals(values[x].shape) == true else { return values[x] * 0.5 }
          return select(values[leaf] .> 0.2, values[x], -values[x])
        }
      )
    case 1: return shape.rank == 0 ? nil : ("dropout \(x) \(site)", { $0[x].dropout(0.3, key: RandomKey($0[floatCount + 1]).fold(site)) })
    case 2: return ("checkpoint \(x)", { checkpoint($0[x]) { tanh($0) * sin($0) } })
    case 3: return shape.rank == 0 ? nil : ("cumulativeSum \(x)", { tanh($0[x].cumulativeSum(axis: 0)) })
    case 4 where !isSymbolic:
      let constant = RandomKey(site).normal(shape, dtype: .float64)
      return ("\(x) · a constant", { $0[x] * constant })
    default: return ("stopGradient \(x)", { stopGradient($0[x]) * $0[x] * 0.1 })
    }
  }
}
