import Synchronization

/// A function that is traced: every operation on values of its graph becomes a node of it.
///
/// There are no numbers yet: what asks for those of a traced tensor ends the program.
final class Tracer: Level, @unchecked Sendable {
  private(set) var graph = Graph()
  /// Where the constants are and the program will run.
  private(set) var target: (any Backend)?
  private var constants: [ConstantKey: Graph.Value] = [:]

  private struct ConstantKey: Hashable {
    var storage: ObjectIdentifier
    var layout: Layout
    var dtype: DType
  }

  /// Tensors of the surroundings that the function uses, of which each is an argument of its own behind those that it is given; nil: they are the graph's constants, and what belongs to a
  /// level further out is refused.
  private(set) var captures: [Tensor]?
  private var captured: [ConstantKey: Graph.Value] = [:]
  /// Who notes what must hold of symbols; nil: this one.
  private let surroundings: Tracer?

  /// The values that depend on a mistake, where functions go on behind one.
  private var mistaken: Set<Graph.Value> = []

  func dependsOnMistake(_ tensor: Tensor) -> Bool { tensor.value(at: self).map { mistaken.contains($0) } ?? false }

  /// Called with each operation's number before it is noted.
  private let willRecord: ((Int) -> Void)?
  /// Called with the number of each requirement before it is noted.
  private let willRequire: ((Int) -> Void)?

  /// The one whose graph is being traced: operations without an operand in it join it where their shapes have symbols.
  @TaskLocal static var current: Tracer?

  /// What must hold for the numbers of the symbols.
  private(set) var requirements: [Requirement] = []
  private var questions: Set<Requirement.Question> = []

  /// Asked once: a shape rule may be looked at several times, and two operations may need the same.
  func require(_ requirement: Requirement) {
    if let surroundings { return surroundings.require(requirement) }
    if !questions.insert(requirement.question).inserted { return }
    willRequire?(requirements.count)
    requirements.append(requirement)
  }

  /// Stands for the memory of all traced tensors.
  private var memory: Storage?

  init(target: (any Backend)?, willRecord: ((Int) -> Void)? = nil, willRequire: ((Int) -> Void)? = nil) {
    self.target = target
    self.willRecord = willRecord
    self.willRequire = willRequire
    surroundings = nil
    takesAll = false
    super.init()
  }

  /// Whether operations join the graph though none of their operands belongs to it: those of a function that may not run.
  private let takesAll: Bool
  /// How many such functions are being traced, on all threads.
  private static let takingAll = Atomic<Int>(0)

  /// The innermost function being traced that takes all operations, and that no level of `level`'s is further in than.
  static func takingAll(outside level: Level?) -> Tracer? {
    if takingAll.load(ordering: .relaxed) == 0 { return nil }
    var tracer = current
    while let inner = tracer, !inner.takesAll { tracer = inner.surroundings }
    guard let tracer, tracer.isOpen, level.map({ $0.number < tracer.number }) ?? true else { return nil }
    return tracer
  }

  /// Traces `f`, whose operations join this graph if they are its surroundings' too.
  func tracing<Result>(_ f: () -> Result) -> Result {
    if takesAll { Tracer.takingAll.add(1, ordering: .relaxed) }
    defer {
      close()
      if takesAll { Tracer.takingAll.subtract(1, ordering: .relaxed) }
    }
    return Tracer.$current.withValue(self, operation: f)
  }

  /// The tracer of a function that a loop or a branch runs.
  init(capturingFor target: any Backend, takesAll: Bool) {
    self.takesAll = takesAll
    self.target = target
    (willRecord, willRequire) = (nil, nil)
    surroundings = Tracer.current
    captures = []
    super.init()
  }

  func input(_ name: String, _ type: TensorType) -> Tensor { tensor(graph.addInput(name, type.unnamed), type) }

  /// An argument that comes when the program has gone as far as it can without.
  func lateInput(_ name: String, _ type: TensorType) -> Tensor {
    graph.lateInputCount += 1
    return input(name, type)
  }

