/// A graph with numbers for its symbols, as a list of kernel calls over buffers.
struct Lowering {
  let graph: Graph
  var calls: [KernelRecorder.Call]
  var buffers: [RecordedStorage]
  /// Each output's elements.
  var outputs: [View]
  /// Buffers that have the memory of an argument which they update, with the argument's buffer.
  var standIns: [Int: Int] = [:]

  init(_ graph: Graph, symbols: [String: Int]) {
    let recorder = KernelRecorder()
    var tensors = [Tensor?](repeating: nil, count: graph.values.count)
    // Few of the shapes differ.
    var shapes: [Shape: Shape] = [:]
    func substituted(_ value: Graph.Value) -> TensorType {
      var type = graph.type(value)
      if !type.shape.isSymbolic { return type }
      let shape = shapes[type.shape] ?? type.shape.substituting(symbols)
      shapes[type.shape] = shape
      type.shape = shape
      return type
    }
    for (number, value) in graph.inputs.enumerated() {
      let type = substituted(value)
      let storage = recorder.buffer(type.byteCount, .input(number))
      tensors[value] = Tensor(View(storage: storage, layout: Layout(rowMajor: type.shape), dtype: type.dtype), node: nil)
    }
    var constants: [ObjectIdentifier: RecordedStorage] = [:]
    func tensor(_ value: Graph.Value) -> Tensor {
      if let known = tensors[value] { return known }
      guard case .constant(let constant) = graph.values[value].origin else { unreachable("a value is used before it is made") }
      let storage = constant.view.storage
      let stand = constants[ObjectIdentifier(storage)] ?? recorder.buffer(storage.byteCount, .constant(storage))
      constants[ObjectIdentifier(storage)] = stand
      // A constant may be repeated along axes whose extents are symbols.
      var layout = constant.view.layout
      layout.shape = layout.shape.substituting(symbols)
      let result = Tensor(View(storage: stand, layout: layout, dtype: constant.dtype), node: nil)
      tensors[value] = result
      return result
    }
    for node in graph.nodes {
      recorder.operation = node.operation.name
      recorder.caller = node.caller
      let operands = node.operands.map { tensor($0) }
      let types = node.results.map { substituted($0) }
      let results = node.operation.substituting(symbols).execute(operands, types, on: recorder, node.caller)
      for (value, result) in zip(node.results, results) { tensors[value] = result }
    }
    self.graph = graph
    outputs = graph.outputs.map { tensor($0).view }
    recorder.operation = "update"
    // An argument's old value is a result of its own before it is overwritten.
    let updated = Set(graph.updates.map(\.output))
    let overwritten = Set(graph.updates.filter { graph.outputs[$0.output] != graph.inputs[$0.input] }.map(\.input))
    for (number, view) in outputs.enumerated() where !updated.contains(number) {
      guard case .input(let input) = RecordedStorage.of(view).kind, overwritten.contains(input) else {
        continue
      }
      outputs[number] = ViewKernels.copied(view)
    }
    calls = PlacedProducts(recorder.calls, bufferCount: recorder.buffers.count, outputs: outputs).calls
    buffers = recorder.buffers
    // What cannot be written in place is copied over the argument at the end.
    let updates = UpdateCopies(self, recorder)
    calls = updates.calls
    standIns = updates.standIns
    buffers = recorder.buffers
    // The buffers refer to the recorder, which must not refer to them for ever.
    recorder.forget()
  }

  func buffer(_ view: View) -> RecordedStorage { RecordedStorage.of(view) }

  /// The buffer of an argument.
  func input(_ number: Int) -> RecordedStorage { buffers[number] }
}

/// How each argument gets its new value: from a buffer that has its memory, or by a copy at the end.
private struct UpdateCopies {
  /// Those of the lowering, then the copies.
  private(set) var calls: [KernelRecorder.Call]
  private(set) var standIns: [Int: Int] = [:]
  private let recorder: KernelRecorder

