// Loops and branches run on every backend alike: the functions' programs are bound once, and their kernels asked for step by step.

/// A function's program, whose results are all written over its arguments.
private final class BoundBody {
  private let program: BoundProgram
  private let backend: any Backend

  init(_ body: Body, carryCount: Int, _ symbols: [String: Int], on backend: any Backend, isSequenced: Bool) {
    program = BoundProgram(
      body.executable(on: backend, carryCount: carryCount), symbols: symbols, sizes: [], on: backend, isSequenced: isSequenced)
    self.backend = backend
  }

  var arenaByteCount: Int { program.plan.arenaByteCount }

  func run(_ places: [TensorPlace], in memory: Arena) { program.run(places, in: memory) }
}

extension View {
  fileprivate var place: TensorPlace { TensorPlace(storage: storage, offset: layout.offset) }

  /// The place of one step's elements.
  fileprivate func place(ofStep step: Int) -> TensorPlace {
    TensorPlace(storage: storage, offset: layout.offset + step * layout.strides[0])
  }

  /// The number in a view of one whole number, when all that was asked for before has run.
  fileprivate var wholeNumber: Int {
    let width = dtype.byteCount, start = layout.offset * width
    return storage.backend.withBytes(of: storage, in: start..<start + width) { bytes in
      switch dtype {
      case .int64: Int(bytes.unsafeLoadUnaligned(as: Int64.self))
      case .int32: Int(bytes.unsafeLoadUnaligned(as: Int32.self))
      case .bool: Int(bytes.unsafeLoadUnaligned(as: UInt8.self))
      default: unreachable("a number of steps is \(dtype)")
      }
    }
  }
}

/// Memory for a run of functions; nil, which is a fault that has been told, if there is none: results are NaN then.
private func takeArena(_ byteCount: Int, on backend: any Backend, of operation: String, writing results: [View]) -> Arena? {
  if let arena = Arena.take(byteCount, on: backend) { return arena }
  DataFaultScope.report(
    .outOfMemory, operation, "out of memory on \(backend.name): a step needs \(byteCount) bytes besides its arguments", number: byteCount,
    shapes: [], Caller(#fileID, #line))
  for result in results where result.shape.elementCount > 0 { ViewKernels.fill(result, with: result.dtype.isFloating ? .nan : 0) }
  return nil
}

final class LoopKernel: Kernel, @unchecked Sendable {
  private let call: LoopCall
  private let backend: any Backend
  private let body: BoundBody
  private let condition: BoundBody?
  /// What the condition gives: one bool.
  private let flag: View?

  init(_ call: LoopCall, on backend: any Backend) {
    self.call = call
    self.backend = backend
    // Kernels that run on the same memory at each step may be repeated as one.
    let isSequenced = call.elements.isEmpty && call.outputs.isEmpty
    body = BoundBody(call.body, carryCount: call.carries.count, call.symbols, on: backend, isSequenced: isSequenced)
    condition = call.condition.map { BoundBody($0, carryCount: 0, call.symbols, on: backend, isSequenced: true) }
    flag = call.condition.map { _ in TensorType(shape: [], dtype: .bool).allocate(on: backend) }
  }

  func run(_ faults: FaultNote?) {
    let byteCount = max(body.arenaByteCount, condition?.arenaByteCount ?? 0)
    guard let memory = takeArena(byteCount, on: backend, of: "loop", writing: call.writes) else { return }
    defer { Arena.giveBack(memory) }
    let most = call.count.map { min(max($0.wholeNumber, 0), call.length) } ?? call.length
    let carries = call.carries.map(\.place), constants = call.constants.map(\.place)
    let asked = carries.prefix(conditionCarryCount) + call.conditionConstants.map(\.place) + (flag.map { [$0.place] } ?? [])
    var done = 0
    while done < most {
      if let condition, let flag {
        condition.run(Array(asked), in: memory)
        if flag.wholeNumber == 0 { break }
      }
      let step = call.isReversed ? most - 1 - done : done
      body.run(
        carries + call.elements.map { $0.place(ofStep: step) } + constants + call.outputs.map { $0.place(ofStep: step) }, in: memory)
      done += 1
    }
    if let steps = call.steps {
      let bytes = [Int32(clamping: done)]
      backend.write(bytes.span.bytes, to: steps.storage, at: steps.layout.offset * steps.dtype.byteCount)
    }
  }

  private var conditionCarryCount: Int { (call.condition?.inputs.count ?? 0) - call.conditionConstants.count }
}

final class BranchKernel: Kernel, @unchecked Sendable {
  private let call: BranchCall
  private let backend: any Backend
  private let branches: [BoundBody]

  init(_ call: BranchCall, on backend: any Backend) {
    self.call = call
    self.backend = backend
    branches = call.branches.map { BoundBody($0, carryCount: 0, call.symbols, on: backend, isSequenced: true) }
  }

  func run(_ faults: FaultNote?) {
    let number = min(max(call.index.wholeNumber, 0), branches.count - 1), branch = branches[number]
    guard let memory = takeArena(branch.arenaByteCount, on: backend, of: "branch", writing: call.outputs) else { return }
    defer { Arena.giveBack(memory) }
    branch.run(call.operands[number].map(\.place) + call.outputs.map(\.place), in: memory)
  }
}
