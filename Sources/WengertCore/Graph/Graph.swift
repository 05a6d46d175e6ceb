import Synchronization

/// A function as a list of operations on values, in an order in which each comes after what it needs.
///
/// A graph is traced from a Swift function (`Tracer`), rewritten by passes, and made into a program. Extents may be symbols. Derivatives are
/// taken while tracing: what a graph holds needs none.
public struct Graph: Sendable {
  /// The number of a value.
  typealias Value = Int

  struct ValueInfo: Sendable {
    var type: TensorType
    var origin: Origin
  }

  enum Origin: Sendable {
    /// The argument of this number.
    case input(Int)
    /// A tensor from outside the function.
    case constant(Tensor)
    /// A result of a node.
    case node(Int, result: Int)
  }

  struct Node: Sendable {
    var operation: any Operation
    var operands: [Value]
    var results: [Value]
    /// The line of the user's program that asked for it.
    var caller: Caller
  }

  // Only functions of this file change these two, and tests that break them.
  var values: [ValueInfo] = []
  var nodes: [Node] = []
  private(set) var inputs: [Value] = []
  /// The arguments' names.
  private(set) var inputNames: [String] = []
  var outputs: [Value] = []
  /// Arguments that the program overwrites: the output that is written over each.
  var updates: [Update] = []

  /// How many of the last arguments are not there yet when the program begins: it runs as far as it can without them, and waits.
  var lateInputCount = 0

  struct Update: Hashable, Sendable {
    /// Positions in `inputs` and `outputs`.
    var input: Int, output: Int
  }

  /// Makes room for as much as another graph holds.
  mutating func reserve(for other: Graph) {
    values.reserveCapacity(other.values.count)
    nodes.reserveCapacity(other.nodes.count)
  }

  mutating func addInput(_ name: String, _ type: TensorType) -> Value {
    values.append(ValueInfo(type: type, origin: .input(inputs.count)))
    inputs.append(values.count - 1)
    inputNames.append(name)
    return values.count - 1
  }

  mutating func addConstant(_ tensor: Tensor) -> Value {
    values.append(ValueInfo(type: tensor.type, origin: .constant(tensor)))
    return values.count - 1
  }

  mutating func addNode(_ operation: any Operation, _ operands: [Value], _ types: [TensorType], _ caller: Caller) -> [Value] {
    let first = values.count
    for (result, type) in types.enumerated() {
      values.append(ValueInfo(type: type, origin: .node(nodes.count, result: result)))
    }
    let results = Array(first..<values.count)
    nodes.append(Node(operation: operation, operands: operands, results: results, caller: caller))
    return results
  }

  /// A node whose results' types follow from the operation.
  mutating func addNode(_ operation: any Operation, _ operands: [Value], _ caller: Caller) -> [Value] {
    addNode(operation, operands, operation.results(operands.map { values[$0].type }, caller), caller)
  }

  func type(_ value: Value) -> TensorType { values[value].type }

  private static let barriers = Atomic<Int>(0)

  /// A number that no barrier has yet.
  static func newBarrier() -> Int { barriers.add(1, ordering: .relaxed).newValue }

  /// The node that makes a value; nil for arguments and constants.
  func producer(_ value: Value) -> Node? {
    if case .node(let index, _) = values[value].origin { return nodes[index] }
    return nil
  }

  /// How often each value is an operand or an output.
  var useCounts: [Int] {
    var counts = [Int](repeating: 0, count: values.count)
    for node in nodes {
      for operand in node.operands { counts[operand] += 1 }
    }
    for output in outputs { counts[output] += 1 }
    return counts
  }

  /// The symbols that the arguments' shapes name.
  var symbols: [String] { Set(inputs.flatMap { type($0).shape.dimensions.flatMap(\.symbols) }).sorted() }
}

/// Writes a graph anew from another: what every pass does.
struct GraphRewriter {
  let source: Graph
  private(set) var result = Graph()
  /// The new number of each old value.
  private var map: [Graph.Value?]

  init(_ source: Graph) {
    self.source = source
    map = Array(repeating: nil, count: source.values.count)
    result.reserve(for: source)
    result.lateInputCount = source.lateInputCount
    for (name, input) in zip(source.inputNames, source.inputs) { map[input] = result.addInput(name, source.type(input)) }
  }

  /// The new number of an old value; constants come over when they are first asked for.
  mutating func value(_ old: Graph.Value) -> Graph.Value {
    if let new = map[old] { return new }
    guard case .constant(let tensor) = source.values[old].origin else { unreachable("a value is used before it is made") }
    let new = result.addConstant(tensor)
    map[old] = new
    return new
  }

  mutating func values(_ old: [Graph.Value]) -> [Graph.Value] { old.map { value($0) } }

  /// From now on the old value is this new one.
  mutating func replace(_ old: Graph.Value, by new: Graph.Value) { map[old] = new }

  /// The node as it was.
  mutating func keep(_ node: Graph.Node) {
    let new = result.addNode(node.operation, values(node.operands), node.results.map { source.type($0) }, node.caller)
    for (old, new) in zip(node.results, new) { map[old] = new }
  }

  /// A node that is new; its operands are new values.
  mutating func add(_ operation: any Operation, _ operands: [Graph.Value], _ caller: Caller) -> [Graph.Value] {
    result.addNode(operation, operands, caller)
  }

  mutating func add(constant tensor: Tensor) -> Graph.Value { result.addConstant(tensor) }

  mutating func finish() -> Graph {
    result.outputs = source.outputs.map { value($0) }
    result.updates = source.updates
    return result
  }
}
