/// What a subscript has for one axis: a number, an extent, a range, or an `Axis`.
public protocol TensorIndex: Sendable {
  @_spi(Internal) var part: Axis { get }
}

/// The parts of a subscript that Swift has no expression for.
public struct Axis: TensorIndex {
  enum Kind: Sendable {
    case at(Int)
    case range(from: Int?, to: Int?, by: Int)
    case place(Dimension)
    case span(from: Dimension?, to: Dimension?, by: Int)
    case newAxis, ellipsis
    case gather(Tensor)
  }
  let kind: Kind

  @_spi(Internal) public var part: Axis { self }
  /// The whole axis.
  public static let all = Axis(kind: .range(from: nil, to: nil, by: 1))
  /// A new axis of extent one.
  public static let new = Axis(kind: .newAxis)
  /// As many whole axes as are left.
  public static let ellipsis = Axis(kind: .ellipsis)
  /// Python's `from:to:by`: bounds may be missing, may count from the end and are cut to the axis; a negative step walks backwards.
  ///
  /// - Precondition: `by` is not zero, here and in the other forms.
  public static func range(
    from: Int? = nil, to: Int? = nil, by: Int = 1, file: StaticString = #fileID, line: UInt = #line
  ) -> Axis {
    requireStep(by, Caller(file, line))
    return Axis(kind: .range(from: from, to: to, by: by))
  }

  /// The same with extents as bounds, `.range(from: 1, to: n - 1)`: they count from the front and must be inside the axis. The shape keeps its
  /// form then: this has the extent n − 2, also for a symbol n.
  ///
  /// - Precondition: `by` is not zero.
  public static func range(
    from: Dimension, to: Dimension, by: Int = 1, file: StaticString = #fileID, line: UInt = #line
  ) -> Axis {
    requireStep(by, Caller(file, line))
    return Axis(kind: .span(from: from, to: to, by: by))
  }

  /// From an extent to the end, or backwards to the start.
  ///
  /// - Precondition: `by` is not zero.
  public static func range(
    from: Dimension, by: Int = 1, file: StaticString = #fileID, line: UInt = #line
  ) -> Axis {
    requireStep(by, Caller(file, line))
    return Axis(kind: .span(from: from, to: nil, by: by))
  }

  /// From the start, or backwards from the end, to an extent.
  ///
  /// - Precondition: `by` is not zero.
  public static func range(
    to: Dimension, by: Int = 1, file: StaticString = #fileID, line: UInt = #line
  ) -> Axis {
    requireStep(by, Caller(file, line))
    return Axis(kind: .span(from: nil, to: to, by: by))
  }

  private static func requireStep(_ by: Int, _ caller: Caller) {
    caller.require(by != 0, "subscript", "a step of zero leads nowhere; 1 takes every element, −1 walks backwards")
  }
}

extension Int: TensorIndex { @_spi(Internal) public var part: Axis { Axis(kind: .at(self)) } }
extension Dimension: TensorIndex {
  /// The element at this place, counted from the front: `x[n - 1]`.
  @_spi(Internal) public var part: Axis { Axis(kind: .place(self)) }
}

/// A bound of a range in a subscript: a number, or an extent.
public protocol AxisBound: Comparable, Sendable {
  @_spi(Internal) static func span(from: Self?, to: Self?) -> Axis
}
extension Int: AxisBound { @_spi(Internal) public static func span(from: Int?, to: Int?) -> Axis { .range(from: from, to: to) } }
extension Dimension: AxisBound {
  @_spi(Internal) public static func span(from: Dimension?, to: Dimension?) -> Axis { Axis(kind: .span(from: from, to: to, by: 1)) }
}

