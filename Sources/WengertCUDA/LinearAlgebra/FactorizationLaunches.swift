@_spi(Backend) import WengertCore

extension CUDABackend {
  public func refusal(of kernel: FactorizationKernel) -> String? {
    if kernel == .eig { return "general eigenvalues are not found on a GPU; move the matrices to the CPU: x.to(.cpu)" }
    return missingSolver.map { "needs cuSOLVER (\($0)); move the matrices to the CPU: x.to(.cpu)" }
  }

  /// cuSOLVER for a call that it serves.
  private func solver(for call: FactorizationCall) -> CUSOLVER {
    guard let solver, refusal(of: call.kernel) == nil else {
      Failure.end("cuda: \(call.kernel): \(refusal(of: call.kernel) ?? "there is no cuSOLVER")")
    }
    return solver
  }

  func workspace(for call: FactorizationCall) -> Int {
    var workspace = Workspace()
    _ = FactorizationLaunches.Rooms(call, solver(for: call), &workspace, in: call.outs[0].storage)
    return workspace.byteCount
  }

  func factorizationKernel(_ call: FactorizationCall, _ workspace: Storage?) -> any LaunchedKernel {
    if call.outs.allSatisfy({ $0.shape.elementCount == 0 }) { return CUDAKernels(on: self) }
    let storage = workspace ?? allocate(byteCount: max(self.workspace(for: call), 1))
    return FactorizationLaunches(call, solver(for: call), storage, owns: workspace == nil, on: self)
  }
}

/// Matrices that cuSOLVER takes apart, one after another.
struct FactorizationLaunches: LaunchedKernel {
  let backend: CUDABackend
  /// cuSOLVER may wait, or ask for memory.
  var isRecordable: Bool { false }

  private let call: FactorizationCall
  private let solver: CUSOLVER
  private let rooms: Rooms
  private let host: HostMemory
  private var before: CUDAKernels
  /// Between the two calls of a QR factorization.
  private var between: CUDAKernels
  private var after: CUDAKernels

  /// What the calls need, all of it in the workspace. Matrices lie column by column; of singular values that one of a matrix and its transpose with no fewer rows than columns.
  struct Rooms {
    let rows: Int, columns: Int
    /// Columns of U or Q.
    let width: Int
    let isTransposed: Bool
    let matrix: View
    var values: View?
    var u: View?, vt: View?
    var pivots: View?
    let info: View
    let memory: View
    var sizes = CUSOLVER.Memory()
    /// Elements of `memory`.
    var size = 0

    init(_ call: FactorizationCall, _ solver: CUSOLVER, _ workspace: inout Workspace, in storage: Storage) {
      let (m, n, k, count) = call.sizes, dtype = call.x.dtype
      var isTransposed = false
      if case .svd = call.kernel { isTransposed = m < n }
      self.isTransposed = isTransposed
      (rows, columns) = isTransposed ? (n, m) : (m, n)
      switch call.kernel {
      case .qr(let full): width = full ? m : k
      case .svd(let full): width = full ? rows : k
      case .lu, .eigh, .eig: width = columns
      }
      info = workspace.room([max(count, 1), 2], .int32, in: storage)
      matrix = workspace.room([count, max(columns, width), rows], dtype, in: storage)
      var probe = CUSOLVER.Decomposition(dtype: dtype, rows: Int32(rows), columns: Int32(columns))
      probe.width = Int32(width)
      switch call.kernel {
      case .lu:
        pivots = workspace.room([count, k], .int64, in: storage)
        if k > 0 { sizes = solver.memory(isCholesky: false, m, columns: n, dtype) }
        size = (sizes.onDevice + dtype.byteCount - 1) / dtype.byteCount
      case .qr:
        values = workspace.room([count, k], dtype, in: storage)
        if k > 0 { size = solver.size(call.kernel, probe) }
      case .svd:
        u = workspace.room([count, width, rows], dtype, in: storage)
        vt = workspace.room([count, columns, columns], dtype, in: storage)
        if k > 0 { size = solver.size(call.kernel, probe) }
      case .eigh, .eig:
        if k > 0 { size = solver.size(call.kernel, probe) }
      }
      memory = workspace.room([max(size, 1)], dtype, in: storage)
    }
  }

