/// Primitives that find positions (int64) by comparing elements along one axis. Values are read at the positions, and so have their derivative.
enum Sorting: Operation {
  /// The first `count` positions in sorted order; stable, NaN the largest.
  case argSort(axis: Int, descending: Bool, count: Dimension)
  /// The position of the least or greatest element, with an extent of one.
  case argReduce(axis: Int, ReduceOp)

  var name: String {
    switch self {
    case .argSort: "argSort"
    case .argReduce(_, .minimum): "argMin"
    case .argReduce: "argMax"
    }
  }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    var shape = operands[0].shape
    switch self {
    case .argSort(let axis, _, let count): shape[dim: axis] = count
    case .argReduce(let axis, _):
      caller.require(1, atMost: shape[dim: axis], name, "axis \(axis) of \(shape) is empty")
      shape[dim: axis] = 1
    }
    return [TensorType(shape: shape, dtype: .int64)]
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let x = operands[0].view
    let out = results[0].allocate(on: backend)
    if results[0].shape.elementCount > 0 {
      switch self {
      case .argSort(let axis, let descending, _):
        backend.run(
          ArgSortCall(x.with(x.layout.movingToEnd(axis)), descending: descending, into: out.with(out.layout.movingToEnd(axis))))
      case .argReduce(let axis, let op):
        backend.run(ArgReduceCall(x.with(x.layout.movingToEnd(axis)), op, into: out.with(out.layout.movingToEnd(axis))))
      }
    }
    return [Tensor(out, node: nil)]
  }

  func substituting(_ symbols: [String: Int]) -> Sorting {
    switch self {
    case .argSort(let axis, let descending, let count):
      .argSort(axis: axis, descending: descending, count: Dimension(count.substituting(symbols)))
    case .argReduce: self
    }
  }

  func batched(_ application: BatchedApplication) -> [Tensor] {
    switch self {
    case .argSort(let axis, let descending, let count):
      apply(Sorting.argSort(axis: axis + 1, descending: descending, count: count), application.operands, application.caller)
    case .argReduce(let axis, let op): apply(Sorting.argReduce(axis: axis + 1, op), application.operands, application.caller)
    }
  }

  func keeps(for wanted: [Bool]) -> Residuals { .nothing }

  var derivative: Derivative {
    switch self {
    case .argSort, .argReduce: .zero
    }
  }
}

extension Sorting {
  func write(to code: inout ProgramWriter) {
    switch self {
    case .argSort(let axis, let descending, let count): code.form("argSort", axis, descending, count)
    case .argReduce(let axis, let op): code.form("argReduce", axis, op)
    }
  }

  init(from code: inout ProgramReader) throws {
    let word = try code.word()
    switch word {
    case "argSort": self = try .argSort(axis: code.read(), descending: code.read(), count: code.read())
    case "argReduce": self = try .argReduce(axis: code.read(), code.read())
    default: throw code.unknown(word, "order")
    }
  }
}

extension Tensor {
  /// Positions (int64) that sort `axis`; equal elements keep their order, NaN counts as the largest.
  ///
  /// - Precondition: The axis exists.
  public func argSort(axis: Int = -1, descending: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "argSort", shape)
    return apply1(Sorting.argSort(axis: axis, descending: descending, count: shape[dim: axis].unnamed), [self], caller)
  }

  /// The elements of `axis` in sorted order.
  ///
  /// ```swift
  /// let x = Tensor([3.0, 1.0, 2.0]).sorted()  // [1, 2, 3]
  /// ```
  ///
  /// - Precondition: The axis exists.
  public func sorted(axis: Int = -1, descending: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "sorted", shape)
    return takeAlong(argSort(axis: axis, descending: descending, file: file, line: line), axis: axis, file: file, line: line)
  }

  /// The `k` largest (or smallest) elements of `axis`, in order, and their positions (int64).
  ///
  /// ```swift
  /// let (values, indices) = Tensor([3.0, 1.0, 2.0]).topK(2)  // [3, 2], and [0, 2]
  /// ```
  ///
  /// - Precondition: The axis exists, and `k` is in 0...extent.
  public func topK(
    _ k: Int, axis: Int = -1, largest: Bool = true, file: StaticString = #fileID, line: UInt = #line
  ) -> (values: Tensor, indices: Tensor) {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "topK", shape)
    let message = "cannot take \(k) of the \(shape[dim: axis]) elements of axis \(axis) of \(shape)"
    caller.require(k >= 0, "topK", message)
    caller.require(Dimension(k), atMost: shape[dim: axis], "topK", message)
    let indices = apply1(Sorting.argSort(axis: axis, descending: largest, count: Dimension(k)), [self], caller)
    return (takeAlong(indices, axis: axis, file: file, line: line), indices)
  }

  /// The position (int64) of the greatest element of `axis`, the first of equals; nil: in the flattened tensor.
  ///
  /// - Precondition: The axis exists and is not empty.
  public func argMax(axis: Int? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    argReduce("argMax", .maximum, axis, keepDims, Caller(file, line))
  }

  /// The position (int64) of the least element of `axis`, the first of equals; nil: in the flattened tensor.
  ///
  /// - Precondition: The axis exists and is not empty.
  public func argMin(axis: Int? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    argReduce("argMin", .minimum, axis, keepDims, Caller(file, line))
  }

  private func argReduce(_ name: String, _ op: ReduceOp, _ axis: Int?, _ keepDims: Bool, _ caller: Caller) -> Tensor {
    guard let axis else {
      let flat = apply1(Sorting.argReduce(axis: 0, op), [flatten()], caller)
      return flat.reshape(keepDims ? Shape(repeating: 1, count: rank) : [])
    }
    let normal = caller.normalize(axis, rank: rank, name, shape)
    let result = apply1(Sorting.argReduce(axis: normal, op), [self], caller)
    return keepDims ? result : result.squeeze(normal)
  }
}
