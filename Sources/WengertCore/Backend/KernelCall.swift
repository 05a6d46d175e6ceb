/// One call of a kernel with all its operands: what a compiled program is a list of. A backend makes a kernel of each kind.
///
/// Operands take up to two kilobytes, so that a call refers to them: lists of calls are copied, sorted and changed while a program is planned.
@_spi(Backend) public indirect enum KernelCall: Sendable {
  case rows(RowCall)
  case matmul(MatMulCall)
  case gather(GatherCall)
  case scatterAdd(ScatterAddCall)
  case takeAlong(TakeAlongCall)
  case scatterAddAlong(ScatterAddAlongCall)
  case argSort(ArgSortCall)
  case argReduce(ArgReduceCall)
  case scan(ScanCall)
  case recurrence(RecurrenceCall)
  case linearAlgebra(LinearAlgebraCall)
  case factorization(FactorizationCall)
  case convolution(ConvolutionCall)
  case attention(AttentionCall)
  case attentionBackward(AttentionBackwardCall)
  case loop(LoopCall)
  case branch(BranchCall)

  /// The operands, of whatever kind.
  public var arguments: any KernelArguments {
    switch self {
    case .rows(let call): call
    case .matmul(let call): call
    case .gather(let call): call
    case .scatterAdd(let call): call
    case .takeAlong(let call): call
    case .scatterAddAlong(let call): call
    case .argSort(let call): call
    case .argReduce(let call): call
    case .scan(let call): call
    case .recurrence(let call): call
    case .linearAlgebra(let call): call
    case .factorization(let call): call
    case .convolution(let call): call
    case .attention(let call): call
    case .attentionBackward(let call): call
    case .loop(let call): call
    case .branch(let call): call
    }
  }

  public var reads: [View] { arguments.reads }
  public var writes: [View] { arguments.writes }
  public func mapViews(_ f: (View) -> View) -> KernelCall { arguments.mapViews(f).call }
  var cost: KernelCost { KernelCost(flops: arguments.flops, bytes: arguments.bytes) }
  var summary: String { arguments.summary }
}

/// The operands of a kernel of one kind. All that programs need to know of a kind is here.
@_spi(Backend) public protocol KernelArguments: Sendable {
  /// These as a call.
  var call: KernelCall { get }
  /// What the call reads; what it adds to counts as written only.
  var reads: [View] { get }
  /// What the call writes or adds to.
  var writes: [View] { get }
  /// The same on other views.
  func mapViews(_ f: (View) -> View) -> Self
  /// Additions, multiplications and function values; nil if they depend on the operands' values.
  var flops: Double? { get }
  /// Bytes of the operands that the kernel must move at least: by default each read once and each result written once.
  var bytes: Int { get }
  /// The shape that says most about the call: by default that of its first result.
  var shape: Shape { get }
  /// The extents that its work depends on, in a word: by default `shape`.
  var summary: String { get }
}

extension KernelArguments {
  var moved: Int { (reads + writes).reduce(0) { $0 + $1.distinctByteCount } }
  public var bytes: Int { moved }
  public var shape: Shape { writes.first?.shape ?? [] }
  public var summary: String { "\(shape)" }
}

/// What a kernel call must do at least.
@_spi(Backend) public struct KernelCost: Sendable {
  /// Additions, multiplications and function values; nil if they depend on the operands' values.
  public var flops: Double?
  /// Bytes of the operands, each read once and each result written once.
  public var bytes: Int
}

/// A prepared kernel call: running it plans nothing and, if the backend can avoid it, allocates nothing.
@_spi(Backend) public protocol Kernel: Sendable {
  /// Runs the call on the memory that its storages have now, or has it run in its turn.
  ///
  /// What has no result for the numbers that it is given is reported to `faults`, once: by the first index out of range, of calls that take indices, the first matrix
  /// without a result, of linear algebra, or the place of the first wrong offset, of attention. It is told before this returns, or as `Backend.tellFaults` says. What
  /// has no result is NaN then, zero in whole numbers; the rest may be too.
  func run(_ faults: FaultNote?)
}

/// A kernel of a compiled program, and what it was prepared of.
@_spi(Backend) public struct PreparedCall: Sendable {
  public let call: KernelCall
  public let workspace: Storage?
  public let kernel: any Kernel
}

/// Kernels that run one after another, each time in the same order.
@_spi(Backend) public protocol KernelSequence: Sendable {
  /// Runs those of a range, as `Kernel.run` of each would.
  ///
  /// - Parameter notes: where each kernel's faults go, by its number.
  func run(_ range: Range<Int>, notes: (Int) -> FaultNote?)
}

/// The place to which a kernel reports that there is no result for the numbers that it was given.
@_spi(Backend) public struct FaultNote: Sendable {
  private let tell: @Sendable (Int) -> Void

  init(_ tell: @escaping @Sendable (Int) -> Void) { self.tell = tell }

  /// The receiver may read results on this thread before the call returns.
  public func callAsFunction(_ fault: Int) { tell(fault) }
}

/// A kernel that has run when its function returns, and knows then what has no result.
@_spi(Backend) public protocol PromptKernel: Kernel {
  /// What the call writes.
  var outputs: [View] { get }
  /// Runs the call. Returns what is to be reported of it, nil if it has results; the outputs may hold anything otherwise.
  func answer() -> Int?
}

extension PromptKernel {
  public func run(_ faults: FaultNote?) {
    guard let fault = answer() else { return }
    for output in outputs where output.shape.elementCount > 0 { ViewKernels.fill(output, with: output.dtype.isFloating ? .nan : 0) }
    faults?(fault)
  }
}

/// A kernel that is a function.
@_spi(Backend) public struct FunctionKernel: PromptKernel {
  public let outputs: [View]
  private let body: @Sendable () -> Int?

  /// - Parameters:
  ///   - outputs: what the function writes, if it may have no result.
  ///   - body: returns what `PromptKernel.answer` does.
  public init(writing outputs: [View] = [], _ body: @escaping @Sendable () -> Int?) {
    self.outputs = outputs
    self.body = body
  }

  public func answer() -> Int? { body() }
}

extension View {
  /// The bytes of its different elements: what is repeated counts once.
  var distinctByteCount: Int {
    shape.indices.reduce(dtype.byteCount) { $0 * (layout.strides[$1] == 0 && shape[$1] > 0 ? 1 : shape[$1]) }
  }
}
