/// Functions of whole rows that run as one program, with their pullbacks; each touches memory once.
enum RowFunctions {
  struct Key: Hashable {
    var name: String
    var dtype: DType
    var width: Dimension
    var parameter: Double
  }
  static let programs = Cache<Key, RowProgram>(capacity: 1024)

  @inline(never) static func program(
    _ name: String, _ dtype: DType, width: Dimension = 0, parameter: Double = 0, _ build: (RowBuilder) -> Void
  ) -> RowProgram {
    programs.value(for: Key(name: name, dtype: dtype, width: width, parameter: parameter)) {
      let builder = RowBuilder(name)
      build(builder)
      return builder.finish()
    }
  }

  // softmax: yⱼ = e^(xⱼ − max) / Σ e^(x − max); x̄ = y (ȳ − Σ ȳy)

  static func softmax(_ dtype: DType) -> RowOperation {
    let p = program("softmax", dtype) { b in
      let x = b.row(dtype)
      let e = (x - x.reduce(.maximum))(.exp)
      b.store(e * (1 / e.reduce(.sum)), as: dtype)
    }
    return RowOperation(program: p, rule: .softmax)
  }

  static func softmaxPullback(_ y: Tensor, _ ct: Tensor, _ caller: Caller) -> Tensor {
    let p = program("softmax pullback", y.dtype) { b in
      let y = b.row(y.dtype), ct = b.row(y.dtype)
      b.store(y * (ct - (ct * y).reduce(.sum)), as: y.dtype)
    }
    return apply1(RowOperation(program: p, rule: .replay), [y, ct], caller)
  }

  // logSoftmax: y = x − max − ln Σ e^(x − max); x̄ = ȳ − eʸ Σ ȳ

  static func logSoftmax(_ dtype: DType) -> RowOperation {
    let p = program("logSoftmax", dtype) { b in
      let x = b.row(dtype)
      let shifted = x - x.reduce(.maximum)
      b.store(shifted - shifted(.exp).reduce(.sum)(.log), as: dtype)
    }
    return RowOperation(program: p, rule: .logSoftmax)
  }

  static func logSoftmaxPullback(_ y: Tensor, _ ct: Tensor, _ caller: Caller) -> Tensor {
    let p = program("logSoftmax pullback", y.dtype) { b in
      let y = b.row(y.dtype), ct = b.row(y.dtype)
      b.store(ct - y(.exp) * ct.reduce(.sum), as: y.dtype)
    }
    return apply1(RowOperation(program: p, rule: .replay), [y, ct], caller)
  }

  // logSumExp: y = max + ln Σ e^(x − max); with p = e^(x − y): x̄ = p ȳ, ẏ = Σ p ẋ. An infinite maximum is not subtracted. Where y = +∞, p is NaN at the
  // infinite elements, and everywhere where y is NaN; where all are −∞, p is zero.

  static func logSumExp(_ dtype: DType) -> RowOperation {
    let p = program("logSumExp", dtype) { b in
      let x = b.row(dtype)
      let shift = finite(x.reduce(.maximum))
      b.store((x - shift)(.exp).reduce(.sum)(.log) + shift, as: dtype)
    }
    return RowOperation(program: p, rule: .logSumExp)
  }

  private static func slope(_ x: RowValue, of y: RowValue) -> RowValue {
    (x - y.compare(.equal, -.infinity).select(y.constant(0), y))(.exp)
  }

  static func logSumExpPullback(_ x: Tensor, _ y: Tensor, _ ct: Tensor, _ caller: Caller) -> Tensor {
    let p = program("logSumExp pullback", x.dtype) { b in
      let x = b.row(x.dtype), y = b.scalar(x.dtype), ct = b.scalar(x.dtype)
      b.store(slope(x, of: y) * ct, as: x.dtype)
    }
    return apply1(RowOperation(program: p, rule: .replay), [x, y, ct], caller)
  }

  static func logSumExpPushforward(_ x: Tensor, _ y: Tensor, _ tangent: Tensor, _ caller: Caller) -> Tensor {
    let p = program("logSumExp pushforward", x.dtype) { b in
      let x = b.row(x.dtype), y = b.scalar(x.dtype), tangent = b.row(x.dtype)
      b.store((slope(x, of: y) * tangent).reduce(.sum), as: x.dtype)
    }
    return apply1(RowOperation(program: p, rule: .replay), [x, y, tangent], caller)
  }

  static func finite(_ value: RowValue) -> RowValue { value(.isFinite).select(value, value.constant(0)) }

