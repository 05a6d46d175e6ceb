@_spi(Backend) import WengertCore

/// Attention, a block for each token and head: keys (or, for their gradients, queries) in pieces of 128, a thread for each, whose weights the threads then use for a column each.
struct PlainAttention {
  private let operands: AttentionOperands
  private let width: Int

  init(_ operands: AttentionOperands) {
    self.operands = operands
    width = operands.query.shape[1] / max(operands.heads, 1)
  }

  private var dtype: DType { operands.query.dtype }
  private var type: String { dtype.valueName }
  private var isDouble: Bool { dtype == .float64 }

  /// An element of a packed operand.
  private func element(_ name: String, _ token: String, _ column: String) -> String {
    "value_of(a.\(name)[(i64)(\(token)) * a.\(name)s0 + (head * \(width) + \(column)) * a.\(name)s1])"
  }

  private func store(_ name: String, _ column: String, _ value: String) -> String {
    "a.\(name)[token * a.\(name)s0 + (head * \(width) + \(column)) * a.\(name)s1] = \(dtype.element(ofValue: value));"
  }

  /// Where a block is: its token, its head, and the tokens of its sequence.
  private var start: String {
    """
      const i64 token = blockIdx.x, head = blockIdx.y;
      const bool isBad = a.flag[0] != 0;
      i64 low = 0, high = a.sequences;
      while (high - low > 1) {
        const i64 middle = (low + high) / 2;
        if (a.offsets[middle * a.offsetss0] <= token) low = middle; else high = middle;
      }
      const i64 first = isBad ? token : a.offsets[low * a.offsetss0], end = isBad ? token : a.offsets[(low + 1) * a.offsetss0];

    """
  }

  /// The factor of the weight of tokens `i` and `j` under dropout; the sequence begins at `first`.
  static func keep(_ operands: AttentionOperands, _ i: String, _ j: String, _ type: String) -> String {
    if operands.dropout == 0 { return "(\(type))1" }
    let unit = type == "double" ? "unit_interval_f64" : "unit_interval_f32"
    let word =
      operands.hasTokenKeys
      ? "philox(add((i64)a.keys[(\(i)) * a.keyss0], multiply(head, (i64)\(UInt64(bitPattern: AttentionOperands.headSpread))ull)), (u64)((\(j)) - first), 0u, 0)"
      : "philox((i64)a.keys[0], (u64)((head * a.tokens + (\(i))) * a.tokens + (\(j))), 0u, 0)"
    return "(\(unit)(\(word)) >= (\(type))a.dropout ? (\(type))(1 / (1 - a.dropout)) : (\(type))0)"
  }

  private func keep(_ i: String, _ j: String) -> String { Self.keep(operands, i, j, type) }

  private var exponential: String { isDouble ? "exp" : "expf" }
  private var perThread: Int { (width + 127) / 128 }

  var forward: String {
    start + """
        __shared__ \(type) query[\(width)], weights[128], largest[4], sums[4];
        for (int c = threadIdx.x; c < \(width); c += 128) query[c] = \(element("q", "token", "c"));
        \(type) best = \(isDouble ? "-INFINITE_F64" : "-INFINITE_F32"), sum = 0, out[\(perThread)] = {};
        __syncthreads();
        for (i64 piece = first; piece < end; piece += 128) {
          const i64 j = piece + threadIdx.x;
          \(type) score = \(isDouble ? "-INFINITE_F64" : "-INFINITE_F32");
          if (j < end) {
            \(type) product = 0;
            for (int c = 0; c < \(width); c++) product += query[c] * \(element("k", "j", "c"));
            score = product * (\(type))a.scale;
          }
          const \(type) top = maximum(best, combine_block<Maximum, 4>(score, largest));
          const \(type) factor = piece == first ? 0 : \(exponential)(best - top);
          const \(type) weight = j < end ? \(exponential)(score - top) : 0;
          sum = sum * factor + combine_block<Sum, 4>(weight, sums);
          weights[threadIdx.x] = j < end ? weight * \(keep("token", "j")) : 0;
          best = top;
          __syncthreads();
          const int count = end - piece < 128 ? (int)(end - piece) : 128;
          for (int n = 0; n < \(perThread); n++) {
            const int c = n * 128 + threadIdx.x;
            if (c >= \(width)) break;
            \(type) total = out[n] * factor;
            for (int t = 0; t < count; t++) total += weights[t] * \(element("v", "piece + t", "c"));
            out[n] = total;
          }
          __syncthreads();
        }
        const \(type) nothing = \(isDouble ? "NAN_F64" : "NAN_F32");
        for (int n = 0; n < \(perThread); n++) {
          const int c = n * 128 + threadIdx.x;
          if (c < \(width)) \(store("out", "c", "(isBad ? nothing : out[n] / sum)"))
        }
        if (threadIdx.x == 0) a.lse[token * a.lses0 + head * a.lses1] = isBad ? nothing : best + \(isDouble ? "log" : "logf")(sum);

      """
  }

