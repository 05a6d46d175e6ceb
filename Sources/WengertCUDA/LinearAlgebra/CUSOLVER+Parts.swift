@_spi(Backend) import WengertCore

/// cuSOLVER's functions that take matrices of one dtype apart. Matrices lie column by column, as many rows apart as they have.
struct DecompositionFunctions: @unchecked Sendable {
  typealias Size = UnsafeMutablePointer<Int32>
  let sizeOfQR: @convention(c) (CUHandle?, Int32, Int32, CUAddress, Int32, Size) -> Int32
  let qr: @convention(c) (CUHandle?, Int32, Int32, CUAddress, Int32, CUAddress, CUAddress, Int32, CUAddress) -> Int32
  let sizeOfQ: @convention(c) (CUHandle?, Int32, Int32, Int32, CUAddress, Int32, CUAddress, Size) -> Int32
  let makeQ: @convention(c) (CUHandle?, Int32, Int32, Int32, CUAddress, Int32, CUAddress, CUAddress, Int32, CUAddress) -> Int32
  let sizeOfSVD: @convention(c) (CUHandle?, Int32, Int32, Size) -> Int32
  let svd:
    @convention(c) (
      CUHandle?, Int8, Int8, Int32, Int32, CUAddress, Int32, CUAddress, CUAddress, Int32, CUAddress, Int32, CUAddress, Int32, CUAddress,
      CUAddress
    ) -> Int32
  let sizeOfSymmetric: @convention(c) (CUHandle?, Int32, Int32, Int32, CUAddress, Int32, CUAddress, Size) -> Int32
  let symmetric: @convention(c) (CUHandle?, Int32, Int32, Int32, CUAddress, Int32, CUAddress, CUAddress, Int32, CUAddress) -> Int32

  init(_ library: DynamicLibrary, _ letter: String) throws(DeviceUnavailable) {
    sizeOfQR = try library.function("cusolverDn\(letter)geqrf_bufferSize")
    qr = try library.function("cusolverDn\(letter)geqrf")
    sizeOfQ = try library.function("cusolverDn\(letter)orgqr_bufferSize")
    makeQ = try library.function("cusolverDn\(letter)orgqr")
    sizeOfSVD = try library.function("cusolverDn\(letter)gesvd_bufferSize")
    svd = try library.function("cusolverDn\(letter)gesvd")
    sizeOfSymmetric = try library.function("cusolverDn\(letter)syevd_bufferSize")
    symmetric = try library.function("cusolverDn\(letter)syevd")
  }
}

extension CUSOLVER {
  /// Where one matrix, its results and what the call needs lie.
  struct Decomposition {
    var dtype: DType
    var rows: Int32, columns: Int32
    var matrix: CUAddress = 0
    /// Factors of reflections, singular values or eigenvalues.
    var values: CUAddress = 0
    var u: CUAddress = 0, vt: CUAddress = 0
    /// Columns of U or Q that are wanted.
    var width: Int32 = 0
    var workspace: CUAddress = 0
    /// Elements of `workspace`.
    var size: Int32 = 0
    var info: CUAddress = 0
  }

  private func functions(_ dtype: DType) -> DecompositionFunctions { dtype == .float64 ? double : single }

  /// Elements of memory that a call needs.
  func size(_ kernel: FactorizationKernel, _ d: Decomposition) -> Int {
    let f = functions(d.dtype)
    var size: Int32 = 0, other: Int32 = 0
    require("the memory of a factorization") {
      switch kernel {
      case .qr:
        f.sizeOfQR(handle, d.rows, d.columns, 0, d.rows, &size)
          | f.sizeOfQ(handle, d.rows, d.width, min(d.rows, d.columns), 0, d.rows, 0, &other)
      case .svd: f.sizeOfSVD(handle, d.rows, d.columns, &size)
      case .eigh: f.sizeOfSymmetric(handle, 1, 0, d.columns, 0, d.columns, 0, &size)
      case .lu, .eig: unreachable("\(kernel) needs no such memory")
      }
    }
    return Int(max(size, other))
  }

  func qr(_ d: Decomposition, on stream: CUHandle?) {
    perform("a QR factorization", stream) {
      functions(d.dtype).qr(handle, d.rows, d.columns, d.matrix, d.rows, d.values, d.workspace, d.size, d.info)
    }
  }

  /// The matrix, as `qr` leaves it, becomes `width` columns of Q.
  func makeQ(_ d: Decomposition, on stream: CUHandle?) {
    perform("the Q of a QR factorization", stream) {
      functions(d.dtype).makeQ(
        handle, d.rows, d.width, min(d.rows, d.columns), d.matrix, d.rows, d.values, d.workspace, d.size, d.info)
    }
  }

  /// - Precondition: There are no fewer rows than columns.
  func svd(_ d: Decomposition, on stream: CUHandle?) {
    let all = Int8(UInt8(ascii: "A")), some = Int8(UInt8(ascii: "S"))
    perform("singular values", stream) {
      functions(d.dtype).svd(
        handle, d.width == d.rows ? all : some, all, d.rows, d.columns, d.matrix, d.rows, d.values, d.u, d.rows, d.vt, d.columns,
        d.workspace, d.size, 0, d.info)
    }
  }

  /// The matrix becomes its eigenvectors; its lower triangle is read.
  func symmetric(_ d: Decomposition, on stream: CUHandle?) {
    perform("eigenvalues", stream) {
      functions(d.dtype).symmetric(handle, 1, 0, d.columns, d.matrix, d.columns, d.values, d.workspace, d.size, d.info)
    }
  }
}
