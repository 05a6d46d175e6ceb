#if ONNX
  @_spi(Backend) import WengertNN

  /// Writes the nodes of a plain graph as ONNX operators (opset 20).
  ///
  /// Half types are calculated in float32, and uint8 in int32, and rounded or wrapped where the graph stores them, as our own kernels do it.
  struct Lowering {
    let graph: PlainGraph
    var model: ModelBuilder
    /// The ONNX values that are there, by the graph's.
    private var names: [Int: String] = [:]
    /// Values that are another one stretched: ONNX's element-wise operators stretch their operands themselves.
    private var stretched: [Int: Stretched] = [:]
    /// One-element lists of extents that are there.
    private var extents: [String: String] = [:]
    private let inputNames: [String]
    private let sources: [String: PlainGraph.SymbolSource]

    /// A value before it is broadcast to the shape that the graph knows.
    struct Stretched {
      var name: String
      var shape: Shape
    }

    init(_ graph: PlainGraph, inputNames: [String], outputNames: [String]) {
      self.graph = graph
      self.inputNames = inputNames
      sources = graph.symbolSources
      model = ModelBuilder(reserving: inputNames + outputNames)
      for (input, name) in zip(graph.inputs, inputNames) { names[input.value] = name }
    }

    func type(_ value: Int) -> TensorType { graph.values[value].type }

    /// The ONNX value of a value of the graph, in its whole shape.
    mutating func name(_ value: Int) -> String {
      if let known = names[value] { return known }
      if stretched[value] == nil, case .constant(let tensor) = graph.values[value].origin { add(tensor, as: value) }
      if let small = stretched[value] {
        let type = type(value)
        names[value] = small.shape.dimensions == type.shape.dimensions ? small.name : expanded(small.name, to: type)
      }
      return names[value]!
    }

    /// Not every runtime stretches bfloat16.
    private mutating func expanded(_ name: String, to type: TensorType) -> String {
      let wide = type.dtype == .bfloat16 ? .float32 : type.dtype
      let expanded = model.add("Expand", [cast(name, from: type.dtype, to: wide), list(type.shape)])
      return cast(expanded, from: wide, to: type.dtype)
    }

    /// A tensor of the function's own; what it repeats is stored once.
    private mutating func add(_ tensor: Tensor, as value: Int) {
      var part = tensor, shape = tensor.shape
      for axis in shape.indices where tensor.strides[axis] == 0 && shape[axis] > 1 {
        part = part.narrow(axis, from: 0, count: 1)
        shape[axis] = 1
      }
      stretched[value] = Stretched(name: model.add(tensor: part, like: "weight"), shape: shape)
    }

    mutating func set(_ value: Int, _ name: String) { names[value] = name }
    mutating func set(_ value: Int, _ small: Stretched) { stretched[value] = small }

    /// A value as it was before it was stretched, or whole.
    mutating func small(_ value: Int) -> Stretched {
      if names[value] == nil, stretched[value] == nil { _ = name(value) }
      return stretched[value] ?? Stretched(name: names[value]!, shape: type(value).shape)
    }

    // MARK: Nodes

    mutating func lower(_ node: PlainGraph.Node) throws {
      let result = node.results[0], x = node.operands
      switch node.operation {
      case .unary, .binary, .compare, .select, .cast: lowerElementwise(node)
      case .fill(let value): set(result, Stretched(name: model.number(value, type(result).dtype), shape: []))
      case .iota: set(result, range(type(result).shape[dim: 0]))
      case .extent(let extent): set(result, cast(scalar(extent), from: .int64, to: type(result).dtype))
      case .reshape, .broadcast, .permute, .slice, .diagonal, .placeSlice, .placeDiagonal, .concatenate, .identity, .unfold, .fold:
        lowerMovement(node)
      case .reduce(let op, let axes): set(result, reduced(op, axes, x[0], as: type(result).dtype))
      case .matmul:
        set(result, calculated(x, as: type(result).dtype) { $0.add("MatMul", $1) })
      case .convolution(let role, let strides, let padding, let dilation, let groups):
        let convolution = try ConvolutionLowering(self, node, role, strides, padding, dilation, groups)
        set(result, convolution.lower(&self))
      case .scan, .recurrence: lowerScan(node)
      case .gather, .scatterAdd, .takeAlong, .scatterAddAlong, .argSort, .argReduce: lowerIndexing(node)
      case .softmax: set(result, ofLastAxis(node, "Softmax", [.int("axis", -1)]))
      case .logSoftmax: set(result, ofLastAxis(node, "LogSoftmax", [.int("axis", -1)]))
      case .logSumExp:
        let last = model.list([-1])
        set(result, calculated(x, as: type(result).dtype) { $0.add("ReduceLogSumExp", $1 + [last], [.int("keepdims", 1)]) })
      case .layerNorm(let epsilon): set(result, ofLastAxis(node, "LayerNormalization", [.int("axis", -1), .float("epsilon", epsilon)]))
      case .randomBits(let stream, let lane, let byColumn): lowerRandom(node, stream: stream, lane: lane, byColumn: byColumn)
      case .unitInterval: lowerUnitInterval(node)
      case .other: throw unsupported(node, "it has no form in ONNX")
      }
    }

    private mutating func ofLastAxis(_ node: PlainGraph.Node, _ operation: String, _ attributes: [Onnx_AttributeProto]) -> String {
      calculated(node.operands, as: type(node.results[0]).dtype) { $0.add(operation, $1, attributes) }
    }

    func unsupported(_ node: PlainGraph.Node, _ reason: String) -> ONNXError {
      ONNXError(operation: node.name, reason: reason, shapes: node.operands.map { type($0) }, caller: node.caller)
    }

    /// Nodes on whole operands in the type in which elements of their dtype are calculated, and the result in `dtype`.
    mutating func calculated(
      _ operands: [Int], as dtype: DType, _ body: (inout ModelBuilder, [String]) -> String
    ) -> String {
      let wide = wide(type(operands[0]).dtype)
      let wideOperands = operands.map { cast(name($0), from: type($0).dtype, to: wide) }
      return cast(body(&model, wideOperands), from: wide, to: dtype)
    }

    /// The type in which runtimes calculate with elements of this type.
    func wide(_ dtype: DType) -> DType { dtype == .bool ? .int32 : dtype.computeType }

    /// As our own casts do it: of floats to uint8 by way of int32, of which it is the last byte.
    mutating func cast(_ name: String, from: DType, to dtype: DType) -> String {
      if from == dtype { return name }
      let source = from.isFloating && dtype == .uint8 ? cast(name, from: from, to: .int32) : name
      return model.add("Cast", [source], [.int("to", Int(dtype.onnx))])
    }

    mutating func reduced(_ op: ReduceOp, _ axes: Shape, _ operand: Int, as dtype: DType) -> String {
      let source = type(operand).dtype, wide = wide(dtype)
      let x = cast(name(operand), from: source, to: wide)
      let operation =
        switch op {
        case .sum: "ReduceSum"
        case .product: "ReduceProd"
        case .minimum: "ReduceMin"
        case .maximum: "ReduceMax"
        }
      if axes.isEmpty { return cast(x, from: wide, to: dtype) }
      let result = model.add(operation, [x, model.list(Array(axes))], [.int("keepdims", 1)])
      return cast(result, from: wide, to: dtype)
    }

    /// Gives the results their names.
    mutating func finish(_ outputs: [String]) -> [String] {
      let made = graph.outputs.map { self.name($0.value) }
      var renamed: [String: String] = [:]
      for (old, new) in zip(made, outputs) {
        if model.makes(old) && renamed[old] == nil {
          model.rename(old, to: new)
          renamed[old] = new
        } else {
          model.copy(renamed[old] ?? old, to: new)
        }
      }
      return outputs
    }

    // MARK: Extents

    /// A dimension as a list of one int64.
    mutating func element(_ dimension: Dimension) -> String {
      if let number = dimension.number { return model.list([number]) }
      let key = "\(dimension)"
      if let known = extents[key] { return known }
      var sum: String?
      for (coefficient, parts) in dimension.products {
        var product: String?
        for part in parts {
          let factor = element(part)
          product = product.map { model.add("Mul", [$0, factor]) } ?? factor
        }
        var term = product ?? model.list([coefficient])
        if product != nil && coefficient != 1 { term = model.add("Mul", [term, model.list([coefficient])]) }
        sum = sum.map { model.add("Add", [$0, term]) } ?? term
      }
      extents[key] = sum!
      return sum!
    }

    private mutating func element(_ part: Dimension.Part) -> String {
      switch part {
      case .symbol(let name):
        if let known = extents[name] { return known }
        let source = sources[name]!
        var extent = model.add(
          "Shape", [inputNames[source.input]], [.int("start", source.axis), .int("end", source.axis + 1)])
        if source.offset != 0 { extent = model.add("Sub", [extent, model.list([source.offset])]) }
        if source.factor != 1 { extent = model.add("Div", [extent, model.list([source.factor])]) }
        extents[name] = extent
        return extent
      case .quotient(let a, let b):
        let x = element(a), y = element(b)
        return model.add("Div", [model.add("Sub", [x, model.add("Mod", [x, y])]), y])
      case .remainder(let a, let b): return model.add("Mod", [element(a), element(b)])
      case .minimum(let a, let b): return model.add("Min", [element(a), element(b)])
      case .maximum(let a, let b): return model.add("Max", [element(a), element(b)])
      }
    }

    /// A dimension as a scalar.
    mutating func scalar(_ dimension: Dimension) -> String {
      if let number = dimension.number { return model.number(Double(number), .int64) }
      return model.add("Squeeze", [element(dimension)])
    }

    /// A list of dimensions.
    mutating func list(_ dimensions: [Dimension]) -> String {
      let numbers = dimensions.compactMap(\.number)
      if numbers.count == dimensions.count { return model.list(numbers) }
      if dimensions.count == 1 { return element(dimensions[0]) }
      return model.add("Concat", dimensions.map { element($0) }, [.int("axis", 0)])
    }

    mutating func list(_ shape: Shape) -> String { list(shape.dimensions) }

    /// start, start + step, …: `count` of them.
    mutating func range(_ count: Dimension, start: Dimension = 0, step: Dimension = 1) -> String {
      if let count = count.number, let start = start.number, let step = step.number, count <= 4096 {
        return model.list((0..<count).map { start + $0 * step })
      }
      let order = model.add("Range", [model.number(0, .int64), scalar(count), model.number(1, .int64)])
      let scaled = step.number == 1 ? order : model.add("Mul", [order, element(step)])
      return start.number == 0 ? scaled : model.add("Add", [scaled, element(start)])
    }
  }
#endif
