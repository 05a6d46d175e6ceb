import Foundation
@_spi(Backend) import WengertNN

/// SoftTop-k's thresholds t, with Σ_l σ(α(s_l + t)) = K in each row (Gupta et al. 2024, section 4), from sums over the rows at one t after another.
///
/// Solved as ln A = ln B, A what the labels below the threshold have too much and B what those above lack: with n labels above, A = Σ_below p + max(n − K, 0) and
/// B = Σ_above (1 − p) + max(K − n, 0). A − B = Σp − K without cancellation, and the logarithms are almost straight lines in t, however steep the tails. Newton's step
/// is replaced by the bracket's middle if it leaves the bracket or the step before did not halve ln A − ln B.
struct ThresholdSearch {
  /// Enough to halve the bracket to rounding; Newton's method takes about ten.
  static let mostSteps = 64
  private let k: Tensor
  private let program: RowProgram
  /// t, Σ v, the bracket's ends, |ln A − ln B|, and whether the row's t is found; [rows, 1] each, in float64 and bool.
  private var state: [Tensor]

  /// The thresholds so far.
  var t: Tensor { state[0] }
  /// Σ v of the thresholds that are found, v = p (1 − p).
  var slopes: Tensor { state[1] }
  /// Whether each row's threshold is found, or cannot be.
  var isDone: Tensor { state[5] }

  /// - Parameters:
  ///   - k: K of each row, float64 [rows, 1], as all columns.
  ///   - resolution: the length of a step in αt that is the last one: what Newton's method leaves is of the order of its square.
  ///   - labels: how many labels a row has at most.
  ///   - logSumExp: of αs. As σ(z) < e^z, t is above (ln K − logSumExp) / α.
  ///   - least: the least similarity: at −least + ln(labels) / α the sum is above K.
  ///   - skipping: bool, the rows whose threshold nobody wants.
  init(k: Tensor, alpha: Double, resolution: Double, labels: Int, logSumExp: Tensor, least: Tensor, skipping: Tensor? = nil) {
    self.k = k
    program = Self.step(alpha, resolution)
    let low = (log(k) - logSumExp) / alpha, high = log(Double(max(labels, 2))) / alpha - least
    let zero = Tensor.zeros(k.shape, dtype: .float64, device: k.device)
    let isLost = .!(isFinite(low) .& isFinite(high)), isDone = skipping.map { $0 .| isLost } ?? isLost
    state = [low, zero, low, high, zero + Double.infinity, isDone]
  }

  /// Moves each t that is not found yet to where its row's sums lead: the columns of `sums`, in float64.
  mutating func step(_ sums: [Tensor]) { state = rowFunction(program, state + [k] + sums) }

  private static func step(_ alpha: Double, _ resolution: Double) -> RowProgram {
    let b = RowBuilder("soft top-k step")
    func next() -> RowValue { b.row(.float64) }
    let t = next(), slopes = next(), low = next(), high = next(), distance = next()
    let isDone = b.row(.bool), k = next()
    let below = next(), above = next(), count = next(), belowSlope = next(), aboveSlope = next(), curve = next()
    let zero = b.constant(0, .float64)

    let a = below + (count - k)(.relu), c = above + (k - count)(.relu)
    // Both nothing: every probability is 0 or 1, and K of them are 1.
    let gap = a.binary(.maximum, c).compare(.equal, 0).select(zero, a(.log) - c(.log))
    let isHigh = gap.compare(.greater, 0), isLost = gap(.isNaN)
    let lower = isHigh.select(low, low.binary(.maximum, t)), upper = isHigh.select(high.binary(.minimum, t), high)
    let rise = (belowSlope / a + aboveSlope / c) * alpha
    let newton = gap.compare(.equal, 0).select(zero, -gap / rise)

    let isShort = (newton * alpha)(.abs).compare(.less, resolution)
    let isNarrow = (upper - lower).compare(.lessOrEqual, t(.abs) * 1e-15)
    let isLast = isShort.binary(.or, isNarrow).binary(.or, isLost)
    let last = isShort.select(newton, zero), further = t + newton
    let isInside = further.compare(.greater, lower).binary(.and, further.compare(.less, upper))
    let isFaster = gap(.abs).compare(.less, distance * 0.5)
    let moved = isInside.binary(.and, isFaster).select(further, (lower + upper) * 0.5)
    let found = isLost.select(gap, t + last)

    // The slopes' sum moves along with the last step.
    let slope = belowSlope + aboveSlope + curve * last * alpha
    for (old, new) in [(t, isLast.select(found, moved)), (slopes, slope), (low, lower), (high, upper), (distance, gap(.abs))] {
      b.store(isDone.select(old, new), as: .float64)
    }
    b.store(isDone.binary(.or, isLast), as: .bool)
    return b.finish()
  }

