/// Primitives that move elements and compute nothing; most are views of the same storage.
enum Movement: Operation {
  case reshape(Shape)
  case permute(Shape)
  /// Trailing axes match the target or have an extent of one.
  case broadcast(Shape)
  case pick(Pick)
  /// The inverse of `pick`: a tensor of `shape` with `fill` everywhere but at the picked positions.
  case place(Pick, shape: Shape, fill: Double)
  case concatenate(axis: Int)
  /// A row-major copy.
  case copy
  /// The same value under another number, which no pass takes for the old one: what comes behind it is computed where it stands, again if need be.
  case barrier(Int)

  /// Some elements of a tensor, as a view.
  enum Pick: Hashable, Sendable {
    case slice(starts: Shape, steps: Shape, counts: Shape)
    case diagonal(first: Int, second: Int, offset: Int)

    func substituting(_ symbols: [String: Int]) -> Pick {
      switch self {
      case .slice(let starts, let steps, let counts):
        .slice(starts: starts.substituting(symbols), steps: steps, counts: counts.substituting(symbols))
      case .diagonal: self
      }
    }

    /// The shape of what is picked from a tensor of this shape.
    func shape(of shape: Shape) -> Shape {
      switch self {
      case .slice(_, _, let counts): return counts
      case .diagonal(let first, let second, let offset):
        let rows = shape[dim: first], columns = shape[dim: second]
        let count =
          offset >= 0 ? Dimension.minimum(rows, columns - Dimension(offset)) : .minimum(rows + Dimension(offset), columns)
        var result = shape
        for axis in [Swift.max(first, second), Swift.min(first, second)] { result.remove(at: axis) }
        result.append(.maximum(0, count))
        return result
      }
    }

    /// Whether it depends on symbols.
    var isSymbolic: Bool {
      switch self {
      case .slice(let starts, _, let counts): starts.isSymbolic || counts.isSymbolic
      case .diagonal: false
      }
    }

    /// The same of each example of a batch, which is the first axis.
    func batched(_ size: Dimension) -> Pick {
      switch self {
      case .slice(let starts, let steps, let counts): .slice(starts: [0] + starts, steps: [1] + steps, counts: [size] + counts)
      case .diagonal(let first, let second, let offset): .diagonal(first: first + 1, second: second + 1, offset: offset)
      }
    }

    func layout(_ layout: Layout) -> Layout {
      switch self {
      case .slice(let starts, let steps, let counts): layout.sliced(starts: starts, steps: steps, counts: counts)
      case .diagonal(let first, let second, let offset): layout.diagonal(first, second, offset: offset)
      }
    }
  }