  init(_ lowering: Lowering, _ recorder: KernelRecorder) {
    self.recorder = recorder
    calls = lowering.calls
    if lowering.graph.updates.isEmpty { return }
    let updates = lowering.graph.updates.map { update in
      (output: lowering.outputs[update.output], target: lowering.input(update.input))
    }
    // Arguments' values, which may themselves be overwritten, are set aside first.
    var late: [(from: View, to: View)] = []
    for (output, target) in updates {
      let source = lowering.buffer(output), place = Self.place(target, output)
      guard case .input = source.kind, source !== target || !output.layout.walksAs(place.layout) else { continue }
      let aside = Self.place(recorder.buffer(target.byteCount, .temporary), output)
      copy(output, to: aside)
      late.append((aside, place))
    }
    let uses = BufferUses(calls, bufferCount: recorder.buffers.count)
    for (output, target) in updates {
      let source = lowering.buffer(output)
      if case .input = source.kind { continue }
      if standIns[source.number] == nil && uses.canStandFor(source, output, target) {
        standIns[source.number] = target.number
      } else {
        late.append((output, Self.place(target, output)))
      }
    }
    for (from, to) in late { copy(from, to: to) }
  }

  private static func place(_ storage: RecordedStorage, _ output: View) -> View {
    View(storage: storage, layout: Layout(rowMajor: output.shape), dtype: output.dtype)
  }

  private mutating func copy(_ source: View, to target: View) {
    let first = recorder.calls.count
    ViewKernels.copy(source, into: target)
    // One without elements is none.
    calls += recorder.calls[first...]
  }
}

/// When each buffer is written and read, by number of the call.
private struct BufferUses {
  private var firstWrite: [Int?]
  /// −1 for one that is not read.
  private var lastRead: [Int]
  private let calls: [KernelRecorder.Call]

  init(_ calls: [KernelRecorder.Call], bufferCount: Int) {
    self.calls = calls
    firstWrite = Array(repeating: nil, count: bufferCount)
    lastRead = Array(repeating: -1, count: bufferCount)
    for (position, call) in calls.enumerated() {
      for number in call.reads { lastRead[number] = position }
      for number in call.writes where firstWrite[number] == nil { firstWrite[number] = position }
    }
  }

  /// Whether `buffer`, which holds the whole of `view` in row-major order, may have the memory of `target`: nothing reads the target's old value after the
  /// buffer's first write, and that call, if it reads it, may work in place.
  func canStandFor(_ buffer: RecordedStorage, _ view: View, _ target: RecordedStorage) -> Bool {
    guard case .temporary = buffer.kind, buffer.byteCount == target.byteCount, view.layout == Layout(rowMajor: view.shape),
      view.layout.shape.elementCount * view.dtype.byteCount == buffer.byteCount, let first = firstWrite[buffer.number]
    else { return false }
    let read = lastRead[target.number]
    return read < first || (read == first && calls[first].call.worksInPlace(buffer, over: target))
  }
}

extension KernelCall {
  /// Whether the call may write `output` over `input`, element by element: a row program, alone or behind a product, that reads the input only in the places that it
  /// writes.
  func worksInPlace(_ output: Storage, over input: Storage) -> Bool {
    switch self {
    case .rows(let call): return call.worksInPlace(output, over: input, except: nil)
    case .matmul(let call):
      guard let (rows, product) = call.epilogue, call.a.storage !== input, call.b.storage !== input, call.out?.storage !== output else {
        return false
      }
      return rows.worksInPlace(output, over: input, except: product)
    default: return false
    }
  }
}

extension RowCall {
  /// The same for the row program; the operand that stands for a product is not read.
  fileprivate func worksInPlace(_ output: Storage, over input: Storage, except product: Int?) -> Bool {
    let call = self
    let written = call.outputs.indices.filter { call.outputs[$0].storage === output }
    guard written.count == 1, call.program.outputs[written[0]].accumulate == nil, call.program.isRow[call.program.outputs[written[0]].value]
    else { return false }
    let view = call.outputs[written[0]]
    return call.inputs.indices.allSatisfy { i in
      let read = call.inputs[i]
      return i == product || read.storage !== input
        || (call.program.inputs[i].isRow && read.dtype.byteCount == view.dtype.byteCount && read.layout.walksAs(view.layout))
    }
  }
}

extension Layout {
  /// Whether both visit the same places in the same order; strides of extents of one do not matter.
  func walksAs(_ other: Layout) -> Bool {
    offset == other.offset && shape == other.shape && shape.indices.allSatisfy { shape[$0] == 1 || strides[$0] == other.strides[$0] }
  }
}

extension TensorType {
  func substituting(_ symbols: [String: Int]) -> TensorType { TensorType(shape: shape.substituting(symbols), dtype: dtype) }
  var byteCount: Int { shape.elementCount * dtype.byteCount }
}
