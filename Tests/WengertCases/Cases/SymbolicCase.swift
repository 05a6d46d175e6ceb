@_spi(Backend) import Wengert
@_spi(Backend) import WengertCPU

/// A row of the case list with symbols for some of its extents: which axes of its operands these are, and the sizes at which it can be called.
package struct SymbolicCase: CustomStringConvertible {
  package let operation: OperationCase
  package let dtype: DType
  /// The operands' shapes with symbols, in their order.
  package let shapes: [[Dimension]]
  /// Base shapes that fit, the case's own first.
  package let bases: [Shape]
  /// Base shapes with the least extent for each and for all symbols: not every operation has results there.
  package let leastBases: [Shape]

  package var description: String { "\(operation.name) of \(shapes.map { Shape(dimensions: $0) })" }

  /// Each base extent alone, all together, and all together with the operands' fixed extents.
  ///
  /// - Parameter least: the least extent of those that are symbols: 1, or 0, of symbols less one.
  package static func all(of operation: OperationCase, least: Int = 1) -> [SymbolicCase] {
    guard let own = operation.ownBase else { return [] }
    let free = own.indices.filter { own[$0] > 1 && !(fixed[operation.name]?.contains($0) ?? false) }
    var choices = free.count > 1 ? free.map { (axes: [$0], withFixed: false) } : []
    choices.append((free, false))
    if !numbered.contains(operation.name) { choices.append((free, true)) }
    return choices.compactMap { SymbolicCase(operation, own, $0.axes, least: least, withFixed: $0.withFixed) }
  }

  private init?(_ operation: OperationCase, _ own: Shape, _ axes: [Int], least: Int, withFixed: Bool) {
    func patterns(withFixed: Bool) -> [[Dimension]] {
      operation.operands.map { Self.pattern($0, own, axes, least: least, withFixed: withFixed) }
    }
    self.operation = operation
    dtype = operation.dtypes.contains(.float64) ? .float64 : operation.dtypes[0]
    shapes = patterns(withFixed: withFixed)
    if !shapes.contains(where: { $0.contains(where: \.isSymbolic) }) { return nil }
    // Lists of extents are compared as keys.
    if withFixed && shapes == patterns(withFixed: false) { return nil }
    let movable = axes.filter { !(Self.pinned[operation.name]?.contains($0) ?? false) }
    bases = Self.bases(operation, own, movable)
    var leastAxes = movable.map { [$0] }
    if movable.count > 1 { leastAxes.append(movable) }
    if Self.looking[operation.name]?.contains(least) == true { leastAxes = [] }
    leastBases = leastAxes.map { axes in
      var base = own
      for axis in axes { base[axis] = least }
      return base
    }
  }

  /// An operand's extents as sums of multiples of the base extents; what does not depend on them is a number or, of the same number, one symbol.
  private static func pattern(_ operand: Operand, _ own: Shape, _ axes: [Int], least: Int, withFixed: Bool) -> [Dimension] {
    let extents = operand.shape(own)
    let slopes = own.indices.map { axis in
      var wider = own
      wider[axis] += 1
      return zip(operand.shape(wider), extents).map { $0 - $1 }
    }
    return extents.enumerated().map { i, extent in
      if withFixed && extent > 1 && slopes.allSatisfy({ $0[i] == 0 }) { return Dimension(symbol: "fixed\(extent)") }
      return axes.reduce(Dimension(extent)) { sum, axis in
        sum + Dimension(slopes[axis][i]) * (Dimension(symbol: "s\(axis)") - Dimension(own[axis] + 1 - least))
      }
    }
  }

  /// The case's own base shape, then others that differ in these axes: of its list, and the own one with each and all of the extents doubled.
  private static func bases(_ operation: OperationCase, _ own: Shape, _ axes: [Int]) -> [Shape] {
    var all = [own]
    func add(_ base: Shape) {
      if base.elementCount <= 2500 && !all.contains(base) { all.append(base) }
    }
    for other in operation.shapes where other.rank == own.rank {
      var base = own
      for axis in axes where other[axis] > (operation.name == "squeeze" ? 1 : 0) { base[axis] = other[axis] }
      add(base)
    }
    var doubled = own
    for axis in axes { doubled[axis] *= 2 }
    add(doubled)
    return Array(all.prefix(5))
  }

  package func operands(_ base: Shape, example: Int = 0) -> [Tensor] {
    Variant(operation, dtype, base, .contiguous).operands(example: example).map { $0.tensor(on: CPUBackend.shared) }
  }

  /// For a function of the operands, each with these extents before its own.
  package func options(lead: [Dimension]) -> CompileOptions {
    CompileOptions(shapes: Dictionary(uniqueKeysWithValues: shapes.enumerated().map { ("0.\($0.offset)", lead + $0.element) }))
  }

  package var options: CompileOptions { options(lead: []) }

  /// Whether a function of the operands refuses them.
  package func refuses(_ base: Shape, _ function: @escaping @Sendable ([Tensor]) -> [Tensor]) -> Bool {
    let operands = operands(base)
    return !collectingMistakes([{ _ = function(operands) }]).isEmpty
  }

  /// Least extents that the function itself looks for, by the case's name: `squeeze` by no name drops axes of the number one, and keeps those that are symbols.
  static let looking: [String: Set<Int>] = ["squeeze": [0, 1], "mean": [0]]

  /// Base axes that must be numbers, by the case's name: the function itself names one.
  static let fixed: [String: Set<Int>] = [
    // The keys of eight tokens are made in the function.
    "attention with dropout by token": [0],
    // Groups are numbers.
    "convolution 2d depthwise": [1],
  ]

  /// Cases whose operands' fixed extents must be numbers: a transform is of a length that is known.
  static let numbered = Set(CaseList.fourier.map(\.name))

  /// Base axes that may be symbols but have one size only: the function, or an operand's values, are made for it.
  static let pinned: [String: Set<Int>] = [
    "split": [0], "scatterAdd 1 by a matrix": [0], "attention": [0], "attention scaled": [0], "attention with dropout": [0],
    "attention with dropout by token": [0], "scatterAdd where many meet": [0], "scatterAddAlong where many meet": [0, 1],
  ]
}

extension OperationCase {
  /// The first base shape whose extents could all be symbols and, failing that, the first with one that could.
  fileprivate var ownBase: Shape? {
    let small = shapes.filter { $0.rank > 0 && (2...400).contains($0.elementCount) }
    return small.first { $0.allSatisfy { $0 > 1 } } ?? small.first { $0.contains { $0 > 1 } }
  }
}
