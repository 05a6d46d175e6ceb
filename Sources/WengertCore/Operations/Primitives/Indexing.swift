/// Primitives that read and add at positions given by whole numbers.
enum Indexing: Operation {
  /// source, indices [n] → source's shape with n along `axis`.
  case gather(axis: Int)
  /// updates, indices [n] → zeros with `extent` along `axis`, each slice of the updates added at its index.
  case scatterAdd(axis: Int, extent: Dimension)
  /// source, indices → the indices' shape: one element each, read along `axis`.
  case takeAlong(axis: Int)
  /// updates, indices → zeros with `extent` along `axis`, each update added at its index.
  case scatterAddAlong(axis: Int, extent: Dimension)

  var name: String {
    switch self {
    case .gather: "gather"
    case .scatterAdd: "scatterAdd"
    case .takeAlong: "takeAlong"
    case .scatterAddAlong: "scatterAddAlong"
    }
  }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    let x = operands[0], indices = operands[1]
    caller.expect(
      indices.dtype == .int32 || indices.dtype == .int64, name, "indices must be int32 or int64, they are \(indices.dtype)")
    var shape = x.shape
    switch self {
    case .gather(let axis): shape[dim: axis] = indices.shape[dim: 0]
    case .scatterAdd(let axis, let extent):
      caller.expect(
        x.shape[dim: axis], sameAs: indices.shape[dim: 0], name,
        "axis \(axis) of the updates \(x.shape) has \(x.shape[dim: axis]) slices for \(indices.shape[dim: 0]) indices")
      shape[dim: axis] = extent
    case .takeAlong(let axis), .scatterAddAlong(let axis, _):
      var expected = x.shape
      if case .takeAlong = self, x.shape.rank == indices.shape.rank { expected[dim: axis] = indices.shape[dim: axis] }
      caller.require(
        indices.shape.agrees(with: expected), name, "indices of shape \(indices.shape) do not fit \(x.shape): only axis \(axis) may differ")
      if case .scatterAddAlong(_, let extent) = self { shape[dim: axis] = extent } else { shape = indices.shape }
    }
    return [TensorType(shape: shape, dtype: x.dtype)]
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let x = operands[0].view, indices = operands[1].view
    let out = results[0].allocate(on: backend)
    func front(_ view: View, _ axis: Int) -> View { view.with(view.layout.movingToFront(axis)) }
    func end(_ view: View, _ axis: Int) -> View { view.with(view.layout.movingToEnd(axis)) }
    let axis: Int, extent: Dimension
    switch self {
    case .gather(let a), .takeAlong(let a): (axis, extent) = (a, x.shape[dim: a])
    case .scatterAdd(let a, let n), .scatterAddAlong(let a, let n):
      (axis, extent) = (a, n)
      ViewKernels.fill(out, with: 0)
    }
    let report = FaultReport(kind: .outOfRange, operation: name, shapes: [x.shape, indices.shape], caller: caller) { index in
      (index, "index \(index) is out of range for axis \(axis) with extent \(extent)")
    }
    switch self {
    case .gather: report.run(GatherCall(front(x, axis), indices: indices, into: front(out, axis)), on: backend)
    case .scatterAdd: report.run(ScatterAddCall(front(x, axis), indices: indices, into: front(out, axis)), on: backend)
    case .takeAlong: report.run(TakeAlongCall(end(x, axis), indices: end(indices, axis), into: end(out, axis)), on: backend)
    case .scatterAddAlong: report.run(ScatterAddAlongCall(end(x, axis), indices: end(indices, axis), into: end(out, axis)), on: backend)
    }
    return [Tensor(out, node: nil)]
  }

  func substituting(_ symbols: [String: Int]) -> Indexing {
    switch self {
    case .gather, .takeAlong: self
    case .scatterAdd(let axis, let extent): .scatterAdd(axis: axis, extent: Dimension(extent.substituting(symbols)))
    case .scatterAddAlong(let axis, let extent): .scatterAddAlong(axis: axis, extent: Dimension(extent.substituting(symbols)))
    }
  }

  func batched(_ application: BatchedApplication) -> [Tensor] {
    let a = application
    /// Each example's indices along `axis`, the same for all places beside it.
    func spread(_ axis: Int, over shape: Shape) -> Tensor {
      var ones = Shape(repeating: 1, count: shape.rank)
      ones[dim: axis] = shape[dim: axis]
      return a.operands[1].move(.reshape(a.batch(ones)), a.caller).move(.broadcast(a.batch(shape)), a.caller)
    }
    switch self {
    case .gather(let axis):
      if !a.isBatched[1] { return apply(Indexing.gather(axis: axis + 1), a.operands, a.caller) }
      if a.isBatched[0] {
        let indices = spread(axis, over: a.resultTypes[0].shape)
        return apply(Indexing.takeAlong(axis: axis + 1), [a.operands[0], indices], a.caller)
      }
      // One source for all: the indices of all examples at once.
      let count = a.operandTypes[1].shape[dim: 0]
      let indices = a.operands[1].move(.reshape(Shape(dimensions: [a.size * count])), a.caller)
      var split = a.resultTypes[0].shape
      split.insert(1, at: axis)
      split[dim: axis] = a.size
      let slices = apply1(self, [a.operands[0], indices], a.caller).move(.reshape(split), a.caller)
      return [slices.moveAxis(axis, to: 0)]
    case .scatterAdd(let axis, let extent):
      if !a.isBatched[1] { return apply(Indexing.scatterAdd(axis: axis + 1, extent: extent), a.operands, a.caller) }
      let indices = spread(axis, over: a.operandTypes[0].shape)
      return apply(Indexing.scatterAddAlong(axis: axis + 1, extent: extent), [a.whole(0), indices], a.caller)
    case .takeAlong(let axis): return apply(Indexing.takeAlong(axis: axis + 1), a.wholes, a.caller)
    case .scatterAddAlong(let axis, let extent):
      return apply(Indexing.scatterAddAlong(axis: axis + 1, extent: extent), a.wholes, a.caller)
    }
  }

  func keeps(for wanted: [Bool]) -> Residuals { .operands(1) }

  var derivative: Derivative {
    switch self {
    case .gather(let axis):
      .linear(in: [0], part: self) { a, ct in
        [apply1(Indexing.scatterAdd(axis: axis, extent: a.operandTypes[0].shape[dim: axis]), [ct[0]!, a.operand(1)], a.caller)]
      }
    case .scatterAdd(let axis, _):
      .linear(in: [0], part: self) { a, ct in [apply1(Indexing.gather(axis: axis), [ct[0]!, a.operand(1)], a.caller)] }
    case .takeAlong(let axis):
      .linear(in: [0], part: self) { a, ct in
        [
          apply1(
            Indexing.scatterAddAlong(axis: axis, extent: a.operandTypes[0].shape[dim: axis]), [ct[0]!, a.operand(1)], a.caller)
        ]
      }
    case .scatterAddAlong(let axis, _):
      .linear(in: [0], part: self) { a, ct in [apply1(Indexing.takeAlong(axis: axis), [ct[0]!, a.operand(1)], a.caller)] }
    }
  }
}

