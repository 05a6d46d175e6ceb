@_spi(Backend) import Wengert

/// An argument of a function that is finished while the package is built: its structure, shapes and dtypes.
public struct GraphArgument<Tree: TensorTree & SendableMetatype>: Sendable {
  /// The tree on memory without numbers, and the type of each of its tensors.
  let make: @Sendable () -> (tree: Tree, types: [TensorType])

  /// A model, a key or any other tree. It is made where nothing is computed: only its structure, and the shapes and dtypes of its tensors, count.
  ///
  /// - Parameters:
  ///   - shapes: shapes with symbols, by the tensors' dotted names: `["weight": ["width", 64]]`; −1 takes the extent that the tree has, and tensors that are not listed keep
  ///     their shapes.
  ///   - make: makes the tree.
  public static func tree(
    shapes: [String: [Dimension]] = [:], file: StaticString = #fileID, line: UInt = #line, _ make: @escaping @Sendable () -> Tree
  ) -> GraphArgument {
    GraphArgument {
      let caller = Caller(file, line)
      let tree = Device.with(Device(ShapeBackend.shared), make), tensors = tree.namedTensors
      if let unknown = shapes.keys.filter({ name in !tensors.contains { $0.name == name } }).min() {
        caller.fail(
          "tree",
          "`shapes` names \(unknown.debugDescription), which no tensor is called; there are \(tensors.map(\.name).joined(separator: ", "))")
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
}

extension GraphArgument where Tree == Tensor {
  /// A tensor of a shape that may name symbols: `.tensor(["tokens", 32])`, `.tensor([Dimension("sequences") + 1], .int64)`.
  public static func tensor(_ shape: [Dimension], _ dtype: DType = .float32) -> GraphArgument {
    GraphArgument {
      (.zeros([], dtype: dtype, device: Device(ShapeBackend.shared)), [TensorType(shape: Shape(dimensions: shape), dtype: dtype)])
    }
  }
}
