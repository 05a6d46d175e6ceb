@_spi(Backend) import WengertCore

/// cuBLASLt, which multiplies matrices, found by name.
final class CUBLASLt: @unchecked Sendable {
  private typealias Out<Value> = UnsafeMutablePointer<Value>
  private typealias SetAttribute = @convention(c) (CUHandle?, Int32, UnsafeRawPointer, Int) -> Int32
  private let createHandle: @convention(c) (Out<CUHandle?>) -> Int32
  private let createProduct: @convention(c) (Out<CUHandle?>, Int32, Int32) -> Int32
  private let destroyProduct: @convention(c) (CUHandle?) -> Int32
  private let setOfProduct: SetAttribute
  private let createLayout: @convention(c) (Out<CUHandle?>, Int32, UInt64, UInt64, Int64) -> Int32
  private let destroyLayout: @convention(c) (CUHandle?) -> Int32
  private let setOfLayout: SetAttribute
  private let createPreference: @convention(c) (Out<CUHandle?>) -> Int32
  private let destroyPreference: @convention(c) (CUHandle?) -> Int32
  private let setOfPreference: SetAttribute
  private let heuristic:
    @convention(c) (CUHandle?, CUHandle?, CUHandle?, CUHandle?, CUHandle?, CUHandle?, CUHandle?, Int32, UnsafeMutableRawPointer, Out<Int32>)
      -> Int32
  private let multiply:
    @convention(c) (
      CUHandle?, CUHandle?, UnsafeRawPointer, CUAddress, CUHandle?, CUAddress, CUHandle?, UnsafeRawPointer, CUAddress, CUHandle?, CUAddress,
      CUHandle?, UnsafeRawPointer?, CUAddress, Int, CUHandle?
    ) -> Int32
  private let statusString: @convention(c) (Int32) -> UnsafePointer<CChar>?
  private let handle: CUHandle?
  private let context: Context
  let library: DynamicLibrary
  /// 120400 for 12.4.
  let version: Int

  static let libraryNames = ["libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so"]

  init(_ search: LibrarySearch, _ context: Context) throws(DeviceUnavailable) {
    library = try search.open(CUBLASLt.libraryNames, for: "matrix products by cuBLASLt")
    self.context = context
    createHandle = try library.function("cublasLtCreate")
    createProduct = try library.function("cublasLtMatmulDescCreate")
    destroyProduct = try library.function("cublasLtMatmulDescDestroy")
    setOfProduct = try library.function("cublasLtMatmulDescSetAttribute")
    createLayout = try library.function("cublasLtMatrixLayoutCreate")
    destroyLayout = try library.function("cublasLtMatrixLayoutDestroy")
    setOfLayout = try library.function("cublasLtMatrixLayoutSetAttribute")
    createPreference = try library.function("cublasLtMatmulPreferenceCreate")
    destroyPreference = try library.function("cublasLtMatmulPreferenceDestroy")
    setOfPreference = try library.function("cublasLtMatmulPreferenceSetAttribute")
    heuristic = try library.function("cublasLtMatmulAlgoGetHeuristic")
    multiply = try library.function("cublasLtMatmul")
    statusString = try library.function("cublasLtGetStatusString")
    let askVersion: @convention(c) () -> Int = try library.function("cublasLtGetVersion")
    version = askVersion()
    var handle: CUHandle?
    let create = createHandle
    let status = context.attempt { _ in create(&handle) }
    if status != 0 { throw DeviceUnavailable("cuBLASLt at \(library.path) does not start (status \(status))") }
    self.handle = handle
  }

  private func require(_ what: @autoclosure () -> String, _ call: () -> Int32) {
    let status = context.attempt { _ in call() }
    if status == 0 { return }
    Failure.end("cuda: \(what()): cuBLASLt says \(statusString(status).map { String(cString: $0) } ?? "\(status)")")
  }

  /// A matrix, or several at equal distances, as cuBLASLt sees it: columns lie one behind the other.
  struct Matrix {
    var rows: Int, columns: Int, leadingDimension: Int
    var batchStride: Int
    /// Whether its transpose is multiplied.
    var isTransposed = false
  }

  /// A product that is ready to run: out (+)= a · b, each matrix with columns side by side.
  final class Product: @unchecked Sendable {
    private let library: CUBLASLt
    private let description: CUHandle?
    private let a: CUHandle?, b: CUHandle?, out: CUHandle?
    private let dtype: DType
    private let accumulates: Bool
    private let summary: String
    /// Taken from where the address of a bias is noted to where the product is asked for.
    private let gate = Locked<Void>(())
    /// What cuBLASLt has chosen, by whether all addresses are multiples of 16.
    private let algorithms = Locked<[Bool: [UInt64]]>([:])