extension Indexing {
  func write(to code: inout ProgramWriter) {
    switch self {
    case .gather(let axis): code.form("gather", axis)
    case .scatterAdd(let axis, let extent): code.form("scatterAdd", axis, extent)
    case .takeAlong(let axis): code.form("takeAlong", axis)
    case .scatterAddAlong(let axis, let extent): code.form("scatterAddAlong", axis, extent)
    }
  }

  init(from code: inout ProgramReader) throws {
    let word = try code.word()
    switch word {
    case "gather": self = try .gather(axis: code.read())
    case "scatterAdd": self = try .scatterAdd(axis: code.read(), extent: code.read())
    case "takeAlong": self = try .takeAlong(axis: code.read())
    case "scatterAddAlong": self = try .scatterAddAlong(axis: code.read(), extent: code.read())
    default: throw code.unknown(word, "indexing")
    }
  }
}

extension Tensor {
  /// Slices of `axis` in the order of `indices` (whole numbers of any shape, negative ones from the end): the axis is replaced by the indices' axes. An index that
  /// is out of range is a `DataFault`, here as in `scatterAdd`, `takeAlong` and `scatterAddAlong`.
  ///
  /// ```swift
  /// let x = Tensor([10.0, 20.0, 30.0]).gather(Tensor([2, 0]))  // [30, 10]
  /// ```
  ///
  /// - Precondition: The axis exists, and the indices are int32 or int64.
  public func gather(_ indices: Tensor, axis: Int = 0, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "gather", shape)
    let flat = apply1(Indexing.gather(axis: axis), [self, indices.flatten()], caller)
    return flat.reshape(shape.selecting(0..<axis).appending(indices.shape).appending(shape.selecting(axis + 1..<rank)))
  }

  /// Zeros with `extent` along `axis`, plus each slice of this tensor at its index. The transpose of `gather`.
  ///
  /// What meets at an index is added up in order and rounded to the dtype once: in float64 for half types, and for float32 where more than 32 slices meet (fewer
  /// in float32, an error of 32 · 2⁻²⁴ Σ|x| at most). The bits do not depend on the number of threads.
  ///
  /// ```swift
  /// let x = Tensor([1.0, 2.0, 4.0]).scatterAdd(Tensor([0, 2, 0]), extent: 3)  // [5, 0, 2]
  /// ```
  ///
  /// - Precondition: The axis exists, `extent` is not negative, and the indices are int32 or int64 of the shape of the axes from `axis` on.
  public func scatterAdd(
    _ indices: Tensor, axis: Int = 0, extent: Dimension, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "scatterAdd", shape)
    let covered = shape.selecting(axis..<Swift.min(axis + indices.rank, rank))
    caller.require(
      covered.agrees(with: indices.shape), "scatterAdd", "indices of shape \(indices.shape) do not match axes from \(axis) of \(shape)")
    var rows = shape.selecting(0..<axis)
    rows.append(indices.shape.elements)
    let flat = reshape(rows.appending(shape.selecting(axis + indices.rank..<rank)))
    return apply1(Indexing.scatterAdd(axis: axis, extent: extent.unnamed), [flat, indices.flatten()], caller)
  }

  /// The same with a number as extent.
  public func scatterAdd(
    _ indices: Tensor, axis: Int = 0, extent: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    scatterAdd(indices, axis: axis, extent: Dimension(extent), file: file, line: line)
  }

  /// One element per index, read along `axis`; other axes of `indices` match this tensor's or broadcast.
  ///
  /// ```swift
  /// let x = Tensor([[1, 2], [3, 4]])
  /// let y = x.takeAlong(Tensor([1, 0]).expandDims(1))  // [[2], [3]]
  /// ```
  ///
  /// - Precondition: The axis exists, and the indices are int32 or int64 with as many axes, the others of which match or broadcast.
  public func takeAlong(_ indices: Tensor, axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "takeAlong", shape)
    caller.require(indices.rank == rank, "takeAlong", "indices of shape \(indices.shape) need as many axes as \(shape)")
    var target = shape
    for i in target.indices where i != axis && target.isOne(i) { target[dim: i] = indices.shape[dim: i] }
    var source = target
    source[dim: axis] = shape[dim: axis]
    target[dim: axis] = indices.shape[dim: axis]
    caller.require(
      indices.shape, broadcastsTo: target, "takeAlong",
      "indices of shape \(indices.shape) do not fit \(shape): only axis \(axis) may differ")
    return apply1(
      Indexing.takeAlong(axis: axis),
      [broadcast(to: source, file: file, line: line), indices.broadcast(to: target, file: file, line: line)], caller)
  }

  /// Zeros with `extent` along `axis`, plus each element of this tensor at its index, added up as by `scatterAdd`. The transpose of `takeAlong`.
  ///
  /// - Precondition: The axis exists, `extent` is not negative, and the indices are int32 or int64 of this tensor's shape.
  public func scatterAddAlong(
    _ indices: Tensor, axis: Int = -1, extent: Dimension, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    let axis = caller.normalize(axis, rank: rank, "scatterAddAlong", shape)
    return apply1(Indexing.scatterAddAlong(axis: axis, extent: extent.unnamed), [self, indices], caller)
  }

  /// The same with a number as extent.
  public func scatterAddAlong(
    _ indices: Tensor, axis: Int = -1, extent: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    scatterAddAlong(indices, axis: axis, extent: Dimension(extent), file: file, line: line)
  }

  /// A row of zeros with a one at the class index, along a new last axis of `classes`. A class that is not in 0..<classes, a negative one too, is a row of zeros.
  ///
  /// ```swift
  /// let x = Tensor([0, 2]).oneHot(3)  // [[1, 0, 0], [0, 0, 1]]
  /// ```
  ///
  /// - Precondition: The tensor is of whole numbers, and `classes` is not negative.
  public func oneHot(_ classes: Int, dtype: DType = .float32, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    oneHot(Dimension(classes), dtype: dtype, file: file, line: line)
  }

  /// The same for a number of classes that may be a symbol.
  ///
  /// - Precondition: The tensor is of whole numbers, and `classes` is not negative.
  public func oneHot(_ classes: Dimension, dtype: DType = .float32, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    caller.require(!self.dtype.isFloating && self.dtype != .bool, "oneHot", "needs whole numbers, got \(self.dtype)")
    caller.require(0, atMost: classes, "oneHot", "the number of classes is \(classes)")
    let positions = Tensor.iota(classes, on: backend)
    return (expandDims(-1) .== positions).cast(to: dtype)
  }
}
