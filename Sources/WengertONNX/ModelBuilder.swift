#if ONNX
  import Foundation
  @_spi(Backend) import WengertNN

  /// The graph of an ONNX model in the making: nodes in order, initializers, and names that no two values have. A value is known by its name.
  struct ModelBuilder {
    private(set) var nodes: [Onnx_NodeProto] = []
    private(set) var initializers: [Onnx_TensorProto] = []
    /// Bytes of all initializers.
    private(set) var byteCount = 0
    private var used: Set<String>
    private var counts: [String: Int] = [:]
    private var numbers: [ConstantKey: String] = [:]

    private struct ConstantKey: Hashable {
      var bytes: [UInt8]
      var dims: [Int64]
      var type: Int32
    }

    /// - Parameter names: those of the model's inputs and outputs, which nothing else is called.
    init(reserving names: [String]) { used = Set(names) }

    /// A name that is new, such as "MatMul_2".
    mutating func name(like word: String) -> String {
      while true {
        let number = counts[word, default: 0]
        counts[word] = number + 1
        if used.insert("\(word)_\(number)").inserted { return "\(word)_\(number)" }
      }
    }

    /// A node with one result, whose name it gives.
    mutating func add(_ operation: String, _ inputs: [String], _ attributes: [Onnx_AttributeProto] = []) -> String {
      add(operation, inputs, attributes, results: 1)[0]
    }

    mutating func add(_ operation: String, _ inputs: [String], _ attributes: [Onnx_AttributeProto] = [], results: Int) -> [String] {
      let names = (0..<results).map { _ in name(like: operation) }
      nodes.append(.make(operation, inputs, names, attributes))
      return names
    }

    /// Whether the value is the result of a node.
    func makes(_ name: String) -> Bool { nodes.contains { $0.output.contains(name) } }

    /// The same value under another name.
    mutating func copy(_ old: String, to new: String) { nodes.append(.make("Identity", [old], [new])) }

    /// Calls a value that a node of this graph makes otherwise.
    mutating func rename(_ old: String, to new: String) {
      func renamed(_ name: String) -> String { name == old ? new : name }
      for number in nodes.indices {
        nodes[number].input = nodes[number].input.map(renamed)
        nodes[number].output = nodes[number].output.map(renamed)
        if nodes[number].name == old { nodes[number].name = new }
      }
    }

    // MARK: Constants

    /// A tensor of the model.
    mutating func add(tensor: Tensor, like word: String) -> String {
      var proto = Onnx_TensorProto()
      proto.dims = tensor.shape.map(Int64.init)
      proto.dataType = tensor.dtype.onnx
      proto.name = name(like: word)
      proto.rawData = tensor.withBytes { bytes in bytes.withUnsafeBytes { Data($0) } }
      byteCount += proto.rawData.count
      initializers.append(proto)
      return proto.name
    }

    /// A small tensor, once for equal ones.
    private mutating func constant(_ bytes: [UInt8], _ dims: [Int64], _ dtype: DType) -> String {
      let key = ConstantKey(bytes: bytes, dims: dims, type: dtype.onnx)
      if let known = numbers[key] { return known }
      var proto = Onnx_TensorProto()
      proto.dims = dims
      proto.dataType = dtype.onnx
      proto.name = name(like: "constant")
      proto.rawData = Data(bytes)
      byteCount += bytes.count
      initializers.append(proto)
      numbers[key] = proto.name
      return proto.name
    }

    /// A scalar.
    mutating func number(_ value: Double, _ dtype: DType) -> String {
      let scalar = Tensor.full(value, [], dtype: dtype, device: .cpu)
      return constant(scalar.withBytes { span in span.withUnsafeBytes { Array($0) } }, [], dtype)
    }

    /// A list of whole numbers, int64.
    mutating func list(_ numbers: [Int]) -> String {
      constant(numbers.flatMap { number in withUnsafeBytes(of: Int64(number).littleEndian) { Array($0) } }, [Int64(numbers.count)], .int64)
    }
  }

  extension Onnx_NodeProto {
    static func make(_ operation: String, _ inputs: [String], _ outputs: [String], _ attributes: [Onnx_AttributeProto] = []) -> Self {
      var node = Onnx_NodeProto()
      node.opType = operation
      node.input = inputs
      node.output = outputs
      node.name = outputs[0]
      node.attribute = attributes
      return node
    }
  }

  // The numbers are those of AttributeProto.AttributeType.
  extension Onnx_AttributeProto {
    private static func make(_ name: String, _ type: Int32, _ set: (inout Self) -> Void) -> Self {
      var attribute = Onnx_AttributeProto()
      attribute.name = name
      attribute.type = type
      set(&attribute)
      return attribute
    }

    static func float(_ name: String, _ value: Double) -> Self { make(name, 1) { $0.f = Float(value) } }
    static func int(_ name: String, _ value: Int) -> Self { make(name, 2) { $0.i = Int64(value) } }
    static func flag(_ name: String, _ value: Bool) -> Self { int(name, value ? 1 : 0) }
    static func string(_ name: String, _ value: String) -> Self { make(name, 3) { $0.s = Data(value.utf8) } }
    static func graph(_ name: String, _ value: Onnx_GraphProto) -> Self { make(name, 5) { $0.g = value } }
    static func ints(_ name: String, _ values: some Sequence<Int>) -> Self { make(name, 7) { $0.ints = values.map(Int64.init) } }
  }

  extension DType {
    /// The number of TensorProto.DataType.
    var onnx: Int32 {
      switch self {
      case .float32: 1
      case .uint8: 2
      case .int32: 6
      case .int64: 7
      case .bool: 9
      case .float16: 10
      case .float64: 11
      case .bfloat16: 16
      }
    }
  }

  extension Onnx_ValueInfoProto {
    /// A tensor's name and type; symbols, and expressions in them, are named dimensions.
    init(_ name: String, _ type: TensorType) {
      self.init()
      self.name = name
      var tensor = Onnx_TypeProto.Tensor()
      tensor.elemType = type.dtype.onnx
      tensor.shape.dim = type.shape.dimensions.map { dimension in
        var dim = Onnx_TensorShapeProto.Dimension()
        if let number = dimension.number { dim.dimValue = Int64(number) } else { dim.dimParam = "\(dimension)" }
        return dim
      }
      self.type.tensorType = tensor
    }
  }
#endif
