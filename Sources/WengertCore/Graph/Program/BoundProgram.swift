/// A program for one set of sizes: kernels prepared, their buffers placed. Running it plans nothing and allocates only its results.
///
/// It serves one run at a time; see `Program.checkOut`.
final class BoundProgram: @unchecked Sendable {
  /// A kernel and what can be said of it.
  final class Step {
    let kernel: any Kernel
    let call: KernelRecorder.Call
    /// The call on the memory of its operands.
    let placed: KernelCall
    let workspace: Storage?
    let backend: any Backend

    init(_ call: KernelRecorder.Call, placed: KernelCall, workspace: Storage?, on backend: any Backend) {
      kernel = backend.prepare(placed, workspace: workspace)
      self.call = call
      self.placed = placed
      self.workspace = workspace
      self.backend = backend
    }

    /// Where the kernel's fault goes: to the scope that catches it, or else it ends the program.
    var note: FaultNote? { call.report?.note(on: backend) }

    func run() { kernel.run(note) }

    /// Runs the kernel and waits for it. Returns its fault, which is not reported yet.
    func answer() -> Int? { backend.answer(kernel) }

    func report(_ fault: Int) { call.report?.report(fault, to: DataFaultScope.current) }
  }

  /// The values of the program's symbols.
  let sizes: [Int]
  let plan: MemoryPlan
  let lowering: Lowering
  let steps: [Step]
  /// The steps as the backend runs them together; nil: one by one.
  fileprivate let sequence: (any KernelSequence)?
  private let backend: any Backend
  /// What stands for the arguments that kernels read or write, by number of the argument.
  private let inputs: [(number: Int, elementSize: Int, slot: Storage)]
  private let arena: [(offset: Int, slot: Storage)]
  /// What stands for the memory that is made for outputs at each call.
  private let results: [(output: Int, slot: Storage)]
  private let sources: [Source]
  /// What has no result, whatever the arguments.
  private let constantFaults: [(step: Step, fault: Int)]
  private var boundArena = 0
  fileprivate let firstLateStep: Int

  /// Where an output's elements are after a run.
  private enum Source {
    /// In the memory made for this one of `results`.
    case result(Int, Layout)
    case input(Int, Layout)
    case fixed(Tensor)
    /// Written over an argument.
    case update
  }

  /// - Parameter isSequenced: whether the backend may make one thing of all kernels, as it does for memory that is the same in many runs.
  init(_ graph: Graph, symbols: [String: Int], sizes: [Int], on backend: any Backend, isSequenced: Bool = true) {
    self.backend = backend
    self.sizes = sizes
    let lowering = Lowering(graph, symbols: symbols)
    let plan = MemoryPlan(lowering, on: backend)
    self.lowering = lowering
    self.plan = plan

    var storages = [Storage?](repeating: nil, count: lowering.buffers.count)
    var inputs: [(Int, Int, Storage)] = [], arena: [(Int, Storage)] = [], results: [(Int, Storage)] = []
    func storage(_ number: Int) -> Storage {
      let root = plan.representative[number]
      if let known = storages[root] { return known }
      let buffer = lowering.buffers[root]
      let made: Storage
      switch (plan.places[root], buffer.kind) {
      case (.constant, .constant(let storage)): made = storage
      case (.constant, _): made = backend.allocate(byteCount: buffer.byteCount)
      case (.input(let input), _):
        made = backend.slot(byteCount: buffer.byteCount)
        inputs.append((input, graph.type(graph.inputs[input]).dtype.byteCount, made))
      case (.output(let output), _):
        made = backend.slot(byteCount: buffer.byteCount)
        results.append((output, made))
      case (.arena(let offset), _):
        made = backend.slot(byteCount: buffer.byteCount)
        arena.append((offset, made))
      case (.unused, _): made = backend.allocate(byteCount: buffer.byteCount)
      }
      storages[root] = made
      return made
    }
    func placed(_ view: View) -> View { View(storage: storage(lowering.buffer(view).number), layout: view.layout, dtype: view.dtype) }
    func ready(_ position: Int, workspace: Storage?) -> Step {
      let call = lowering.calls[position], onMemory = call.call.mapViews(placed)
      return Step(call, placed: onMemory, workspace: workspace, on: backend)
    }

    var constantFaults: [(step: Step, fault: Int)] = []
    for position in plan.constantCalls {
      let step = ready(position, workspace: nil)
      if let fault = step.answer() { constantFaults.append((step, fault)) }
    }
    self.constantFaults = constantFaults
    let all = plan.runCalls.enumerated().map { time, position in
      let workspace = plan.workspaces[time].map { place in
        let slot = backend.slot(byteCount: place.byteCount)
        arena.append((place.offset, slot))
        return slot
      }
      return ready(position, workspace: workspace)
    }
    // A copy of a buffer onto itself is left out.
    steps = all.filter { !$0.placed.isIdentity }
    sequence =
      isSequenced ? backend.sequence(steps.map { PreparedCall(call: $0.placed, workspace: $0.workspace, kernel: $0.kernel) }) : nil
    firstLateStep = Self.firstLateStep(lowering, steps)
    let updated = Set(graph.updates.map(\.output))
    sources = lowering.outputs.enumerated().map { number, view in
      if updated.contains(number) { return .update }
      switch plan.place(lowering.buffer(view).number) {
      case .constant: return .fixed(Tensor(placed(view), node: nil))
      case .input(let input): return .input(input, view.layout)
      case .output(let output):
        // One without elements has no kernel.
        _ = placed(view)
        return .result(results.firstIndex { $0.0 == output }!, view.layout)
      case .arena, .unused: return .fixed(Tensor(placed(view), node: nil))
      }
    }
    self.inputs = inputs
    self.arena = arena
    self.results = results
  }

