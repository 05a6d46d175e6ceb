import Synchronization

/// The names of axes, each once, for as long as the process lives.
///
/// An extent with a name is below `Dimension.firstNumber`, as an expression is: from `Int.min` on, 2⁴⁶ places for each name, of which the lower half are numbers and the upper half
/// places in the table of expressions. So what asks whether an extent is a plain number asks what it did without names, and looks further only then.
enum AxisNames {
  private static let table = Locked<(places: [String: Int], list: [String])>(([:], []))
  /// How many there are, for those who have no time for the lock.
  fileprivate static let count = Atomic<Int>(0)
  /// What fits the bits that are left.
  private static let largestCount = 1 << 16 - 1

  /// The name's place, from 1.
  static func place(of name: String, _ caller: Caller) -> Int {
    let place = table.withLock { table -> Int? in
      if let place = table.places[name] { return place }
      if table.list.count == largestCount { return nil }
      table.list.append(name)
      table.places[name] = table.list.count
      count.store(table.list.count, ordering: .relaxed)
      return table.list.count
    }
    guard let place else { caller.fail("named", "the program has named \(largestCount) axes, and there is no place for \(name)") }
    return place
  }

  fileprivate static func name(at place: Int) -> String { table.withLock { $0.list[place - 1] } }
}

extension Dimension {
  /// As many bits hold the extent, of which the highest says that it is the place of an expression.
  private static let bits = 46
  private static let expressionBit = 1 << 45

  /// The place of its axis's name, 0 if it has none. A number far below zero, which no extent is, has none.
  var namePlace: Int {
    if raw >= Self.firstNumber { return 0 }
    let place = (raw &- Int.min) >> Self.bits
    return place <= AxisNames.count.load(ordering: .relaxed) ? place : 0
  }

  private var namedValue: Int { (raw &- Int.min) & (1 << Self.bits - 1) }

  /// The number of an extent that has a name and is a number.
  @inline(never) @usableFromInline var namedNumber: Int? {
    namePlace != 0 && namedValue & Self.expressionBit == 0 ? namedValue : nil
  }

  /// The name of its axis.
  var name: String? { namePlace == 0 ? nil : AxisNames.name(at: namePlace) }

  /// The same extent without a name.
  var unnamed: Dimension {
    if namePlace == 0 { return self }
    return Dimension(raw: namedNumber ?? Int.min + (namedValue ^ Self.expressionBit))
  }

  /// The same extent with the name at a place, or with none (0).
  func named(at place: Int) -> Dimension {
    let plain = unnamed
    if place == 0 { return plain }
    let value = plain.isSymbolic ? (plain.raw - Int.min) | Self.expressionBit : plain.raw
    ensure(value >= 0 && value < 1 << Self.bits, "the extent \(plain) has no place for a name")
    return Dimension(raw: Int.min + place << Self.bits + value)
  }

  /// The same extent, with the name of another if it has none itself.
  func orNamed(as other: Dimension) -> Dimension { namePlace == 0 && other.namePlace != 0 ? named(at: other.namePlace) : self }

  /// Whether both have names, which differ.
  func hasOtherName(than other: Dimension) -> Bool { namePlace != other.namePlace && namePlace != 0 && other.namePlace != 0 }

  /// Whether a name finds place beside it.
  var canBeNamed: Bool { number.map { $0 < Self.expressionBit } ?? true }

  /// Whether it is the number one, which stretches; with a name it does not.
  var isStretchable: Bool { raw == 1 }
}

extension Shape {
  /// Whether an extent is no plain number: a symbol, or one with a name.
  @inline(__always) var isMarked: Bool {
    for i in 0..<size where storage[i] < Dimension.firstNumber { return true }
    return false
  }

  /// Whether an axis has a name.
  var hasNames: Bool { isMarked && indices.contains { self[dim: $0].namePlace != 0 } }

  /// The same extents without names.
  var unnamed: Shape { hasNames ? Shape(dimensions: dimensions.map(\.unnamed)) : self }