extension Range: TensorIndex where Bound: AxisBound {
  @_spi(Internal) public var part: Axis { Bound.span(from: lowerBound, to: upperBound) }
}
extension ClosedRange: TensorIndex where Bound == Int {
  @_spi(Internal) public var part: Axis { .range(from: lowerBound, to: Self.end(after: upperBound)) }
}
extension PartialRangeFrom: TensorIndex where Bound: AxisBound {
  @_spi(Internal) public var part: Axis { Bound.span(from: lowerBound, to: nil) }
}
extension PartialRangeUpTo: TensorIndex where Bound: AxisBound {
  @_spi(Internal) public var part: Axis { Bound.span(from: nil, to: upperBound) }
}
extension PartialRangeThrough: TensorIndex where Bound == Int {
  @_spi(Internal) public var part: Axis { .range(to: ClosedRange.end(after: upperBound)) }
}
extension ClosedRange where Bound == Int {
  /// −1 is the last element, after which there is no bound to name; nor is there behind the greatest number.
  fileprivate static func end(after last: Int) -> Int? { last == -1 || last == .max ? nil : last + 1 }
}
extension Tensor: TensorIndex { @_spi(Internal) public var part: Axis { Axis(kind: .gather(self)) } }

extension Tensor {
  /// A part of the tensor by NumPy's rules: a number takes one element and drops the axis, ranges and `Axis.range` take some, `Axis.new` adds an axis,
  /// `Axis.ellipsis` stands for whole axes; all of these are views. A tensor of whole numbers reads the slices it names. Several of them broadcast against each other and name one element of
  /// their axes together; their axes stand where the first was if they are neighbors, and in front otherwise. A bool tensor of this tensor's shape, alone, reads the elements where it holds,
  /// and is `maskedSelect`.
  ///
  /// Of an axis whose extent is a symbol, whether a place exists is checked when the symbol gets its number. A range of numbers is cut to the axis, so that
  /// `x[0..<8]` of an axis n has the extent min(8, n); `narrow`, and ranges of extents, have the extent that they name and must be inside.
  ///
  /// Assigning changes the elements in place if no other tensor shares their memory. Through tensors of indices that name a place several times the last value stays, also of `+=`: to add
  /// up, use `scatter` with the mode `add`. Through a mask, a value broadcasts to this tensor's shape.
  ///
  /// ```swift
  /// var x = Tensor.iota(6).reshape([2, 3])  // [[0, 1, 2], [3, 4, 5]]
  /// let column = x[Axis.all, 1]  // [1, 4]
  /// let end = x[1, 1...]  // [4, 5]
  /// x[0] = Tensor(9)  // x is [[9, 9, 9], [3, 4, 5]]
  /// ```
  ///
  /// - Precondition: Numbers name elements that exist, ranges of extents are inside the axis, there are no more indices than axes, and at most one ellipsis. Tensors of indices broadcast against each other; a mask is alone. A value that is assigned broadcasts to the place.
  public subscript(indices: any TensorIndex..., file file: StaticString = #fileID, line line: UInt = #line) -> Tensor {
    get { self[indices: indices, file: file, line: line] }
    set { self[indices: indices, file: file, line: line] = newValue }
  }

  /// The same with the indices in a list, whose length may be known only when the program runs: `x[indices: axes.map { $0 == 1 ? 0 : Axis.all }]`.
  ///
  /// - Precondition: As for indices one by one.
  public subscript(indices indices: [any TensorIndex], file file: StaticString = #fileID, line line: UInt = #line) -> Tensor {
    get {
      let caller = Caller(file, line)
      if let mask = mask(indices, caller) { return maskedSelect(mask, file: file, line: line) }
      return Subscript(indices.map(\.part), of: self, caller).read(self)
    }
    set {
      let caller = Caller(file, line)
      if let mask = mask(indices, caller) {
        let value = newValue.cast(to: dtype)
        caller.require(
          value.shape, broadcastsTo: shape, "subscript", "a value of shape \(value.shape) is assigned through a mask of \(shape)")
        self = Tensor.select(mask, value, self, caller).taking(namesOf: shape)
        return
      }
      let place = Subscript(indices.map(\.part), of: self, caller)
      if place.gathers.isEmpty {
        write(newValue, at: place, caller)
      } else {
        // The slices that the other indices name, with what is written among them.
        write(place.slices(self).writing(newValue.cast(to: dtype), through: place.indexed(caller), caller), at: place, caller)
      }
    }
  }

  /// The only index, where it is of truth values.
  private func mask(_ indices: [any TensorIndex], _ caller: Caller) -> Tensor? {
    let masks = indices.compactMap { index -> Tensor? in if case .gather(let x) = index.part.kind, x.dtype == .bool { x } else { nil } }
    guard let mask = masks.first else { return nil }
    caller.require(
      indices.count == 1 && mask.shape.agrees(with: shape), "subscript",
      "a mask stands alone and has the tensor's shape \(shape), it has \(mask.shape) among \(indices.count) indices; use maskedSelect or select"
    )
    return mask
  }

