/// The extents of a tensor's axes, outermost first; up to eight, held inline so that an operation allocates nothing for them.
///
/// The same list of whole numbers also serves as strides and as axis lists. While a graph is traced an extent may be an expression in symbols
/// (`Dimension`): `shape[dim: i]` reads either, `shape[i]` the number, and ends the program if there is none.
public struct Shape: Sendable {
  /// The largest number of axes.
  public static let maximumRank = 8

  @usableFromInline var storage: InlineArray<8, Int>
  @usableFromInline var size: Int

  /// The shape of a scalar.
  @inlinable public init() {
    storage = InlineArray(repeating: 0)
    size = 0
  }

  /// A shape with the elements of `list`.
  ///
  /// - Precondition: There are at most eight.
  @inlinable public init(_ list: some Sequence<Int>) {
    self.init()
    for value in list { append(value) }
  }

  /// A shape of `count` axes of the same extent.
  ///
  /// - Precondition: `count` is at most eight.
  @inlinable public init(repeating value: Int, count: Int) {
    self.init()
    for _ in 0..<count { append(value) }
  }

  /// Adds a last axis of an extent.
  ///
  /// - Precondition: There are fewer than eight axes.
  @inlinable public mutating func append(_ value: Int) {
    if size == Shape.maximumRank { Shape.failForRank() }
    storage[size] = value
    size += 1
  }

