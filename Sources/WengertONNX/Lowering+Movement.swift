#if ONNX
  @_spi(Backend) import WengertNN

  extension Lowering {
    mutating func lowerMovement(_ node: PlainGraph.Node) {
      let result = node.results[0], x = node.operands[0]
      let source = type(x).shape, target = type(result).shape
      switch node.operation {
      case .identity: set(result, small(x))
      case .broadcast: set(result, small(x))
      case .reshape: set(result, reshaped(name(x), from: source, to: target))
      case .permute(let axes): set(result, permuted(name(x), Array(axes)))
      case .slice(let starts, let steps): set(result, sliced(name(x), source, starts, steps, target))
      case .diagonal(let first, let second, let offset):
        let (matrices, line) = (Matrices(source, first, second), Diagonal(source, first, second, offset))
        let flat = flattened(name(x), matrices)
        let places = range(target[dim: target.rank - 1], start: line.start, step: line.step)
        set(result, model.add("Gather", [flat, places], [.int("axis", -1)]))
      case .placeSlice(let starts, let steps, let fill):
        set(result, placed(name(x), source, starts, steps, in: target, fill, type(x).dtype))
      case .placeDiagonal(let first, let second, let offset, let fill):
        let (matrices, line) = (Matrices(target, first, second), Diagonal(target, first, second, offset))
        let last = source.rank - 1
        let flat = Shape(dimensions: matrices.others.map { target[dim: $0] } + [matrices.rows * matrices.columns])
        let placed = spread(name(x), source, axis: last, start: line.start, step: line.step, extent: flat[dim: last], fill, type(x).dtype)
        set(result, unflattened(placed, flat, matrices))
      case .concatenate(let axis): set(result, model.add("Concat", node.operands.map { name($0) }, [.int("axis", axis)]))
      case .unfold(let axis, let step, let dilation):
        let last = target.rank - 1
        let places = windows(target[dim: axis], size: target[dim: last], step: step, dilation: dilation)
        let gathered = model.add("Gather", [name(x), places], [.int("axis", axis)])
        // The windows' elements are behind their axis, and belong at the end.
        set(result, permuted(gathered, Array(0...axis) + Array(axis + 2..<last + 1) + [axis + 1]))
      case .fold(let axis, let step, let dilation):
        let last = source.rank - 1, count = source[dim: axis], size = source[dim: last]
        let besides = permuted(name(x), Array(0...axis) + [last] + Array(axis + 1..<last))
        let places = windows(count, size: size, step: step, dilation: dilation)
        var rows = target
        rows[dim: axis] = count * size
        let flat = model.add("Reshape", [besides, list(rows)], [.flag("allowzero", rows.dimensions.contains { $0.number == 0 })])
        let indices = model.add("Reshape", [places, model.list([-1])])
        set(result, scatterAdded(flat, rows, indices, axis: axis, into: target, type(x).dtype))
      default: preconditionFailure("not a movement")
      }
    }

    mutating func permuted(_ x: String, _ axes: [Int]) -> String {
      axes == Array(axes.indices) ? x : model.add("Transpose", [x], [.ints("perm", axes)])
    }

    mutating func reshaped(_ x: String, from source: Shape, to target: Shape) -> String {
      if source.dimensions == target.dimensions { return x }
      let open = target.dimensions.filter { $0.number == nil }
      let hasZero = target.dimensions.contains { $0.number == 0 }
      // One extent that is not known follows from the others.
      let shape = open.count == 1 && !hasZero ? model.list(target.dimensions.map { $0.number ?? -1 }) : list(target)
      return model.add("Reshape", [x, shape], hasZero ? [.int("allowzero", 1)] : [])
    }

    private mutating func sliced(_ x: String, _ source: Shape, _ starts: Shape, _ steps: Shape, _ target: Shape) -> String {
      let axes = source.indices.filter { axis in
        !(starts[dim: axis].number == 0 && steps[axis] == 1
          && [source[dim: axis]] == [target[dim: axis]])
      }
      if axes.isEmpty { return x }
      let ends = axes.map { starts[dim: $0] + Dimension(steps[$0]) * target[dim: $0] }
      // What ends before the first element: −1 would be the last.
      let beyond = -(1 << 40)
      var end = list(ends.map { $0.number.map { $0 < 0 ? Dimension(beyond) : Dimension($0) } ?? $0 })
      if zip(axes, ends).contains(where: { steps[$0] < 0 && $1.number == nil }) {
        end = model.add("Where", [model.add("Less", [end, model.list([0])]), model.list([beyond]), end])
      }
      return model.add(
        "Slice", [x, list(axes.map { starts[dim: $0] }), end, model.list(axes), model.list(axes.map { steps[$0] })])
    }

    private mutating func placed(
      _ x: String, _ source: Shape, _ starts: Shape, _ steps: Shape, in target: Shape, _ fill: Double, _ dtype: DType
    ) -> String {
      var shape = source, result = x
      for axis in source.indices where steps[axis] != 1 {
        result = spread(
          result, shape, axis: axis, start: starts[dim: axis], step: Dimension(steps[axis]), extent: target[dim: axis], fill, dtype)
        shape[dim: axis] = target[dim: axis]
      }
      let zero: Dimension = 0
      let before = source.indices.map { steps[$0] == 1 ? starts[dim: $0] : zero }
      let after = source.indices.map { target[dim: $0] - shape[dim: $0] - before[$0] }
      return padded(result, before, after, fill, dtype)
    }

    mutating func padded(_ x: String, _ before: [Dimension], _ after: [Dimension], _ fill: Double, _ dtype: DType) -> String {
      if (before + after).allSatisfy({ $0.number == 0 }) { return x }
      // Not every runtime pads every dtype.
      let wide = dtype == .bool || dtype.computeType != dtype ? wide(dtype) : dtype
      let padded = model.add("Pad", [cast(x, from: dtype, to: wide), list(before + after), model.number(fill, wide)])
      return cast(padded, from: wide, to: dtype)
    }

    /// The elements along an axis `step` apart from `start` on, and `fill` elsewhere.
    private mutating func spread(
      _ x: String, _ source: Shape, axis: Int, start: Dimension, step: Dimension, extent: Dimension, _ fill: Double, _ dtype: DType
    ) -> String {
      let count = source[dim: axis]
      // One element more, which all other places have.
      let zero: Dimension = 0
      let one = source.indices.map { $0 == axis ? 1 : zero }
      let filled = padded(x, source.indices.map { _ in zero }, one, fill, dtype)
      let places: String
      if let start = start.number, let step = step.number, let extent = extent.number, let count = count.number, extent <= 4096 {
        var list = [Int](repeating: count, count: extent)
        for i in 0..<count { list[start + i * step] = i }
        places = model.list(list)
      } else {
        let distance = model.add("Sub", [range(extent), element(start)])
        let stepElement = element(step)
        let number = model.add("Div", [distance, stepElement])
        let isMet = model.add("Equal", [model.add("Mul", [number, stepElement]), distance])
        let isInside = model.add(
          "And", [model.add("GreaterOrEqual", [number, model.list([0])]), model.add("Less", [number, element(count)])])
        places = model.add("Where", [model.add("And", [isMet, isInside]), number, element(count)])
      }
      return model.add("Gather", [filled, places], [.int("axis", axis)])
    }

    /// Places [windows, size] of the elements of windows along an axis.
    private mutating func windows(_ count: Dimension, size: Dimension, step: Int, dilation: Int) -> String {
      let starts = model.add("Unsqueeze", [range(count, step: Dimension(step)), model.list([1])])
      return model.add("Add", [starts, range(size, step: Dimension(dilation))])
    }

    // MARK: Diagonals

    /// The axes of matrices in a tensor.
    private struct Matrices {
      var first: Int, second: Int
      var others: [Int]
      var rows: Dimension, columns: Dimension

      init(_ shape: Shape, _ first: Int, _ second: Int) {
        (self.first, self.second) = (first, second)
        others = shape.indices.filter { $0 != first && $0 != second }
        (rows, columns) = (shape[dim: first], shape[dim: second])
      }
    }

    /// Where a diagonal lies in a matrix of one line.
    private struct Diagonal {
      var start: Dimension, step: Dimension

      init(_ shape: Shape, _ first: Int, _ second: Int, _ offset: Int) {
        let columns = shape[dim: second]
        step = columns + 1
        start = offset >= 0 ? Dimension(offset) : columns * Dimension(-offset)
      }
    }

    /// The matrices as lines on the last axis.
    private mutating func flattened(_ x: String, _ matrices: Matrices) -> String {
      let moved = permuted(x, matrices.others + [matrices.first, matrices.second])
      // Zeros stand for the extents that are there.
      let shape = model.list(matrices.others.map { _ in 0 } + [-1])
      return model.add("Reshape", [moved, shape])
    }

    private mutating func unflattened(_ x: String, _ flat: Shape, _ matrices: Matrices) -> String {
      let shape = Shape(dimensions: flat.dimensions.dropLast() + [matrices.rows, matrices.columns])
      let apart = reshaped(x, from: flat, to: shape)
      let order = matrices.others + [matrices.first, matrices.second]
      return permuted(apart, order.indices.map { order.firstIndex(of: $0)! })
    }
  }
#endif