  var queryGradient: String {
    start + """
        __shared__ \(type) query[\(width)], cotangent[\(width)], weights[128], sums[4];
        \(type) product = 0;
        for (int c = threadIdx.x; c < \(width); c += 128) {
          query[c] = \(element("q", "token", "c"));
          cotangent[c] = \(element("ct", "token", "c"));
          product += cotangent[c] * \(element("out", "token", "c"));
        }
        const \(type) mean = combine_block<Sum, 4>(product, sums), lse = a.lse[token * a.lses0 + head * a.lses1];
        \(type) gradient[\(perThread)] = {};
        for (i64 piece = first; piece < end; piece += 128) {
          const i64 j = piece + threadIdx.x;
          \(type) weight = 0;
          if (j < end) {
            \(type) score = 0, toWeight = 0;
            for (int c = 0; c < \(width); c++) { score += query[c] * \(element("k", "j", "c")); toWeight += cotangent[c] * \(element("v", "j", "c")); }
            weight = \(exponential)(score * (\(type))a.scale - lse) * (toWeight * \(keep("token", "j")) - mean) * (\(type))a.scale;
          }
          weights[threadIdx.x] = weight;
          __syncthreads();
          const int count = end - piece < 128 ? (int)(end - piece) : 128;
          for (int n = 0; n < \(perThread); n++) {
            const int c = n * 128 + threadIdx.x;
            if (c >= \(width)) break;
            for (int t = 0; t < count; t++) gradient[n] += weights[t] * \(element("k", "piece + t", "c"));
          }
          __syncthreads();
        }
        for (int n = 0; n < \(perThread); n++) {
          const int c = n * 128 + threadIdx.x;
          if (c < \(width)) \(store("dq", "c", "(isBad ? \(isDouble ? "NAN_F64" : "NAN_F32") : gradient[n])"))
        }

      """
  }

  var keyGradient: String {
    start + """
        __shared__ \(type) key[\(width)], value[\(width)], toKey[128], toValue[128];
        for (int c = threadIdx.x; c < \(width); c += 128) { key[c] = \(element("k", "token", "c")); value[c] = \(element("v", "token", "c")); }
        \(type) keys[\(perThread)] = {}, values[\(perThread)] = {};
        __syncthreads();
        for (i64 piece = first; piece < end; piece += 128) {
          const i64 i = piece + threadIdx.x;
          toKey[threadIdx.x] = toValue[threadIdx.x] = 0;
          if (i < end) {
            \(type) score = 0, toWeight = 0, mean = 0;
            for (int c = 0; c < \(width); c++) {
              const \(type) cotangent = \(element("ct", "i", "c"));
              score += key[c] * \(element("q", "i", "c"));
              toWeight += value[c] * cotangent;
              mean += cotangent * \(element("out", "i", "c"));
            }
            const \(type) weight = \(exponential)(score * (\(type))a.scale - a.lse[i * a.lses0 + head * a.lses1]), kept = \(keep("i", "token"));
            toKey[threadIdx.x] = weight * (toWeight * kept - mean) * (\(type))a.scale;
            toValue[threadIdx.x] = weight * kept;
          }
          __syncthreads();
          const int count = end - piece < 128 ? (int)(end - piece) : 128;
          for (int n = 0; n < \(perThread); n++) {
            const int c = n * 128 + threadIdx.x;
            if (c >= \(width)) break;
            for (int t = 0; t < count; t++) {
              keys[n] += toKey[t] * \(element("q", "piece + t", "c"));
              values[n] += toValue[t] * \(element("ct", "piece + t", "c"));
            }
          }
          __syncthreads();
        }
        for (int n = 0; n < \(perThread); n++) {
          const int c = n * 128 + threadIdx.x;
          if (c >= \(width)) break;
          \(store("dk", "c", "(isBad ? \(isDouble ? "NAN_F64" : "NAN_F32") : keys[n])"))
          \(store("dv", "c", "(isBad ? \(isDouble ? "NAN_F64" : "NAN_F32") : values[n])"))
        }

      """
  }
}
