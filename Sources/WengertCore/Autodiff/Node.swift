import Synchronization

/// A tape's place among the others. It does not keep the tape.
final class Level: @unchecked Sendable {
  /// Greater is further in.
  let number: Int
  /// How often a path was cut here.
  private let cuts = Atomic<Int>(0)
  /// Called with the number of each cut before it is noted.
  private let willCut: ((Int) -> Void)?
  private(set) var isOpen = true

  private static let numbers = Atomic<Int>(0)

  init(willCut: ((Int) -> Void)? = nil) {
    number = Level.numbers.add(1, ordering: .relaxed).newValue
    self.willCut = willCut
  }

  private init(number: Int) {
    self.number = number
    willCut = nil
  }

  func newCut(_ reason: Cut.Reason, _ operation: String, _ caller: Caller) -> Cut {
    let number = cuts.add(1, ordering: .relaxed).oldValue
    willCut?(number)
    return Cut(reason: reason, operation: operation, caller: caller, number: number)
  }

  /// What `stopGradient` says of every derivative, whether it is under way or not. Operations take no notice of it.
  static let all = Level(number: 0)

  func close() { isOpen = false }

  /// The innermost level at which one of `values` is recorded or cut, and its tape where one is recorded.
  static func innermost(of values: [Tensor]) -> (level: Level, tape: Tape?)? {
    var found: Node?
    for value in values {
      // A value that outlived its derivative is a constant there; a level further out may still know it.
      guard let node = value.openNode else { continue }
      let number = found?.level.number ?? 0
      if node.level.number > number || (node.level.number == number && found?.tape == nil && number > 0) { found = node }
    }
    return found.map { ($0.level, $0.tape) }
  }

  /// An operation's `results` that depend on this level's variables only through those of `operands` that are cut. Whole numbers made of a function that is constant
  /// almost everywhere are whole numbers all the same.
  func cut(_ results: [Tensor], like operands: [Tensor], by operation: String, _ caller: Caller) -> [Tensor] {
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

/// A traced value's place: its number on a tape, or why it has none there, and its node at the next level further out.
final class Node: Sendable {
  enum Place: Sendable {
    case recorded(Tape, index: Int)
    case cut(Cut)
  }
  let level: Level
  let place: Place
  let outer: Node?

  init(_ level: Level, _ place: Place, outer: Node?) {
    self.level = level
    self.place = place
    self.outer = outer
  }

  var tape: Tape? { if case .recorded(let tape, _) = place { tape } else { nil } }
}

extension Tensor {
  /// The innermost node of a derivative in progress.
  var openNode: Node? {
    var node = self.node
    while let n = node, !n.level.isOpen { node = n.outer }
    return node?.level === Level.all ? nil : node
  }

  /// The innermost open tape that records this value.
  var openTape: Tape? {
    var node = self.node
    while let n = node, !n.level.isOpen || n.tape == nil { node = n.outer }
    return node?.tape
  }

  /// This value as the levels outside `level` see it.
  func lowered(below level: Level) -> Tensor {
    var node = self.node
    while let n = node, n.level.number >= level.number || !n.level.isOpen { node = n.outer }
    return Tensor(view, node: node)
  }

  private func node(at level: Level) -> Node? {
    var node = self.node
    while let n = node, n.level !== level { node = n.outer }
    return node
  }

  /// This value's number on `tape`, −1 if it is not recorded there.
  func index(on tape: Tape) -> Int {
    if case .recorded(_, let index)? = node(at: tape.level)?.place { index } else { -1 }
  }

  /// Why this value has no derivative at `level`, where it depends on that level's variables.
  func cut(at level: Level) -> Cut? {
    if case .cut(let cut)? = node(at: level)?.place { cut } else { nil }
  }

  /// This value, of which the levels outside `level` know already, cut there.
  func cut(_ level: Level, _ cut: Cut) -> Tensor { Tensor(view, node: Node(level, .cut(cut), outer: node)) }

  /// The levels in progress at which this value is recorded or cut, from the innermost outwards.
  var openLevels: [Level] {
    var levels: [Level] = []
    var node = self.node
    while let n = node {
      if n.level.isOpen && n.level !== Level.all { levels.append(n.level) }
      node = n.outer
    }
    return levels
  }

  /// This value, with the reason for which it has no derivative at those of `levels` that do not know it.
  func known(at levels: [Level], as cut: Cut) -> Tensor {
    let missing = levels.filter { node(at: $0) == nil }
    if missing.isEmpty { return self }
    var places: [(level: Level, place: Node.Place)] = missing.map { ($0, .cut(cut)) }
    var next = node
    while let n = next {
      places.append((n.level, n.place))
      next = n.outer
    }
    places.sort { $0.level.number < $1.level.number }
    return Tensor(view, node: places.reduce(nil) { Node($1.level, $1.place, outer: $0) })
  }

  /// This value of whole numbers or truth values, or what was made of one, where a gradient of zero is meant: the function is constant almost everywhere.
  func asConstantFunction() -> Tensor {
    func renamed(_ node: Node?) -> Node? {
      guard let node else { return nil }
      var place = node.place
      if case .cut(var cut) = place, cut.reason == .discrete {
        cut.reason = .constant
        place = .cut(cut)
      }
      return Node(node.level, place, outer: renamed(node.outer))
    }
    return Tensor(view, node: renamed(node))
  }
}

/// The same values, which no derivative passes: a gradient of zero where a result depends on its variables through them alone.
public func stopGradient(_ x: Tensor) -> Tensor {
  let cut = Cut(reason: .stopped, operation: "stopGradient", caller: Caller(#fileID, #line))
  return Tensor(x.view, node: nil).known(at: x.openLevels + [.all], as: cut)
}
