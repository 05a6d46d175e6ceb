@_spi(Backend) import WengertCore

extension CUDABackend {
  /// The parameters of a kernel that goes row by row: `c0`, `c1`, … are a row's coordinates.
  private func rows(_ shape: Shape, _ views: [(String, View)]) -> (writer: KernelWriter, rows: Int, outer: [String], coordinates: String) {
    var writer = KernelWriter()
    for (name, view) in views { writer.view(name, view) }
    let outer = Array(shape.dropLast()), rows = outer.reduce(1, *)
    writer.number("rows", rows)
    writer.number("columns", shape[shape.rank - 1])
    let coordinates = writer.coordinates(of: "row", outer)
    return (writer, rows, outer.indices.map { "c\($0)" }, coordinates)
  }

  func argSortKernel(_ call: ArgSortCall, _ workspace: Storage?) -> any LaunchedKernel {
    var kernels = CUDAKernels(on: self)
    RowSort(call).append(to: &kernels, workspace, on: self)
    return kernels
  }

  /// The position of each row's extreme, a block for each row.
  func argReduceKernel(_ call: ArgReduceCall) -> any LaunchedKernel {
    var kernels = CUDAKernels(on: self)
    if call.out.shape.elementCount == 0 { return kernels }
    let (writer, rows, outer, coordinates) = rows(call.x.shape, [("x", call.x), ("out", call.out)])
    let element = KernelWriter.element("x", call.x, "column")
    let better = call.op == .minimum ? "x < y" : "x > y"
    let body = """
        const i64 row = blockIdx.x;
      \(coordinates)  __shared__ x_v values[128];
        __shared__ i64 places[128];
        i64 place = -1;
        x_v best = 0;
        for (i64 column = threadIdx.x; column < a.columns; column += 128) {
          const x_v value = \(element);
          if (place < 0 || is_better(value, best)) { best = value; place = column; }
        }
        values[threadIdx.x] = best;
        places[threadIdx.x] = place;
        __syncthreads();
        if (threadIdx.x != 0) return;
        for (int other = 1; other < 128; other++) {
          if (places[other] < 0) continue;
          if (is_better(values[other], best) || (!is_better(best, values[other]) && places[other] < place)) { best = values[other]; place = places[other]; }
        }
        a.out[\(KernelWriter.place("out", outer + ["0"]))] = place;

      """
    let text = writer.text("argReduce", threads: 128, body)
    // A NaN comes before all numbers.
    let comparison =
      "template <class T> static __device__ __forceinline__ bool is_better(T x, T y) { return y == y && (x != x || \(better)); }\n"
    kernels.append(
      writer, KernelText(name: text.name, body: comparison + text.body), Grid(blocks: (rows, 1, 1), threads: (128, 1)))
    return kernels
  }

  /// Running sums and products, a block for each row, whose threads meet piece by piece.
  func scanKernel(_ call: ScanCall) -> any LaunchedKernel {
    var kernels = CUDAKernels(on: self)
    if call.out.shape.elementCount == 0 { return kernels }
    let (writer, rows, outer, coordinates) = rows(call.x.shape, [("x", call.x), ("out", call.out)])
    let element = KernelWriter.element("x", call.x, "column")
    let columns = call.x.shape[call.x.shape.rank - 1], threads = columns <= 32 ? 32 : 256, warps = threads / 32
    let (combined, neutral) =
      switch call.op {
      case .sum: ("add", "0")
      case .product: ("multiply", "1")
      case .minimum: ("minimum", "0x7fffffffffffffffLL")
      case .maximum: ("maximum", "(-0x7fffffffffffffffLL - 1)")
      }
    let body = """
        const i64 row = blockIdx.x;
      \(coordinates)  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
        __shared__ x_v totals[\(warps)];
        x_v before = (x_v)\(neutral);
        for (i64 first = 0; first < a.columns; first += \(threads)) {
          const i64 j = first + threadIdx.x, column = \(call.reverse ? "a.columns - 1 - j" : "j");
          x_v total = j < a.columns ? \(element) : (x_v)\(neutral);
          // Hillis & Steele 1986.
          for (int distance = 1; distance < 32; distance *= 2) {
            const x_v earlier = __shfl_up_sync(0xffffffffu, total, distance);
            if (lane >= distance) total = \(combined)(earlier, total);
          }
          if (lane == 31) totals[warp] = total;
          __syncthreads();
          x_v all = before;
          for (int other = 0; other < \(warps); other++) {
            if (other == warp) total = \(combined)(all, total);
            all = \(combined)(all, totals[other]);
          }
          before = all;
          if (j < a.columns) a.out[\(KernelWriter.place("out", outer + ["column"]))] = \(call.out.dtype.element(ofValue: "total"));
          __syncthreads();
        }

      """
    kernels.append(writer, writer.text("scan", threads: threads, body), Grid(blocks: (rows, 1, 1), threads: (threads, 1)))
    return kernels
  }

  /// out[j] = a[j] · out[j − 1] + b[j], a thread for each row.
  func recurrenceKernel(_ call: RecurrenceCall) -> any LaunchedKernel {
    var kernels = CUDAKernels(on: self)
    if call.out.shape.elementCount == 0 { return kernels }
    let (writer, rows, outer, coordinates) = rows(call.a.shape, [("x", call.a), ("y", call.b), ("out", call.out)])
    let body = """
        const i64 row = (i64)blockIdx.x * 64 + threadIdx.x;
        if (row >= a.rows) return;
      \(coordinates)  x_v carried = 0;
        for (i64 j = 0; j < a.columns; j++) {
          const i64 column = \(call.reverse ? "a.columns - 1 - j" : "j");
          const x_v next = \(KernelWriter.element("y", call.b, "column"));
          carried = j == 0 ? next : add(multiply(\(KernelWriter.element("x", call.a, "column")), carried), next);
          a.out[\(KernelWriter.place("out", outer + ["column"]))] = \(call.out.dtype.element(ofValue: "carried"));
        }

      """
    kernels.append(writer, writer.text("recurrence", threads: 64, body), Grid(rows, by: 64))
    return kernels
  }
}