  // A failed precondition says nothing in release builds.
  @inline(never) @usableFromInline static func failForRank() -> Never {
    Caller(#fileID, #line).fail("shape", "a tensor has at most \(maximumRank) axes")
  }

  @inline(never) @usableFromInline func failForAxis(_ axis: Int) -> Never {
    Caller(#fileID, #line).fail("shape", "axis \(axis) of \(self), which has \(size) axes; they count from 0")
  }

  /// How many axes there are.
  @inlinable public var rank: Int { size }

  /// How many elements a tensor of this shape has: the product of the extents, which must be numbers.
  ///
  /// - Precondition: The extents are numbers, and their product is an Int.
  @inlinable public var elementCount: Int {
    var product = 1
    for i in 0..<size {
      let extent = storage[i] < Dimension.firstNumber ? numberOrEnd(i) : storage[i]
      let (next, overflows) = product.multipliedReportingOverflow(by: extent)
      if overflows { failForCount() }
      product = next
    }
    return product
  }

  @inline(never) @usableFromInline func failForCount() -> Never {
    Caller(#fileID, #line).fail("shape", "a tensor of shape \(self) has more elements than an Int counts")
  }

  /// The number of an extent with a name; a symbol ends the program.
  @inline(never) @usableFromInline func numberOrEnd(_ axis: Int) -> Int {
    if let number = self[dim: axis].number { return number }
    Caller(#fileID, #line).fail(
      "shape",
      "axis \(axis) of \(self) is not a number while the graph is traced; use shape[dim: \(axis)], or compile for numbers instead of symbols"
    )
  }

  /// Adds an axis of an extent before axis `axis`.
  ///
  /// - Precondition: There are fewer than eight axes.
  @inlinable public mutating func insert(_ value: Int, at axis: Int) {
    if axis < 0 || axis > size { failForAxis(axis) }
    append(value)
    var i = size - 1
    while i > axis {
      storage[i] = storage[i - 1]
      i -= 1
    }
    storage[axis] = value
  }

  /// Removes an axis.
  ///
  /// - Precondition: The axis exists; axes count from 0.
  @inlinable public mutating func remove(at axis: Int) {
    if axis < 0 || axis >= size { failForAxis(axis) }
    for i in axis..<(size - 1) { storage[i] = storage[i + 1] }
    size -= 1
  }

  /// The strides of a row-major tensor of this shape.
  public var rowMajorStrides: Strides {
    var strides = Shape(repeating: 1, count: rank)
    var step: Dimension = 1
    for axis in indices.reversed() {
      strides[dim: axis] = step
      if self[dim: axis].number != 0 { step *= self[dim: axis] }
    }
    return strides
  }

  /// The list with `axis` moved to the end.
  @inlinable public func movingToEnd(_ axis: Int) -> Shape {
    var moved = self
    moved.remove(at: axis)
    moved.append(self[dim: axis])
    return moved
  }
}

extension Shape {
  /// The extents of the first shape, then those of the second; at most eight together. Symbols stay symbols.
  ///
  /// - Precondition: There are at most eight axes together.
  public static func + (a: Shape, b: Shape) -> Shape { a.appending(b) }
  /// The extents of the shape, then those of the list.
  public static func + (a: Shape, b: [Int]) -> Shape { a.appending(Shape(b)) }
  /// The extents of the list, then those of the shape.
  public static func + (a: [Int], b: Shape) -> Shape { Shape(a).appending(b) }
  /// Appends the extents of another shape.
  public static func += (a: inout Shape, b: Shape) { a = a.appending(b) }

  /// The shape without the first axes; dimensions of the others may be symbols.
  public func dropFirst(_ count: Int = 1) -> Shape { selecting(indices.dropFirst(count)) }
  /// The shape without the last axes.
  public func dropLast(_ count: Int = 1) -> Shape { selecting(indices.dropLast(count)) }
  /// The first axes, as many as there are up to `count`.
  public func prefix(_ count: Int) -> Shape { selecting(indices.prefix(count)) }
  /// The last axes, as many as there are up to `count`.
  public func suffix(_ count: Int) -> Shape { selecting(indices.suffix(count)) }
}

/// The distance, in elements, between neighbors along each axis.
public typealias Strides = Shape

extension Shape: RandomAccessCollection, MutableCollection {
  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { size }
  /// The extent of axis i, counted from 0.
  ///
  /// - Precondition: The axis exists, and its extent is a number.
  @inlinable public subscript(i: Int) -> Int {
    get {
      if i < 0 || i >= size { failForAxis(i) }
      let value = storage[i]
      return value < Dimension.firstNumber ? numberOrEnd(i) : value
    }
    set {
      if i < 0 || i >= size { failForAxis(i) }
      storage[i] = newValue
    }
  }
}

extension Shape: Hashable {
  /// Equality as a key: the same numbers and the same expressions. Modules that use the library get `==` of extents, which asks for all values of the symbols.
  @_implements(Equatable,==(_:_:)) @inlinable public static func isSameKey(_ a: Shape, _ b: Shape) -> Bool {
    guard a.size == b.size else { return false }
    for i in 0..<a.size where a.storage[i] != b.storage[i] { return false }
    return true
  }

  @inlinable public func hash(into hasher: inout Hasher) {
    hasher.combine(size)
    for i in 0..<size { hasher.combine(storage[i]) }
  }
}

extension Shape: ExpressibleByArrayLiteral, CustomStringConvertible {
  @inlinable public init(arrayLiteral elements: Int...) { self.init(elements) }
  public var description: String { "[" + dimensions.map(\.description).joined(separator: ", ") + "]" }
}

extension Shape {
  /// A shape of numbers and symbols.
  ///
  /// - Precondition: There are at most eight.
  @inlinable public init(dimensions: some Sequence<Dimension>) {
    self.init()
    for dimension in dimensions { append(dimension) }
  }

  /// The extent of axis i, a number or an expression in symbols.
  ///
  /// - Precondition: The axis exists; axes count from 0.
  @inlinable public subscript(dim i: Int) -> Dimension {
    get {
      if i < 0 || i >= size { failForAxis(i) }
      return Dimension(raw: storage[i])
    }
    set {
      if i < 0 || i >= size { failForAxis(i) }
      storage[i] = newValue.raw
    }
  }

  /// Adds a last axis of an extent that may be a symbol.
  ///
  /// - Precondition: There are fewer than eight axes.
  @inlinable public mutating func append(_ dimension: Dimension) { append(dimension.raw) }

  /// The extents, numbers or expressions in symbols.
  public var dimensions: [Dimension] { indices.map { self[dim: $0] } }

  /// Whether two shapes are equal for every value of the symbols (true), for none (false), or whether that depends on the symbols (nil).
  public func equals(_ other: Shape) -> Bool? {
    if rank != other.rank { return false }
    let answers = zip(dimensions, other.dimensions).map { $0.equals($1) }
    return answers.contains(false) ? false : answers.contains(nil) ? nil : true
  }

  /// Whether two shapes are equal for every value of the symbols, be they written alike or not, and no axis has two names; an axis without a name agrees with any.
  func agrees(with other: Shape) -> Bool { self == other || ((isMarked || other.isMarked) && equals(other) == true) }

  /// Whether an extent is not a number.
  @inlinable public var isSymbolic: Bool {
    for i in 0..<size where Dimension(raw: storage[i]).isSymbolic { return true }
    return false
  }

  /// Whether an extent is the number one, which stretches; a symbol counts as more, and so does an extent with a name.
  @inlinable func isOne(_ i: Int) -> Bool { storage[i] == 1 }

  /// Whether an extent is −1, which asks for what fits.
  func isOpen(_ i: Int) -> Bool { storage[i] == -1 }

  /// The first axis of the extent −1.
  var openAxis: Int? { indices.first { isOpen($0) } }

  /// Whether some extent is the number zero.
  var hasNoElements: Bool { indices.contains { self[dim: $0].number == 0 } }

  /// The product of the extents.
  public var elements: Dimension { indices.reduce(1) { $0 * self[dim: $1] } }

  /// The extents of these axes, in their order.
  func selecting(_ axes: some Sequence<Int>) -> Shape {
    var result = Shape()
    for axis in axes { result.append(self[dim: axis]) }
    return result
  }

  /// The order of axes that undoes this order of axes.
  var inversePermutation: Shape {
    var inverse = self
    for (to, from) in enumerated() { inverse[from] = to }
    return inverse
  }

  /// The extents of this shape, then those of another.
  func appending(_ other: Shape) -> Shape { other.indices.reduce(into: self) { $0.append(other[dim: $1]) } }

  /// Whether these are the numbers of a tensor's axes, each once.
  func isOrder(ofAxes rank: Int) -> Bool {
    size == rank && allSatisfy { $0 >= 0 && $0 < rank } && reduce(0) { $0 | 1 << $1 } == (1 << rank) - 1
  }

  /// The shape for given values of the symbols.
  func substituting(_ symbols: [String: Int]) -> Shape {
    isSymbolic ? Shape(dimensions.map { $0.substituting(symbols) }) : self
  }
}