  /// Begins a run on these arguments (all but the late ones), which must be row-major and have the sizes that the program was bound for: the steps that need no
  /// late argument.
  ///
  /// - Parameters:
  ///   - owner: the program to which this plan goes back when the run is over.
  ///   - observe: called with each step instead of its `run`; must run its kernel.
  func begin(_ arguments: [TensorPlace], of owner: Program, observe: ((Step) -> Void)?) -> ProgramRun {
    guard !DataFaultScope.lacksMemory, let memory = Arena.take(plan.arenaByteCount, on: backend) else {
      return withoutMemory(arguments, of: owner)
    }
    bind(memory)
    var made: [Storage] = []
    for (_, slot) in results {
      guard let storage = backend.allocateForProgram(byteCount: slot.byteCount, isArena: false) else {
        Arena.giveBack(memory)
        return withoutMemory(arguments, of: owner)
      }
      backend.bind(slot, to: storage, at: 0)
      made.append(storage)
    }
    for (step, fault) in constantFaults { step.report(fault) }
    let run = ProgramRun(self, of: owner, memory, made, observe)
    run.perform(0..<firstLateStep, with: arguments, from: 0)
    return run
  }

  private func bind(_ memory: Arena) {
    if boundArena == memory.number { return }
    for (offset, slot) in arena { backend.bind(slot, to: memory.storage, at: offset) }
    boundArena = memory.number
  }

  /// Runs a program whose results are all written over its arguments, in memory that its caller has taken: one step of a loop.
  func run(_ arguments: [TensorPlace], in memory: Arena) {
    bind(memory)
    bind(arguments, from: 0)
    for (step, fault) in constantFaults { step.report(fault) }
    if let sequence { sequence.run(0..<steps.count) { steps[$0].note } } else { for step in steps { step.run() } }
  }

