/// The backend of tensors that stand for values of a graph under construction: every operation on them becomes a node.
///
/// It can compute nothing: what asks for the numbers of a traced tensor ends the program.
final class Tracer: Backend, @unchecked Sendable {
  private(set) var graph = Graph()
  /// Where the constants are and the program will run.
  private(set) var target: (any Backend)?
  private var constants: [ConstantKey: Graph.Value] = [:]

  private struct ConstantKey: Hashable {
    var storage: ObjectIdentifier
    var layout: Layout
    var dtype: DType
  }

  var name: String { "trace" }
  var alignment: Int { 1 }

  /// Called with each operation's number before it is noted.
  private let willRecord: ((Int) -> Void)?
  /// Called with the number of each requirement before it is noted.
  private let willRequire: ((Int) -> Void)?

  /// The one whose graph is being traced: operations without an operand in it join it where their shapes have symbols.
  @TaskLocal static var current: Tracer?

  /// What must hold for the numbers of the symbols.
  private(set) var requirements: [Requirement] = []

  func require(_ requirement: Requirement) {
    willRequire?(requirements.count)
    requirements.append(requirement)
  }

  init(target: (any Backend)?, willRecord: ((Int) -> Void)? = nil, willRequire: ((Int) -> Void)? = nil) {
    self.target = target
    self.willRecord = willRecord
    self.willRequire = willRequire
  }

  /// The tracer that one of these tensors belongs to.
  static func of(_ tensors: [Tensor]) -> Tracer? {
    for tensor in tensors {
      if let storage = tensor.view.storage as? TracedStorage { return storage.tracer }
    }
    return nil
  }

  func input(_ name: String, _ type: TensorType) -> Tensor { tensor(graph.addInput(name, type), type) }

  /// An argument that comes when the program has gone as far as it can without.
  func lateInput(_ name: String, _ type: TensorType) -> Tensor {
    graph.lateInputCount += 1
    return input(name, type)
  }

  func record(_ operation: any Operation, _ operands: [Tensor], _ caller: Caller) -> [Tensor] {
    willRecord?(graph.nodes.count)
    let caller = caller.numbered(graph.nodes.count)
    let types = operation.countableResults(operands.map(\.type), caller)
    let results = graph.addNode(operation, operands.map { value(of: $0) }, types, caller)
    return zip(results, types).map { tensor($0, $1) }
  }

  /// The value that a tensor stands for; one from outside becomes a constant.
  func value(of tensor: Tensor) -> Graph.Value {
    if let storage = tensor.view.storage as? TracedStorage {
      if storage.tracer !== self {
        Caller(#fileID, #line).fail("compile", "a tensor of one graph is used while another is traced; pass it as an argument")
      }
      return storage.value
    }
    let key = ConstantKey(storage: ObjectIdentifier(tensor.view.storage), layout: tensor.view.layout, dtype: tensor.dtype)
    if let known = constants[key] { return known }
    let target = self.target ?? tensor.backend
    if tensor.backend !== target {
      Caller(#fileID, #line).fail(
        "compile", "a tensor on the device \(tensor.backend.name) is used in a program for \(target.name); move it with to(_:)")
    }
    self.target = target
    let value = graph.addConstant(Tensor(tensor.view, node: nil))
    constants[key] = value
    return value
  }

  /// A tensor from outside as a value of the graph; what records its derivative does so on.
  func joining(_ tensor: Tensor) -> Tensor {
    tensor.mappingOutermost { Tensor(self.tensor(value(of: $0), $0.type).view, node: $0.node) }
  }

  private func tensor(_ value: Graph.Value, _ type: TensorType) -> Tensor {
    Tensor(View(storage: TracedStorage(self, value), layout: Layout(rowMajor: type.shape), dtype: type.dtype), node: nil)
  }

  private func fail() -> Never {
    Caller(#fileID, #line).fail(
      "compile",
      "reading a tensor's values is not possible while a graph is traced, when they are not known yet; compute them outside the compiled function, or return them from it"
    )
  }

  func allocate(byteCount: Int) -> Storage { fail() }
  func slot(byteCount: Int) -> Storage { fail() }
  func bind(_ slot: Storage, to storage: Storage?, at byteOffset: Int) { fail() }
  func prepare(_ call: KernelCall, workspace: Storage?) -> any Kernel { fail() }
  func write(_ bytes: RawSpan, to storage: Storage, at byteOffset: Int) { fail() }
  func withBytes<Result>(of storage: Storage, in range: Range<Int>, _ body: (RawSpan) throws -> Result) rethrows -> Result { fail() }
}

/// The place of a traced tensor in its graph.
final class TracedStorage: Storage, @unchecked Sendable {
  let tracer: Tracer
  let value: Graph.Value

  init(_ tracer: Tracer, _ value: Graph.Value) {
    self.tracer = tracer
    self.value = value
    super.init(backend: tracer, byteCount: 0)
  }
}
