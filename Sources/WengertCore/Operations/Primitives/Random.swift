/// The name of a stream of random numbers. The same key gives the same numbers, on every backend and in every order of calls; nothing is remembered.
///
/// Numbers are Philox-4×32-10 (Salmon et al. 2011) of the key and the element's position. Use a key once, and derive others from it
/// with `split` or `fold`: two distributions drawn with one key come from the same bits.
///
/// A key is a tree of one tensor, so that a compiled function takes it as an argument: each call draws with the key it is given. Its gradient is zero.
///
/// ```swift
/// let keys = RandomKey(1).split(2)
/// let x = keys[0].uniform([3])  // three numbers in 0..<1
/// let same = keys[0].uniform([3])  // the same three
/// let others = keys[1].uniform([3])  // three others
/// ```
public struct RandomKey: Sendable, TensorTree {
  /// int64: one element, or of several keys one for each row [..., 1] of what is drawn.
  public private(set) var data: Tensor

  /// The key of int64 data.
  public init(_ data: Tensor) { self.data = data }

  /// The key of a seed, on a backend.
  @_spi(Backend) public init(_ seed: Int, backend: any Backend) {
    data = Tensor([Int64(seed)], shape: [], backend: backend)
  }

  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) { body(prefix, &data) }
  public func read(into contents: inout TreeContents) { contents.add(data) }

  /// 32 random bits per element (int64 in 0..<2³²).
  func bits(_ shape: Shape, stream: UInt32 = 0, lane: Int = 0, numbering: RowProgram.Numbering = .byElement) -> Tensor {
    generate("randomBits", .int64, shape) { b, key in b.random(key: key, stream: stream, lane: lane, numbering: numbering) }
  }

  /// How the numbers of this key, or of these keys, are distinguished.
  var numbering: RowProgram.Numbering { data.rank == 0 ? .byElement : .byColumn }

  /// A program of the key alone over every element of `shape`.
  @inline(never) private func generate(
    _ name: String, _ dtype: DType, _ shape: Shape, _ caller: Caller = Caller(#fileID, #line), _ body: (RowBuilder, RowValue) -> RowValue
  ) -> Tensor {
    caller.requireExtents(shape, name)
    let b = RowBuilder(name)
    let key = b.scalar(.int64)
    b.store(body(b, key), as: dtype)
    let space = shape.rank == 0 ? [1] : shape.unnamed
    return apply1(RowOperation(program: b.finish(), rule: .constant, shape: space), [data], caller).reshape(shape)
  }

  /// `count` independent keys.
  ///
  /// - Precondition: `count` is not negative.
  public func split(_ count: Int, file: StaticString = #fileID, line: UInt = #line) -> [RandomKey] {
    let caller = Caller(file, line)
    let children = split(examples: count, file: file, line: line).data
    return (0..<count).map { RandomKey(children.narrow(0, $0, 1, caller).reshape([])) }
  }

  /// The keys of `split` as one tree, whose tensor is int64[count], of which `vmap` gives one to each example: `vmap { (x: Tensor, key: RandomKey) in … }(xs, key.split(examples: n))`.
  ///
  /// - Precondition: `count` is not negative.
  public func split(examples count: Int, file: StaticString = #fileID, line: UInt = #line) -> RandomKey {
    let caller = Caller(file, line)
    caller.require(count >= 0, "split", "cannot make \(count) keys")
    return RandomKey(
      generate("split", .int64, [count], caller) { b, key in
        b.random(key: key, stream: 1, lane: 0) + b.random(key: key, stream: 1, lane: 1) * 4_294_967_296
      })
  }

  /// The key that belongs to `number` under this one.
  public func fold(_ number: Int) -> RandomKey {
    fold(Tensor([Int64(number)], shape: [], backend: data.backend).joining(graphOf: data))
  }

  /// The key that belongs to a number (a whole scalar) under this one.
  public func fold(_ number: Tensor) -> RandomKey {
    return RandomKey(
      keys(for: number).generate("fold", .int64, []) { b, key in
        b.random(key: key, stream: 2, lane: 0) + b.random(key: key, stream: 2, lane: 1) * 4_294_967_296
      })
  }

  /// Several keys, one for each of the whole `numbers` [..., 1], for `uniform`, `normal`, `bernoulli`, `integers` and dropout with a key of its own for each row:
  /// what is drawn for a row then depends on its number alone, and not on the rows beside it.
  public func keys(for numbers: Tensor) -> RandomKey {
    RandomKey(data + numbers.cast(to: .int64) * Tensor([Self.spread], shape: [], backend: data.backend))
  }

  /// Odd: distinct numbers below 2⁶⁴ times it are distinct (2⁶⁴ divided by the golden ratio).
  private static let spread = Int64(bitPattern: 0x9E37_79B9_7F4A_7C15)

  /// What masks compare with their rate: in [0, 1), 24 bits in float32, 32 in float64 (at the middle of their interval).
  func unit(_ shape: Shape, dtype: DType, _ caller: Caller = Caller(#fileID, #line)) -> Tensor {
    generate("uniform", dtype, shape, caller) { b, key in
      b.random(key: key, lane: 0, numbering: numbering).unary(.unitInterval, as: dtype.computeType)
    }
  }

  /// A multiple of 2⁻⁵³ in [0, 1), float64.
  private func fine(_ b: RowBuilder, _ key: RowValue) -> RowValue {
    let high = b.random(key: key, lane: 0, numbering: numbering).cast(.float64)
    let low = b.random(key: key, lane: 1, numbering: numbering).cast(.float64)
    return (high * 0x1p21 + (low * 0x1p-11)(.floor)) * 0x1p-53
  }

  /// Random numbers, uniform in low..<high: low may be drawn, high never is.
  ///
  /// The numbers drawn are those of `dtype` that are as far apart as its neighbors at the greater of |low| and |high|: in 0..<1 multiples of 2⁻²⁴ in float32,
  /// 2⁻¹¹ in float16, 2⁻⁸ in bfloat16 and 2⁻⁵³ in float64. What is between two of them counts for the lower one, so that P(x < v) = (v − low) / (high − low) for
  /// each that can be drawn (to 2⁻³², or 2⁻⁵³ in float64). Both bounds must be finite in `dtype` and low < high, with a number of `dtype` in between.
  ///
  /// - Precondition: `dtype` is floating, low < high, both are finite in `dtype`, and `dtype` has a number in low..<high.
  public func uniform(
    _ shape: Shape, low: Double = 0, high: Double = 1, dtype: DType = .float32, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    caller.require(dtype.isFloating, "uniform", "draws floating numbers, not \(dtype); `integers` draws whole ones")
    if low == 0 && high == 1 && dtype == .float32 { return unit(shape, dtype: dtype, caller) }
    let grid = UniformGrid(low, high, dtype, caller)
    return generate("uniform", dtype, shape, caller) { b, key in
      let u = dtype == .float64 ? fine(b, key) : b.random(key: key, lane: 0, numbering: numbering).unary(.unitInterval, as: .float64)
      let step = (u * grid.steps + grid.fraction)(.floor).binary(.minimum, b.constant(grid.last, .float64))
      return ((step + grid.first) * grid.spacing).binary(.maximum, b.constant(grid.least, .float64)).cast(dtype)
    }
  }

  /// Random numbers, normal with the given mean and standard deviation (Box & Muller 1958). The largest distance from the mean is 5.77 standard deviations in float32 and the half
  /// types, which 8 of 10⁹ numbers should exceed, and 6.76 in float64.
  ///
  /// - Precondition: `dtype` is floating, `mean` is finite, and `standardDeviation` is finite and not negative.
  public func normal(
    _ shape: Shape, mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .float32, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    caller.require(dtype.isFloating, "normal", "draws floating numbers, not \(dtype)")
    caller.require(
      mean.isFinite && standardDeviation.isFinite && standardDeviation >= 0, "normal",
      "needs a finite mean and a standard deviation of at least 0, got \(mean) and \(standardDeviation)")
    return generate("normal", dtype, shape, caller) { b, key in
      let u = b.random(key: key, lane: 0, numbering: numbering).unary(.unitInterval, as: dtype.computeType)
      let v = b.random(key: key, lane: 1, numbering: numbering).unary(.unitInterval, as: dtype.computeType)
      let radius = (-2 * (1 - u)(.log))(.sqrt)
      return radius * (v * (2 * Double.pi))(.cos) * standardDeviation + mean
    }
  }

  /// Random truth values, true with probability `p` in 0...1, exact to 2⁻⁵³: never for 0 and always for 1.
  ///
  /// - Precondition: `p` is in 0...1.
  public func bernoulli(_ p: Double, _ shape: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    caller.require(p >= 0 && p <= 1, "bernoulli", "the probability \(p) is not in 0...1")
    return generate("bernoulli", .bool, shape, caller) { b, key in fine(b, key).compare(.less, p) }
  }

  /// Random whole numbers (int64), uniform in `range`. Each of its numbers has its probability to 2⁻⁶⁴: a product of 64 random bits and the range's
  /// length, less its lower 64 bits.
  ///
  /// - Precondition: `range` is not empty.
  public func integers(_ range: Range<Int>, _ shape: Shape, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    caller.require(!range.isEmpty, "integers", "there is no number in \(range)")
    let count = UInt64(bitPattern: Int64(range.upperBound)) &- UInt64(bitPattern: Int64(range.lowerBound))
    return generate("integers", .int64, shape, caller) { b, key in
      let word = b.constant(0x1p32, .int64), mask = b.constant(0x1p32 - 1, .int64)
      func upper(_ x: RowValue) -> RowValue { x.binary(.floorDivide, word).binary(.and, mask) }
      func lower(_ x: RowValue) -> RowValue { x.binary(.and, mask) }
      func half(_ bits: UInt64) -> RowValue { b.constant(Double(bits & 0xFFFF_FFFF), .int64) }
      let high = b.random(key: key, lane: 0, numbering: numbering), low = b.random(key: key, lane: 1, numbering: numbering)
      // (high · 2³² + low) · count in four products of words, which hold in 64 bits.
      let middle = high * half(count) + upper(low * half(count))
      var result = upper(middle)
      if count >> 32 != 0 { result = high * half(count >> 32) + result + upper(low * half(count >> 32) + lower(middle)) }
      let start = UInt64(bitPattern: Int64(range.lowerBound))
      return start == 0 ? result : result + (half(start >> 32) * word + half(start))
    }
  }

  /// The numbers 0..<count in random order (int64).
  ///
  /// - Precondition: `count` is not negative.
  public func permutation(_ count: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    permutation(Dimension(count), file: file, line: line)
  }

  /// The same of an extent that may be a symbol.
  ///
  /// - Precondition: `count` is not negative.
  public func permutation(_ count: Dimension, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let caller = Caller(file, line)
    caller.require(0, atMost: count, "permutation", "there are no \(count) numbers")
    // 63 bits each: equal numbers, which the stable sort would leave in order, do not happen.
    let order = generate("permutation", .int64, Shape(dimensions: [count]), caller) { b, key in
      b.random(key: key, lane: 0) * 2_147_483_648 + b.random(key: key, lane: 1).binary(.floorDivide, b.constant(2, .int64))
    }
    return order.argSort()
  }

  /// `count` classes (int64) drawn for each row of unnormalized log-probabilities [..., classes], as [..., count]: independently, or each at most once.
  /// The largest of log-probability + Gumbel noise (Gumbel 1954; without replacement Kool et al. 2019).
  ///
  /// A log-probability is a number or −∞, whose class is never drawn. A row without a possible class (without replacement: with fewer than `count`), with a NaN or
  /// with +∞ is a `DataFault`. If the log-probabilities are not known yet, in a function that is compiled, such a row gives the number `classes`, which is not a
  /// class, for each class that it lacks.
  ///
  /// - Precondition: `logits` has an axis and is floating, there is a class, and `count` is not negative and, without replacement, not above the number of classes.
  public func categorical(
    _ logits: Tensor, count: Int = 1, replacement: Bool = true, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    let name = "categorical"
    caller.require(logits.rank > 0 && logits.dtype.isFloating, name, "needs float rows, got \(logits.type)")
    caller.require(count >= 0, name, "cannot draw \(count) classes")
    let classes = logits.shape[dim: logits.rank - 1]
    if !replacement {
      caller.require(Dimension(count), atMost: classes, name, "cannot draw \(count) of \(classes) classes without replacement")
    }
    if count > 0 { caller.require(1, atMost: classes, name, "there is no class to draw in \(logits.type)") }
    let scores = stopGradient(logits)
    if scores.hasNumbers && !scores.shape.hasNoElements { requirePossible(scores, replacement ? Swift.min(count, 1) : count, caller) }
    let none = logits.number(classes, .int64)
    if !replacement {
      let drawn = (scores + gumbel(scores.shape, caller)).topK(count)
      return select(isFinite(drawn.values), drawn.indices, none)
    }
    var shape = scores.shape
    shape.insert(count, at: shape.rank - 1)
    let noisy = scores.expandDims(-2) + gumbel(shape, caller)
    if shape.hasNoElements { return Tensor.full(0, Shape(shape.dropLast()), dtype: .int64, beside: logits) }
    return select(isFinite(noisy.max(axes: [-1])), noisy.argMax(axis: -1), none)
  }

  private func gumbel(_ shape: Shape, _ caller: Caller) -> Tensor {
    // 32 bits at the middle of their interval: neither logarithm is infinite.
    generate("gumbel", .float64, shape, caller) { b, key in
      let u = b.random(key: key, lane: 0).unary(.unitInterval, as: .float64)
      return -(-(u(.log)))(.log)
    }
  }

  /// A fault if a row of log-probabilities has fewer than `count` possible classes, or what is not a log-probability.
  private func requirePossible(_ scores: Tensor, _ count: Int, _ caller: Caller) {
    let rows = scores.outermost.reshape([-1, scores.shape[scores.rank - 1]])
    let possible = isFinite(rows).sum(axes: [1]), impossible = (rows .== -.infinity).sum(axes: [1])
    let classes = rows.shape[1]
    for (row, (some, others)) in zip(possible.array(of: Int.self), impossible.array(of: Int.self)).enumerated() {
      if some + others == classes && some >= count { continue }
      let problem = some + others < classes ? "NaN or +∞ in it" : "\(some) classes above −∞, to draw \(count) of"
      DataFaultScope.report(
        .impossible, "categorical", "row \(row) of the log-probabilities \(scores.type) has \(problem)", number: row,
        shapes: [scores.shape], caller)
      return
    }
  }
}

/// The numbers of a dtype that are drawn from low..<high, and how many steps of equal length lie between the bounds.
private struct UniformGrid {
  /// The distance between numbers, the place of the first in such steps, and how many steps come after it at most.
  let spacing: Double, first: Double, last: Double
  /// Steps from low to high, and how far low is beyond the first number, in steps.
  let steps: Double, fraction: Double
  /// The least number, if low is not on the grid.
  let least: Double

  init(_ low: Double, _ high: Double, _ dtype: DType, _ caller: Caller) {
    caller.require(low < high, "uniform", "there is no number in \(low)..<\(high)")
    let format = FloatSpacing(dtype)
    // As a tensor of this dtype would be compared with it.
    let bound = format.rounded(high, .toNearestOrEven)
    caller.require(
      format.rounded(low, .toNearestOrEven).isFinite && bound.isFinite, "uniform",
      "\(low)..<\(high) has bounds that are not finite in \(dtype)")
    least = format.rounded(low, .up)
    let below = format.rounded(bound.nextDown, .down)
    let greatest = below < least ? format.rounded(high.nextDown, .down) : below
    caller.require(least <= greatest, "uniform", "\(dtype) has no number in \(low)..<\(high)")
    spacing = format.spacing(at: Swift.max(least.magnitude, greatest.magnitude))
    first = (low / spacing).rounded(.down)
    fraction = low / spacing - first
    steps = high / spacing - low / spacing
    last = (greatest / spacing).rounded(.down) - first
  }
}

/// The neighbors of a floating dtype.
private struct FloatSpacing {
  let digits: Int, leastExponent: Int, greatest: Double

  init(_ dtype: DType) {
    switch dtype {
    case .float16: (digits, leastExponent, greatest) = (11, -14, 65504)
    case .bfloat16: (digits, leastExponent, greatest) = (8, -126, 0x1.FEp127)
    case .float32: (digits, leastExponent, greatest) = (24, -126, 0x1.FFFFFEp127)
    case .float64: (digits, leastExponent, greatest) = (53, -1022, .greatestFiniteMagnitude)
    case .bool, .uint8, .int32, .int64: unreachable("\(dtype) has no spacing")
    }
  }

  func spacing(at x: Double) -> Double {
    let exponent = x == 0 ? leastExponent : Swift.max(Int(x.exponent), leastExponent)
    return Double(sign: .plus, exponent: exponent - (digits - 1), significand: 1)
  }

  func rounded(_ x: Double, _ rule: FloatingPointRoundingRule) -> Double {
    if !x.isFinite { return x }
    let spacing = spacing(at: x)
    let result = (x / spacing).rounded(rule) * spacing
    return result.magnitude > greatest ? (result < 0 ? -.infinity : .infinity) : result
  }
}
