/// The extents of a tensor's axes, outermost first; up to eight, held inline so that an operation allocates nothing for them.
///
/// The same list of whole numbers also serves as strides and as axis lists.
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

  /// A shape with the elements of `list`, at most eight.
  @inlinable public init(_ list: some Sequence<Int>) {
    self.init()
    for value in list { append(value) }
  }

  /// `rank` times the same extent.
  @inlinable public init(repeating value: Int, count: Int) {
    self.init()
    for _ in 0..<count { append(value) }
  }

  @inlinable public mutating func append(_ value: Int) {
    if size == Shape.maximumRank { Shape.failForRank() }
    storage[size] = value
    size += 1
  }

  // A failed precondition says nothing in release builds.
  @usableFromInline static func failForRank() -> Never { fatalError("a tensor has at most \(maximumRank) axes") }

  /// How many axes there are.
  @inlinable public var rank: Int { size }

  /// How many elements a tensor of this shape has: the product of the extents.
  @inlinable public var elementCount: Int {
    var product = 1
    for i in 0..<size { product *= storage[i] }
    return product
  }

  @inlinable public mutating func insert(_ value: Int, at axis: Int) {
    append(value)
    var i = size - 1
    while i > axis {
      storage[i] = storage[i - 1]
      i -= 1
    }
    storage[axis] = value
  }

  @inlinable @discardableResult public mutating func remove(at axis: Int) -> Int {
    let removed = self[axis]
    for i in axis..<(size - 1) { storage[i] = storage[i + 1] }
    size -= 1
    return removed
  }

  /// The strides of a row-major tensor of this shape.
  public var rowMajorStrides: Strides {
    var strides = Shape(repeating: 1, count: rank)
    var step = 1
    for axis in indices.reversed() {
      strides[axis] = step
      step *= Swift.max(self[axis], 1)
    }
    return strides
  }

  /// The list with `axis` moved to the end.
  @inlinable public func movingToEnd(_ axis: Int) -> Shape {
    var moved = self
    moved.append(moved.remove(at: axis))
    return moved
  }
}

/// The distance, in elements, between neighbours along each axis.
public typealias Strides = Shape

extension Shape: RandomAccessCollection, MutableCollection {
  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { size }
  @inlinable public subscript(i: Int) -> Int {
    get {
      precondition(i >= 0 && i < size, "axis out of range")
      return storage[i]
    }
    set {
      precondition(i >= 0 && i < size, "axis out of range")
      storage[i] = newValue
    }
  }
}

extension Shape: Hashable {
  @inlinable public static func == (a: Shape, b: Shape) -> Bool {
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
  public var description: String { "[" + map(String.init).joined(separator: ", ") + "]" }
}