    init(
      _ library: CUBLASLt, _ a: Matrix, _ b: Matrix, into out: Matrix, batch: Int, _ dtype: DType, accumulates: Bool,
      addsBias: Bool = false,
      _ summary: String
    ) {
      self.library = library
      self.dtype = dtype
      self.accumulates = accumulates
      self.summary = summary
      let type: Int32 =
        switch dtype {
        case .float64: 1
        case .float16: 2
        case .bfloat16: 14
        default: 0
        }
      var handle: CUHandle?
      // Computed in float64, in tf32, in float32; the scale in float64 or float32.
      let compute: Int32 = dtype == .float64 ? 70 : dtype == .float32 && CUDADevices.allowsTF32 ? 77 : 68
      library.require(summary) { library.createProduct(&handle, compute, dtype == .float64 ? 1 : 0) }
      description = handle
      if addsBias {
        var epilogue: Int32 = 4
        library.require(summary) { library.setOfProduct(handle, 7, &epilogue, 4) }
      }
      for (attribute, matrix) in [(3 as Int32, a), (4, b)] where matrix.isTransposed {
        var transposed: Int32 = 1
        library.require(summary) { library.setOfProduct(handle, attribute, &transposed, 4) }
      }
      func layout(_ matrix: Matrix) -> CUHandle? {
        var layout: CUHandle?
        library.require(summary) {
          library.createLayout(&layout, type, UInt64(matrix.rows), UInt64(matrix.columns), Int64(matrix.leadingDimension))
        }
        if batch > 1 {
          var count = Int32(batch), stride = Int64(matrix.batchStride)
          library.require(summary) { library.setOfLayout(layout, 5, &count, 4) }
          library.require(summary) { library.setOfLayout(layout, 6, &stride, 8) }
        }
        return layout
      }
      self.a = layout(a)
      self.b = layout(b)
      self.out = layout(out)
    }

    deinit {
      _ = library.destroyProduct(description)
      for layout in [a, b, out] { _ = library.destroyLayout(layout) }
    }

    /// What cuBLASLt takes to be best, the first time that it is asked for.
    private func algorithm(isAligned: Bool, workspace: Workspace) -> [UInt64] {
      algorithms.withLock { known in
        if let found = known[isAligned] { return found }
        var preference: CUHandle?
        library.require(summary) { library.createPreference(&preference) }
        defer { _ = library.destroyPreference(preference) }
        var byteCount = UInt64(workspace.byteCount)
        library.require(summary) { library.setOfPreference(preference, 1, &byteCount, 8) }
        var alignment = UInt32(isAligned ? 16 : dtype.byteCount)
        for attribute: Int32 in 5...8 { library.require(summary) { library.setOfPreference(preference, attribute, &alignment, 4) } }
        // The algorithm's 64 bytes, the workspace that it needs, and what it is expected to do.
        var result = [UInt64](repeating: 0, count: 12), count: Int32 = 0
        library.require(summary) {
          library.heuristic(library.handle, description, a, b, out, out, preference, 1, &result, &count)
        }
        if count == 0 { Failure.end("cuda: \(summary): cuBLASLt has no way to multiply these") }
        known[isAligned] = result
        return result
      }
    }

    /// - Parameter bias: of what is added to each column, if the product adds one.
    func run(
      _ aAddress: CUAddress, _ bAddress: CUAddress, into outAddress: CUAddress, bias: CUAddress? = nil, workspace: Workspace,
      on stream: CUHandle?
    ) {
      guard var bias else { return multiply(aAddress, bAddress, into: outAddress, bias: 0, workspace: workspace, on: stream) }
      gate.withLock { _ in
        library.require(summary) { library.setOfProduct(description, 8, &bias, 8) }
        multiply(aAddress, bAddress, into: outAddress, bias: bias, workspace: workspace, on: stream)
      }
    }

    private func multiply(
      _ aAddress: CUAddress, _ bAddress: CUAddress, into outAddress: CUAddress, bias: CUAddress, workspace: Workspace, on stream: CUHandle?
    ) {
      let isAligned = (aAddress | bAddress | outAddress | bias) % 16 == 0
      let algorithm = algorithm(isAligned: isAligned, workspace: workspace)
      func multiply<Number: BitwiseCopyable>(_ one: Number, _ beta: Number) {
        var one = one, beta = beta
        library.require(summary) {
          library.multiply(
            library.handle, description, &one, aAddress, a, bAddress, b, &beta, outAddress, out, outAddress, out, algorithm,
            workspace.address,
            workspace.byteCount, stream)
        }
      }
      if dtype == .float64 { multiply(1.0, accumulates ? 1 : 0) } else { multiply(1 as Float, accumulates ? 1 : 0) }
    }
  }

  /// What one product may use while it runs; all run one after another.
  struct Workspace {
    static let wanted = 32 << 20
    let address: CUAddress
    let byteCount: Int
  }
}
