/// What stands for one axis in a subscript: a number, a range, or an `Axis`.
public protocol TensorIndex: Sendable {
  var part: Axis { get }
}

/// The parts of a subscript that Swift has no expression for.
public struct Axis: TensorIndex {
  enum Kind: Sendable {
    case at(Int)
    case range(from: Int?, to: Int?, by: Int)
    case newAxis, ellipsis
    case gather(Tensor)
  }
  let kind: Kind

  public var part: Axis { self }
  /// The whole axis.
  public static let all = Axis(kind: .range(from: nil, to: nil, by: 1))
  /// A new axis of extent one.
  public static let new = Axis(kind: .newAxis)
  /// As many whole axes as are left.
  public static let ellipsis = Axis(kind: .ellipsis)
  /// Python's `from:to:by`: bounds may be missing, may count from the end and are cut to the axis; a negative step walks backwards.
  public static func range(
    from: Int? = nil, to: Int? = nil, by: Int = 1, file: StaticString = #fileID, line: UInt = #line
  ) -> Axis {
    Caller(file, line).require(by != 0, "subscript", "a step of zero leads nowhere; 1 takes every element, −1 walks backwards")
    return Axis(kind: .range(from: from, to: to, by: by))
  }
}

extension Int: TensorIndex { public var part: Axis { Axis(kind: .at(self)) } }
extension Range: TensorIndex where Bound == Int { public var part: Axis { .range(from: lowerBound, to: upperBound) } }
extension ClosedRange: TensorIndex where Bound == Int {
  public var part: Axis { .range(from: lowerBound, to: Self.end(after: upperBound)) }
}
extension PartialRangeFrom: TensorIndex where Bound == Int { public var part: Axis { .range(from: lowerBound) } }
extension PartialRangeUpTo: TensorIndex where Bound == Int { public var part: Axis { .range(to: upperBound) } }
extension PartialRangeThrough: TensorIndex where Bound == Int {
  public var part: Axis { .range(to: ClosedRange.end(after: upperBound)) }
}
extension ClosedRange where Bound == Int {
  /// −1 is the last element, after which there is no bound to name; nor is there behind the greatest number.
  fileprivate static func end(after last: Int) -> Int? { last == -1 || last == .max ? nil : last + 1 }
}
extension Tensor: TensorIndex { public var part: Axis { Axis(kind: .gather(self)) } }

extension Tensor {
  /// A part of the tensor by NumPy's rules: a number takes one element and drops the axis, ranges and `Axis.range` take some, `Axis.new` adds an axis,
  /// `Axis.ellipsis` stands for whole axes; all of these are views. One tensor of whole numbers reads the slices it names.
  ///
  /// Assigning changes the elements in place where nobody else holds them.
  public subscript(indices: any TensorIndex..., file file: StaticString = #fileID, line line: UInt = #line) -> Tensor {
    get { self[indices: indices, file: file, line: line] }
    set { self[indices: indices, file: file, line: line] = newValue }
  }

  /// The same with the indices in a list, whose length may be known only when the program runs: `x[indices: axes.map { $0 == 1 ? 0 : Axis.all }]`.
  public subscript(indices indices: [any TensorIndex], file file: StaticString = #fileID, line line: UInt = #line) -> Tensor {
    get { Subscript(indices.map(\.part), of: self, Caller(file, line)).read(self) }
    set {
      let caller = Caller(file, line)
      let place = Subscript(indices.map(\.part), of: self, caller)
      caller.require(place.gather == nil, "subscript", "assigning through a tensor of indices is not defined; use scatterAdd or select")
      let value = newValue.cast(to: dtype).broadcast(to: place.shape, file: file, line: line).reshape(place.counts)
      if openNode == nil && value.openNode == nil && !isTraced && !value.isTraced {
        if !isKnownUniquelyReferenced(&view.storage) || !view.layout.isContiguous { view = RowPrograms.copied(view) }
        // The value may be a view of this very storage.
        let source = value.view.storage === view.storage ? RowPrograms.copied(value.view) : value.view
        RowPrograms.copy(source, into: view.with(place.pick.layout(view.layout)))
      } else {
        let placed = value.move(.place(place.pick, shape: shape, fill: 0), caller)
        let there = Tensor.full(1, place.counts, dtype: .bool, backend: backend).move(.place(place.pick, shape: shape, fill: 0), caller)
        self = .select(there, placed, self, caller)
      }
    }
  }
}

