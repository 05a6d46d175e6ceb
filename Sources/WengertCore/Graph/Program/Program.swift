/// A compiled graph: one program for every size that its symbols can take.
///
/// It is planned for numbers (bound) when it first meets them; the plans last used are kept.
public final class Program: @unchecked Sendable {
  /// The graph after all passes.
  public let graph: Graph
  let backend: any Backend
  private var bound: [(sizes: [Int], program: BoundProgram)] = []
  private let symbols: [String]
  /// What must hold for the numbers of the symbols.
  private let requirements: [Requirement]
  /// How many plans for different sizes are kept.
  static let largestCache = 8

  init(_ graph: Graph, on backend: any Backend, requirements: [Requirement] = []) {
    self.graph = graph
    self.backend = backend
    self.requirements = requirements
    symbols = graph.symbols
  }

  /// The plan for these sizes, and whether it had to be made.
  func bind(_ sizes: [String: Int]) -> (program: BoundProgram, isNew: Bool) {
    let key = symbols.map { sizes[$0]! }
    if let place = bound.lastIndex(where: { $0.sizes == key }) {
      if place != bound.count - 1 { bound.append(bound.remove(at: place)) }
      return (bound[bound.count - 1].program, false)
    }
    for requirement in requirements { requirement.check(sizes) }
    if bound.count >= Self.largestCache { bound.removeFirst() }
    let program = BoundProgram(graph, symbols: sizes, on: backend)
    bound.append((key, program))
    return (program, true)
  }

  /// The plan last used.
  var last: BoundProgram? { bound.last?.program }
}

extension Graph {
  /// The values of the symbols for arguments of these types; nil where they do not fit the graph's.
  ///
  /// Late arguments are not looked at.
  func symbolValues(_ types: [TensorType]) -> [String: Int]? {
    guard types.count == inputs.count - lateInputCount else { return nil }
    var values: [String: Int] = [:]
    var open: [(Dimension, Int)] = []
    for (input, actual) in zip(inputs, types) {
      let expected = type(input)
      guard expected.dtype == actual.dtype && expected.shape.rank == actual.shape.rank else { return nil }
      for axis in actual.shape.indices {
        let dimension = expected.shape[dim: axis], extent = actual.shape[axis]
        if let number = dimension.number {
          if number != extent { return nil }
        } else if let (symbol, value) = dimension.solved(for: extent) {
          if values[symbol, default: value] != value { return nil }
          values[symbol] = value
        } else {
          open.append((dimension, extent))
        }
      }
    }
    guard values.values.allSatisfy({ $0 >= 1 }) else { return nil }
    return open.allSatisfy { $0.0.value(values) == $0.1 } ? values : nil
  }
}

extension Dimension {
  /// Of an expression a·symbol + b: the symbol, and its value where the expression has this one (zero, which no symbol has, where there is none).
  func solved(for extent: Int) -> (symbol: String, value: Int)? {
    let terms = polynomial.terms
    guard let first = terms.first, first.factors.count == 1, terms.count == 1 || (terms.count == 2 && terms[1].factors.isEmpty),
      case .symbol(let name) = first.factors[0].definition
    else { return nil }
    let rest = extent - (terms.count == 2 ? terms[1].coefficient : 0)
    return (name, rest % first.coefficient == 0 ? rest / first.coefficient : 0)
  }
}