  /// What `step` takes, of no labels; like the column `column` [B, 1], float64.
  static func noSums(_ column: Tensor) -> [Tensor] {
    Array(repeating: .zeros(column.shape, dtype: .float64, device: column.device), count: 6)
  }

  /// The columns that `step` takes, of rows x in which labels that do not take part are −∞ and t in two numbers. With p = σ(α(x + t)): Σ p below ½, Σ (1 − p) and the
  /// number of labels from there on, the sums of v on either side, and Σ v (1 − 2p).
  static func sums(_ dtype: DType, alpha: Double) -> RowProgram {
    let b = RowBuilder("soft top-k sums")
    let x = b.row(dtype)
    let z = (x + b.scalar(dtype) + b.scalar(dtype)) * alpha
    let isAbove = z.compare(.greaterOrEqual, 0)
    let (e, root) = tail(z)
    let small = e / root, v = e / (root * root), zero = z.constant(0)
    // p below, 1 − p above: the smaller of the two either way.
    let values = [
      isAbove.select(zero, small), isAbove.select(small, zero), isAbove.select(z.constant(1), zero),
      isAbove.select(zero, v), isAbove.select(v, zero), v * isAbove.select(2 * small - 1, 1 - 2 * small),
    ]
    for value in values { b.store(value.reduce(.sum), as: dtype) }
    return b.finish()
  }

  /// e^−|z| and 1 + e^−|z|.
  static func tail(_ z: RowValue) -> (e: RowValue, root: RowValue) {
    let e = (-z(.abs))(.exp)
    return (e, 1 + e)
  }
}

extension Tensor {
  /// SoftTop-k's threshold t of each row of similarities s [rows, labels], for K [rows, 1], all float64; labels that do not take part are −∞.
  ///
  /// Differentiable to every order by the implicit function theorem: ∂t/∂s_l = −v_l / Σv, v = p (1 − p), p = σ(α(s + t)).
  package func softTopKThreshold(_ k: Tensor, alpha: Double) -> Tensor {
    // v / Σv from ln v, as all of v may be too small for a number.
    func shares(_ s: Tensor, _ t: Tensor) -> Tensor {
      let z = (s + t) * alpha
      return (-(softplus(z) + softplus(-z))).softmax()
    }
    return customDerivative(
      [self],
      forward: { inputs in
        let s = inputs[0]
        let lead = (s * alpha).logSumExp(axes: [1], keepDims: true)
        let least = -select(s .> -Double.infinity, -s, s).max(axes: [1], keepDims: true)
        var search = ThresholdSearch(k: k, alpha: alpha, resolution: 1e-7, labels: s.shape[1], logSumExp: lead, least: least)
        let sums = ThresholdSearch.sums(.float64, alpha: alpha), rest = Tensor.zeros(k.shape, dtype: .float64)
        for _ in 0..<ThresholdSearch.mostSteps { search.step(rowFunction(sums, [s, search.t, rest])) }
        return search.t
      },
      vjp: { inputs, t, cotangent in [-(shares(inputs[0], t) * cotangent)] },
      jvp: { inputs, tangents in
        let t = inputs[0].softTopKThreshold(k, alpha: alpha)
        return -(shares(inputs[0], t) * tangents[0]).sum(axes: [1], keepDims: true)
      })
  }
}
