@_spi(Backend) import WengertCore

/// Updates that are added to elements by their indices, without an order left to chance: positions are sorted by index, those of equal indices staying in their order, and a team of
/// threads adds up all updates of one index, in a wider type than that of the elements, and rounds once.
struct ScatterSum {
  /// Whose last axis, or only one, is sorted.
  let indices: View
  private let updates: View, out: View
  /// Whether each index stands for a slice of the first axis, rather than for an element of its row.
  private let takesSlices: Bool
  let word: FaultBoard.Word?

  /// out[indices[j], …] += updates[j, …].
  init(_ call: ScatterAddCall, _ word: FaultBoard.Word?) {
    (indices, updates, out, takesSlices, self.word) = (call.indices, call.updates, call.out, true, word)
  }

  /// out[…, indices[…, j]] += updates[…, j].
  init(_ call: ScatterAddAlongCall, _ word: FaultBoard.Word?) {
    (indices, updates, out, takesSlices, self.word) = (call.indices, call.updates, call.out, false, word)
  }

  private var extent: Int { out.shape[takesSlices ? 0 : out.shape.rank - 1] }
  private var columns: Int { indices.shape[indices.shape.rank - 1] }

  /// The type in which updates are added up.
  private var wideType: String {
    switch out.dtype {
    case .float32, .float64: "double"
    default: out.dtype.valueName
    }
  }

  var workspace: Int { RowParts.rounded(indices.shape.elementCount * 4) + sort(nil).workspace }

  /// The order of the indices, those out of range the last and reported.
  private func sort(_ order: View?) -> RowSort {
    let bits = Int.bitWidth - extent.leadingZeroBitCount, type = bits > 32 ? "u64" : "u32"
    // Of `order`, which is of the same shape, only kernels look at more than that.
    return RowSort(
      indices, into: order ?? indices, rankBits: bits,
      note:
        "if (rank == (\(type))a.extent) note_fault(a.fault, row * a.columns + column, (i64)\(KernelWriter.element("x", indices, "column")));",
      parameters: { writer in
        writer.number("extent", extent)
        if let word { writer.fault(word) }
      },
      rank: { "(\(type))place_of((i64)\($0), a.extent)" })
  }

  func append(to kernels: inout CUDAKernels, _ memory: Storage, on backend: CUDABackend) {
    var rooms = Workspace()
    let order = rooms.room(indices.shape, .int32, in: memory)
    let sort = sort(order)
    sort.append(to: &kernels, memory, behind: rooms, on: backend)
    if updates.shape.elementCount == 0 { return }
    var writer = KernelWriter()
    for (name, view) in [("out", out), ("source", updates), ("at", indices), ("order", order)] { writer.view(name, view) }
    writer.number("columns", columns)
    writer.number("extent", extent)
    takesSlices ? appendSlices(to: &kernels, writer) : appendElements(to: &kernels, writer)
  }

  /// A block for each place in the order, of which those work at which another index begins: 32 neighboring columns, each added up by 8 threads, 128 columns together.
  private func appendSlices(to kernels: inout CUDAKernels, _ writer: KernelWriter) {
    var writer = writer
    let inner = Array(updates.shape.dropFirst()), slice = inner.reduce(1, *)
    writer.number("slice", slice)
    let coordinates = writer.coordinates(of: "number < a.slice ? number : 0", inner), within = inner.indices.map { "c\($0)" }
    let body = """
        const i64 start = blockIdx.x, index = place_of((i64)a.at[(i64)a.order[start] * a.ats0], a.extent);
        if (index == a.extent || (start > 0 && place_of((i64)a.at[(i64)a.order[start - 1] * a.ats0], a.extent) == index)) return;
        // Where the next index begins.
        i64 low = start, high = start + 1;
        for (i64 step = 1; high < a.columns && place_of((i64)a.at[(i64)a.order[high] * a.ats0], a.extent) == index; step *= 2) { low = high; high += step; }
        if (high > a.columns) high = a.columns;
        while (high - low > 1) {
          const i64 middle = (low + high) / 2;
          if (place_of((i64)a.at[(i64)a.order[middle] * a.ats0], a.extent) == index) low = middle; else high = middle;
        }
        const i64 end = low + 1;
        __shared__ \(wideType) partials[8][32];
        const int lane = threadIdx.x % 32, team = threadIdx.x / 32;
        for (int part = 0; part < 4; part++) {
          const i64 number = ((i64)blockIdx.y * 4 + part) * 32 + lane;
      \(coordinates)    \(wideType) total = 0;
          if (number < a.slice)
            for (i64 j = start + team; j < end; j += 8)
              total = add(total, (\(wideType))\(updates.dtype.value(ofElement: "a.source[\(KernelWriter.place("source", ["a.order[j]"] + within))]")));
          partials[team][lane] = total;
          __syncthreads();
          if (team == 0 && number < a.slice) {
            out_t *const target = a.out + \(KernelWriter.place("out", ["index"] + within));
            total = (\(wideType))\(out.dtype.value(ofElement: "*target"));
            for (int other = 0; other < 8; other++) total = add(total, partials[other][lane]);
            *target = \(out.dtype.element(ofValue: "total"));
          }
          __syncthreads();
        }

      """
    kernels.append(
      writer, writer.text("scatterAdd", threads: 256, body),
      Grid(blocks: (columns, (slice + 127) / 128, 1), threads: (256, 1)))
  }

  /// A thread for each place in the order of a row, of which those work at which another index begins.
  private func appendElements(to kernels: inout CUDAKernels, _ writer: KernelWriter) {
    var writer = writer
    let outer = Array(indices.shape.dropLast()), names = outer.indices.map { "c\($0)" }
    writer.number("count", indices.shape.elementCount)
    let coordinates = writer.coordinates(of: "row", outer)
    func index(_ place: String) -> String {
      let position = "(i64)a.order[\(KernelWriter.place("order", names + [place]))]"
      return "place_of((i64)a.at[\(KernelWriter.place("at", names + [position]))], a.extent)"
    }
    let body = """
        const i64 thread = (i64)blockIdx.x * 256 + threadIdx.x;
        if (thread >= a.count) return;
        const i64 row = thread / a.columns, start = thread % a.columns;
      \(coordinates)  const i64 index = \(index("start"));
        if (index == a.extent || (start > 0 && \(index("start - 1")) == index)) return;
        out_t *const target = a.out + \(KernelWriter.place("out", names + ["index"]));
        \(wideType) total = (\(wideType))\(out.dtype.value(ofElement: "*target"));
        for (i64 j = start; j < a.columns && \(index("j")) == index; j++) {
          const i64 position = a.order[\(KernelWriter.place("order", names + ["j"]))];
          total = add(total, (\(wideType))\(updates.dtype.value(ofElement: "a.source[\(KernelWriter.place("source", names + ["position"]))]")));
        }
        *target = \(out.dtype.element(ofValue: "total"));

      """
    kernels.append(
      writer, writer.text("scatterAddAlong", threads: 256, body), Grid(indices.shape.elementCount))
  }
}