  // layerNorm: h = (x − μ) r, r = 1/√(σ² + ε), y = γh + β (Ba et al. 2016);
  // x̄ = r (γȳ − mean(γȳ) − h mean(γȳh)), γ̄ = Σ ȳh, β̄ = Σ ȳ over rows

  private static func normalized(_ x: RowValue, _ width: Dimension, _ epsilon: Double) -> (h: RowValue, r: RowValue) {
    let share = x.builder.inverse(of: width, x.dtype)
    let centered = x - x.reduce(.sum) * share
    let r = ((centered * centered).reduce(.sum) * share + epsilon)(.rsqrt)
    return (centered * r, r)
  }

  static func layerNorm(_ dtype: DType, width: Dimension, epsilon: Double) -> RowOperation {
    let p = program("layerNorm", dtype, width: width, parameter: epsilon) { b in
      let x = b.row(dtype), gain = b.row(dtype), bias = b.row(dtype)
      b.store(normalized(x, width, epsilon).h * gain + bias, as: dtype)
    }
    return RowOperation(program: p, rule: .layerNorm(epsilon: epsilon))
  }

  static func layerNormPullback(_ x: Tensor, _ gain: Tensor, _ ct: Tensor, _ epsilon: Double, _ caller: Caller) -> [Tensor] {
    let width = x.shape[dim: x.rank - 1]
    let p = program("layerNorm pullback", x.dtype, width: width, parameter: epsilon) { b in
      let x = b.row(x.dtype), gain = b.row(x.dtype), ct = b.row(x.dtype)
      let (h, r) = normalized(x, width, epsilon)
      let g = ct * gain
      let share = b.inverse(of: width, x.dtype)
      let mean = g.reduce(.sum) * share, slope = (g * h).reduce(.sum) * share
      b.store(r * (g - mean - h * slope), as: x.dtype)
      b.store(ct * h, as: x.dtype, accumulate: .sum)
      b.store(ct, as: x.dtype, accumulate: .sum)
    }
    return apply(RowOperation(program: p, rule: .replay), [x, gain, ct], caller)
  }

  // l2Normalize: y = x r, r = 1/max(‖x‖, ε); x̄ = r (ȳ − x r² Σ ȳx) where ‖x‖ > ε, else r ȳ

  static func l2Normalize(_ dtype: DType, epsilon: Double) -> RowOperation {
    let p = program("l2Normalize", dtype, parameter: epsilon) { b in
      let x = b.row(dtype)
      let sum = (x * x).reduce(.sum)
      b.store(x * sum.binary(.maximum, sum.constant(leastSquare(epsilon, sum.dtype)))(.rsqrt), as: dtype)
    }
    return RowOperation(program: p, rule: .l2Normalize(epsilon: epsilon))
  }

  /// ε², or the least normal number if it is less, so that the root of a sum of zeros has an inverse.
  private static func leastSquare(_ epsilon: Double, _ dtype: DType) -> Double {
    max(epsilon * epsilon, dtype == .float64 ? Double.leastNormalMagnitude : Double(Float.leastNormalMagnitude))
  }

  static func l2NormalizePullback(_ x: Tensor, _ ct: Tensor, _ epsilon: Double, _ caller: Caller) -> Tensor {
    let p = program("l2Normalize pullback", x.dtype, parameter: epsilon) { b in
      let x = b.row(x.dtype), ct = b.row(x.dtype)
      let sum = (x * x).reduce(.sum)
      let r = sum.binary(.maximum, sum.constant(leastSquare(epsilon, sum.dtype)))(.rsqrt)
      let along = (ct * x).reduce(.sum) * r * r
      let slope = sum.compare(.greater, leastSquare(epsilon, sum.dtype)).select(along, along.constant(0))
      b.store(r * (ct - x * slope), as: x.dtype)
    }
    return apply1(RowOperation(program: p, rule: .replay), [x, ct], caller)
  }

  /// x / (1 − rate) where a uniform number is at least `rate`, else zero; operands x and the key, or a key for each row.
  static func dropout(_ dtype: DType, rate: Double, numbering: RowProgram.Numbering) -> RowOperation {
    let p = program(numbering == .byColumn ? "dropout by row" : "dropout", dtype, parameter: rate) { b in
      let x = b.row(dtype), key = b.scalar(.int64)
      let u = b.random(key: key, lane: 0, numbering: numbering).unary(.unitInterval, as: dtype.computeType)
      b.store(u.compare(.greaterOrEqual, rate).select(x * (1 / (1 - rate)), x.constant(0)), as: dtype)
    }
    return RowOperation(program: p, rule: .selfAdjoint)
  }
}

