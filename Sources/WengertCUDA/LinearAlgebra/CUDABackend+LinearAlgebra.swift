@_spi(Backend) import WengertCore

extension CUDABackend {
  /// Bytes for a copy of each matrix that is factored with its rows exchanged.
  func workspace(for call: LinearAlgebraCall) -> Int {
    call.kernel == .solve ? call.operands[0].shape.elementCount * call.operands[0].dtype.byteCount : 0
  }

  /// A block for each matrix; of triangular systems a thread for each right side.
  func linearAlgebraKernel(_ call: LinearAlgebraCall, _ workspace: Storage?) -> any LaunchedKernel {
    var kernels = CUDAKernels(on: self)
    let out = call.out, rank = out.shape.rank, lead = Array(out.shape.dropLast(2))
    let matrices = lead.reduce(1, *)
    if matrices == 0 { return kernels }
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
        if (isBad) for (i64 e = threadIdx.x; e < a.n * a.k; e += 256) \(at("out", "e / a.k", "e % a.k")) = \(nan);
        if (threadIdx.x == 0) { \(info); }

      """
    var body: String
    let grid = Grid(blocks: (matrices, 1, 1), threads: (256, 1))
    switch call.kernel {
    case .cholesky:
      body = "  const i64 matrix = blockIdx.x;\n" + writer.coordinates(of: "matrix", lead)
      body += """
          for (i64 e = threadIdx.x; e < a.n * a.n; e += 256) {
            const i64 i = e / a.n, j = e % a.n;
            \(at("out", "i", "j")) = j <= i ? (\(at("x", "i", "j")) + \(at("x", "j", "i"))) / 2 : 0;
          }
          bool isBad = false;
          for (i64 step = 0; step < a.n; step++) {
            __syncthreads();
            const out_t pivot = \(at("out", "step", "step"));
            __syncthreads();
            if (!(pivot > 0)) { isBad = true; break; }
            const out_t root = sqrt(pivot);
            for (i64 i = step + threadIdx.x; i < a.n; i += 256) \(at("out", "i", "step")) = i == step ? root : \(at("out", "i", "step")) / root;
            __syncthreads();
            const i64 left = a.n - step - 1;
            for (i64 e = threadIdx.x; e < left * left; e += 256) {
              const i64 i = step + 1 + e / left, j = step + 1 + e % left;
              if (j <= i) \(at("out", "i", "j")) -= \(at("out", "i", "step")) * \(at("out", "j", "step"));
            }
          }

        """ + finish
    case .solve:
      let memory = workspace ?? allocate(byteCount: max(self.workspace(for: call), 1))
      if workspace == nil { kernels.own = memory }
      writer.view("w", View(storage: memory, layout: Layout(rowMajor: [call.operands[0].shape.elementCount]), dtype: out.dtype))
      body = "  const i64 matrix = blockIdx.x;\n" + writer.coordinates(of: "matrix", lead)
      body += """
          out_t *const w = a.w + matrix * a.n * a.n;
          __shared__ i64 chosen;
          for (i64 e = threadIdx.x; e < a.n * a.n; e += 256) w[e] = \(at("x", "e / a.n", "e % a.n"));
          for (i64 e = threadIdx.x; e < a.n * a.k; e += 256) \(at("out", "e / a.k", "e % a.k")) = \(at("b", "e / a.k", "e % a.k"));
          bool isBad = false;
          for (i64 step = 0; step < a.n; step++) {
            __syncthreads();
            if (threadIdx.x == 0) {
              i64 best = step;
              for (i64 i = step + 1; i < a.n; i++) if (fabs(w[i * a.n + step]) > fabs(w[best * a.n + step])) best = i;
              chosen = best;
            }
            __syncthreads();
            const i64 row = chosen;
            const out_t pivot = w[row * a.n + step];
            __syncthreads();
            if (pivot == 0) { isBad = true; break; }
            if (row != step) {
              for (i64 j = threadIdx.x; j < a.n; j += 256) { const out_t t = w[step * a.n + j]; w[step * a.n + j] = w[row * a.n + j]; w[row * a.n + j] = t; }
              for (i64 j = threadIdx.x; j < a.k; j += 256) { const out_t t = \(at("out", "step", "j")); \(at("out", "step", "j")) = \(at("out", "row", "j")); \(at("out", "row", "j")) = t; }
            }
            __syncthreads();
            const i64 left = a.n - step - 1;
            for (i64 e = threadIdx.x; e < left * left; e += 256) {
              const i64 i = step + 1 + e / left, j = step + 1 + e % left;
              w[i * a.n + j] -= w[i * a.n + step] / pivot * w[step * a.n + j];
            }
            for (i64 e = threadIdx.x; e < left * a.k; e += 256) {
              const i64 i = step + 1 + e / a.k, j = e % a.k;
              \(at("out", "i", "j")) -= w[i * a.n + step] / pivot * \(at("out", "step", "j"));
            }
          }
          __syncthreads();
          if (!isBad) for (i64 j = threadIdx.x; j < a.k; j += 256) {
            for (i64 i = a.n - 1; i >= 0; i--) {
              out_t sum = \(at("out", "i", "j"));
              for (i64 l = i + 1; l < a.n; l++) sum -= w[i * a.n + l] * \(at("out", "l", "j"));
              \(at("out", "i", "j")) = sum / w[i * a.n + i];
            }
          }

        """ + finish
    case .solveTriangular(let upper):
      body = "  const i64 matrix = blockIdx.x;\n" + writer.coordinates(of: "matrix", lead)
      body += """
          bool isBad = false;
          for (i64 i = 0; i < a.n; i++) isBad |= \(at("x", "i", "i")) == 0;
          if (!isBad) for (i64 j = threadIdx.x; j < a.k; j += 256) {
            for (i64 step = 0; step < a.n; step++) {
              const i64 i = \(upper ? "a.n - 1 - step" : "step");
              out_t sum = \(at("b", "i", "j"));
              for (i64 l = \(upper ? "i + 1; l < a.n" : "0; l < i"); l++) sum -= \(at("x", "i", "l")) * \(at("out", "l", "j"));
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
    kernels.append(writer, writer.text(name, threads: 256, body), grid)
    return kernels
  }
}
