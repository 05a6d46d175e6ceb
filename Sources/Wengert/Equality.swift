// Equality of extents as programs ask for it. It is declared above the core, whose operations, caches and graphs compare shapes as keys.

extension Dimension {
  /// Whether two extents are equal for every value of the symbols; false if they are for none. If that depends on the symbols the program ends, where `equals(_:)` gives nil.
  ///
  /// - Precondition: Whether the extents are equal does not depend on the symbols; so for `!=`.
  public static func == (a: Dimension, b: Dimension) -> Bool {
    guard let answer = a.equals(b) else { Caller(#fileID, #line).fail("comparison of extents", openQuestion(a, "equals", b)) }
    return answer
  }

  /// Whether two extents differ for every value of the symbols; see `==`.
  public static func != (a: Dimension, b: Dimension) -> Bool { !(a == b) }

  /// `==` in a `case`.
  public static func ~= (a: Dimension, b: Dimension) -> Bool { a == b }
}

extension Shape {
  /// Whether two shapes are equal for every value of the symbols; false if they are for none. If that depends on the symbols the program ends, where `equals(_:)` gives nil.
  ///
  /// - Precondition: Whether the shapes are equal does not depend on the symbols; so for `!=`.
  public static func == (a: Shape, b: Shape) -> Bool {
    guard let answer = a.equals(b) else {
      let open = a.indices.first { a[dim: $0].equals(b[dim: $0]) == nil }!
      Caller(#fileID, #line).fail(
        "comparison of shapes", "\(a) and \(b): \(Dimension.openQuestion(a[dim: open], "equals", b[dim: open]))")
    }
    return answer
  }

  /// Whether two shapes differ for every value of the symbols; see `==`.
  public static func != (a: Shape, b: Shape) -> Bool { !(a == b) }

  /// `==` in a `case`.
  public static func ~= (a: Shape, b: Shape) -> Bool { a == b }
}
