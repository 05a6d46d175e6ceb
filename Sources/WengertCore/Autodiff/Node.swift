import Synchronization

/// A derivative in progress: a tape's place among the levels. It does not keep the tape.
final class DerivativeLevel: Level, @unchecked Sendable {
  /// How often a path was cut here.
  private let cuts = Atomic<Int>(0)
  /// Called with the number of each cut before it is noted.
  private let willCut: ((Int) -> Void)?

  init(willCut: ((Int) -> Void)? = nil) {
    self.willCut = willCut
    super.init()
  }

  /// The level outside all others.
  private init(outermost: Void) {
    willCut = nil
    super.init(number: 0)
  }

  /// What `stopGradient` says of every derivative, whether it is under way or not. Operations take no notice of it.
  static let all = DerivativeLevel(outermost: ())

  /// Applies the operation one level further out, and records it on the tape.
  override func process(_ operation: some Operation, _ operands: [Tensor], _ caller: Caller) -> [Tensor] {
    let primals = operands.map { $0.lowered(below: self) }
    let results = apply(operation, primals, caller)
    guard let tape = operands.lazy.compactMap({ $0.tape(at: self) }).first else {
      return cut(results, like: operands, by: operation.name, caller)
    }
    return tape.record(operation, operands: operands, primals: primals, results: results, caller)
  }

  func newCut(_ reason: Cut.Reason, _ operation: String, _ caller: Caller) -> Cut {
    let number = cuts.add(1, ordering: .relaxed).oldValue
    willCut?(number)
    return Cut(reason: reason, operation: operation, caller: caller, number: number)
  }

  /// An operation's `results` that depend on this level's variables only through those of `operands` that are cut. Whole numbers made of a function that is constant
  /// almost everywhere are whole numbers all the same.
  private func cut(_ results: [Tensor], like operands: [Tensor], by operation: String, _ caller: Caller) -> [Tensor] {
    guard let cut = operands.lazy.compactMap({ $0.cut(at: self) }).max(by: { $0.reason < $1.reason }) else { return results }
    if cut.reason != .constant { return results.map { $0.cut(self, cut) } }
    return results.map { $0.cut(self, $0.dtype.isFloating ? cut : newCut(.discrete, operation, caller)) }
  }
}

/// Why a value that was computed from a tape's variables has no derivative by them.
struct Cut: Sendable {
  /// In ascending order of what is said of a value for which there are several.
  enum Reason: Int, Comparable, Sendable {
    /// It is a derivative itself, which does not depend on them.
    case derivative
    /// `stopGradient`
    case stopped
    /// A function that is constant almost everywhere: floor, sign.
    case constant
    /// Whole numbers or truth values.
    case discrete

    static func < (a: Reason, b: Reason) -> Bool { a.rawValue < b.rawValue }
  }
  var reason: Reason
  /// The operation that cut it, and where that was called.
  var operation: String
  var caller: Caller
  /// Its number among the cuts of its tape, by which the place of an operator is found when the function runs once more.
  var number = -1
}

/// What a level knows of a value, and the node at the next level further out.
final class Node: Sendable {
  enum Place: Sendable {
    /// The value's number on a tape.
    case recorded(Tape, index: Int)
    /// Why the value has no derivative at this level.
    case cut(Cut)
    /// One example of a tensor whose first axis is the batch. What levels further out know of it is with that tensor.
    case batched(Tensor)
    /// A value of the graph that is traced.
    case traced(Graph.Value)
  }
  let level: Level
  let place: Place
  /// Nil for an example.
  let outer: Node?

  init(_ level: Level, _ place: Place, outer: Node?) {
    self.level = level
    self.place = place
    self.outer = outer
  }

  var tape: Tape? { if case .recorded(let tape, _) = place { tape } else { nil } }
  /// The tensor of all examples of which this is one.
  var whole: Tensor? { if case .batched(let whole) = place { whole } else { nil } }
  /// The node at the next level further out, that of all examples after that of one.
  var next: Node? { whole.map(\.node) ?? outer }

  /// What several levels know of one value, from the innermost outwards.
  static func chain(_ places: [(level: Level, place: Place)]) -> Node? {
    places.sorted { $0.level.number < $1.level.number }.reduce(nil) { Node($1.level, $1.place, outer: $0) }
  }

