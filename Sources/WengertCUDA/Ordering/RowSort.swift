@_spi(Backend) import WengertCore

/// Kernels that put the positions of each row's elements in sorted order, equal ones in the order in which they stand, a block of threads for each row.
///
/// Short rows are sorted in shared memory (Batcher 1968). Of a long row, a few first elements are selected digit by digit of their ranks, and then sorted so (Alabi et al. 2012); more
/// of them come out of passes over all digits (Knuth, volume 3, 5.2.5).
struct RowSort {
  /// The elements, [rows…, columns].
  let x: View
  /// The positions, with as many columns as are wanted.
  let out: View
  /// A rank, a whole number of the type `rankType`, from an expression for an element.
  let rank: (String) -> String
  let rankType: String
  /// How many bits of ranks are not all zero.
  let rankBits: Int
  /// Fields of the kernels' parameters that ranks go by.
  var parameters: (inout KernelWriter) -> Void = { _ in }
  /// What is done once with each `rank` of an element in `row` and `column`; only where all elements are wanted.
  var note = ""

  /// The order of a call's elements.
  init(_ call: ArgSortCall) {
    x = call.x
    out = call.out
    let isWide = call.x.dtype == .float64 || call.x.dtype == .int64
    rankType = isWide ? "u64" : "u32"
    rankBits = isWide ? 64 : 32
    rank = { call.descending ? "~rank_of(\($0))" : "rank_of(\($0))" }
  }

  /// The order of ranks that an expression gives.
  init(
    _ x: View, into out: View, rankBits: Int, note: String, parameters: @escaping (inout KernelWriter) -> Void,
    rank: @escaping (String) -> String
  ) {
    (self.x, self.out, self.rankBits, self.note, self.parameters, self.rank) = (x, out, rankBits, note, parameters, rank)
    rankType = rankBits > 32 ? "u64" : "u32"
  }

  /// How many elements have room in a block's shared memory.
  static let mostShared = 2048

  private var columns: Int { x.shape[x.shape.rank - 1] }
  private var wanted: Int { out.shape[out.shape.rank - 1] }
  private var outer: [Int] { Array(x.shape.dropLast()) }
  private var rows: Int { outer.reduce(1, *) }
  private var rankBytes: Int { rankType == "u64" ? 8 : 4 }

  private var needsPasses: Bool { columns > Self.mostShared && wanted > Self.mostShared }

  var workspace: Int { needsPasses ? 2 * RowParts.rounded(rows * columns * rankBytes) + 2 * RowParts.rounded(rows * columns * 4) : 0 }

  /// - Parameter rooms: what of the memory is taken.
  func append(to kernels: inout CUDAKernels, _ memory: Storage?, behind rooms: Workspace = Workspace(), on backend: CUDABackend) {
    if out.shape.elementCount == 0 { return }
    ensure(columns <= Int(Int32.max), "a row of \(columns) elements is sorted")
    var writer = KernelWriter()
    writer.view("x", x)
    writer.view("out", out)
    writer.number("columns", columns)
    let coordinates = writer.coordinates(of: "row", outer)
    parameters(&writer)
    var rooms = rooms
    if needsPasses {
      let memory = memory ?? backend.allocate(byteCount: workspace)
      kernels.own = kernels.own ?? memory
      for (name, type) in [("ranks", rankBytes == 8 ? DType.int64 : .int32), ("others", rankBytes == 8 ? .int64 : .int32)] {
        writer.view(name, rooms.room([rows * columns], type, in: memory))
      }
      for name in ["places", "otherPlaces"] { writer.view(name, rooms.room([rows * columns], .int32, in: memory)) }
    }
    let names = outer.indices.map { "c\($0)" }
    let element = KernelWriter.element("x", x, "column")
    let store = "a.out[\(KernelWriter.place("out", names + ["i"]))]"
    let start = "  const i64 row = blockIdx.x;\n\(coordinates)"
    let (name, threads, body) =
      columns <= Self.mostShared ? inShared(element, store) : needsPasses ? passes(element, store) : selection(element, store)
    let text = writer.text(name, threads: threads, prelude: [.common, .sorting], start + body)
    kernels.append(writer, text, Grid(blocks: (rows, 1, 1), threads: (threads, 1)))
  }

