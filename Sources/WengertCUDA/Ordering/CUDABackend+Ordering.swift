@_spi(Backend) import WengertCore

extension CUDABackend {
  /// Whether x comes before y in rising order, NaN being the largest.
  private static let order = """
    template <class T> static __device__ __forceinline__ bool comes_before(T x, T y) { return x < y || (x == x && y != y); }

    """

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

  /// Positions in sorted order: each element counts those that come before it, and so finds its place.
  func argSortKernel(_ call: ArgSortCall) -> any LaunchedKernel {
    var kernels = CUDAKernels(on: self)
    if call.out.shape.elementCount == 0 { return kernels }
    var (writer, rows, outer, coordinates) = rows(call.x.shape, [("x", call.x), ("out", call.out)])
    let columns = call.x.shape[call.x.shape.rank - 1]
    writer.number("wanted", call.out.shape[call.out.shape.rank - 1])
    func x(_ column: String) -> String { call.x.dtype.value(ofElement: "a.x[\(KernelWriter.place("x", outer + [column]))]") }
    let before = call.descending ? "comes_before(mine, other)" : "comes_before(other, mine)"
    let after = call.descending ? "comes_before(other, mine)" : "comes_before(mine, other)"
    let body = """
        const i64 thread = (i64)blockIdx.x * 256 + threadIdx.x;
        if (thread >= a.rows * a.columns) return;
        const i64 row = thread / a.columns, column = thread % a.columns;
      \(coordinates)  const x_v mine = \(x("column"));
        i64 place = 0;
        for (i64 j = 0; j < a.columns; j++) {
          const x_v other = \(x("j"));
          if (\(before) || (j < column && !\(after))) place++;
        }
        if (place < a.wanted) a.out[\(KernelWriter.place("out", outer + ["place"]))] = column;

      """
    let text = writer.text("argSort", threads: 256, body)
    kernels.append(writer, KernelText(name: text.name, body: CUDABackend.order + text.body), Grid(rows * columns))
    return kernels
  }

  /// The position of each row's extreme, a block for each row.
  func argReduceKernel(_ call: ArgReduceCall) -> any LaunchedKernel {
    var kernels = CUDAKernels(on: self)
    if call.out.shape.elementCount == 0 { return kernels }
    let (writer, rows, outer, coordinates) = rows(call.x.shape, [("x", call.x), ("out", call.out)])
    let element = call.x.dtype.value(ofElement: "a.x[\(KernelWriter.place("x", outer + ["column"]))]")
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

  /// Running sums and products, a thread for each row.
  func scanKernel(_ call: ScanCall) -> any LaunchedKernel {
    var kernels = CUDAKernels(on: self)
    if call.out.shape.elementCount == 0 { return kernels }
    let (writer, rows, outer, coordinates) = rows(call.x.shape, [("x", call.x), ("out", call.out)])
    let element = call.x.dtype.value(ofElement: "a.x[\(KernelWriter.place("x", outer + ["column"]))]")
    let body = """
        const i64 row = (i64)blockIdx.x * 64 + threadIdx.x;
        if (row >= a.rows) return;
      \(coordinates)  x_v total = (x_v)\(call.op == .sum ? 0 : 1);
        for (i64 j = 0; j < a.columns; j++) {
          const i64 column = \(call.reverse ? "a.columns - 1 - j" : "j");
          total = \(call.op == .sum ? "add" : "multiply")(total, \(element));
          a.out[\(KernelWriter.place("out", outer + ["column"]))] = \(call.out.dtype.element(ofValue: "total"));
        }

      """
    kernels.append(writer, writer.text("scan", threads: 64, body), Grid(rows, by: 64))
    return kernels
  }

  /// out[j] = a[j] · out[j − 1] + b[j], a thread for each row.
  func recurrenceKernel(_ call: RecurrenceCall) -> any LaunchedKernel {
    var kernels = CUDAKernels(on: self)
    if call.out.shape.elementCount == 0 { return kernels }
    let (writer, rows, outer, coordinates) = rows(call.a.shape, [("x", call.a), ("y", call.b), ("out", call.out)])
    func element(_ name: String, _ view: View) -> String {
      view.dtype.value(ofElement: "a.\(name)[\(KernelWriter.place(name, outer + ["column"]))]")
    }
    let body = """
        const i64 row = (i64)blockIdx.x * 64 + threadIdx.x;
        if (row >= a.rows) return;
      \(coordinates)  x_v carried = 0;
        for (i64 j = 0; j < a.columns; j++) {
          const i64 column = \(call.reverse ? "a.columns - 1 - j" : "j");
          const x_v next = \(element("y", call.b));
          carried = j == 0 ? next : add(multiply(\(element("x", call.a)), carried), next);
          a.out[\(KernelWriter.place("out", outer + ["column"]))] = \(call.out.dtype.element(ofValue: "carried"));
        }

      """
    kernels.append(writer, writer.text("recurrence", threads: 64, body), Grid(rows, by: 64))
    return kernels
  }
}