  /// Writes a value to the slices of a place.
  private mutating func write(_ newValue: Tensor, at place: Subscript, _ caller: Caller) {
    let (file, line) = (caller.file, caller.line)
    let value = newValue.cast(to: dtype).fitting(place.shape, caller).broadcast(to: place.shape, file: file, line: line)
      .reshape(place.counts)
    _ = [self, value].commonBackend("subscript", caller)
    if openNode == nil && value.openNode == nil && !place.pick.isSymbolic {
      let named = shape
      if named.isMarked { face.layout.shape = named.unnamed }
      if !isKnownUniquelyReferenced(&face.storage) || !face.layout.isContiguous { face = ViewKernels.copied(face) }
      // The value may be a view of this very storage.
      let source = value.view.storage === face.storage ? ViewKernels.copied(value.view) : value.view
      ViewKernels.copy(source, into: face.with(place.pick.unnamed.layout(face.layout)))
      if named.isMarked { face.layout.shape = named }
    } else {
      if let tracer = Tracer.current, hasNumbers { self = tracer.joining(self) }
      let placed = value.move(.place(place.pick, shape: shape, fill: 0), caller)
      let there = Tensor.full(1, place.counts, dtype: .bool, beside: self).move(.place(place.pick, shape: shape, fill: 0), caller)
      self = .select(there, placed, self, caller)
    }
  }
}

extension Tensor {
  /// This tensor with the extents of a place to which it is assigned, where whether they are equal is known when the symbols get their numbers.
  fileprivate func fitting(_ place: Shape, _ caller: Caller) -> Tensor {
    var result = self
    let lead = place.rank - rank, message = "a value of shape \(shape) is assigned to a place of shape \(place)"
    for axis in shape.indices where lead + axis >= 0 && !shape.isOne(axis) && shape[dim: axis].equals(place[dim: lead + axis]) == nil {
      caller.require(shape[dim: axis], equals: place[dim: lead + axis], "subscript", message)
      result = result.narrow(axis, 0, place[dim: lead + axis], caller)
    }
    caller.require(result.shape, broadcastsTo: place, "subscript", message)
    return result
  }
}

