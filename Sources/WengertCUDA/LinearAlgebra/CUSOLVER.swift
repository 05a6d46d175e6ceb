@_spi(Backend) import WengertCore

/// cuSOLVER, which factors large matrices, found by name.
final class CUSOLVER: @unchecked Sendable {
  private typealias Out<Value> = UnsafeMutablePointer<Value>
  private let setStream: @convention(c) (CUHandle?, CUHandle?) -> Int32
  private let sizeOfCholesky:
    @convention(c) (CUHandle?, CUHandle?, Int32, Int64, Int32, CUAddress, Int64, Int32, Out<Int>, Out<Int>) -> Int32
  private let cholesky:
    @convention(c) (
      CUHandle?, CUHandle?, Int32, Int64, Int32, CUAddress, Int64, Int32, CUAddress, Int, UnsafeMutableRawPointer?, Int, CUAddress
    ) -> Int32
  private let sizeOfLU: @convention(c) (CUHandle?, CUHandle?, Int64, Int64, Int32, CUAddress, Int64, Int32, Out<Int>, Out<Int>) -> Int32
  private let lu:
    @convention(c) (
      CUHandle?, CUHandle?, Int64, Int64, Int32, CUAddress, Int64, CUAddress, Int32, CUAddress, Int, UnsafeMutableRawPointer?, Int,
      CUAddress
    ) -> Int32
  private let solveLU:
    @convention(c) (CUHandle?, CUHandle?, Int32, Int64, Int64, Int32, CUAddress, Int64, CUAddress, Int32, CUAddress, Int64, CUAddress) ->
      Int32
  let single: DecompositionFunctions, double: DecompositionFunctions
  let handle: CUHandle?
  private let parameters: CUHandle?
  private let context: Context
  /// One thread at a time has the handle's stream.
  private let turn = Locked(())

  static let libraryNames = ["libcusolver.so.12", "libcusolver.so.11", "libcusolver.so"]

  init(_ search: LibrarySearch, _ context: Context) throws(DeviceUnavailable) {
    let library = try search.open(CUSOLVER.libraryNames, for: "linear algebra by cuSOLVER")
    self.context = context
    setStream = try library.function("cusolverDnSetStream")
    sizeOfCholesky = try library.function("cusolverDnXpotrf_bufferSize")
    cholesky = try library.function("cusolverDnXpotrf")
    sizeOfLU = try library.function("cusolverDnXgetrf_bufferSize")
    lu = try library.function("cusolverDnXgetrf")
    solveLU = try library.function("cusolverDnXgetrs")
    single = try DecompositionFunctions(library, "S")
    double = try DecompositionFunctions(library, "D")
    let create: @convention(c) (Out<CUHandle?>) -> Int32 = try library.function("cusolverDnCreate")
    let createParameters: @convention(c) (Out<CUHandle?>) -> Int32 = try library.function("cusolverDnCreateParams")
    var handle: CUHandle?, parameters: CUHandle?
    let status = context.attempt { _ in create(&handle) | createParameters(&parameters) }
    if status != 0 { throw DeviceUnavailable("cuSOLVER at \(library.path) does not start (status \(status))") }
    (self.handle, self.parameters) = (handle, parameters)
  }

  /// Bytes on the device and on the host that a factorization needs.
  struct Memory {
    var onDevice = 0
    var onHost = 0
  }

  func require(_ what: String, _ call: () -> Int32) {
    let status = context.attempt { _ in call() }
    if status != 0 { Failure.end("cuda: \(what): cuSOLVER says \(status)") }
  }

  /// A call in a stream.
  func perform(_ what: String, _ stream: CUHandle?, _ call: () -> Int32) {
    turn.withLock { _ in
      require(what) { setStream(handle, stream) }
      require(what, call)
    }
  }

  private static func type(_ dtype: DType) -> Int32 { dtype == .float64 ? 1 : 0 }

  /// For a Cholesky factorization, or else an LU factorization, of `n` rows and as many columns, unless there is another number.
  func memory(isCholesky: Bool, _ n: Int, columns: Int? = nil, _ dtype: DType) -> Memory {
    var memory = Memory()
    let (rows, columns, type) = (Int64(n), Int64(columns ?? n), CUSOLVER.type(dtype))
    require("the memory of a factorization") {
      isCholesky
        ? sizeOfCholesky(handle, parameters, 1, rows, type, 0, rows, type, &memory.onDevice, &memory.onHost)
        : sizeOfLU(handle, parameters, rows, columns, type, 0, rows, type, &memory.onDevice, &memory.onHost)
    }
    return memory
  }

  /// The operands of a factorization of a row-major matrix.
  struct Factorization {
    var n: Int
    /// If it is not square; such a one lies column by column.
    var columns: Int?
    var dtype: DType
    var matrix: CUAddress
    var workspace: CUAddress
    var memory: Memory
    var hostMemory: UnsafeMutableRawPointer?
    /// An int32: not zero if there are no factors.
    var info: CUAddress
  }

  /// a → L and U in its place, column by column.
  func factorLU(_ f: Factorization, pivots: CUAddress, on stream: CUHandle?) {
    let (n, columns, type) = (Int64(f.n), Int64(f.columns ?? f.n), CUSOLVER.type(f.dtype))
    perform("an LU factorization", stream) {
      lu(
        handle, parameters, n, columns, type, f.matrix, n, pivots, type, f.workspace, f.memory.onDevice, f.hostMemory, f.memory.onHost,
        f.info)
    }
  }

  /// a → L in the lower triangle of a row-major matrix, which is the upper one of its columns.
  func factorCholesky(_ f: Factorization, on stream: CUHandle?) {
    let (n, type) = (Int64(f.n), CUSOLVER.type(f.dtype))
    turn.withLock { _ in
      require("a Cholesky factorization") { setStream(handle, stream) }
      require("a Cholesky factorization") {
        cholesky(
          handle, parameters, 1, n, type, f.matrix, n, type, f.workspace, f.memory.onDevice, f.hostMemory, f.memory.onHost, f.info)
      }
    }
  }

  /// b → x with a·x = b: `matrix` is row-major and is overwritten, `b` has columns side by side.
  func solve(_ f: Factorization, pivots: CUAddress, _ b: CUAddress, columns: Int, on stream: CUHandle?) {
    let (n, type) = (Int64(f.n), CUSOLVER.type(f.dtype))
    turn.withLock { _ in
      require("a solution") { setStream(handle, stream) }
      require("an LU factorization") {
        lu(
          handle, parameters, n, n, type, f.matrix, n, pivots, type, f.workspace, f.memory.onDevice, f.hostMemory, f.memory.onHost, f.info)
      }
      // Of the transpose, which is what a row-major matrix is to cuSOLVER. Its own word for mistakes goes where pivots begin no more.
      require("a solution") { solveLU(handle, parameters, 1, n, Int64(columns), type, f.matrix, n, pivots, type, b, n, f.info + 4) }
    }
  }
}
