@_spi(Backend) import WengertCore

extension CUDABackend {
  /// From so many rows on, a matrix keeps the whole device busy, and cuSOLVER factors one after another.
  static let largeMatrix = 128

  /// cuSOLVER, if this call is for it.
  func solver(for call: LinearAlgebraCall) -> CUSOLVER? {
    if case .solveTriangular = call.kernel { return nil }
    return call.operands[0].shape.last! >= CUDABackend.largeMatrix ? solver : nil
  }
}

/// Cholesky factors and solutions of large matrices by cuSOLVER, one matrix after another.
struct LargeMatrixKernel: LaunchedKernel {
  let backend: CUDABackend
  /// cuSOLVER may wait, or ask for memory.
  var isRecordable: Bool { false }

  private let before: CUDAKernels
  private let after: CUDAKernels
  private let solver: CUSOLVER
  private let rooms: Rooms
  private let n: Int, columns: Int, matrices: Int
  private let isCholesky: Bool
  private let out: View
  private let host: HostMemory

  /// What the calls need, all of it in the workspace.
  struct Rooms {
    /// Row-major matrices that are factored; of `cholesky` the result's own memory.
    var factors: View?
    /// Right sides, columns side by side.
    var sides: View?
    var pivots: View?
    /// Two words for each matrix.
    var info: View
    var memory: View
    let sizes: CUSOLVER.Memory

    init(_ call: LinearAlgebraCall, _ solver: CUSOLVER, _ workspace: inout Workspace, in storage: Storage) {
      let a = call.operands[0], rank = a.shape.rank, n = a.shape[rank - 1], lead = Array(call.out.shape.dropLast(2))
      let isCholesky = call.kernel == .cholesky
      sizes = solver.memory(isCholesky: isCholesky, n, a.dtype)
      info = workspace.room([max(lead.reduce(1, *), 1), 2], .int32, in: storage)
      memory = workspace.room([max(sizes.onDevice, 1)], .uint8, in: storage)
      if isCholesky { return }
      let columns = call.out.shape[rank - 1]
      factors = workspace.room(Shape(lead + [n, n]), a.dtype, in: storage)
      let transposed = workspace.room(Shape(lead + [columns, n]), a.dtype, in: storage)
      sides = transposed.with(transposed.layout.permuted(Shape(Array(0..<rank - 2) + [rank - 1, rank - 2])))
      pivots = workspace.room([n], .int64, in: storage)
    }
  }

  static func workspace(for call: LinearAlgebraCall, _ solver: CUSOLVER) -> Int {
    var workspace = Workspace()
    _ = Rooms(call, solver, &workspace, in: call.out.storage)
    return workspace.byteCount
  }

  init(_ call: LinearAlgebraCall, _ solver: CUSOLVER, _ storage: Storage, owns: Bool, on backend: CUDABackend) {
    self.backend = backend
    self.solver = solver
    var workspace = Workspace()
    let rooms = Rooms(call, solver, &workspace, in: storage)
    self.rooms = rooms
    host = HostMemory(rooms.sizes.onHost, backend.context)
    let rank = call.out.shape.rank, lead = Array(call.out.shape.dropLast(2))
    n = call.operands[0].shape[rank - 1]
    columns = call.out.shape[rank - 1]
    matrices = lead.reduce(1, *)
    isCholesky = call.kernel == .cholesky
    out = call.out
    var before = CUDAKernels(on: backend), after = CUDAKernels(on: backend)
    if owns { before.own = storage }
    func stretched(_ view: View, _ shape: Shape) -> View { view.with(view.layout.broadcast(to: shape)) }
    if isCholesky {
      let a = call.operands[0], axes = Shape(Array(0..<rank - 2) + [rank - 1, rank - 2])
      let b = RowBuilder("symmetric")
      b.store((b.row(a.dtype) + b.row(a.dtype)) * b.constant(0.5, a.dtype), as: a.dtype)
      let call = RowCall(b.finish(), inputs: [a, a.with(a.layout.permuted(axes))], outputs: [out], over: out.shape)
      before.append(CUDARowKernel(call, nil, on: backend))
    } else {
      let factors = rooms.factors!, sides = rooms.sides!
      let a = stretched(call.operands[0], factors.shape), b = stretched(call.operands[1], sides.shape)
      before.append(CUDARowKernel(CUDABackend.copyCall(a, into: factors), nil, on: backend))
      before.append(CUDARowKernel(CUDABackend.copyCall(b, into: sides), nil, on: backend))
      after.append(CUDARowKernel(CUDABackend.copyCall(sides, into: out), nil, on: backend))
    }
    LargeMatrixKernel.finish(call, rooms, &after, on: backend)
    self.before = before
    self.after = after
  }

  /// What has no result becomes NaN and is told; above the diagonal of a Cholesky factor is zero.
  private static func finish(_ call: LinearAlgebraCall, _ rooms: Rooms, _ kernels: inout CUDAKernels, on backend: CUDABackend) {
    let out = call.out, rank = out.shape.rank, lead = Array(out.shape.dropLast(2))
    let isCholesky = call.kernel == .cholesky
    var writer = KernelWriter()
    writer.view("out", out)
    writer.view("outcome", rooms.info)
    if let info = call.info {
      writer.view("info", info)
    } else {
      let word = backend.faults.word()
      kernels.word = word
      writer.fault(word)
    }
    writer.number("n", out.shape[rank - 2])
    writer.number("k", out.shape[rank - 1])
    let batch = lead.indices.map { "c\($0)" }
    let element = "a.out[\(KernelWriter.place("out", batch + ["i", "j"]))]"
    var body = "  const i64 matrix = blockIdx.y, row = blockIdx.x;\n" + writer.coordinates(of: "matrix", lead)
    let tell =
      call.info.map { _ in "a.info[\(KernelWriter.place("info", batch))] = isBad" }
      ?? "if (isBad) atomicMin(a.fault, (i64)((u64)matrix << 32 | (u32)matrix))"
    body += """
        const bool isBad = a.outcome[matrix * 2] != 0;
        const i64 i = row;
        for (i64 j = threadIdx.x; j < a.k; j += 256) {
          if (isBad) \(element) = \(out.dtype.nothing);
          \(isCholesky ? "else if (j > i) \(element) = 0;" : "")
        }
        if (threadIdx.x == 0 && row == 0) { \(tell); }

      """
    let text = writer.text(isCholesky ? "choleskyOutcome" : "solveOutcome", threads: 256, body)
    kernels.append(writer, text, Grid(blocks: (out.shape[rank - 2], lead.reduce(1, *), 1), threads: (256, 1)))
  }

  func expect(_ faults: FaultNote?) { after.expect(faults) }

  func launch(on stream: CUHandle?) {
    before.launch(on: stream)
    let size = CUAddress(out.dtype.byteCount)
    for matrix in 0..<matrices {
      let place = CUAddress(matrix) * CUAddress(n * n) * size
      let factorization = CUSOLVER.Factorization(
        n: n, dtype: out.dtype, matrix: (rooms.factors ?? out).deviceAddress + place, workspace: rooms.memory.deviceAddress,
        memory: rooms.sizes, hostMemory: host.pointer, info: rooms.info.deviceAddress + CUAddress(matrix * 8))
      if let sides = rooms.sides, let pivots = rooms.pivots {
        solver.solve(
          factorization, pivots: pivots.deviceAddress, sides.deviceAddress + CUAddress(matrix) * CUAddress(n * columns) * size,
          columns: columns, on: stream)
      } else {
        solver.factorCholesky(factorization, on: stream)
      }
    }
    after.launch(on: stream)
  }
}
