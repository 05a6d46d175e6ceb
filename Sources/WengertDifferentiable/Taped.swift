/// A parameter tree that the tape differentiates, a layer of `WengertNN` say, as a part of a model that Swift differentiates.
///
/// ```swift
/// struct Model: Differentiable {
///   var first: Taped<Linear>
///   @differentiable(reverse)
///   func callAsFunction(_ x: Tensor) -> Tensor { tanh(first.applied(to: x) { $0($1) }) }
/// }
/// ```
public struct Taped<Tree: TensorTree>: Differentiable, TensorTree {
  public typealias TangentVector = TreeTangent

  /// The parameters.
  public var tree: Tree

  /// A tree as a part of a model.
  public init(_ tree: Tree) { self.tree = tree }

  /// f(tree, x), whose derivative is the tape's.
  ///
  /// What `f` takes from its surroundings is a constant; the compiler refuses there what has a derivative.
  public func applied(to x: Tensor, _ f: (Tree, Tensor) -> Tensor) -> Tensor { f(tree, x) }

  @derivative(of: applied, wrt: (self, x))
  @usableFromInline func vjpApplied(
    to x: Tensor, _ f: (Tree, Tensor) -> Tensor
  ) -> (value: Tensor, pullback: (TensorTangent) -> (TreeTangent, TensorTangent)) {
    let tree = tree
    let (value, pullback) = Tensor.rule(tree.tensors + [x]) { f(tree.replacingTensors($0.dropLast()), $0[$0.count - 1]) }
    return (
      value,
      {
        let gradients = pullback($0)
        return (TreeTangent(gradients.dropLast()), gradients[gradients.count - 1])
      }
    )
  }

  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) { tree.visit(prefix, body) }
  public func read(into contents: inout TreeContents) { contents.add(tree) }

  /// Adds a change to each tensor.
  ///
  /// - Precondition: The change is zero or has one for each tensor.
  public mutating func move(by offset: TreeTangent) {
    if offset.changes.isEmpty { return }
    var tensors = tree.tensors
    Caller(#fileID, #line).require(
      tensors.count == offset.changes.count, "move", "\(Tree.self) has \(tensors.count) tensors, the change \(offset.changes.count)")
    for i in tensors.indices { tensors[i].move(by: offset.changes[i]) }
    tree = tree.replacingTensors(tensors)
  }
}

extension Taped: Sendable where Tree: Sendable {}

/// A change of a parameter tree: one of each tensor, in the tree's order, or none at all, which stands for zero.
public struct TreeTangent: AdditiveArithmetic, Differentiable, Sendable {
  public typealias TangentVector = TreeTangent

  /// The change of each tensor; empty where no derivative flows.
  public var changes: [TensorTangent]

  /// A change of a tree with these tensors.
  public init(_ changes: [TensorTangent]) { self.changes = changes }

  public static var zero: TreeTangent { TreeTangent([]) }

  public static func + (a: TreeTangent, b: TreeTangent) -> TreeTangent { joined(a, b, +) }
  public static func - (a: TreeTangent, b: TreeTangent) -> TreeTangent { joined(a, b, -) }

  /// Whether all elements of all tensors are equal; none equals zeros.
  ///
  /// - Precondition: The values exist already; see `Tensor.withBytes`.
  public static func == (a: TreeTangent, b: TreeTangent) -> Bool { joined(a, b, -).changes.allSatisfy { $0 == .zero } }

  /// - Precondition: Both are of trees with as many tensors.
  private static func joined(_ a: TreeTangent, _ b: TreeTangent, _ f: (TensorTangent, TensorTangent) -> TensorTangent) -> TreeTangent {
    let count = Swift.max(a.changes.count, b.changes.count)
    func all(_ x: TreeTangent) -> [TensorTangent] { x.changes.isEmpty ? Array(repeating: .zero, count: count) : x.changes }
    let (left, right) = (all(a), all(b))
    Caller(#fileID, #line).require(
      left.count == right.count, "TreeTangent", "changes of trees with \(left.count) and with \(right.count) tensors do not add up")
    return TreeTangent(zip(left, right).map(f))
  }
}
