@_spi(Backend) import WengertCore

extension CUDABackend {
  /// Bytes for a copy of each matrix that is factored with its rows exchanged, and what cuSOLVER needs.
  func workspace(for call: LinearAlgebraCall) -> Int {
    if let solver = solver(for: call) { return LargeMatrixKernel.workspace(for: call, solver) }
    return call.kernel == .solve ? call.operands[0].shape.elementCount * call.operands[0].dtype.byteCount : 0
  }

  /// Large matrices by cuSOLVER; otherwise, and where it is not found, a block for each matrix; of triangular systems a thread for each right side.
  func linearAlgebraKernel(_ call: LinearAlgebraCall, _ workspace: Storage?) -> any LaunchedKernel {
    var kernels = CUDAKernels(on: self)
    let out = call.out, rank = out.shape.rank, lead = Array(out.shape.dropLast(2))
    let matrices = lead.reduce(1, *)
    if matrices == 0 { return kernels }
    if let solver = solver(for: call) {
      let storage = workspace ?? allocate(byteCount: self.workspace(for: call))
      return LargeMatrixKernel(call, solver, storage, owns: workspace == nil, on: self)
    }
    ensure(out.dtype == .float32 || out.dtype == .float64, "linear algebra of \(out.dtype)")
    var writer = KernelWriter()
    writer.view("out", out)
    writer.view("x", call.operands[0])
    if call.operands.count > 1 { writer.view("b", call.operands[1]) }
    if let info = call.info {
      writer.view("info", info)
    } else {
      let word = faults.word()
      kernels.word = word
      writer.fault(word)
    }
    // Places in a matrix are numbers of 32 bits in these kernels.
    ensure(
      max(out.shape[rank - 2], out.shape[rank - 1]) * out.shape[rank - 2] < 1 << 31,
      "linear algebra of a matrix of \(out.shape[rank - 2]) rows")
    writer.number("n", out.shape[rank - 2])
    writer.number("k", out.shape[rank - 1])
    writer.number("matrices", matrices)
    let batch = lead.indices.map { "c\($0)" }
    func at(_ name: String, _ row: String, _ column: String) -> String {
      "a.\(name)[\(KernelWriter.place(name, batch + [row, column]))]"
    }
    let info =
      call.info.map { _ in "a.info[\(KernelWriter.place("info", batch))] = isBad" }
      ?? "if (isBad) atomicMin(a.fault, (i64)((u64)matrix << 32 | (u32)matrix))"
    let nan = out.dtype.nothing
    let finish = """
        __syncthreads();
        if (isBad) for (int e = threadIdx.x; e < n * k; e += 256) \(at("out", "e / k", "e % k")) = \(nan);
        if (threadIdx.x == 0) { \(info); }

      """
    var body: String
    let grid = Grid(blocks: (matrices, 1, 1), threads: (256, 1))
    switch call.kernel {
    case .cholesky:
      body = "  const i64 matrix = blockIdx.x;\n  const int n = (int)a.n, k = (int)a.k;\n" + writer.coordinates(of: "matrix", lead)
      body += """
          for (int e = threadIdx.x; e < n * n; e += 256) {
            const int i = e / n, j = e % n;
            \(at("out", "i", "j")) = j <= i ? (\(at("x", "i", "j")) + \(at("x", "j", "i"))) / 2 : 0;
          }
          bool isBad = false;
          for (int step = 0; step < n; step++) {
            __syncthreads();
            const out_t pivot = \(at("out", "step", "step"));
            __syncthreads();
            if (!(pivot > 0)) { isBad = true; break; }
            const out_t root = sqrt(pivot);
            for (int i = step + threadIdx.x; i < n; i += 256) \(at("out", "i", "step")) = i == step ? root : \(at("out", "i", "step")) / root;
            __syncthreads();
            const int left = n - step - 1;
            for (int e = threadIdx.x; e < left * left; e += 256) {
              const int i = step + 1 + e / left, j = step + 1 + e % left;
              if (j <= i) \(at("out", "i", "j")) -= \(at("out", "i", "step")) * \(at("out", "j", "step"));
            }
          }

        """ + finish
    case .solve:
      let memory = workspace ?? allocate(byteCount: max(self.workspace(for: call), 1))
      if workspace == nil { kernels.own = memory }
      writer.view("w", View(storage: memory, layout: Layout(rowMajor: [call.operands[0].shape.elementCount]), dtype: out.dtype))
      body = "  const i64 matrix = blockIdx.x;\n  const int n = (int)a.n, k = (int)a.k;\n" + writer.coordinates(of: "matrix", lead)
      body += """
          out_t *const w = a.w + matrix * (i64)(n * n);
          __shared__ int chosen;
          for (int e = threadIdx.x; e < n * n; e += 256) w[e] = \(at("x", "e / n", "e % n"));
          for (int e = threadIdx.x; e < n * k; e += 256) \(at("out", "e / k", "e % k")) = \(at("b", "e / k", "e % k"));
          bool isBad = false;
          for (int step = 0; step < n; step++) {
            __syncthreads();
            if (threadIdx.x == 0) {
              int best = step;
              for (int i = step + 1; i < n; i++) if (fabs(w[i * n + step]) > fabs(w[best * n + step])) best = i;
              chosen = best;
            }
            __syncthreads();
            const int row = chosen;
            const out_t pivot = w[row * n + step];
            __syncthreads();
            if (pivot == 0) { isBad = true; break; }
            if (row != step) {
              for (int j = threadIdx.x; j < n; j += 256) { const out_t t = w[step * n + j]; w[step * n + j] = w[row * n + j]; w[row * n + j] = t; }
              for (int j = threadIdx.x; j < k; j += 256) { const out_t t = \(at("out", "step", "j")); \(at("out", "step", "j")) = \(at("out", "row", "j")); \(at("out", "row", "j")) = t; }
            }
            __syncthreads();
            const int left = n - step - 1;
            for (int i = step + 1 + threadIdx.x; i < n; i += 256) w[i * n + step] = w[i * n + step] / pivot;
            __syncthreads();
            for (int e = threadIdx.x; e < left * left; e += 256) {
              const int i = step + 1 + e / left, j = step + 1 + e % left;
              w[i * n + j] -= w[i * n + step] * w[step * n + j];
            }
            for (int e = threadIdx.x; e < left * k; e += 256) {
              const int i = step + 1 + e / k, j = e % k;
              \(at("out", "i", "j")) -= w[i * n + step] * \(at("out", "step", "j"));
            }
          }
          __syncthreads();
          if (!isBad) for (int j = threadIdx.x; j < k; j += 256) {
            for (int i = n - 1; i >= 0; i--) {
              out_t sum = \(at("out", "i", "j"));
              for (int l = i + 1; l < n; l++) sum -= w[i * n + l] * \(at("out", "l", "j"));
              \(at("out", "i", "j")) = sum / w[i * n + i];
            }
          }

        """ + finish
    case .solveTriangular(let upper):
      body = "  const i64 matrix = blockIdx.x;\n  const int n = (int)a.n, k = (int)a.k;\n" + writer.coordinates(of: "matrix", lead)
      body += """
          bool isBad = false;
          for (int i = 0; i < n; i++) isBad |= \(at("x", "i", "i")) == 0;
          if (!isBad) for (int j = threadIdx.x; j < k; j += 256) {
            for (int step = 0; step < n; step++) {
              const int i = \(upper ? "n - 1 - step" : "step");
              out_t sum = \(at("b", "i", "j"));
              for (int l = \(upper ? "i + 1; l < n" : "0; l < i"); l++) sum -= \(at("x", "i", "l")) * \(at("out", "l", "j"));
              \(at("out", "i", "j")) = sum / \(at("x", "i", "i"));
            }
          }

        """ + finish
    }
    let name =
      switch call.kernel {
      case .cholesky: "cholesky"
      case .solve: "solve"
      case .solveTriangular(let upper): upper ? "solveUpper" : "solveLower"
      }
    kernels.append(writer, writer.text(name, threads: 256, keepsRegisters: true, body), grid)
    return kernels
  }
}
