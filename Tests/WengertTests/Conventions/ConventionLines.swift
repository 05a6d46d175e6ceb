import WengertTestSupport

private let inf = Double.infinity
private let nan = Double.nan

/// The lines of Documentation/Conventions.md, in its order.
enum ConventionLines {
  static let all = ties + zeros + infinities + empty + whole + numbers + promotion + casts + rounding + order + half + indices + equations

  static let ties: [Convention] = [
    .gradient("∇ maximum(a, b) at a = b = 1", at: [1, 1]) { maximum($0[0], $0[1]) },
    .gradient("∇ minimum(a, b) at a = b = 1", at: [1, 1]) { minimum($0[0], $0[1]) },
    .gradient("∇ x.max() at 2, 2, 1", at: [2, 2, 1]) { $0.max() },
    .gradient("∇ x.min() at 2, 1, 1", at: [2, 1, 1]) { $0.min() },
    .gradient("∇ clip(x, -1, 1) at -2, -1, 0, 1, 2", at: [-2, -1, 0, 1, 2]) { clip($0, -1, 1) },
    .gradient("∇ relu(x) at -1, 0, 1", at: [-1, 0, 1]) { relu($0) },
    .gradient("∇ relu6(x) at 0, 3, 6", at: [0, 3, 6]) { relu6($0) },
    .gradient("∇ abs(x) at -1, 0, 1", at: [-1, 0, 1]) { abs($0) },
    .gradient("∇ x.norm() at 0, 0", at: [0, 0]) { $0.norm() },
    .gradient("∇ x.norm(1) at 0, -2", at: [0, -2]) { $0.norm(1) },
    .gradient("∇ x.norm(0.5) at 0, 4", at: [0, 4]) { $0.norm(0.5) },
    .gradient("∇ x.norm(-1) at 0, 4", at: [0, 4]) { $0.norm(-1) },
    .gradient("∇ x.norm(∞) at 2, -2, 1", at: [2, -2, 1]) { $0.norm(inf) },
    .gradient("∇ x.norm(∞) at 0, 0", at: [0, 0]) { $0.norm(inf) },
    .gradient("∇ x.prod() at 0, 2, 3", at: [0, 2, 3]) { $0.prod() },
    .gradient("∇ x.prod() at 0, 2, 0", at: [0, 2, 0]) { $0.prod() },
    .gradient("∇ x.prod() at 1e200, 0, 1e200, 1e200", at: [1e200, 0, 1e200, 1e200], [.float64]) { $0.prod() },
    .gradient("∇ x.cumulativeProduct() at 2, 0, 3, 4", at: [2, 0, 3, 4]) { $0.cumulativeProduct() },
    .gradient("∇ x.cumulativeProduct() at 0, 1, 1e200, 1e200", at: [0, 1, 1e200, 1e200], [.float64]) { $0.cumulativeProduct() },
    .gradient("∇ x.cumulativeProduct() at 1e-200, 1, 1e200, 1e200", at: [1e-200, 1, 1e200, 1e200], [.float64]) { $0.cumulativeProduct() },
    .plain("∇ x.max() of 70,000 equal float16, the first") {
      gradient(at: Tensor.ones([70000], dtype: .float16)) { $0.max().cast(to: .float32) }[0]
    },
    .gradient("∇ x.variance() at 3, 3", at: [3, 3]) { $0.variance() },
    .gradient("∇ (x % 2) at 2", at: [2]) { $0 % 2 },
  ]