  var name: String {
    switch self {
    case .reshape: "reshape"
    case .permute: "permute"
    case .broadcast: "broadcast"
    case .pick(.slice): "slice"
    case .pick(.diagonal): "diagonal"
    case .place: "place"
    case .concatenate: "concatenate"
    case .copy: "copy"
    case .barrier: "barrier"
    }
  }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] {
    let x = operands[0]
    var shape: Shape
    switch self {
    case .reshape(let target):
      caller.requireExtents(target, name)
      caller.expect(
        target.elements, sameAs: x.shape.elements, name,
        "\(x.shape) has \(x.shape.elements) elements, \(target) has \(target.elements)")
      shape = target
    case .permute(let axes):
      caller.require(
        axes.isOrder(ofAxes: x.shape.rank), name, "axes \(axes) are not an order of the \(x.shape.rank) axes of \(x.shape)")
      shape = x.shape.selecting(axes)
    case .broadcast(let target):
      caller.requireExtents(target, name)
      caller.require(x.shape, broadcastsTo: target, name, "\(x.shape) does not broadcast to \(target)")
      shape = target
    case .pick(let pick):
      shape = pick.shape(of: x.shape)
    case .place(let pick, let target, _):
      let hole = pick.shape(of: target)
      caller.require(hole.agrees(with: x.shape), name, "\(x.shape) does not fit the place \(hole) in \(target)")
      shape = target
    case .concatenate(let axis):
      shape = x.shape
      for other in operands.dropFirst() {
        var expected = x.shape
        if other.shape.rank == x.shape.rank { expected[dim: axis] = other.shape[dim: axis] }
        let isFitting = other.shape.agrees(with: expected), message = "shapes \(operands.map(\.shape)) differ outside axis \(axis)"
        if other.shape.rank == x.shape.rank { caller.expect(isFitting, name, message) } else { caller.fail(name, message) }
        let extent = shape[dim: axis] + other.shape[dim: axis]
        shape = shape.orNamed(as: other.shape)
        shape[dim: axis] = extent
      }
    case .copy, .barrier: shape = x.shape
    }
    return [TensorType(shape: shape, dtype: x.dtype)]
  }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let x = operands[0].view
    let view: View
    switch self {
    case .reshape(let shape):
      if let layout = x.layout.reshaped(to: shape) {
        view = x.with(layout)
      } else {
        view = ViewKernels.copied(x).with(Layout(rowMajor: shape))
      }
    case .permute(let axes): view = x.with(x.layout.permuted(axes))
    case .broadcast(let shape): view = x.with(x.layout.broadcast(to: shape))
    case .pick(let pick): view = x.with(pick.layout(x.layout))
    case .place(let pick, _, let fill):
      view = results[0].allocate(on: backend)
      ViewKernels.fill(view, with: fill)
      ViewKernels.copy(x, into: view.with(pick.layout(view.layout)))
    case .concatenate(let axis):
      view = results[0].allocate(on: backend)
      var start = 0
      for operand in operands {
        var part = view.layout
        part.offset += start * part.strides[axis]
        part.shape[axis] = operand.shape[axis]
        ViewKernels.copy(operand.view, into: view.with(part))
        start += operand.shape[axis]
      }
    case .copy: view = ViewKernels.copied(x)
    case .barrier: view = x
    }
    return [Tensor(view, node: nil)]
  }

  func substituting(_ symbols: [String: Int]) -> Movement {
    switch self {
    case .reshape(let shape): .reshape(shape.substituting(symbols))
    case .permute, .concatenate, .copy, .barrier: self
    case .broadcast(let shape): .broadcast(shape.substituting(symbols))
    case .pick(let pick): .pick(pick.substituting(symbols))
    case .place(let pick, let shape, let fill): .place(pick.substituting(symbols), shape: shape.substituting(symbols), fill: fill)
    }
  }

  func batched(_ application: BatchedApplication) -> [Tensor] {
    let a = application
    switch self {
    case .reshape(let shape): return apply(Movement.reshape(a.batch(shape)), a.operands, a.caller)
    case .permute(let axes): return apply(Movement.permute([0] + Shape(axes.map { $0 + 1 })), a.operands, a.caller)
    case .broadcast(let shape): return apply(Movement.broadcast(a.batch(shape)), [a.padded(0, rank: shape.rank)], a.caller)
    case .pick(let pick): return apply(Movement.pick(pick.batched(a.size)), a.operands, a.caller)
    case .place(let pick, let shape, let fill):
      return apply(Movement.place(pick.batched(a.size), shape: a.batch(shape), fill: fill), a.operands, a.caller)
    case .concatenate(let axis): return apply(Movement.concatenate(axis: axis + 1), a.wholes, a.caller)
    case .copy, .barrier: return apply(self, a.operands, a.caller)
    }
  }

  func keeps(for wanted: [Bool]) -> Residuals { .nothing }

  var derivative: Derivative {
    switch self {
    case .reshape: .linear(in: [0], part: self) { a, ct in [ct[0]!.move(.reshape(a.operandTypes[0].shape), a.caller)] }
    case .permute(let axes):
      .linear(in: [0], part: self) { a, ct in [ct[0]!.move(.permute(axes.inversePermutation), a.caller)] }
    case .broadcast(let target):
      .linear(in: [0], part: self) { a, ct in
        let shape = a.operandTypes[0].shape
        let lead = target.rank - shape.rank
        let stretched = target.indices.filter { $0 < lead || (shape.isOne($0 - lead) && !target.isOne($0)) }
        let sum = stretched.isEmpty ? ct[0]! : apply1(Reduction(op: .sum, axes: Shape(stretched), dtype: ct[0]!.dtype), [ct[0]!], a.caller)
        return [sum.move(.reshape(shape), a.caller)]
      }
    case .pick(let pick):
      .linear(in: [0], part: self) { a, ct in [ct[0]!.move(.place(pick, shape: a.operandTypes[0].shape, fill: 0), a.caller)] }
    case .place(let pick, let shape, _):
      .linear(in: [0], part: Movement.place(pick, shape: shape, fill: 0)) { a, ct in [ct[0]!.move(.pick(pick), a.caller)] }
    case .concatenate(let axis):
      .linear(in: nil, part: self) { a, ct in
        var start: Dimension = 0
        return a.operandTypes.map { type in
          defer { start += type.shape[dim: axis] }
          return ct[0]!.narrow(axis, start, type.shape[dim: axis], a.caller)
        }
      }
    case .copy, .barrier: .linear(in: [0], part: self) { _, ct in ct }
    }
  }
}

