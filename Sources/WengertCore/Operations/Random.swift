/// Names a stream of random numbers. The same key gives the same numbers, on every backend and in every order of calls; nothing is remembered.
///
/// Numbers are Philox-4×32-10 (Salmon et al. 2011) of the key and the element's position. Use a key once, and derive others from it
/// with `split` or `fold`.
public struct RandomKey: Sendable {
  /// int64: one element, or of several keys one for each row [..., 1] of what is drawn.
  public let data: Tensor

  public init(_ data: Tensor) { self.data = data }

  /// The key of a seed, on a backend.
  public init(_ seed: Int, backend: any Backend) {
    data = Tensor([Int64(seed)], shape: [], backend: backend)
  }

  /// 32 random bits per element (int64 in 0..<2³²).
  func bits(_ shape: Shape, stream: UInt32 = 0, lane: Int = 0, numbering: RowProgram.Numbering = .byElement) -> Tensor {
    generate("randomBits", .int64, shape) { b, key in b.random(key: key, stream: stream, lane: lane, numbering: numbering) }
  }

  /// How the numbers of this key, or of these keys, are told apart.
  var numbering: RowProgram.Numbering { data.rank == 0 ? .byElement : .byColumn }

  /// A program of the key alone over every element of `shape`.
  private func generate(_ name: String, _ dtype: DType, _ shape: Shape, _ body: (RowBuilder, RowValue) -> RowValue) -> Tensor {
    let b = RowBuilder(name)
    let key = b.scalar(.int64)
    b.store(body(b, key), as: dtype)
    let space = shape.rank == 0 ? [1] : shape
    return apply1(Fused(program: b.finish(), rule: .constant, shape: space), [data], Caller(#fileID, #line)).reshape(shape)
  }

  /// `count` independent keys.
  public func split(_ count: Int) -> [RandomKey] {
    let children = generate("split", .int64, [count]) { b, key in
      b.random(key: key, stream: 1, lane: 0) + b.random(key: key, stream: 1, lane: 1) * 4_294_967_296
    }
    return (0..<count).map { RandomKey(children.narrow(0, $0, 1, Caller(#fileID, #line)).reshape([])) }
  }

  /// The key that belongs to `number` under this one.
  public func fold(_ number: Int) -> RandomKey {
    fold(Tensor([Int64(number)], shape: [], backend: data.backend))
  }

  /// The key that belongs to a number (a whole scalar) under this one.
  public func fold(_ number: Tensor) -> RandomKey {
    return RandomKey(
      keys(for: number).generate("fold", .int64, []) { b, key in
        b.random(key: key, stream: 2, lane: 0) + b.random(key: key, stream: 2, lane: 1) * 4_294_967_296
      })
  }

  /// Several keys, one for each of the whole `numbers` [..., 1], for `uniform` and dropout with a key of its own for each row: what is drawn for a row then
  /// depends on its number alone, and not on which rows stand beside it.
  public func keys(for numbers: Tensor) -> RandomKey {
    RandomKey(data + numbers.cast(to: .int64) * Tensor([Self.spread], shape: [], backend: data.backend))
  }

  /// Odd: distinct numbers below 2⁶⁴ times it are distinct (2⁶⁴ divided by the golden ratio).
  private static let spread = Int64(bitPattern: 0x9E37_79B9_7F4A_7C15)

  /// Uniform in low..<high.
  public func uniform(_ shape: Shape, low: Double = 0, high: Double = 1, dtype: DType = .float32) -> Tensor {
    let unit = generate("uniform", dtype, shape) { b, key in
      b.random(key: key, lane: 0, numbering: numbering).unary(.unitInterval, as: dtype.computeType)
    }
    return low == 0 && high == 1 ? unit : unit * (high - low) + low
  }

  /// Normal with the given mean and standard deviation (Box & Muller 1958).
  public func normal(_ shape: Shape, mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .float32) -> Tensor {
    generate("normal", dtype, shape) { b, key in
      let u = b.random(key: key, lane: 0).unary(.unitInterval, as: dtype.computeType)
      let v = b.random(key: key, lane: 1).unary(.unitInterval, as: dtype.computeType)
      let radius = (-2 * (1 - u)(.log))(.sqrt)
      return radius * (v * (2 * Double.pi))(.cos) * standardDeviation + mean
    }
  }

  /// True with probability `p`.
  public func bernoulli(_ p: Double, _ shape: Shape) -> Tensor { uniform(shape) .< p }

  /// Whole numbers (int64), uniform in `range`.
  public func integers(_ range: Range<Int>, _ shape: Shape) -> Tensor {
    let span = Double(range.count)
    return generate("integers", .int64, shape) { b, key in
      let unit = b.random(key: key, lane: 0).unary(.unitInterval, as: .float64)
      return (unit * span)(.floor).cast(.int64)
    } + Double(range.lowerBound)
  }

  /// 0..<count in random order (int64).
  public func permutation(_ count: Int) -> Tensor { permutation(Dimension(count)) }

  /// The same of an extent that may be a symbol.
  public func permutation(_ count: Dimension) -> Tensor {
    // 63 bits each: equal numbers, which the stable sort would leave in order, do not happen.
    let order = generate("permutation", .int64, Shape(dimensions: [count])) { b, key in
      b.random(key: key, lane: 0) * 2_147_483_648 + b.random(key: key, lane: 1).binary(.floorDivide, b.constant(2, .int64))
    }
    return order.argSort()
  }

  /// `count` classes (int64) drawn for each row of unnormalised log-probabilities [..., classes], as [..., count]: independently, or each at most once.
  /// The largest of log-probability + Gumbel noise (Gumbel 1954; without replacement Kool et al. 2019).
  public func categorical(
    _ logits: Tensor, count: Int = 1, replacement: Bool = true, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line)
    caller.require(logits.rank > 0 && logits.dtype.isFloating, "categorical", "needs float rows, got \(logits.type)")
    let classes = logits.shape[dim: logits.rank - 1]
    let scores = stopGradient(logits)
    func gumbel(_ shape: Shape) -> Tensor {
      generate("gumbel", .float64, shape) { b, key in
        let u = b.random(key: key, lane: 0).unary(.unitInterval, as: .float64)
        return -(-(u(.log)))(.log)
      }
    }
    if !replacement {
      caller.require(Dimension(count), atMost: classes, "categorical", "cannot draw \(count) of \(classes) classes without replacement")
      return (scores + gumbel(scores.shape)).topK(count).indices
    }
    var shape = scores.shape
    shape.insert(count, at: shape.rank - 1)
    return (scores.expandDims(-2) + gumbel(shape)).argMax(axis: -1)
  }
}