  static let zeros: [Convention] = [
    .value("1 / x at 0, -0", at: [0, -0.0]) { 1 / $0 },
    .value("x / x at 0", at: [0]) { $0 / $0 },
    .value("sqrt(x) at -0, -1", at: [-0.0, -1]) { sqrt($0) },
    .value("log(x) at 0, -0, -1", at: [0, -0.0, -1]) { log($0) },
    .value("sign(x) at -0, NaN", at: [-0.0, nan]) { sign($0) },
    .value("pow(x, 0) at 0, NaN, ∞", at: [0, nan, inf]) { pow($0, 0) },
    .value("pow(x, -1) at 0, -0", at: [0, -0.0]) { pow($0, -1) },
    .value("pow(-8, x) at 1/3, 2", at: [1.0 / 3, 2]) { pow($0 * 0 - 8, $0) },
    .value("atan2(y, x) at (0, 0), (0, -0), (-0, -1)", at: [0, 0, -0.0, 0, -0.0, -1], Convention.wide) { atan2($0[..<3], $0[3...]) },
    .value("maximum(-0, 0), maximum(0, -0)", at: [-0.0, 0, 0, -0.0]) { maximum($0[..<2], $0[2...]) },
    .gradient("∇ sqrt(x) at 0", at: [0]) { sqrt($0) },
    .gradient("∇ rsqrt(x) at 0", at: [0]) { rsqrt($0) },
    .gradient("∇ log(x) at 0, -1", at: [0, -1]) { log($0) },
    .gradient("∇ reciprocal(x) at 0", at: [0]) { reciprocal($0) },
    .gradient("∇ pow(x, 2) at 0", at: [0]) { pow($0, 2) },
    .gradient("∇ pow(x, 1) at 0", at: [0]) { pow($0, 1) },
    .gradient("∇ pow(x, 0) at 0, NaN", at: [0, nan]) { pow($0, 0) },
    .gradient("∇ pow(x, 0.5) at 0", at: [0]) { pow($0, 0.5) },
    .gradient("∇ pow(a, b) at (0, 0)", at: [0, 0]) { pow($0[0], $0[1]) },
    .gradient("∇ pow(a, b) at (0, 2)", at: [0, 2]) { pow($0[0], $0[1]) },
    .gradient("∇ pow(a, b) at (-2, 2)", at: [-2, 2]) { pow($0[0], $0[1]) },
    .gradient("∇ atan2(y, x) at (0, 0)", at: [0, 0]) { atan2($0[0], $0[1]) },
    .gradient("∇ asin(x) at -1, 1", at: [-1, 1]) { asin($0) },
    .gradient("∇ acos(x) at -1, 1", at: [-1, 1]) { acos($0) },
    .second("∇² asin(x) at -1, 1", at: [-1, 1]) { asin($0) },
    .second("∇² acos(x) at -1, 1", at: [-1, 1]) { acos($0) },
    .second("∇² pow(x, 2) at 0", at: [0]) { pow($0, 2) },
    .second("∇² pow(x, 0) at 0", at: [0]) { pow($0, 0) },
  ]

  static let infinities: [Convention] = [
    .value("x.max() at 1, NaN, 2", at: [1, nan, 2]) { $0.max() },
    .value("maximum(x, 0) at NaN", at: [nan]) { maximum($0, Tensor.zeros([1], dtype: $0.dtype)) },
    .value("clip(x, 0, 1) at NaN, -∞, ∞", at: [nan, -inf, inf]) { clip($0, 0, 1) },
    .value("relu(x) at NaN", at: [nan]) { relu($0) },
    .value("x .== x at NaN, ∞", at: [nan, inf]) { $0 .== $0 },
    .value("x.sum() at ∞, -∞", at: [inf, -inf]) { $0.sum() },
    .value("gelu(x) at -∞, ∞", at: [-inf, inf]) { gelu($0) },
    .value("silu(x) at -∞, ∞", at: [-inf, inf]) { silu($0) },
    .value("softplus(x) at -∞, ∞", at: [-inf, inf]) { softplus($0) },
    .value("x.softmax() at ∞, 0", at: [inf, 0]) { $0.softmax() },
    .value("x.softmax() at -∞, -∞", at: [-inf, -inf]) { $0.softmax() },
    .value("x.softmax() at -∞, 0", at: [-inf, 0]) { $0.softmax() },
    .value("x.logSoftmax() at -∞, 0", at: [-inf, 0]) { $0.logSoftmax() },
    .value("x.logSumExp() at ∞, 0", at: [inf, 0]) { $0.logSumExp() },
    .value("x.logSumExp() at -∞, -∞", at: [-inf, -inf]) { $0.logSumExp() },
    .gradient("∇ x.logSumExp() at ∞, 0, -∞", at: [inf, 0, -inf]) { $0.logSumExp() },
    .gradient("∇ x.logSumExp() at NaN, 0", at: [nan, 0]) { $0.logSumExp() },
    .gradient("∇ x.logSumExp() at -∞, 0", at: [-inf, 0]) { $0.logSumExp() },
    .gradient("∇ x.logSumExp() at -∞, -∞", at: [-inf, -inf]) { $0.logSumExp() },
    .gradient("∇ x.softmax()[0] at -∞, 0", at: [-inf, 0]) { $0.softmax()[0] },
    .gradient("∇ x.max() at 1, NaN", at: [1, nan]) { $0.max() },
    .gradient("∇ maximum(a, b) at (1, NaN)", at: [1, nan]) { maximum($0[0], $0[1]) },
    .gradient("∇ minimum(a, b) at (1, NaN)", at: [1, nan]) { minimum($0[0], $0[1]) },
    .gradient("∇ clip(x, -1, 1) at NaN, ∞", at: [nan, inf]) { clip($0, -1, 1) },
    .gradient("∇ relu(x) at NaN", at: [nan]) { relu($0) },
    .gradient("∇ relu6(x) at NaN", at: [nan]) { relu6($0) },
    .gradient("∇ abs(x) at NaN, -∞", at: [nan, -inf]) { abs($0) },
    .gradient("∇ gelu(x) at -∞, ∞, NaN", at: [-inf, inf, nan]) { gelu($0) },
    .gradient("∇ geluTanh(x) at -∞, ∞, NaN", at: [-inf, inf, nan]) { geluTanh($0) },
    .gradient("∇ silu(x) at -∞, ∞, NaN", at: [-inf, inf, nan]) { silu($0) },
    .gradient("∇ sigmoid(x) at -∞, ∞", at: [-inf, inf]) { sigmoid($0) },
    .gradient("∇ tanh(x) at -∞, ∞", at: [-inf, inf]) { tanh($0) },
    .gradient("∇ erf(x) at -∞, ∞", at: [-inf, inf]) { erf($0) },
    .gradient("∇ atan(x) at -∞, ∞", at: [-inf, inf]) { atan($0) },
    .gradient("∇ atan2(y, x) at (∞, 1)", at: [inf, 1]) { atan2($0[0], $0[1]) },
    .gradient("∇ atan2(y, x) at (1e200, 1e200)", at: [1e200, 1e200], [.float64]) { atan2($0[0], $0[1]) },
    .gradient("∇ sqrt(x) at ∞", at: [inf]) { sqrt($0) },
    .gradient("∇ log(x) at ∞", at: [inf]) { log($0) },
    .gradient("∇ x.norm() at ∞, 1", at: [inf, 1]) { $0.norm() },
    .reverse("∇ select(x .> 0, log(x), 0) at -1, 0, 2", at: [-1, 0, 2]) { select($0 .> 0, log($0), Tensor(0.0, dtype: $0.dtype)) },
    .reverse("∇ select(x .> 0, sqrt(x), 0) at 0", at: [0]) { select($0 .> 0, sqrt($0), Tensor(0.0, dtype: $0.dtype)) },
  ]