  /// A run that performs nothing, for want of memory: a fault, or the program's end.
  private func withoutMemory(_ arguments: [TensorPlace], of owner: Program) -> ProgramRun {
    let wanted = plan.arenaByteCount + results.reduce(0) { $0 + $1.slot.byteCount }, statistics = backend.memoryStatistics
    let inputs = owner.graph.inputs.indices.map { "\(owner.graph.inputNames[$0]): \(lowering.graph.type(lowering.graph.inputs[$0]))" }
    DataFaultScope.report(
      .outOfMemory, "compile",
      "out of memory on \(backend.name): the program of \(inputs.joined(separator: ", ")) needs \(wanted) bytes besides its arguments; "
        + "\(statistics.bytesInUse) are in use\n\(memoryDescription)",
      number: wanted, shapes: [], Caller(#fileID, #line))
    let run = ProgramRun(self, of: owner, nil, [], nil)
    run.perform(0..<0, with: arguments, from: 0)
    return run
  }

  fileprivate func bind(_ arguments: [TensorPlace], from first: Int) {
    for (number, elementSize, slot) in inputs where arguments.indices.contains(number - first) {
      let place = arguments[number - first]
      // A view without elements may begin anywhere.
      backend.bind(slot, to: place.storage, at: slot.byteCount == 0 ? 0 : place.offset * elementSize)
    }
  }

  /// - Parameter made: the memory of the results; nil: there was none, and what is not an argument is NaN.
  fileprivate func results(_ arguments: [TensorPlace], _ made: [Storage]?) -> [Tensor?] {
    sources.enumerated().map { number, source in
      let dtype = lowering.outputs[number].dtype
      guard let made else {
        if case .update = source { return nil }
        return .full(dtype.isFloating ? .nan : 0, lowering.outputs[number].shape, dtype: dtype, backend: backend)
      }
      switch source {
      case .update: return nil
      case .fixed(let tensor): return tensor
      case .result(let number, let layout): return Tensor(View(storage: made[number], layout: layout, dtype: dtype), node: nil)
      case .input(let input, var layout):
        layout.offset += arguments[input].offset
        return Tensor(View(storage: arguments[input].storage, layout: layout, dtype: dtype), node: nil)
      }
    }
  }

  /// For each late argument, by its place among them, the last step that writes to it; those that none writes to belong to the first late step.
  private(set) lazy var lastWrites: [Int: [Int]] = {
    let early = lowering.graph.inputs.count - lowering.graph.lateInputCount
    var last = [Int](repeating: firstLateStep, count: lowering.graph.lateInputCount)
    for (number, step) in steps.enumerated() {
      for buffer in step.call.writes {
        guard case .input(let input) = plan.place(buffer), input >= early else { continue }
        last[input - early] = number
      }
    }
    return Dictionary(grouping: last.indices, by: { last[$0] })
  }()

  /// The first step that depends on a late argument.
  private static func firstLateStep(_ lowering: Lowering, _ steps: [Step]) -> Int {
    let early = lowering.graph.inputs.count - lowering.graph.lateInputCount
    if lowering.graph.lateInputCount == 0 { return steps.count }
    var late = Set(early..<lowering.graph.inputs.count)
    return steps.firstIndex { step in
      let isLate = step.call.reads.contains(where: late.contains) || step.call.writes.contains(where: late.contains)
      if isLate { late.formUnion(step.call.writes) }
      return isLate
    } ?? steps.count
  }
}

/// A run of a program, from its first kernel to its last; in between it may wait for late arguments.
final class ProgramRun {
  private let program: BoundProgram
  private let owner: Program
  /// Nil if there is none, and nothing is performed.
  private let memory: Arena?
  private let made: [Storage]
  private let observe: ((BoundProgram.Step) -> Void)?
  private var arguments: [TensorPlace] = []

  fileprivate init(
    _ program: BoundProgram, of owner: Program, _ memory: Arena?, _ made: [Storage], _ observe: ((BoundProgram.Step) -> Void)?
  ) {
    self.program = program
    self.owner = owner
    self.memory = memory
    self.made = made
    self.observe = observe
  }

  private var isOver = false

  deinit { end() }

  /// Gives the memory and the plan back.
  private func end() {
    if isOver { return }
    isOver = true
    if let memory { Arena.giveBack(memory) }
    owner.giveBack(program)
    owner.backend.tellFaults(waiting: false)
  }

  /// The results, nil for what is written over arguments; of those that depend on late arguments, the numbers are there when the run is finished.
  var results: [Tensor?] { program.results(arguments, memory == nil ? nil : made) }

  /// The steps that are left, now that the late arguments are there.
  ///
  /// - Parameter isWritten: called with the place of a late argument, for each of them, as soon as nothing more is written to it.
  func finish(_ late: [TensorPlace] = [], isWritten: ((Int) -> Void)? = nil) {
    let range = program.firstLateStep..<program.steps.count
    if let isWritten {
      var start = range.lowerBound
      for last in program.lastWrites.keys.sorted() {
        let end = min(max(start, last + 1), range.upperBound)
        perform(start..<end, with: start == range.lowerBound ? late : [], from: arguments.count)
        start = end
        program.lastWrites[last]!.forEach(isWritten)
      }
      perform(start..<range.upperBound, with: start == range.lowerBound ? late : [], from: arguments.count)
    } else {
      perform(range, with: late, from: arguments.count)
    }
    end()
  }

  fileprivate func perform(_ range: Range<Int>, with places: [TensorPlace], from first: Int) {
    if !places.isEmpty {
      arguments = arguments.isEmpty ? places : arguments + places
      program.bind(places, from: first)
    }
    if memory == nil { return }
    if let observe {
      program.steps[range].forEach(observe)
    } else if let sequence = program.sequence {
      sequence.run(range) { program.steps[$0].note }
    } else {
      for step in program.steps[range] { step.run() }
    }
  }
}

extension KernelCall {
  /// Whether the call copies elements to where they are.
  fileprivate var isIdentity: Bool {
    guard case .rows(let call) = self, call.inputs.count == 1, call.outputs.count == 1, call.program.instructions == [.load(0)] else {
      return false
    }
    let (input, output) = (call.inputs[0], call.outputs[0])
    return input.storage === output.storage && input.dtype == output.dtype && input.layout.walksAs(output.layout)
  }
}