/// A subscript worked out for one shape.
private struct Subscript {
  let caller: Caller
  /// The slice along every axis.
  var starts: Shape, steps: Shape, counts: Shape
  /// The result's shape before a gather.
  var shape = Shape()
  /// The axis of the result and the indices to read there.
  var gather: (axis: Int, indices: Tensor)?

  var pick: Movement.Pick { .slice(starts: starts, steps: steps, counts: counts) }

  init(_ parts: [Axis], of tensor: Tensor, _ caller: Caller) {
    self.caller = caller
    let full = tensor.shape
    starts = Shape(repeating: 0, count: full.rank)
    steps = Shape(repeating: 1, count: full.rank)
    counts = full
    let named = parts.reduce(0) { count, part in
      switch part.kind {
      case .newAxis, .ellipsis: count
      default: count + 1
      }
    }
    caller.require(named <= full.rank, "subscript", "\(named) indices for shape \(full), which has \(full.rank) axes")
    var axis = 0
    var sawEllipsis = false
    func keepWholeAxes(_ number: Int) {
      for _ in 0..<number {
        shape.append(full[dim: axis])
        axis += 1
      }
    }
    for part in parts {
      switch part.kind {
      case .newAxis: shape.append(1)
      case .ellipsis:
        caller.require(!sawEllipsis, "subscript", "only one ellipsis can stand for the axes that are left")
        sawEllipsis = true
        keepWholeAxes(full.rank - named)
      case .at(let index):
        // Every extent in symbols is at least one.
        let extent = index == 0 && full[dim: axis].isSymbolic ? 1 : full[axis]
        caller.require(
          index >= -extent && index < extent, "subscript", "index \(index) is out of range for axis \(axis) of \(full)")
        starts[axis] = index < 0 ? index + extent : index
        counts[axis] = 1
        axis += 1
      case .range(let from, let to, let by):
        if from == nil && to == nil && by == 1 {
          keepWholeAxes(1)
          continue
        }
        let (start, count) = Self.resolve(from, to, by, full[axis])
        starts[axis] = start
        // Of one element or none the step leads nowhere, and may be larger than any distance in memory.
        steps[axis] = count > 1 ? by : 1
        counts[axis] = count
        shape.append(count)
        axis += 1
      case .gather(let indices):
        caller.require(gather == nil, "subscript", "only one tensor of indices can stand in a subscript; use gather or takeAlong")
        gather = (shape.rank, indices)
        shape.append(full[dim: axis])
        axis += 1
      }
    }
    keepWholeAxes(full.rank - axis)
  }

  func read(_ tensor: Tensor) -> Tensor {
    var result = tensor
    if counts != tensor.shape || steps != Shape(repeating: 1, count: tensor.rank) { result = result.move(.pick(pick), caller) }
    if result.shape != shape { result = result.move(.reshape(shape), caller) }
    if let gather { result = result.gather(gather.indices, axis: gather.axis, file: caller.file, line: caller.line) }
    return result
  }

  /// Python's slice: where it starts and how many elements it takes.
  static func resolve(_ from: Int?, _ to: Int?, _ by: Int, _ extent: Int) -> (start: Int, count: Int) {
    func bound(_ value: Int?, _ missing: Int, _ low: Int, _ high: Int) -> Int {
      guard let value else { return missing }
      return min(max(value < 0 ? value + extent : value, low), high)
    }
    if by > 0 {
      let start = bound(from, 0, 0, extent), end = bound(to, extent, 0, extent)
      return (start, end > start ? (end - start - 1) / by + 1 : 0)
    }
    let start = bound(from, extent - 1, -1, extent - 1), end = bound(to, -1, -1, extent - 1)
    return (start, start > end ? Int(UInt(start - end - 1) / by.magnitude) + 1 : 0)
  }
}