  static let empty: [Convention] = [
    .value("x.sum() of nothing", at: []) { $0.sum() },
    .value("x.prod() of nothing", at: []) { $0.prod() },
    .value("x.mean() of nothing", at: []) { $0.mean() },
    .value("x.variance() of nothing", at: []) { $0.variance() },
    .value("x.variance(correction: 1) of one number", at: [2]) { $0.variance(correction: 1) },
    .error("x.max() of nothing"),
    .error("x.argMax() of nothing"),
    .value("x.any() of nothing", at: []) { $0.any() },
    .value("x.all() of nothing", at: []) { $0.all() },
    .value("x.norm() of nothing", at: []) { $0.norm() },
    .error("x.norm(∞) of nothing"),
    .value("x.softmax() of nothing", at: []) { $0.softmax() },
    .value("x.logSumExp() of nothing", at: []) { $0.logSumExp() },
    .value("x.cumulativeSum() of nothing", at: []) { $0.cumulativeSum() },
    .value("x.sorted() of nothing", at: []) { $0.sorted() },
    .plain("[1, 0] matmul [0, 2]") { Tensor.ones([1, 0]).matmul(.ones([0, 2])) },
  ]

  static let order: [Convention] = [
    .value("x.sorted() at 2, NaN, -∞, ∞", at: [2, nan, -inf, inf]) { $0.sorted() },
    .value("x.sorted(descending) at 2, NaN, ∞", at: [2, nan, inf]) { $0.sorted(descending: true) },
    .value("x.argSort() at 0, -0, 0", at: [0, -0.0, 0]) { $0.argSort() },
    .value("x.argSort() at 1, 1, 0", at: [1, 1, 0]) { $0.argSort() },
    .value("x.argSort(descending) at 1, 1, 2", at: [1, 1, 2]) { $0.argSort(descending: true) },
    .value("x.topK(2) at 1, NaN, 3", at: [1, nan, 3]) { $0.topK(2).values },
    .value("x.argMax() at 1, 3, 3", at: [1, 3, 3]) { $0.argMax() },
    .value("x.argMax() at 1, NaN, 3", at: [1, nan, 3]) { $0.argMax() },
    .value("x.argMin() at 1, NaN, 0", at: [1, nan, 0]) { $0.argMin() },
  ]

