/// What a device must be able to do. The core calls nothing else, and names no implementation.
///
/// Every view handed over is in bounds of its storage and of a shape and dtype that the core has checked; outputs never overlap inputs, except
/// that an output of `run` may be exactly one of its inputs (in-place update). Calls are complete when they return, or ordered so that a later call
/// sees their results.
public protocol Backend: AnyObject, Sendable {
  /// A short name for messages: "cpu".
  var name: String { get }

  /// Uninitialized memory.
  func allocate(byteCount: Int) -> Storage

  /// The same for memory that is so large, or so rarely asked for, that it goes back to the system when it is freed.
  func allocateUnpooled(byteCount: Int) -> Storage

  /// A storage without memory of its own, for the buffers and arguments of a compiled program: views of it may be handed to `prepare`.
  func slot(byteCount: Int) -> Storage

  /// Lets a slot stand for `storage` from `byteOffset` on, which must hold all its bytes, until it is bound anew; nil: for nothing. The slot does not
  /// keep the storage alive.
  func bind(_ slot: Storage, to storage: Storage?, at byteOffset: Int)

  /// A kernel that performs the call each time it runs, on the memory that the views' storages have then.
  func prepare(_ call: KernelCall) -> any Kernel

  /// Copies host bytes into a storage, starting at `byteOffset`.
  func write(_ bytes: RawSpan, to storage: Storage, at byteOffset: Int)

  /// Lends a storage's bytes, read-only, in host memory.
  func withBytes<Result>(of storage: Storage, _ body: (RawSpan) throws -> Result) rethrows -> Result

  /// Runs a row program over `shape`: outer axes first, the row last (rank ≥ 1). Row inputs and stored row outputs have exactly this shape; scalar ones have a last
  /// extent of one; accumulated outputs have this shape with stride zero along the axes that are combined.
  func run(_ program: RowProgram, inputs: [View], outputs: [View], over shape: Shape)

  /// out[…, m, n] = Σₖ a[…, m, k] · b[…, k, n], the same leading axes on all three (possibly stride zero on a and b). One dtype.
  func matmul(_ a: View, _ b: View, into out: View)

  /// out[j, …] = source[indices[j], …]; indices [count] of int32 or int64, negative ones count from the end. Returns the first index out of range.
  func gather(_ source: View, indices: View, into out: View) -> Int?

  /// out[indices[j], …] += updates[j, …], in the order of j; `out` is initialized. Returns the first index out of range.
  func scatterAdd(_ updates: View, indices: View, into out: View) -> Int?

  /// out[…, j] = source[…, indices[…, j]] along the last axis; out and indices have one shape. Returns the first index out of range.
  func takeAlong(_ source: View, indices: View, into out: View) -> Int?

  /// out[…, indices[…, j]] += updates[…, j] along the last axis; `out` is initialized. Returns the first index out of range.
  func scatterAddAlong(_ updates: View, indices: View, into out: View) -> Int?

  /// Positions (int64) of the first `out.shape.last` elements of each row in sorted order. Stable; NaN counts as the largest.
  func argSort(_ x: View, descending: Bool, into out: View)

  /// Position (int64) of each row's least or greatest element, the first of equals, a NaN before all; out has a last extent of one.
  func argReduce(_ x: View, _ op: ReduceOp, into out: View)

  /// out[…, j] = x[…, 0] ∘ … ∘ x[…, j] along the last axis, or from the end when `reverse`. For sum and product; float types accumulate in their compute type.
  func scan(_ x: View, _ op: ReduceOp, reverse: Bool, into out: View)

  /// out[…, j] = a[…, j]·out[…, j − 1] + b[…, j] along the last axis, nothing before the first, or from the end when `reverse`; carried in the compute type.
  func recurrence(_ a: View, _ b: View, reverse: Bool, into out: View)

  /// out = factor or solution, matrix by matrix over equal leading axes; see `LinearAlgebraKernel`. float32 or float64. Returns the first matrix for which there
  /// is none.
  func linearAlgebra(_ kernel: LinearAlgebraKernel, _ operands: [View], into out: View) -> Int?

  /// Attention over packed sequences: for each sequence s and head h, rows offsets[s]..<offsets[s+1] of
  /// softmax(scale · QₕKₕᵀ) · Vₕ. See `AttentionCall`.
  func attention(_ call: AttentionCall, into out: View, logSumExp: View)

  /// The gradients of `attention` with respect to query, key and value.
  func attentionBackward(
    _ call: AttentionCall, out: View, logSumExp: View, cotangent: View, intoQuery: View, intoKey: View, intoValue: View)
}

/// The operands of an attention kernel. The log-sum-exp of the scaled scores is [tokens, heads], in the compute type.
public struct AttentionCall: Sendable {
  /// [tokens, heads · head width] each; one dtype (float32, float64, float16 or bfloat16). Views of a joint projection are welcome (row stride > width).
  public var query: View, key: View, value: View
  /// [sequences + 1] int32 or int64, from 0 to tokens, not decreasing (checked by the core).
  public var offsets: View
  public var heads: Int
  public var scale: Double
  /// Probability that a weight is set to zero (the others are divided by 1 − dropout); 0 means none.
  public var dropout: Double
  /// int64 [1] or [tokens]; used where dropout > 0: weight (h, i, j), i and j token rows of the packed tensor, is kept when the unit interval value of lane 0 of
  /// Philox with stream 0 is ≥ dropout: of one key at element (h · tokens + i) · tokens + j; of the tokens' own keys, under key i + h · `headSpread` at
  /// element j − the first token of the sequence.
  public var randomKey: View?
  /// Between the keys of a token's heads.
  public static let headSpread = Int64(bitPattern: 0xD1B5_4A32_D192_ED03)
  /// Whether each token has a key of its own.
  public var hasTokenKeys: Bool

  public init(
    query: View, key: View, value: View, offsets: View, heads: Int, scale: Double, dropout: Double, randomKey: View?,
    hasTokenKeys: Bool = false
  ) {
    self.query = query
    self.key = key
    self.value = value
    self.offsets = offsets
    self.heads = heads
    self.scale = scale
    self.dropout = dropout
    self.randomKey = randomKey
    self.hasTokenKeys = hasTokenKeys
  }
}