  /// Whether the value has no numbers of its own: it stands for all examples, or for what a program will compute.
  var isAbstract: Bool {
    switch place {
    case .batched, .traced: true
    case .recorded, .cut: false
    }
  }

  /// Ends the program: the level is closed, and there is nothing that its value could stand for.
  @inline(never) func failForEscape() -> Never {
    if whole == nil {
      Caller(#fileID, #line).fail(
        "compile", "a traced tensor is used outside of the function that was compiled; return it from that function instead")
    }
    Caller(#fileID, #line).fail(
      "vmap", "one example's tensor is used outside of the function that was given to vmap; return it from that function instead")
  }

  /// Ends the program: the numbers of a value are asked for that has none.
  @inline(never) func failForNumbers() -> Never {
    if !level.isOpen { failForEscape() }
    if whole == nil {
      Caller(#fileID, #line).fail(
        "compile",
        "reading a tensor's values is not possible while a graph is traced, when they are not known yet; compute them outside the compiled function, or return them from it"
      )
    }
    Caller(#fileID, #line).fail(
      "vmap",
      "reading a tensor's values is not possible inside of vmap, where it stands for all examples at once; compute with tensors, or return it from the function"
    )
  }
}

extension Tensor {
  /// The innermost node of a level in progress.
  var openNode: Node? {
    var node = self.node
    while let n = node, !n.level.isOpen {
      if n.isAbstract { n.failForEscape() }
      node = n.outer
    }
    return node?.level === DerivativeLevel.all ? nil : node
  }

  /// The innermost open tape that records this value.
  var openTape: Tape? {
    var node = self.node
    while let n = node, !n.level.isOpen || n.tape == nil { node = n.next }
    return node?.tape
  }

  /// The node of the level for which this value has no numbers of its own; nil if it has.
  var abstractNode: Node? {
    var node = self.node
    while let n = node, !n.isAbstract { node = n.outer }
    return node
  }

  /// Whether this value's numbers can be read: it is neither an example of `vmap` nor traced.
  package var isConcrete: Bool { abstractNode == nil }

  /// Whether this is one example of a tensor that `vmap` computes with as a whole.
  var isExample: Bool { abstractNode?.whole != nil }

  /// The function whose graph this value, or the tensor of all examples, belongs to.
  var tracer: Tracer? {
    var node = self.node
    while let n = node, !(n.level is Tracer) { node = n.next }
    return node.map { unsafeDowncast($0.level, to: Tracer.self) }
  }

  /// Whether the numbers, or those of all examples, are there already: no graph is traced of which this is a value.
  var hasNumbers: Bool { tracer == nil }

  /// Whether a derivative, `vmap` or `compile` is in progress on this value, so that what is computed from it must be seen by that.
  var isTransformed: Bool { !isConcrete || openTape != nil }

  /// This value as the levels outside `level` see it.
  func lowered(below level: Level) -> Tensor {
    var node = self.node
    while let n = node, n.level.number >= level.number || !n.level.isOpen {
      if n.isAbstract {
        guard let whole = n.whole, n.level === level else { n.failForEscape() }
        return whole
      }
      node = n.outer
    }
    return Tensor(face, node: node)
  }

  private func node(at level: Level) -> Node? {
    var node = self.node
    while let n = node, n.level !== level { node = n.next }
    return node
  }

  /// This value's number on `tape`, −1 if it is not recorded there.
  func index(on tape: Tape) -> Int {
    if case .recorded(_, let index)? = node(at: tape.level)?.place { index } else { -1 }
  }

  /// The tape of `level` that records this value.
  func tape(at level: Level) -> Tape? { node(at: level)?.tape }

  /// Whether this is one of the examples of `level`.
  func isExample(of level: Level) -> Bool { node(at: level)?.whole != nil }

  /// This value's place in the graph of a tracer.
  func value(at tracer: Tracer) -> Graph.Value? {
    if case .traced(let value)? = node(at: tracer)?.place { value } else { nil }
  }

