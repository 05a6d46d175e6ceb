/// Two trees as one: the results of a compiled function that has two, or two trees that are updated together.
public struct Pair<First: TensorTree, Second: TensorTree>: TensorTree {
  /// The first tree.
  public var first: First
  /// The second tree.
  public var second: Second

  /// A pair of two trees.
  public init(_ first: First, _ second: Second) {
    self.first = first
    self.second = second
  }

  /// The pair of a tuple.
  public init(_ values: (First, Second)) { self.init(values.0, values.1) }

  /// Both trees, as a tuple.
  public var values: (First, Second) { (first, second) }

  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
    first.visit(dotted(prefix, "first"), body)
    second.visit(dotted(prefix, "second"), body)
  }

  public func read(into contents: inout TreeContents) {
    first.read(into: &contents)
    second.read(into: &contents)
  }
}

extension Pair: Sendable where First: Sendable, Second: Sendable {}