  override func process(_ operation: some Operation, _ operands: [Tensor], _ caller: Caller) -> [Tensor] {
    if let custom = operation as? Custom { return custom.run(operands, caller) }
    if operation is Transfer {
      caller.fail(operation.name, "a compiled function runs on one device; move its arguments and its results outside of it")
    }
    willRecord?(graph.nodes.count)
    // An operator's place is found by tracing the function once more, which counts the nodes of the outermost graph alone.
    let caller = captures == nil ? caller.numbered(graph.nodes.count) : caller
    let types: [TensorType], dependOnMistake: Bool
    if let thread = StoppingThread.goingOn {
      (types, dependOnMistake) = thread.recording(operands.contains { dependsOnMistake($0) }) {
        operation.countableResults(operands.map(\.type), caller)
      }
    } else {
      (types, dependOnMistake) = (operation.countableResults(operands.map(\.type), caller), false)
    }
    let results = graph.addNode(operation, operands.map { value(of: $0) }, types, caller)
    if dependOnMistake { mistaken.formUnion(results) }
    return zip(results, types).map { tensor($0, $1) }
  }

  /// A value that is made of nothing, for a program that runs on `backend` unless that is known already.
  func create(_ creation: Creation, on backend: any Backend, _ caller: Caller) -> Tensor {
    target = target ?? backend
    return process(creation, [], caller)[0]
  }

  /// The value that a tensor stands for; one from outside becomes a constant.
  func value(of tensor: Tensor) -> Graph.Value {
    if let value = tensor.value(at: self) { return value }
    if captures != nil { return captured(tensor) }
    switch tensor.openNode?.place {
    case nil: break
    case .traced:
      Caller(#fileID, #line).fail("compile", "a tensor of one graph is used while another is traced; pass it as an argument")
    case .recorded, .cut, .batched:
      Caller(#fileID, #line).fail(
        "compile",
        "the function uses a tensor that a derivative or vmap outside of it computes with, and is not given it. Pass it as an argument")
    }
    let key = ConstantKey(storage: ObjectIdentifier(tensor.face.storage), layout: tensor.face.layout.unnamed, dtype: tensor.dtype)
    if let known = constants[key] { return known }
    let target = self.target ?? tensor.backend
    if tensor.backend !== target {
      Caller(#fileID, #line).fail(
        "compile",
        tensor.backend is ShapeBackend
          ? "a tensor that was made inside of `tree`, where nothing has numbers, is used outside of it: a constant of the program must be made before"
          : "a tensor on the device \(tensor.backend.name) is used in a program for \(target.name); move it with to(_:)")
    }
    self.target = target
    let value = graph.addConstant(Tensor(tensor.view, node: nil))
    constants[key] = value
    return value
  }

  /// The argument that stands for a tensor of the surroundings.
  private func captured(_ tensor: Tensor) -> Graph.Value {
    let source: AnyObject = tensor.openNode ?? tensor.face.storage
    let key = ConstantKey(storage: ObjectIdentifier(source), layout: tensor.face.layout.unnamed, dtype: tensor.dtype)
    if let known = captured[key] { return known }
    let value = graph.addInput("captured \(captures!.count)", tensor.type.unnamed)
    captures!.append(tensor)
    captured[key] = value
    return value
  }

  /// A tensor from outside as a value of the graph; what records its derivative does so on.
  func joining(_ tensor: Tensor) -> Tensor {
    tensor.mappingOutermost { $0.traced(at: self, value(of: Tensor($0.face, node: nil))) }
  }

  private func tensor(_ value: Graph.Value, _ type: TensorType) -> Tensor {
    Tensor(face(type), node: Node(self, .traced(value), outer: nil))
  }

  /// What is known of a traced tensor: where it will be computed, and its type.
  func face(_ type: TensorType) -> View {
    guard let target else { unreachable("a traced value of no device") }
    let storage = memory ?? Storage(backend: target, byteCount: 0)
    memory = storage
    return View(storage: storage, layout: Layout(rowMajor: type.shape), dtype: type.dtype)
  }
}

extension Tensor {
  /// Whether it is a value of a graph that depends on a mistake, behind which the function goes on.
  var dependsOnMistake: Bool { tracer?.dependsOnMistake(self) ?? false }

  /// A constant as a value of the graph that another tensor belongs to, if there is one.
  package func joining(graphOf other: Tensor) -> Tensor { other.tracer.map { $0.joining(self) } ?? self }
}
