@_spi(Backend) import WengertCore

/// Attention by tiles, with an online softmax (Dao et al. 2022; Milakov & Gimelshein 2018): a warp has 16 rows of one head, a block up to 4 warps of one sequence, and the other
/// side's rows come to shared memory piece by piece. Products of half types run on tensor cores, whose left factors, the weights, are rounded to the type.
///
/// Sequences need not begin at a block's first row: sequence s has the blocks from offsets[s] / rows + s on, at least as many as it needs, and blocks without rows end at once.
/// So that no gradient depends on an order of additions, one kernel computes those of queries and another those of keys and values.
struct TiledAttention {
  private let operands: AttentionOperands
  private let width: Int
  /// The width in whole tiles, the rows of a block, and the rows of a piece of the other side.
  private let padded: Int, warps: Int, pieces: Int

  /// How many bytes of shared memory every block may have.
  private static let sharedBytes = 48 << 10

  /// Nil if the tiles of so wide a head have no room, or are of a type that is not computed in float32.
  init?(_ operands: AttentionOperands) {
    guard operands.query.dtype.computeType == .float32 else { return nil }
    self.operands = operands
    width = operands.query.shape[1] / max(operands.heads, 1)
    let padded = max((width + 15) / 16, 1) * 16
    if padded > 128 { return nil }
    self.padded = padded
    let size = operands.query.dtype.byteCount, pitch = padded * size + 16
    // Rows of a block that no sequence fills are computed for nothing.
    let length = operands.query.shape[0] / max(operands.offsets.shape[0] - 1, 1)
    let wanted = length <= 16 ? 1 : length <= 32 ? 2 : 4
    // Wide heads have no registers for more.
    let choices = [4, 2, 1].filter { $0 <= wanted }.flatMap { warps in (padded > 64 ? [2] : [4, 2]).map { (warps: warps, pieces: $0) } }
    guard let choice = choices.first(where: { ($0.warps * 16 + $0.pieces * 8) * (2 * pitch + 8) <= Self.sharedBytes }) else { return nil }
    (warps, pieces) = choice
  }

  private var rows: Int { warps * 16 }

  var threads: Int { warps * 32 }

  /// The blocks of threads for all rows; without any sequence, which is wrong, as many as fill them.
  var grid: Grid {
    let blocks = operands.query.shape[0] / rows + max(operands.offsets.shape[0] - 1, 1)
    return Grid(blocks: (blocks, operands.heads, 1), threads: (threads, 1))
  }

  /// What distinguishes kernels: their dtype, the width of their tiles.
  var name: String { "\(type) \(padded)" }

  private var type: String { operands.query.dtype.elementName }
  private var nothing: String { operands.query.dtype.nothing }
  private var pitch: String { "Pitch<\(type), \(padded)>::value" }
  private var other: Int { pieces * 8 }

  private func tile(_ name: String, _ rows: Int) -> String { "  __shared__ __align__(16) \(type) \(name)[\(rows) * \(pitch)];\n" }

  private func fetch(_ tile: String, _ name: String, from row: String, rows: Int) -> String {
    "fetch<\(type), \(padded), \(width), \(rows), \(threads)>(\(tile), a.\(name) + \(row) * a.\(name)s0 + head * \(width) * a.\(name)s1, a.\(name)s0, a.\(name)s1, end - \(row));"
  }

  /// Where a block is: its head, the tokens of its sequence, and its first row. If the offsets are wrong, the rows that it would have without sequences are NaN.
  private func start(_ results: [String], sums: Bool = false) -> String {
    let fill = results.map { "a.\($0)[row * a.\($0)s0 + (head * \(width) + column) * a.\($0)s1] = \(nothing);" }.joined(separator: " ")
    return """
        const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
        const i64 head = blockIdx.y;
        if (a.flag[0] != 0) {
          for (i64 number = threadIdx.x; number < \(rows) * \(width); number += \(threads)) {
            const i64 row = (i64)blockIdx.x * \(rows) + number / \(width), column = number % \(width);
            if (row < a.tokens) { \(fill)\(sums ? " if (column == 0) a.lse[row * a.lses0 + head * a.lses1] = NAN_F32;" : "") }
          }
          return;
        }
        i64 low = 0, high = a.sequences;
        while (high - low > 1) {
          const i64 middle = (low + high) / 2;
          if (a.offsets[middle * a.offsetss0] / \(rows) + middle <= blockIdx.x) low = middle; else high = middle;
        }
        const i64 first = a.offsets[low * a.offsetss0], end = a.offsets[(low + 1) * a.offsetss0];
        const i64 from = first + (blockIdx.x - first / \(rows) - low) * \(rows);
        if (from >= end) return;

      """
  }

