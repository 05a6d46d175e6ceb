#if ONNX
  @_spi(Backend) import WengertNN

  extension Lowering {
    mutating func lowerIndexing(_ node: PlainGraph.Node) {
      let result = node.results[0], x = node.operands[0], target = type(result)
      switch node.operation {
      case .gather(let axis): set(result, model.add("Gather", [name(x), name(node.operands[1])], [.int("axis", axis)]))
      case .takeAlong(let axis): set(result, model.add("GatherElements", [name(x), name(node.operands[1])], [.int("axis", axis)]))
      case .scatterAdd(let axis):
        set(result, scatterAdded(name(x), type(x).shape, name(node.operands[1]), axis: axis, into: target.shape, target.dtype))
      case .scatterAddAlong(let axis):
        set(result, scattered(name(x), name(node.operands[1]), axis: axis, into: target.shape, target.dtype))
      case .argSort(let axis, let descending):
        let operand = ordered(x)
        let count = element(target.shape[dim: axis])
        let both = model.add(
          "TopK", [operand, count], [.int("axis", axis), .flag("largest", descending), .int("sorted", 1)], results: 2)
        set(result, both[1])
      case .argReduce(let op, let axis):
        let operand = ordered(x)
        set(result, model.add(op == .minimum ? "ArgMin" : "ArgMax", [operand], [.int("axis", axis), .int("keepdims", 1)]))
      default: preconditionFailure("not at positions")
      }
    }

    /// A value in a dtype that every runtime compares.
    private mutating func ordered(_ value: Int) -> String {
      let dtype = type(value).dtype
      return cast(name(value), from: dtype, to: wide(dtype))
    }

    /// Zeros, plus each slice of the updates at its index of a list.
    mutating func scatterAdded(
      _ updates: String, _ shape: Shape, _ indices: String, axis: Int, into target: Shape, _ dtype: DType
    ) -> String {
      // An index for each element.
      var places = indices
      let behind = shape.rank - axis - 1
      if behind > 0 { places = model.add("Unsqueeze", [places, model.list(Array(1...behind))]) }
      if shape.rank > 1 { places = model.add("Expand", [places, list(shape)]) }
      return scattered(updates, places, axis: axis, into: target, dtype)
    }

    /// Zeros, plus each update at its index.
    private mutating func scattered(_ updates: String, _ indices: String, axis: Int, into target: Shape, _ dtype: DType) -> String {
      let wide = wide(dtype)
      let zeros = model.add("Expand", [model.number(0, wide), list(target)])
      let sum = model.add(
        "ScatterElements", [zeros, indices, cast(updates, from: dtype, to: wide)], [.int("axis", axis), .string("reduction", "add")])
      return cast(sum, from: wide, to: dtype)
    }

    // MARK: Along an axis, one after another

    mutating func lowerScan(_ node: PlainGraph.Node) {
      let result = node.results[0], x = node.operands[0], dtype = type(x).dtype
      // As our own: floats add up and multiply in float64.
      switch node.operation {
      case .scan(.sum, let axis, let reverse):
        let wide = dtype.isFloating ? .float64 : wide(dtype)
        let sum = model.add(
          "CumSum", [cast(name(x), from: dtype, to: wide), model.number(Double(axis), .int64)], [.flag("reverse", reverse)])
        set(result, cast(sum, from: wide, to: dtype))
      case .scan(let op, let axis, let reverse):
        let start: Double
        let operation: String
        switch op {
        case .product, .sum: (operation, start) = ("Mul", 1)
        case .minimum: (operation, start) = ("Min", 0x1p62)
        case .maximum: (operation, start) = ("Max", -0x1p62)
        }
        let wide = dtype.isFloating ? .float64 : wide(dtype)
        let scanned = scan([cast(name(x), from: dtype, to: wide)], type(x).shape, axis: axis, reverse: reverse, start, wide) {
          [.make(operation, ["state", "x0"], ["y"])]
        }
        set(result, cast(scanned, from: wide, to: dtype))
      case .recurrence(let axis, let reverse):
        let wide = wide(dtype)
        let operands = node.operands.map { cast(name($0), from: dtype, to: wide) }
        let scanned = scan(operands, type(x).shape, axis: axis, reverse: reverse, 0, wide) {
          [.make("Mul", ["x0", "state"], ["product"]), .make("Add", ["product", "x1"], ["y"])]
        }
        set(result, cast(scanned, from: wide, to: dtype))
      default: preconditionFailure("not along an axis")
      }
    }

    /// A Scan whose state, `start` at first, is its result too: nodes from "state" and "x0", "x1", … to "y".
    private mutating func scan(
      _ operands: [String], _ shape: Shape, axis: Int, reverse: Bool, _ start: Double, _ dtype: DType, _ body: () -> [Onnx_NodeProto]
    ) -> String {
      var slice = shape
      slice.remove(at: axis)
      let sliceType = TensorType(shape: slice, dtype: dtype)
      var graph = Onnx_GraphProto()
      graph.name = "step"
      graph.input = ["state"].map { Onnx_ValueInfoProto($0, sliceType) } + operands.indices.map { Onnx_ValueInfoProto("x\($0)", sliceType) }
      graph.node = body() + [.make("Identity", ["y"], ["next"])]
      graph.output = ["next", "y"].map { Onnx_ValueInfoProto($0, sliceType) }
      let state = model.add("Expand", [model.number(start, dtype), list(slice)])
      let count = operands.count, direction = reverse ? 1 : 0
      return model.add(
        "Scan", [state] + operands,
        [
          .graph("body", graph), .int("num_scan_inputs", count), .ints("scan_input_axes", operands.map { _ in axis }),
          .ints("scan_input_directions", operands.map { _ in direction }), .ints("scan_output_axes", [axis]),
          .ints("scan_output_directions", [direction]),
        ], results: 2)[1]
    }
  }
#endif
