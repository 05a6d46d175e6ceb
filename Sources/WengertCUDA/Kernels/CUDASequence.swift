@_spi(Backend) import WengertCore

/// The kernels of a compiled program. What runs a second time on the same memory is recorded, and repeated from then on as one CUDA graph.
final class CUDASequence: KernelSequence {
  /// Kernels that ran on memory at these addresses, and their graph if they did so twice.
  private struct Recording {
    let range: Range<Int>
    let addresses: [CUAddress]
    var graph: CUDAGraph?
  }

  private struct State {
    /// The one last used at the end.
    var recordings: [Recording] = []
    /// The memory of the kernels of a range; nil if they cannot be recorded.
    var storages: [Range<Int>: [CUDAStorage]?] = [:]
    /// Whether the driver has refused to record.
    var isRefused = false
  }

  private let backend: CUDABackend
  private let steps: [PreparedCall]
  private let kernels: [any LaunchedKernel]
  private let state = Locked(State())

  /// How many recordings are kept: results of a program alternate between a few places.
  private static let largestCache = 16
  /// Fewer kernels than this are as quick to launch one by one.
  private static let smallestGraph = 3

  init(_ steps: [PreparedCall], on backend: CUDABackend) {
    self.steps = steps
    kernels = steps.map { CUDABackend.launched($0.kernel) }
    self.backend = backend
  }

  func run(_ range: Range<Int>, notes: (Int) -> FaultNote?) {
    for number in range { kernels[number].expect(notes(number)) }
    if let graph = graph(range) {
      graph.launch()
    } else {
      for kernel in kernels[range] { kernel.launch(on: backend.context.stream) }
    }
  }

  /// The graph of these kernels on the memory of now, if they ran on it before.
  private func graph(_ range: Range<Int>) -> CUDAGraph? {
    if range.count < CUDASequence.smallestGraph { return nil }
    return state.withLock { state in
      if state.isRefused { return nil }
      let known = state.storages[range] ?? storages(of: range)
      state.storages[range] = .some(known)
      guard let storages = known else { return nil }
      let addresses = storages.map(\.address)
      guard let place = state.recordings.lastIndex(where: { $0.range == range && $0.addresses == addresses }) else {
        state.recordings.append(Recording(range: range, addresses: addresses))
        if state.recordings.count > CUDASequence.largestCache { state.recordings.removeFirst() }
        return nil
      }
      var found = state.recordings.remove(at: place)
      defer { state.recordings.append(found) }
      if found.graph == nil {
        found.graph = backend.context.record("a graph of \(range.count) kernels") { stream in
          kernels[range].forEach { $0.launch(on: stream) }
        }
        state.isRefused = found.graph == nil
      }
      return found.graph
    }
  }

  /// What the kernels of a range read, write and use besides, each once; nil if one of them cannot be recorded.
  private func storages(of range: Range<Int>) -> [CUDAStorage]? {
    if !kernels[range].allSatisfy(\.isRecordable) { return nil }
    var known: Set<ObjectIdentifier> = []
    return steps[range].flatMap { step in (step.call.reads + step.call.writes).map(\.storage) + [step.workspace].compactMap(\.self) }
      .filter { known.insert(ObjectIdentifier($0)).inserted }.map(CUDAStorage.of)
  }
}

/// Launches that were recorded, with their arguments, and are repeated as one.
final class CUDAGraph: Sendable {
  private let handle: UInt
  private let context: Context
  /// For messages.
  private let name: String

  fileprivate init(_ handle: CUHandle?, _ name: String, _ context: Context) {
    self.name = name
    self.handle = UInt(bitPattern: handle)
    self.context = context
  }

  deinit { context.perform("freeing a graph") { $0.destroyGraph(CUHandle(bitPattern: handle)) } }

  func launch() {
    context.noteLaunch(of: name)
    context.perform("launching \(name)") { $0.launchGraph(CUHandle(bitPattern: handle), context.stream) }
  }
}

extension Context {
  /// Records what `body` launches on the stream that it is given; nil if the driver does not record it.
  func record(_ name: String, _ body: (CUHandle?) -> Void) -> CUDAGraph? {
    recorder.withLock { known in
      var stream = CUHandle(bitPattern: known)
      if stream == nil {
        perform("a stream") { $0.createStream(&stream, 1) }
        known = UInt(bitPattern: stream)
      }
      // Other threads may do what they like meanwhile.
      if attempt({ $0.beginCapture(stream, 2) }) != 0 { return nil }
      body(stream)
      var recorded: CUHandle?, graph: CUHandle?
      if attempt({ $0.endCapture(stream, &recorded) }) != 0 || recorded == nil { return nil }
      defer { perform("freeing a recording") { $0.destroyRecording(recorded) } }
      return attempt { $0.makeGraph(&graph, recorded, 0) } == 0 ? CUDAGraph(graph, name, self) : nil
    }
  }
}