  /// The start of a walk over the other side's rows: the loop, up to where a piece of them is in shared memory.
  private func piece(_ tiles: [(tile: String, name: String)], _ more: String = "") -> String {
    let fetches = tiles.map { fetch($0.tile, $0.name, from: "piece", rows: other) }.joined(separator: "\n    ")
    return """
      for (i64 piece = first; piece < end; piece += \(other)) {
          __syncthreads();
          \(fetches)
      \(more)
          __syncthreads();
          if (from + warp * 16 >= end) continue;
      """
  }

  /// Adds the products of this warp's rows of one tile and all of another.
  private func products(_ sums: String, _ rows: String, _ others: String) -> String {
    "RowProducts<\(type), \(padded), \(pieces)>::add(\(sums), \(rows) + warp * 16 * \(pitch), \(others));"
  }

  /// Visits this thread's numbers of a 16 × 8·N product: `n`, `i`, its row `row` and its column `column`, both as tokens.
  private func each(_ body: String) -> String {
    """
    #pragma unroll
          for (int n = 0; n < \(pieces); n++)
    #pragma unroll
            for (int i = 0; i < 4; i++) {
              const i64 row = from + warp * 16 + lane / 4 + i / 2 * 8, column = piece + n * 8 + lane % 4 * 2 + i % 2;
              \(body)
            }

    """
  }

  /// Stores 16 rows of accumulators.
  private func store(_ name: String, _ value: (String, String) -> String) -> String {
    """
    #pragma unroll
      for (int n = 0; n < \(padded / 8); n++)
    #pragma unroll
        for (int i = 0; i < 4; i++) {
          const i64 row = from + warp * 16 + lane / 4 + i / 2 * 8;
          const int column = n * 8 + lane % 4 * 2 + i % 2;
          if (row < end && column < \(width)) a.\(name)[row * a.\(name)s0 + (head * \(width) + column) * a.\(name)s1] = Element<\(type)>::of(\(value("n", "i")));
        }

    """
  }

  private var keeps: Bool { operands.dropout > 0 }
  private func keep(_ i: String, _ j: String) -> String { PlainAttention.keep(operands, i, j, "float") }

  var forward: String {
    let scores = """
              s[n][i] = column < end ? s[n][i] * (float)a.scale : -INFINITE_F32;
              best[i / 2] = fmaxf(best[i / 2], s[n][i]);
      """
    let weights = """
              s[n][i] = exponential_for(\(type)(), s[n][i] - top[i / 2]);
              sum[i / 2] += s[n][i];
              \(keeps ? "if (column < end && row < end) s[n][i] *= \(keep("row", "column"));" : "")
      """
    return start(["out"], sums: true) + tile("queries", rows) + tile("keys", other) + tile("values", other) + """
        \(fetch("queries", "q", from: "from", rows: rows))
        float out[\(padded / 8)][4] = {}, top[2] = {-INFINITE_F32, -INFINITE_F32}, sum[2] = {};
        \(piece([("keys", "k"), ("values", "v")]))
          float s[\(pieces)][4] = {}, best[2] = {top[0], top[1]};
          \(products("s", "queries", "keys"))
      \(each(scores))#pragma unroll
          for (int h = 0; h < 2; h++) {
            best[h] = fmaxf(best[h], exchange(best[h], 1));
            best[h] = fmaxf(best[h], exchange(best[h], 2));
            const float factor = exponential_for(\(type)(), top[h] - best[h]);
            top[h] = best[h];
            sum[h] *= factor;
      #pragma unroll
            for (int n = 0; n < \(padded / 8); n++) { out[n][2 * h] *= factor; out[n][2 * h + 1] *= factor; }
          }
      \(each(weights))
          WeightedRows<\(type), \(padded), \(pieces)>::add(out, s, values);
        }
      #pragma unroll
        for (int h = 0; h < 2; h++) {
          sum[h] += exchange(sum[h], 1);
          sum[h] += exchange(sum[h], 2);
          const i64 row = from + warp * 16 + lane / 4 + h * 8;
          if (lane % 4 == 0 && row < end) a.lse[row * a.lses0 + head * a.lses1] = top[h] + logf(sum[h]);
        }
      \(store("out") { "out[\($0)][\($1)] / sum[\($1) / 2]" })
      """
  }

