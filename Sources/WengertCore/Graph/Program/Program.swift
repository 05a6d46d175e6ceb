/// A compiled graph: one program for every size that its symbols can take.
///
/// It is planned for numbers (bound) when it first meets them. A plan serves one run at a time: what runs at the same time on another thread, or while a
/// pullback waits for its cotangent, has a plan of its own. The plans last used are kept.
public final class Program: @unchecked Sendable {
  /// The graph after all passes.
  public let graph: Graph
  let backend: any Backend
  private let symbols: [String]
  /// What must hold for the numbers of the symbols.
  let requirements: [Requirement]
  /// The results' names in the function's result, if they are known.
  let resultNames: [String]
  /// What the arguments of the function that was traced held besides tensors (`TensorTree.settings`).
  let settings: [String]
  /// Of a program that was read: nodes and extents that are looked at again when the symbols have their numbers.
  private let openNodes: [Int], openExtents: Set<Dimension>
  private let plans = Locked(Plans())

  private struct Plans {
    /// Those that no run is using, the one last used at the end.
    var idle: [BoundProgram] = []
    var last: BoundProgram?
  }

  /// How many plans that no run is using are kept.
  static let largestCache = 8

  convenience init(
    _ graph: Graph, on backend: any Backend, requirements: [Requirement] = [], resultNames: [String] = [], settings: [String] = []
  ) {
    self.init(ProgramCode(graph: graph, requirements: requirements, resultNames: resultNames, settings: settings), on: backend)
  }

  init(_ code: ProgramCode, on backend: any Backend) {
    graph = code.graph
    self.backend = backend
    requirements = code.requirements
    resultNames = code.resultNames
    settings = code.settings
    openNodes = code.openNodes
    openExtents = code.openExtents
    symbols = graph.symbols
  }

  /// The numbers of the symbols for arguments of these types, in the order of the symbols; nil if they do not fit.
  func sizes(_ types: [TensorType]) -> [Int]? {
    guard let values = graph.symbolValues(types) else { return nil }
    return symbols.map { values[$0]! }
  }

  /// A plan for these sizes that nobody else uses until it is given back, and whether it had to be made.
  ///
  /// - Parameters:
  ///   - violated: called with a requirement that does not hold for these sizes, its number, and the sizes by symbol.
  ///   - willBind: called if a plan has to be made.
  func checkOut(_ sizes: [Int], violated: (Int, Requirement, [String: Int]) -> Never, willBind: () -> Void = {}) -> (
    plan: BoundProgram, isNew: Bool
  ) {
    let known = plans.withLock { plans -> BoundProgram? in
      guard let place = plans.idle.lastIndex(where: { $0.sizes == sizes }) else { return nil }
      plans.last = plans.idle[place]
      return plans.idle.remove(at: place)
    }
    if let known { return (known, false) }
    willBind()
    let values = Dictionary(uniqueKeysWithValues: zip(symbols, sizes))
    if let number = requirements.firstIndex(where: { !$0.holds(values) }) { violated(number, requirements[number], values) }
    requireFitting(values)
    let plan = BoundProgram(graph, symbols: values, sizes: sizes, on: backend)
    plans.withLock { $0.last = plan }
    return (plan, true)
  }

  /// Ends the program if what was read does not hold for these numbers of the symbols.
  private func requireFitting(_ sizes: [String: Int]) {
    if let (operation, message, caller) = misfit(sizes) { caller.fail(operation, message) }
  }

  /// What of a program that was read does not hold for these numbers of the symbols.
  func misfit(_ sizes: [String: Int]) -> (operation: String, message: String, caller: Caller)? {
    var values: String { sizes.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: ", ") }
    if let extent = openExtents.first(where: { $0.substituting(sizes) < 0 }) {
      return ("finished program", "the extent \(extent) is negative, with \(values)", Caller(#fileID, #line))
    }
    for number in openNodes {
      let node = graph.nodes[number]
      if let fault = graph.fault(of: node, sizes) { return (node.operation.name, "\(fault), with \(values)", node.caller) }
    }
    return nil
  }

  func giveBack(_ plan: BoundProgram) {
    plans.withLock { plans in
      plans.idle.append(plan)
      if plans.idle.count > Self.largestCache { plans.idle.removeFirst() }
    }
  }

  /// The plan last used.
  var last: BoundProgram? { plans.withLock { $0.last } }
}

extension Graph {
  /// The values of the symbols for arguments of these types; nil if they do not fit the graph's.
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

  /// The symbols whose number no argument gives: none has an extent of this symbol alone.
  package var openSymbols: [String] {
    let extents = inputs.dropLast(lateInputCount).flatMap { type($0).shape.dimensions }
    return Set(extents.flatMap(\.symbols)).subtracting(extents.compactMap { $0.solved(for: 1)?.symbol }).sorted()
  }

  /// Which arguments of these types give a symbol two numbers, or none, for messages; nil if an extent of several symbols does not fit.
  func symbolFault(_ types: [TensorType]) -> String? {
    var known: [String: (value: Int, input: Int)] = [:]
    func argument(_ number: Int) -> String { "argument \(inputNames[number]), \(types[number])," }
    for (number, actual) in types.enumerated() {
      let expected = type(inputs[number])
      for axis in actual.shape.indices {
        guard let (symbol, value) = expected.shape[dim: axis].solved(for: actual.shape[axis]) else { continue }
        if value < 1 { return "\(argument(number)) fits \(expected) for no \(symbol) of at least 1" }
        if let (other, first) = known[symbol], other != value {
          return
            "\(symbol) is \(other) in \(argument(first)) and \(value) in \(argument(number).dropLast()); a symbol has one number in a call"
        }
        known[symbol] = (value, number)
      }
    }
    return nil
  }
}

extension Dimension {
  /// Of an expression a·symbol + b: the symbol, and its value where the expression has this one (zero, which no symbol has, if there is none).
  func solved(for extent: Int) -> (symbol: String, value: Int)? {
    let terms = polynomial.terms
    guard let first = terms.first, first.factors.count == 1, terms.count == 1 || (terms.count == 2 && terms[1].factors.isEmpty),
      case .symbol(let name) = first.factors[0].definition
    else { return nil }
    let rest = extent - (terms.count == 2 ? terms[1].coefficient : 0)
    return (name, rest % first.coefficient == 0 ? rest / first.coefficient : 0)
  }
}