  /// A power of two that is not below.
  private static func power(_ count: Int) -> Int { count <= 2 ? 2 : 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount) }

  private func inShared(_ element: String, _ store: String) -> (String, Int, String) {
    let size = Self.power(columns), threads = min(max(size / 2, 32), 256)
    return (
      "sortRows", threads,
      """
        __shared__ \(rankType) ranks[\(size)];
        __shared__ int places[\(size)];
        for (int i = threadIdx.x; i < \(size); i += \(threads)) {
          ranks[i] = ~(\(rankType))0;
          places[i] = i;
          if (i >= a.columns) continue;
          const i64 column = i;
          const \(rankType) rank = \(rank(element));
          \(note)
          ranks[i] = rank;
        }
        __syncthreads();
        sort_pairs<\(rankType), \(size), \(threads)>(ranks, places);
        for (int i = threadIdx.x; i < \(wanted); i += \(threads)) \(store) = places[i];

      """
    )
  }

  private func selection(_ element: String, _ store: String) -> (String, Int, String) {
    let size = Self.power(wanted), threads = 256, bits = rankBytes * 8
    return (
      "selectRows", threads,
      """
        __shared__ \(rankType) ranks[\(size)];
        __shared__ int places[\(size)];
        __shared__ u32 counts[256], ofWarps[\(threads / 32)], digit, left, taken;
        // The rank of the last one that is wanted, digit by digit, and how many of that rank are.
        \(rankType) last = 0;
        u32 remaining = \(wanted);
        for (int shift = \(bits - 8); shift >= 0; shift -= 8) {
          counts[threadIdx.x] = 0;
          __syncthreads();
          for (i64 column = threadIdx.x; column < a.columns; column += \(threads)) {
            const \(rankType) rank = \(rank(element));
            if (shift == \(bits - 8) || rank >> (shift + 8) == last >> (shift + 8)) atomicAdd(&counts[(u32)(rank >> shift) & 255], 1u);
          }
          __syncthreads();
          if (threadIdx.x == 0) {
            u32 before = 0, found = 0;
            while (before + counts[found] < remaining) before += counts[found++];
            digit = found;
            left = remaining - before;
          }
          __syncthreads();
          last |= (\(rankType))digit << shift;
          remaining = left;
        }
        for (int i = threadIdx.x; i < \(size); i += \(threads)) {
          ranks[i] = ~(\(rankType))0;
          places[i] = 0x7fffffff;
        }
        if (threadIdx.x == 0) taken = 0;
        __syncthreads();
        const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
        u32 ties = 0;
        for (i64 first = 0; first < a.columns; first += \(threads)) {
          const i64 column = first + threadIdx.x;
          bool isTie = false;
          if (column < a.columns) {
            const \(rankType) rank = \(rank(element));
            isTie = rank == last;
            if (rank < last) {
              const u32 slot = atomicAdd(&taken, 1u);
              ranks[slot] = rank;
              places[slot] = (int)column;
            }
          }
          if (ties >= remaining) continue;
          const u32 mask = __ballot_sync(0xffffffffu, isTie);
          if (lane == 0) ofWarps[warp] = __popc(mask);
          __syncthreads();
          u32 before = ties;
          for (int other = 0; other < \(threads / 32); other++) {
            if (other < warp) before += ofWarps[other];
            ties += ofWarps[other];
          }
          before += __popc(mask & ((1u << lane) - 1));
          if (isTie && before < remaining) {
            ranks[\(wanted) - remaining + before] = last;
            places[\(wanted) - remaining + before] = (int)column;
          }
          __syncthreads();
        }
        __syncthreads();
        sort_pairs<\(rankType), \(size), \(threads)>(ranks, places);
        for (int i = threadIdx.x; i < \(wanted); i += \(threads)) \(store) = places[i];

      """
    )
  }

  private func passes(_ element: String, _ store: String) -> (String, Int, String) {
    let threads = 512, warps = threads / 32
    return (
      "sortLongRows", threads,
      """
        __shared__ u32 counts[\(warps)][256], starts[256];
        \(rankType) *from = (\(rankType) *)a.ranks + row * a.columns, *to = (\(rankType) *)a.others + row * a.columns;
        int *places = a.places + row * a.columns, *toPlaces = a.otherPlaces + row * a.columns;
        const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
        for (i64 column = threadIdx.x; column < a.columns; column += \(threads)) {
          const \(rankType) rank = \(rank(element));
          \(note)
          from[column] = rank;
          places[column] = (int)column;
        }
        for (int number = threadIdx.x; number < \(warps) * 256; number += \(threads)) counts[number / 256][number % 256] = 0;
        for (int shift = 0; shift < \(rankBits); shift += 8) {
          if (threadIdx.x < 256) starts[threadIdx.x] = 0;
          __syncthreads();
          for (i64 i = threadIdx.x; i < a.columns; i += \(threads)) atomicAdd(&starts[(u32)(from[i] >> shift) & 255], 1u);
          __syncthreads();
          const bool isOne = starts[(u32)(from[0] >> shift) & 255] == a.columns;
          __syncthreads();
          if (isOne) continue;
          if (threadIdx.x == 0) {
            u32 start = 0;
            for (int digit = 0; digit < 256; digit++) {
              const u32 count = starts[digit];
              starts[digit] = start;
              start += count;
            }
          }
          __syncthreads();
          for (i64 first = 0; first < a.columns; first += \(threads)) {
            const i64 i = first + threadIdx.x;
            const bool isThere = i < a.columns;
            const \(rankType) rank = isThere ? from[i] : 0;
            const int place = isThere ? places[i] : 0;
            const u32 digit = isThere ? (u32)(rank >> shift) & 255 : 256;
            // Those of this digit in the warp: how many stand before.
            const u32 alike = __match_any_sync(0xffffffffu, digit), before = __popc(alike & ((1u << lane) - 1));
            if (isThere && before == 0) counts[warp][digit] = __popc(alike);
            __syncthreads();
            if (isThere) {
              u32 target = starts[digit] + before;
              for (int other = 0; other < warp; other++) target += counts[other][digit];
              to[target] = rank;
              toPlaces[target] = place;
            }
            __syncthreads();
            if (threadIdx.x < 256) {
              u32 count = 0;
              for (int other = 0; other < \(warps); other++) { count += counts[other][threadIdx.x]; counts[other][threadIdx.x] = 0; }
              starts[threadIdx.x] += count;
            }
            __syncthreads();
          }
          \(rankType) *const swapped = from;
          from = to;
          to = swapped;
          int *const swappedPlaces = places;
          places = toPlaces;
          toPlaces = swappedPlaces;
        }
        __syncthreads();
        for (i64 i = threadIdx.x; i < \(wanted); i += \(threads)) \(store) = places[i];

      """
    )
  }
}