  /// Σ cotangent · out of every token and head, into `means` [tokens, heads]: a warp for each.
  var means: String {
    """
      const int lane = threadIdx.x % 32;
      const i64 number = (i64)blockIdx.x * 8 + threadIdx.x / 32, token = number / a.heads, head = number % a.heads;
      if (number >= a.tokens * a.heads) return;
      float sum = 0;
      for (int c = head * \(width) + lane; c < (head + 1) * \(width); c += 32)
        sum += value_of(a.ct[token * a.cts0 + c * a.cts1]) * value_of(a.out[token * a.outs0 + c * a.outs1]);
      sum = combine_warp<Sum, 32>(sum);
      if (lane == 0) a.means[number] = sum;

    """
  }

  var queryGradient: String {
    let slopes = """
              const float weight = column < end && row < end ? exponential_for(\(type)(), s[n][i] * (float)a.scale - lse[i / 2]) : 0;
              s[n][i] = weight * (\(keeps ? "(column < end && row < end ? toWeight[n][i] * \(keep("row", "column")) : 0)" : "toWeight[n][i]") - mean[i / 2]) * (float)a.scale;
      """
    return start(["dq"]) + tile("queries", rows) + tile("cotangents", rows) + tile("keys", other) + tile("values", other) + """
        \(fetch("queries", "q", from: "from", rows: rows))
        \(fetch("cotangents", "ct", from: "from", rows: rows))
        float gradient[\(padded / 8)][4] = {}, lse[2] = {}, mean[2] = {};
      #pragma unroll
        for (int h = 0; h < 2; h++) {
          const i64 row = from + warp * 16 + lane / 4 + h * 8;
          if (row < end) { lse[h] = a.lse[row * a.lses0 + head * a.lses1]; mean[h] = a.means[row * a.heads + head]; }
        }
        \(piece([("keys", "k"), ("values", "v")]))
          float s[\(pieces)][4] = {}, toWeight[\(pieces)][4] = {};
          \(products("s", "queries", "keys"))
          \(products("toWeight", "cotangents", "values"))
      \(each(slopes))
          WeightedRows<\(type), \(padded), \(pieces)>::add(gradient, s, keys);
        }
      \(store("dq") { "gradient[\($0)][\($1)]" })
      """
  }

  var keyGradient: String {
    let sums = """
          for (int number = threadIdx.x; number < \(other); number += \(threads)) {
            const i64 row = piece + number;
            lses[number] = row < end ? a.lse[row * a.lses0 + head * a.lses1] : 0;
            means[number] = row < end ? a.means[row * a.heads + head] : 0;
          }
      """
    let slopes = """
              const int place = (int)(column - piece);
              const bool isThere = column < end && row < end;
              const float weight = isThere ? exponential_for(\(type)(), s[n][i] * (float)a.scale - lses[place]) : 0\(keeps ? ", kept = isThere ? \(keep("column", "row")) : 0" : "");
              s[n][i] = weight * (toWeight[n][i]\(keeps ? " * kept" : "") - means[place]) * (float)a.scale;
              toWeight[n][i] = weight\(keeps ? " * kept" : "");
      """
    return start(["dk", "dv"]) + tile("keys", rows) + tile("values", rows) + tile("queries", other) + tile("cotangents", other) + """
        __shared__ float lses[\(other)], means[\(other)];
        \(fetch("keys", "k", from: "from", rows: rows))
        \(fetch("values", "v", from: "from", rows: rows))
        float toKeys[\(padded / 8)][4] = {}, toValues[\(padded / 8)][4] = {};
        \(piece([("queries", "q"), ("cotangents", "ct")], sums))
          float s[\(pieces)][4] = {}, toWeight[\(pieces)][4] = {};
          \(products("s", "keys", "queries"))
          \(products("toWeight", "values", "cotangents"))
      \(each(slopes))
          WeightedRows<\(type), \(padded), \(pieces)>::add(toValues, toWeight, cotangents);
          WeightedRows<\(type), \(padded), \(pieces)>::add(toKeys, s, queries);
        }
      \(store("dk") { "toKeys[\($0)][\($1)]" })
      \(store("dv") { "toValues[\($0)][\($1)]" })
      """
  }
}