  init(_ call: FactorizationCall, _ solver: CUSOLVER, _ storage: Storage, owns: Bool, on backend: CUDABackend) {
    (self.call, self.solver, self.backend) = (call, solver, backend)
    var workspace = Workspace()
    rooms = Rooms(call, solver, &workspace, in: storage)
    host = HostMemory(rooms.sizes.onHost, backend.context)
    before = CUDAKernels(on: backend)
    between = CUDAKernels(on: backend)
    after = CUDAKernels(on: backend)
    if owns { before.own = storage }
    if call.x.shape.elementCount > 0 { before.append(CUDARowKernel(preparation, nil, on: backend)) }
    let (m, n, _, count) = call.sizes
    if count == 0 { return }
    switch call.kernel {
    case .lu:
      append(rooms.matrix, to: 0, rows: m, into: \.after)
      appendOrder()
    case .qr:
      append(rooms.matrix, to: 1, rows: call.outs[1].shape.suffix(2).first!, isTriangle: true, into: \.between)
      append(rooms.matrix, to: 0, rows: m, into: \.after)
    case .svd:
      let isWide = rooms.isTransposed
      append(isWide ? rooms.vt! : rooms.u!, to: 0, rows: m, values: 1, into: \.after)
      append(isWide ? rooms.u! : rooms.vt!, to: 2, rows: call.outs[2].shape.suffix(2).first!, values: 1, into: \.after)
      append(nil, to: 1, rows: 1, values: 1, into: \.after)
    case .eigh, .eig:
      append(rooms.matrix, to: 1, rows: n, values: 0, into: \.after)
      append(nil, to: 0, rows: 1, values: 0, into: \.after)
    }
  }

  /// The matrices to their room; of `eigh` the symmetric parts.
  private var preparation: RowCall {
    let x = call.x, rank = x.shape.rank, swapped = Shape(Array(0..<rank - 2) + [rank - 1, rank - 2])
    let lead = Array(x.shape.dropLast(2))
    // The first columns of each room.
    let room = rooms.matrix
    var layout = Layout(rowMajor: Shape(lead + [room.shape[1], room.shape[2]]))
    layout = layout.sliced(
      starts: Shape(repeating: 0, count: rank), steps: Shape(repeating: 1, count: rank), counts: Shape(lead + [rooms.columns, rooms.rows]))
    layout.offset = room.layout.offset
    let target = room.with(rooms.isTransposed ? layout : layout.permuted(swapped))
    guard call.kernel == .eigh else { return CUDABackend.copyCall(x, into: target) }
    let b = RowBuilder("symmetric")
    b.store((b.row(x.dtype) + b.row(x.dtype)) * b.constant(0.5, x.dtype), as: x.dtype)
    return RowCall(b.finish(), inputs: [x, x.with(x.layout.permuted(swapped))], outputs: [target], over: x.shape)
  }

  /// A kernel that brings the first columns of a room, where each matrix lies column by column, into result `number`. Without a room the result is there already, and is NaN
  /// where there is none; that kernel tells so.
  ///
  /// - Parameter values: the result that holds singular values or eigenvalues.
  private mutating func append(
    _ room: View?, to number: Int, rows: Int, isTriangle: Bool = false, values: Int? = nil, into stage: WritableKeyPath<Self, CUDAKernels>
  ) {
    let out = call.outs[number], columns = out.shape.last!, (_, _, k, count) = call.sizes
    if rows * columns == 0 { return }
    var writer = KernelWriter()
    writer.view("out", Self.flat(out))
    if let room { writer.view("room", Self.flat(room)) }
    writer.number("rows", rows)
    writer.number("columns", columns)
    writer.number("least", k)
    if let room {
      writer.number("size", room.shape[1] * room.shape[2])
      writer.number("leading", room.shape[2])
    }
    var body = "  const i64 matrix = blockIdx.x;\n"
    if let values {
      writer.view("outcome", rooms.info)
      writer.view("known", Self.flat(call.outs[values]))
      body += """
          const known_t first = a.least > 0 ? a.known[matrix * a.least] : 0;
          const bool isBad = a.least > 0 && (a.outcome[matrix * 2] != 0 || first - first != 0);

        """
    } else {
      body += "  const bool isBad = false;\n"
    }
    let place = rooms.isTransposed ? "i * a.leading + j" : "j * a.leading + i"
    let nothing = out.dtype.nothing
    let value = room == nil ? nothing : "isBad ? \(nothing) : a.least == 0 ? (out_t)(i == j) : a.room[matrix * a.size + \(place)]"
    body += """
        \(room == nil ? "__syncthreads();\n  if (isBad) " : "")for (i64 e = blockIdx.y * 256 + threadIdx.x; e < a.rows * a.columns; e += gridDim.y * 256) {
          const i64 i = e / a.columns, j = e % a.columns, place = matrix * a.rows * a.columns + e; (void)i; (void)j;
          \(isTriangle ? "if (j < i) a.out[place] = 0; else " : "")a.out[place] = \(value);
        }

      """
    if room == nil {
      let word = backend.faults.word()
      self[keyPath: stage].word = word
      writer.fault(word)
      body += "  if (isBad && threadIdx.x == 0 && blockIdx.y == 0) atomicMin(a.fault, (i64)((u64)matrix << 32 | (u32)matrix));\n"
    }
    let parts = room == nil ? 1 : min(64, (rows * columns + 1023) / 1024)
    self[keyPath: stage].append(
      writer, writer.text("factor", threads: 256, body), Grid(blocks: (count, parts, 1), threads: (256, 1)))
  }