/// A subscript worked out for one shape.
private struct Subscript {
  let caller: Caller
  /// The slice along every axis.
  var starts: Shape, steps: Shape, counts: Shape
  /// The result's shape before a gather.
  var shape = Shape()
  /// The axes of that shape that tensors name elements of, and these.
  var gathers: [(axis: Int, indices: Tensor)] = []

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
    func take(_ place: Dimension, _ text: String) {
      caller.require(0, atMost: place, "subscript", "index \(text) is out of range for axis \(axis) of \(full)")
      caller.require(place + 1, atMost: full[dim: axis], "subscript", "index \(text) is out of range for axis \(axis) of \(full)")
      starts[dim: axis] = place.unnamed
      counts[axis] = 1
      axis += 1
    }
    for part in parts {
      switch part.kind {
      case .newAxis: shape.append(1)
      case .ellipsis:
        caller.require(!sawEllipsis, "subscript", "only one ellipsis can stand for the axes that are left")
        sawEllipsis = true
        keepWholeAxes(full.rank - named)
      case .at(let index):
        let near = Dimension(min(max(index, -Self.farAway), Self.farAway))
        take(index < 0 ? full[dim: axis] + near : near, "\(index)")
      case .place(let place): take(place, "\(place)")
      case .span(let from, let to, let by):
        let (start, count) = Self.named(Self.inside(from, to, by, full, axis, caller), like: full[dim: axis])
        starts[dim: axis] = start
        steps[axis] = Swift.min(Swift.max(by, -Self.farAway), Self.farAway)
        counts[dim: axis] = count
        shape.append(count)
        axis += 1
      case .range(let from, let to, let by):
        if from == nil && to == nil && by == 1 {
          keepWholeAxes(1)
          continue
        }
        let (start, count) = Self.named(Self.resolve(from, to, by, full[dim: axis]), like: full[dim: axis])
        starts[dim: axis] = start
        // Of one element or none the step leads nowhere, and may be larger than any distance in memory.
        steps[axis] = count.number.map { $0 <= 1 } == true ? 1 : Swift.min(Swift.max(by, -Self.farAway), Self.farAway)
        counts[dim: axis] = count
        shape.append(count)
        axis += 1
      case .gather(let indices):
        gathers.append((shape.rank, indices))
        shape.append(full[dim: axis])
        axis += 1
      }
    }
    keepWholeAxes(full.rank - axis)
  }

  func read(_ tensor: Tensor) -> Tensor { gathers.isEmpty ? slices(tensor) : indexed(caller).read(slices(tensor), caller) }

  /// What is read before tensors of indices name elements of it.
  func slices(_ tensor: Tensor) -> Tensor {
    var result = tensor
    if counts != tensor.shape || steps != Shape(repeating: 1, count: tensor.rank) { result = result.move(.pick(pick), caller) }
    if result.shape != shape { result = result.move(.reshape(shape), caller) }
    return result
  }

  func indexed(_ caller: Caller) -> IndexedAxes { IndexedAxes(gathers, of: shape, caller) }

  /// Python's slice: where it starts and how many elements it takes.
  static func resolve(_ from: Int?, _ to: Int?, _ by: Int, _ extent: Dimension) -> (start: Dimension, count: Dimension) {
    /// Cut to one end of the axis, which is also meant by none.
    func bound(_ value: Int?, _ end: Dimension, _ cut: (Dimension, Dimension) -> Dimension) -> Dimension {
      guard let value else { return end }
      // No extent comes near these numbers, and sums with them stay in range.
      let place = Dimension(min(max(value, -farAway), farAway))
      return cut(value < 0 ? place + extent : place, end)
    }
    // Where a bound is beyond the other end nothing is taken, be it cut to that too or not. Counted from bounds that are not, `from: 1, to: -1`, `..<(-2)` and `2...` have
    // one form.
    if by > 0 {
      let start = bound(from, 0, Dimension.maximum), end = bound(to, extent, Dimension.minimum)
      return (from == nil ? start : .minimum(start, extent), steps(end - start, by))
    }
    let start = bound(from, extent - 1, Dimension.minimum), end = bound(to, -1, Dimension.maximum)
    return (from == nil ? start : .maximum(start, -1), steps(start - end, by))
  }

  /// A part that is the whole axis keeps its name.
  private static func named(_ part: (start: Dimension, count: Dimension), like extent: Dimension) -> (start: Dimension, count: Dimension) {
    (part.start.unnamed, part.count.unnamed == extent.unnamed ? extent : part.count.unnamed)
  }

  private static let farAway = 1 << 60

  /// How many steps of a size are made over a distance, one not above zero having none.
  private static func steps(_ distance: Dimension, _ by: Int) -> Dimension {
    let size = Int(clamping: by.magnitude), span = Dimension.maximum(distance, 0)
    if size == 1 { return span }
    return size > farAway ? .minimum(span, 1) : (span + Dimension(size - 1)).divided(by: Dimension(size))
  }

  /// A slice whose bounds are extents inside the axis.
  static func inside(
    _ from: Dimension?, _ to: Dimension?, _ by: Int, _ shape: Shape, _ axis: Int, _ caller: Caller
  ) -> (start: Dimension, count: Dimension) {
    let extent = shape[dim: axis]
    func check(_ a: Dimension, _ b: Dimension) {
      caller.require(
        a, atMost: b, "subscript",
        "the range from \(from ?? (by > 0 ? 0 : extent - 1)) to \(to.map { "\($0)" } ?? (by > 0 ? "\(extent)" : "before the first")) by \(by) is not inside axis \(axis) of \(shape)"
      )
    }
    if by > 0 {
      let start = from ?? 0, end = to ?? extent
      check(0, start)
      check(start, end)
      check(end, extent)
      return (start, steps(end - start, by))
    }
    let start = from ?? extent - 1, end = to ?? -1
    check(-1, end)
    check(end, start)
    check(start, extent - 1)
    return (start, steps(start - end, by))
  }
}