extension Movement.Pick: CodeValue {
  func write(to code: inout ProgramWriter) {
    switch self {
    case .slice(let starts, let steps, let counts): code.form("slice", starts, CodeList(steps), counts)
    case .diagonal(let first, let second, let offset): code.form("diagonal", first, second, offset)
    }
  }

  init(from code: inout ProgramReader) throws {
    let word = try code.word()
    switch word {
    case "slice": self = try .slice(starts: code.read(), steps: code.read(CodeList.self).numbers, counts: code.read())
    case "diagonal": self = try .diagonal(first: code.read(), second: code.read(), offset: code.read())
    default: throw code.unknown(word, "part of a tensor")
    }
  }
}

extension Movement {
  func write(to code: inout ProgramWriter) {
    switch self {
    case .reshape(let shape): code.form("reshape", shape)
    case .permute(let axes): code.form("permute", CodeList(axes))
    case .broadcast(let shape): code.form("broadcast", shape)
    case .pick(let pick): code.form("pick", pick)
    case .place(let pick, let shape, let fill): code.form("place", pick, shape, fill)
    case .concatenate(let axis): code.form("concatenate", axis)
    case .copy: code.form("copy")
    case .barrier(let number): code.form("barrier", number)
    }
  }

  init(from code: inout ProgramReader) throws {
    let word = try code.word()
    switch word {
    case "reshape": self = try .reshape(code.possibleShape())
    case "permute": self = try .permute(code.read(CodeList.self).numbers)
    case "broadcast": self = try .broadcast(code.read())
    case "pick": self = try .pick(code.read())
    case "place": self = try .place(code.read(), shape: code.read(), fill: code.read())
    case "concatenate": self = try .concatenate(axis: code.read())
    case "copy": self = .copy
    case "barrier": self = try .barrier(code.read())
    default: throw code.unknown(word, "movement")
    }
  }
}

extension Operation {
  /// Whether it depends on symbols where its results' shapes may have none: which place is read, or what a row is divided by.
  var namesSymbols: Bool {
    switch self {
    case let movement as Movement:
      switch movement {
      case .pick(let pick), .place(let pick, _, _): pick.isSymbolic
      case .reshape, .permute, .broadcast, .concatenate, .copy, .barrier: false
      }
    case let convolution as Convolution: convolution.padding.isSymbolic || convolution.groups.isSymbolic
    case let rows as RowOperation: rows.program.instructions.contains { if case .inverse = $0 { true } else { false } }
    default: false
    }
  }
}

extension Tensor {
  func narrow(_ axis: Int, _ start: Int, _ count: Int, _ caller: Caller) -> Tensor {
    narrow(axis, Dimension(start), Dimension(count), caller)
  }

  @inline(never) func move(_ movement: Movement, _ caller: Caller) -> Tensor {
    if shape.hasNames || movement.hasNames { return moveNamed(movement, caller) }
    // A tensor from outside a graph whose places are taken or made where the symbols say is a value of that graph.
    if movement.namesSymbols, hasNumbers, let tracer = Tracer.current {
      return apply1(movement, [tracer.joining(self)], caller)
    }
    return apply1(movement, [self], caller)
  }

  /// The elements moved `places` along the axis, towards the end or, where negative, the start, `fill` entering.
  func shifted(_ places: Int, axis: Int, fill: Double, _ caller: Caller) -> Tensor {
    let extent = shape[dim: axis], move = Dimension.minimum(Dimension(abs(places)), extent)
    var filler = shape
    filler[dim: axis] = move
    let entering = constant(fill, filler)
    let staying = narrow(axis, places > 0 ? 0 : move, extent - move, caller)
    return apply1(Movement.concatenate(axis: axis), places > 0 ? [entering, staying] : [staying, entering], caller)
  }

  /// `count` elements of `axis` from `start`.
  @inline(never) func narrow(_ axis: Int, _ start: Dimension, _ count: Dimension, _ caller: Caller) -> Tensor {
    var starts = Shape(repeating: 0, count: rank)
    var counts = shape
    starts[dim: axis] = start
    counts[dim: axis] = count
    return move(.pick(.slice(starts: starts, steps: Shape(repeating: 1, count: rank), counts: counts)), caller)
  }
}