  /// Elements one after another.
  private static func flat(_ view: View) -> View {
    let count = view.shape.elementCount
    return View(storage: view.storage, layout: Layout(shape: [count], strides: [1], offset: view.layout.offset), dtype: view.dtype)
  }

  /// A kernel that writes the order of the rows and its sign.
  private mutating func appendOrder() {
    let (m, _, k, count) = call.sizes
    var writer = KernelWriter()
    writer.view("order", Self.flat(call.outs[1]))
    writer.view("sign", Self.flat(call.outs[2]))
    writer.view("pivots", Self.flat(rooms.pivots!))
    writer.number("matrices", count)
    writer.number("rows", m)
    writer.number("least", k)
    let body = """
        const i64 matrix = (i64)blockIdx.x * 256 + threadIdx.x;
        if (matrix >= a.matrices) return;
        for (i64 i = 0; i < a.rows; i++) a.order[matrix * a.rows + i] = (int)i;
        sign_t sign = 1;
        for (i64 i = 0; i < a.least; i++) {
          const i64 other = a.pivots[matrix * a.least + i] - 1;
          if (other == i) continue;
          const int row = a.order[matrix * a.rows + i];
          a.order[matrix * a.rows + i] = a.order[matrix * a.rows + other];
          a.order[matrix * a.rows + other] = row;
          sign = -sign;
        }
        a.sign[matrix] = sign;

      """
    after.append(writer, writer.text("rowOrder", threads: 256, body), Grid(blocks: ((count + 255) / 256, 1, 1), threads: (256, 1)))
  }

  func expect(_ faults: FaultNote?) { after.expect(faults) }

  func launch(on stream: CUHandle?) {
    before.launch(on: stream)
    let (_, _, k, count) = call.sizes
    let matrices = k > 0 ? 0..<count : 0..<0
    switch call.kernel {
    case .lu:
      for i in matrices {
        let d = decomposition(i)
        let factorization = CUSOLVER.Factorization(
          n: rooms.rows, columns: rooms.columns, dtype: d.dtype, matrix: d.matrix, workspace: d.workspace, memory: rooms.sizes,
          hostMemory: host.pointer, info: d.info)
        solver.factorLU(factorization, pivots: address(rooms.pivots!, i), on: stream)
      }
    case .qr:
      for i in matrices { solver.qr(decomposition(i), on: stream) }
      between.launch(on: stream)
      for i in matrices { solver.makeQ(decomposition(i), on: stream) }
    case .svd: for i in matrices { solver.svd(decomposition(i), on: stream) }
    case .eigh: for i in matrices { solver.symmetric(decomposition(i), on: stream) }
    case .eig: unreachable("eig on a GPU")
    }
    after.launch(on: stream)
  }

  /// Where matrix number `i` of a stack begins.
  private func address(_ view: View, _ i: Int) -> CUAddress {
    let count = max(call.sizes.matrices, 1)
    return view.deviceAddress + CUAddress(i * (view.shape.elementCount / count) * view.dtype.byteCount)
  }

  private func decomposition(_ i: Int) -> CUSOLVER.Decomposition {
    var d = CUSOLVER.Decomposition(dtype: call.x.dtype, rows: Int32(rooms.rows), columns: Int32(rooms.columns))
    d.width = Int32(rooms.width)
    d.matrix = address(rooms.matrix, i)
    switch call.kernel {
    case .svd: d.values = address(call.outs[1], i)
    case .eigh: d.values = address(call.outs[0], i)
    case .lu, .qr, .eig: d.values = rooms.values.map { address($0, i) } ?? 0
    }
    d.u = rooms.u.map { address($0, i) } ?? 0
    d.vt = rooms.vt.map { address($0, i) } ?? 0
    d.workspace = rooms.memory.deviceAddress
    d.size = Int32(rooms.size)
    d.info = address(rooms.info, i)
    return d
  }
}