  /// The same extents with the names of others, and none where those have none.
  func named(like others: Shape) -> Shape {
    isMarked || others.isMarked ? Shape(dimensions: zip(dimensions, others.dimensions).map { $0.named(at: $1.namePlace) }) : self
  }

  /// The same extents, where an axis without a name has that of the other's.
  func orNamed(as other: Shape) -> Shape {
    other.isMarked ? Shape(dimensions: zip(dimensions, other.dimensions).map { $0.orNamed(as: $1) }) : self
  }
}

extension Layout {
  var unnamed: Layout { Layout(shape: shape.unnamed, strides: strides, offset: offset) }
}

extension [Tensor] {
  /// Whether an extent of one is no plain number.
  @inline(__always) var areMarked: Bool {
    for i in indices where self[i].face.layout.shape.isMarked { return true }
    return false
  }
}

extension Tensor {
  /// The same tensor with the names of these extents.
  func taking(namesOf shape: Shape) -> Tensor {
    if !face.layout.shape.isMarked && !shape.isMarked { return self }
    var result = self
    result.face.layout.shape = face.layout.shape.named(like: shape)
    return result
  }
}

// Names of axes.
extension Tensor {
  /// The same tensor with names for its axes, which tell apart axes of equal extents: a mistake that sizes do not show ends the program as one that they do show.
  ///
  /// Messages show the names. Operations whose axes must agree (element-wise ones, products, `concatenate`, `stack`, assignment, attention …) refuse axes of two different names;
  /// an axis without a name fits any. Results have the names of the axes that they keep: an axis that is cut, joined to another or sorted loses its own. A named axis of extent one does
  /// not stretch. Gradients have the names of what they are by. Names cost a compiled program nothing: they are seen while it is traced, and are not in it.
  ///
  /// ```swift
  /// let scores = Tensor.zeros([2, 3]).named("B", "T"), weights = Tensor.ones([3]).named("T")
  /// let sum = (scores * weights).sum(axis: 1)  // of shape [B: 2]
  /// ```
  ///
  /// - Parameters:
  ///   - names: one for each axis; nil or "_" leaves an axis as it is.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  /// - Precondition: There are as many names as axes, none is empty or given to two axes, and no axis has another name already; `unnamed` takes names off.
  public func named(_ names: String?..., file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    named(names, file: file, line: line)
  }

  /// The same with the names in an array, as `axisNames` gives them.
  ///
  /// - Precondition: As for `named` of single names.
  public func named(_ names: [String?], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let given = names.map { $0 == "_" ? nil : $0 }
    let list = "[" + given.map { $0 ?? "_" }.joined(separator: ", ") + "]"
    caller.require(given.count == rank, "named", "needs a name or nil for each of the \(rank) axes of \(shape), got \(list)")
    var result = self
    for (axis, name) in given.enumerated() {
      guard let name else { continue }
      let extent = shape[dim: axis]
      if extent.name == name { continue }
      caller.require(!name.isEmpty, "named", "the name of axis \(axis) is empty; nil leaves an axis without a name")
      caller.require(
        extent.name == nil, "named", "axis \(axis) of \(shape) has a name already, and cannot be \(name) too; unnamed() takes names off")
      let others = shape.indices.filter { $0 != axis && (given[$0] ?? shape[dim: $0].name) == name }
      caller.require(others.isEmpty, "named", "\(name) is given to two axes of \(shape): \(list)")
      caller.require(extent.canBeNamed, "named", "axis \(axis) of \(shape) is too long for a name")
      result.face.layout.shape[dim: axis] = extent.named(at: AxisNames.place(of: name, caller))
    }
    return result
  }

  /// The names of the axes, nil for one without.
  public var axisNames: [String?] { shape.dimensions.map(\.name) }

  /// The same tensor without names of axes.
  public func unnamed() -> Tensor {
    if !face.layout.shape.hasNames { return self }
    var result = self
    result.face.layout.shape = face.layout.shape.unnamed
    return result
  }
}
