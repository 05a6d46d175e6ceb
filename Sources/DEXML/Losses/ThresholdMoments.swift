@_spi(Backend) import WengertNN

/// What one pass over the labels must keep of each row so that SoftTop-k's threshold follows without another pass: the greatest similarities as they are, and of the
/// others, x ≤ c, the moments M_j = Σ u^j of u = e^(α(x − c)).
///
/// As Σσ(α(x + t)) = K, no more than K / p labels have a probability above p; so with `kept` labels as they are, all others have one below q = e^(α(c + t)) ≤ K / (kept − K),
/// and the series σ(ln uq) = uq − (uq)² + (uq)³ − …, added up over them, is Σ_j ±q^j M_j. What is cut off after five terms is less than q⁵ of the first.
struct ThresholdMoments {
  private static let order = 5

  let alpha: Double
  /// How many similarities of each row are kept as they are, a power of two.
  let kept: Int

  /// For K of at most `mostLabels`; nil if more would be kept then than a pass over the labels is worth.
  init?(mostLabels k: Int, alpha: Double) {
    var kept = 64
    while kept < 24 * k { kept *= 2 }
    if kept > 1024 { return nil }
    (self.kept, self.alpha) = (kept, alpha)
  }

  /// Of no labels: the greatest similarities of each row [B, kept], float32, the greatest first, −∞ where there are fewer; the least of them, and the moments of what
  /// is below, order by order, as columns like `zero` [B, 1].
  func start(_ zero: Tensor) -> [Tensor] {
    [.full(-.infinity, [zero.shape[0], kept], device: zero.device), zero - .infinity] + (0..<Self.order).map { _ in zero }
  }

  /// Of rows x and a column c: how many x are c, and the moments of those that are less.
  private static func program(alpha: Double) -> RowProgram {
    let b = RowBuilder("soft top-k moments")
    let x = b.row(.float32), c = b.scalar(.float32)
    let isBelow = x.compare(.less, c), zero = x.constant(0)
    b.store(x.compare(.equal, c).select(x.constant(1), zero).reduce(.sum), as: .float32)
    let u = isBelow.select(((x - c) * alpha)(.exp), zero)
    var power = u
    for j in 1...order {
      b.store(power.reduce(.sum), as: .float32)
      if j < order { power = power * u }
    }
    return b.finish()
  }

  /// What is kept so far, with a block of similarities [B, block].
  static func taking(_ block: Tensor, _ old: [Tensor], alpha: Double) -> [Tensor] {
    let kept = old[0].shape[1], all = concatenate([old[0], block], axis: 1)
    let best = all.topK(kept).values, last = best[Axis.all, (kept - 1)..<kept]
    let columns = rowFunction(program(alpha: alpha), [all, last]).map { $0.cast(to: .float64) }
    let cut = old[1], least = last.cast(to: .float64), isFull = least .> -Double.infinity
    // Equal ones that are not in the list are below it.
    let ties = columns[0] - (best .== last).cast(to: .float64).sum(axes: [1], keepDims: true)
    let fall = select(cut .> -Double.infinity, exp((cut - least) * alpha), Tensor(0, dtype: .float64))
    var power = fall
    let moments = zip(old.dropFirst(2), columns.dropFirst()).map { moment, new in
      defer { power = power * fall }
      return select(isFull, moment * power + new + ties, moment)
    }
    return [best, select(isFull, least, cut)] + moments
  }

  /// The greatest αx, Σ e^(αx − greatest), and the least x that is kept, of each row.
  func extremes(_ kept: [Tensor]) -> [Tensor] {
    let x = kept[0].cast(to: .float64), greatest = x.max(axes: [1], keepDims: true) * alpha
    let least = -select(x .> -Double.infinity, -x, x).max(axes: [1], keepDims: true)
    let shift = select(isFinite(greatest), greatest, Tensor(0, dtype: .float64))
    let below = select(kept[1] .> -Double.infinity, kept[2] * exp(kept[1] * alpha - shift), kept[2])
    return [greatest, exp(x * alpha - shift).sum(axes: [1], keepDims: true) + below, least]
  }

  /// The columns that `ThresholdSearch` takes, of all labels, at thresholds t [B, 1].
  static func sums(at t: Tensor, _ kept: [Tensor], alpha: Double) -> [Tensor] {
    let x = kept[0].cast(to: .float64), zero = Tensor.zeros(t.shape, dtype: .float64, device: t.device)
    var columns = rowFunction(ThresholdSearch.sums(.float64, alpha: alpha), [x, t, zero])
    let q = exp((kept[1] + t) * alpha), isSmall = q .<= 0.125
    // Far above the threshold, since what is kept adds up to more than K already: not less than this.
    let bound = kept[2] * select(isFinite(q), q / (q + 1), zero + 1)
    var (sum, slope, curve) = (zero, zero, zero), power = q
    for j in 1...order {
      let term = power * kept[j + 1] * (j % 2 == 1 ? 1 : -1)
      (sum, slope, curve) = (sum + term, slope + term * Double(j), curve + term * Double(j * j))
      power = power * q
    }
    columns[0] = columns[0] + select(isSmall, sum, bound)
    columns[3] = columns[3] + select(isSmall, slope, bound / (q + 1))
    columns[5] = columns[5] + select(isSmall, curve, zero)
    return columns
  }
}