extension Tensor {
  private func alongRows(_ name: String, _ axis: Int, _ caller: Caller, _ function: (DType) -> RowOperation) -> Tensor {
    let axis = caller.normalize(axis, rank: rank, name, shape)
    let x = dtype.isFloating ? self : cast(to: .float32)
    return apply1(function(x.dtype), [x.moveAxis(axis, to: -1)], caller).moveAxis(-1, to: axis)
  }

  /// Softmax: e^(x − max) divided by its sum along `axis`. Whole numbers are converted to float32.
  ///
  /// ```swift
  /// let p = Tensor([1.0, 1.0]).softmax()  // [0.5, 0.5]
  /// ```
  ///
  /// - Precondition: The axis exists.
  public func softmax(axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    alongRows("softmax", axis, Caller(file, line), RowFunctions.softmax)
  }

  /// The logarithm of `softmax`, computed without its rounding.
  ///
  /// - Precondition: The axis exists.
  public func logSoftmax(axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    alongRows("logSoftmax", axis, Caller(file, line), RowFunctions.logSoftmax)
  }

  /// ln Σ eˣ over `axes` (nil: all), without overflow.
  ///
  /// - Precondition: The axes exist and are named once.
  public func logSumExp(axes: [Int]? = nil, keepDims: Bool = false, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    let named = caller.normalize(axes, shape, "logSumExp")
    let kept = shape.indices.filter { !named.contains($0) }
    let x = dtype.isFloating ? self : cast(to: .float32)
    var target = shape
    for axis in named { target[dim: axis] = 1 }
    if !keepDims { target = shape.selecting(kept) }
    // ln 0; there is no row to run over.
    if shape.hasNoElements { return x.constant(-.infinity, target) }
    var split = shape.selecting(kept)
    split.append(shape.selecting(named).elements)
    let rows = x.permute(kept + Array(named)).reshape(split)
    return apply1(RowFunctions.logSumExp(x.dtype), [rows], caller).reshape(target)
  }

  /// Layer normalization: each row (last axis) less its mean, divided by √(variance + ε), times `gain` plus `bias`, both of the row's extent (Ba, Kiros & Hinton 2016).
  ///
  /// ```swift
  /// let x = Tensor([[1, 3]])
  /// let y = x.layerNorm(gain: .ones([2]), bias: .zeros([2]))  // about [[-1, 1]]
  /// ```
  ///
  /// - Precondition: There is an axis, and `gain` and `bias` have the shape [last extent].
  public func layerNorm(
    gain: Tensor, bias: Tensor, epsilon: Double = 1e-5, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    caller.require(rank > 0, "layerNorm", "needs at least one axis")
    let width = shape.selecting([rank - 1])
    caller.expect(
      gain.shape.agrees(with: width) && bias.shape.agrees(with: width), "layerNorm",
      "gain \(gain.shape) and bias \(bias.shape) must have the last extent of \(shape): \(width)", of: [self, gain, bias])
    let function = RowFunctions.layerNorm(dtype, width: width[dim: 0], epsilon: epsilon)
    return apply1(function, [self, gain.cast(to: dtype), bias.cast(to: dtype)], caller)
  }

  /// Each vector along `axis` divided by its length: x / max(‖x‖₂, ε).
  ///
  /// - Precondition: The axis exists.
  public func l2Normalize(axis: Int = -1, epsilon: Double = 1e-12, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    alongRows("l2Normalize", axis, Caller(file, line)) { RowFunctions.l2Normalize($0, epsilon: epsilon) }
  }

  /// The tensor with each element set to zero with probability `rate`, otherwise divided by 1 − rate. Which ones depends on the key and the element's position alone; with a key for
  /// each row (`RandomKey.keys(for:)`), on that and the position in the row.
  ///
  /// - Precondition: `rate` is in 0..<1, and there is one key or one for each row.
  public func dropout(_ rate: Double, key: RandomKey, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    caller.require(rate >= 0 && rate < 1, "dropout", "the rate \(rate) is not in 0..<1")
    if rate == 0 { return self }
    let x = rank == 0 ? expandDims(0) : self
    if key.numbering == .byColumn {
      var rows = x.shape
      rows[x.rank - 1] = 1
      caller.require(key.data.shape.agrees(with: rows), "dropout", "needs one key or one for each row \(rows), got \(key.data.shape)")
    }
    return apply1(RowFunctions.dropout(dtype, rate: rate, numbering: key.numbering), [x, key.data], caller).reshape(shape)
  }
}
