@_spi(Backend) import Wengert

/// An argument of a function that is finished while the package is built: its structure, shapes and dtypes. `FinishedGraphs.tree` and `tensor` make one.
public struct GraphArgument<Tree: TensorTree & SendableMetatype>: Sendable {
  /// The tree on memory without numbers, and the type of each of its tensors.
  let make: @Sendable () -> (tree: Tree, types: [TensorType])
}

extension FinishedGraphs {
  /// A model, a key or any other tree as an argument. It is made where nothing is computed: only its structure, and the shapes and dtypes of its tensors, count.
  ///
  /// - Parameters:
  ///   - shapes: shapes with symbols, by the tensors' dotted names: `["weight": ["width", 64]]`; −1 takes the extent that the tree has, and tensors that are not listed keep
  ///     their shapes.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  ///   - make: makes the tree.
  /// - Precondition: The tree is made without a look at its numbers, and has a tensor of each name in `shapes`, with as many axes.
  public static func tree<Tree: TensorTree & SendableMetatype>(
    shapes: [String: [Dimension]] = [:], file: StaticString = #fileID, line: UInt = #line, _ make: @escaping @Sendable () -> Tree
  ) -> GraphArgument<Tree> {
    GraphArgument {
      let caller = Caller(file, line)
      let tree = Device.with(Device(ShapeBackend.shared), make), tensors = tree.namedTensors
      if let unknown = shapes.keys.filter({ name in !tensors.contains { $0.name == name } }).min() {
        let known = tensors.map(\.name).joined(separator: ", ")
        caller.fail("tree", "`shapes` names \(unknown.debugDescription), which no tensor is called; there are \(known)")
      }
      let types = tensors.map { name, tensor in
        guard let shape = shapes[name] else { return tensor.type }
        caller.require(
          shape.count == tensor.rank, "tree", "\(name) has the shape \(tensor.shape), which the given shape \(shape) does not match")
        let extents = shape.enumerated().map { axis, extent in extent.number == -1 ? tensor.shape[dim: axis] : extent }
        return TensorType(shape: Shape(dimensions: extents), dtype: tensor.dtype)
      }
      return (tree, types)
    }
  }

  /// A tensor as an argument, of a shape that may name symbols: `tensor(["tokens", 32])`, `tensor([Dimension("sequences") + 1], .int64)`.
  public static func tensor(_ shape: [Dimension], _ dtype: DType = .float32) -> GraphArgument<Tensor> {
    GraphArgument {
      (.zeros([], dtype: dtype, device: Device(ShapeBackend.shared)), [TensorType(shape: Shape(dimensions: shape), dtype: dtype)])
    }
  }
}