  /// This value, which no graph knew, as one of a graph's.
  func traced(at tracer: Tracer, _ value: Graph.Value) -> Tensor {
    var places: [(level: Level, place: Node.Place)] = [(tracer, .traced(value))]
    var next = node
    while let n = next {
      places.append((n.level, n.place))
      next = n.outer
    }
    return Tensor(tracer.face(type), node: Node.chain(places))
  }

  /// Why this value has no derivative at `level`, where it depends on that level's variables.
  func cut(at level: Level) -> Cut? {
    if case .cut(let cut)? = node(at: level)?.place { cut } else { nil }
  }

  /// This value, of which the levels outside `level` know already, cut there.
  func cut(_ level: Level, _ cut: Cut) -> Tensor { Tensor(face, node: Node(level, .cut(cut), outer: node)) }

  /// The nodes of derivatives in progress, at which this value is recorded or cut, from the innermost outwards.
  var openNodes: [Node] {
    var nodes: [Node] = []
    var node = self.node
    while let n = node {
      if n.level.isOpen && n.level !== DerivativeLevel.all && !n.isAbstract { nodes.append(n) }
      node = n.next
    }
    return nodes
  }

  /// The derivatives in progress at which this value is recorded or cut, from the innermost outwards.
  var openLevels: [Level] { openNodes.map(\.level) }

  /// This value, with the reason for which it has no derivative at those of `levels` that do not know it.
  func known(at levels: [Level], as cut: Cut) -> Tensor {
    var missing = levels.filter { node(at: $0) == nil }
    if missing.isEmpty { return self }
    var places: [(level: Level, place: Node.Place)] = []
    var next = node
    while let n = next {
      var place = n.place
      if let whole = n.whole {
        place = .batched(whole.known(at: missing.filter { $0.number < n.level.number }, as: cut))
        missing.removeAll { $0.number < n.level.number }
      }
      places.append((n.level, place))
      next = n.outer
    }
    places += missing.map { ($0, .cut(cut)) }
    return Tensor(face, node: Node.chain(places))
  }

  /// This value of whole numbers or truth values, or what was made of one, where a gradient of zero is meant: the function is constant almost everywhere.
  ///
  /// - Parameter levels: those at which it is meant; nil: all.
  func asConstantFunction(at levels: [Level]? = nil) -> Tensor {
    func renamed(_ node: Node?) -> Node? {
      guard let node else { return nil }
      var place = node.place
      switch place {
      case .cut(var cut) where cut.reason == .discrete && levels?.contains { $0 === node.level } != false:
        cut.reason = .constant
        place = .cut(cut)
      case .batched(let whole): place = .batched(whole.asConstantFunction(at: levels))
      case .cut, .recorded, .traced: break
      }
      return Node(node.level, place, outer: renamed(node.outer))
    }
    return Tensor(face, node: renamed(node))
  }

  /// The same value, of which no derivative knows.
  var withoutDerivatives: Tensor {
    let node = abstractNode.map { Node($0.level, $0.whole.map { .batched($0.withoutDerivatives) } ?? $0.place, outer: nil) }
    return Tensor(face, node: node)
  }

  /// What is computed with in the end: for an example, the tensor of all examples of all levels.
  var outermost: Tensor { abstractNode?.whole?.outermost ?? withoutDerivatives }

  /// This value, with `f` of the tensor that holds all examples in that one's place.
  func mappingOutermost(_ f: (Tensor) -> Tensor) -> Tensor {
    var inside: [Node] = []
    var node = self.node
    while let n = node {
      if let whole = n.whole, let batch = n.level as? Batch {
        let example = batch.example(of: whole.mappingOutermost(f))
        return Tensor(
          example.taking(namesOf: shape).face, node: inside.reversed().reduce(example.node) { Node($1.level, $1.place, outer: $0) })
      }
      inside.append(n)
      node = n.outer
    }
    return f(self)
  }
}

/// The same values as constants of every derivative: the gradient is zero if a result depends on its variables through them alone.
public func stopGradient(_ x: Tensor) -> Tensor {
  let cut = Cut(reason: .stopped, operation: "stopGradient", caller: Caller(#fileID, #line))
  return x.withoutDerivatives.known(at: x.openLevels + [DerivativeLevel.all], as: cut)
}
