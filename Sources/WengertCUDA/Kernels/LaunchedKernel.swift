@_spi(Backend) import WengertCore

/// A kernel that is nothing but launches, so that these can be recorded and repeated.
protocol LaunchedKernel: Kernel {
  var backend: CUDABackend { get }
  /// Whether its launches may be recorded.
  var isRecordable: Bool { get }
  /// Notes who is told what the next launch finds.
  func expect(_ faults: FaultNote?)
  /// Has the kernel run in its turn.
  ///
  /// - Parameter stream: the backend's, or one that records.
  func launch(on stream: CUHandle?)
}

extension LaunchedKernel {
  var isRecordable: Bool { true }
  func expect(_ faults: FaultNote?) {}

  func run(_ faults: FaultNote?) {
    expect(faults)
    launch(on: backend.context.stream)
  }
}

/// Kernels one after another: of our own, and of other calls.
struct CUDAKernels: LaunchedKernel {
  private enum Step {
    case launch(CompiledKernel, Grid, LaunchArguments)
    case kernel(any LaunchedKernel)
  }
  private var steps: [Step] = []
  var word: FaultBoard.Word?
  /// Memory that no plan has given.
  var own: Storage?
  let backend: CUDABackend

  init(on backend: CUDABackend) { self.backend = backend }

  mutating func append(_ writer: KernelWriter, _ text: KernelText, _ grid: Grid) {
    steps.append(.launch(backend.kernels.kernel(text), grid, writer.arguments))
  }

  mutating func append(_ kernel: any LaunchedKernel) { steps.append(.kernel(kernel)) }

  var isRecordable: Bool { steps.allSatisfy { if case .kernel(let kernel) = $0 { kernel.isRecordable } else { true } } }

  func expect(_ faults: FaultNote?) {
    if let word { backend.faults.expect(word, faults) }
    for case .kernel(let kernel) in steps { kernel.expect(faults) }
  }

  func launch(on stream: CUHandle?) {
    for step in steps {
      switch step {
      case .launch(let kernel, let grid, var arguments): kernel.launch(grid, &arguments, on: stream)
      case .kernel(let kernel): kernel.launch(on: stream)
      }
    }
  }
}

/// A kernel of the core that runs other kernels, and may wait for numbers in between: it is launched, and never recorded.
struct SteppingKernel: LaunchedKernel {
  let kernel: any Kernel
  let backend: CUDABackend
  var isRecordable: Bool { false }

  func launch(on stream: CUHandle?) { kernel.run(nil) }
}
