/// Where in the user's program an operation was called, for messages.
public struct Caller: Sendable {
  public let file: StaticString
  public let line: UInt

  public init(_ file: StaticString, _ line: UInt) {
    self.file = file
    self.line = line
  }

  /// Ends the program, as an array index out of range does: `operation: what was wrong`, at the caller's line.
  func fail(_ operation: String, _ message: String) -> Never {
    fatalError("\(operation): \(message)", file: file, line: line)
  }

  func require(_ condition: Bool, _ operation: String, _ message: @autoclosure () -> String) {
    if !condition { fail(operation, message()) }
  }

  /// `axis` counted from the front; negative ones count from the end.
  func normalize(_ axis: Int, rank: Int, _ operation: String, _ shape: Shape) -> Int {
    require(axis >= -rank && axis < rank, operation, "axis \(axis) does not exist in shape \(shape), which has \(rank) axes")
    return axis < 0 ? axis + rank : axis
  }

  /// Distinct axes in ascending order; nil means all.
  func normalize(_ axes: [Int]?, _ shape: Shape, _ operation: String) -> Shape {
    guard let axes else { return Shape(shape.indices) }
    let normal = axes.map { normalize($0, rank: shape.rank, operation, shape) }.sorted()
    for (a, b) in zip(normal, normal.dropFirst()) where a == b { fail(operation, "axis \(a) is named twice in \(axes)") }
    return Shape(normal)
  }
}