  static let rounding: [Convention] = [
    .value("round(x) at 0.5, 1.5, -0.5, -2.5", at: [0.5, 1.5, -0.5, -2.5]) { round($0) },
    .value("floor(x) at -0.5, ceil(x) at -0.5", at: [-0.5]) { concatenate([floor($0), ceil($0)]) },
    .value("x % 3 at 5.5, -5.5, -3", at: [5.5, -5.5, -3]) { $0 % 3 },
    .value("x % -3 at 5.5, 3", at: [5.5, 3]) { $0 % -3 },
    .value("x % 0 at 5.5", at: [5.5]) { $0 % 0 },
    .value("x % ∞ at 5.5, -5.5", at: [5.5, -5.5]) { $0 % inf },
    .value("x.floorDivided(by: 0) at 5.5, 0", at: [5.5, 0]) { $0.floorDivided(by: Tensor(0.0, dtype: $0.dtype)) },
  ]

  static let half: [Convention] = [
    .value("x.sum() of 5,000 × 1 in float16", at: Array(repeating: 1, count: 5000), [.float16]) { $0.sum() },
    .value("x.sum() of 70,000 × 1 in float16", at: Array(repeating: 1, count: 70000), [.float16]) { $0.sum() },
    .value("x.mean() of 70,000 × 1 in float16", at: Array(repeating: 1, count: 70000), [.float16]) { $0.mean() },
    .value("x.variance() at 300, -300 in float16", at: [300, -300], [.float16]) { $0.variance() },
    .value("x.norm() at 300, 400 in float16", at: [300, 400], [.float16]) { $0.norm() },
    .gradient("∇ x.norm() at 300, 400 in float16", at: [300, 400], [.float16]) { $0.norm() },
    .gradient("∇ x.l2Normalize()[0] at 300, 400 in float16", at: [300, 400], [.float16]) { $0.l2Normalize()[0] },
    .value("x.logSumExp() at 11, 11 in float16", at: [11, 11], [.float16]) { $0.logSumExp() },
  ]

  static let indices: [Convention] = [
    .value("x[-1] at 10, 20, 30", at: [10, 20, 30]) { $0[-1] },
    .error("x[3] at 10, 20, 30"),
    .value("x[1..<9] at 10, 20, 30", at: [10, 20, 30]) { $0[1..<9] },
    .value("x[2..<1] at 10, 20, 30", at: [10, 20, 30]) { $0[Axis.range(from: 2, to: 1)] },
    .value("x[by: -1] at 10, 20, 30", at: [10, 20, 30]) { $0[Axis.range(by: -1)] },
    .value("x[by: -9223372036854775807] at 10, 20, 30", at: [10, 20, 30]) { $0[Axis.range(by: -Int.max)] },
    .value("x.gather(-1, 0) at 10, 20, 30", at: [10, 20, 30]) { $0.gather(Tensor([-1, 0])) },
    .error("x.gather(3) at 10, 20, 30"),
    .value("x.takeAlong(-1) at 10, 20, 30", at: [10, 20, 30]) { $0.takeAlong(Tensor([-1])) },
    .value("x.scatterAdd(0, 0, -1) at 10, 20, 30", at: [10, 20, 30]) { $0.scatterAdd(Tensor([0, 0, -1]), extent: 3) },
    .plain("oneHot(2) of 1, 2, -1") { Tensor([1, 2, -1]).oneHot(2, dtype: .int32) },
    .value("x.roll(-4) at 10, 20, 30", at: [10, 20, 30]) { $0.roll(-4, axis: 0) },
  ]

  static let equations: [Convention] = [
    .error("einsum ii->i of [1, 3]"),
    .plain("einsum i,i->i of [1] and [3]") { einsum("i,i->i", .ones([1]), .ones([3])) },
    .error("einsum i.j->ij of [1, 2]"),
    .error("einsum ......i->i of [1, 2]"),
    .error("einsum ij->...ij of [1, 2]"),
    .error("einsum ...i->i of [2, 2]"),
    .error("einsum i->ii of [2]"),
    .error("einsum i->j of [2]"),
    .plain("einsum i j -> j i of [1, 2]") { einsum("i j -> j i", .ones([1, 2])) },
    .plain("einsum ba of [1, 2]") { einsum("ba", .ones([1, 2])) },
    .plain("einsum ,i->i of [] and [2]") { einsum(",i->i", .ones([]), .ones([2])) },
  ]
}
