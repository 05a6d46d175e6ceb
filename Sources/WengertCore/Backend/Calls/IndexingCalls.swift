/// out[j, …] = source[indices[j], …]; indices [count] of int32 or int64, negative ones count from the end. Its kernel reports the first index out of range.
@_spi(Backend) public struct GatherCall: KernelArguments {
  public var source: View, indices: View, out: View

  public init(_ source: View, indices: View, into out: View) { (self.source, self.indices, self.out) = (source, indices, out) }

  public var call: KernelCall { .gather(self) }
  public var reads: [View] { [source, indices] }
  public var writes: [View] { [out] }
  public func mapViews(_ f: (View) -> View) -> GatherCall { GatherCall(f(source), indices: f(indices), into: f(out)) }
  public var flops: Double? { 0 }
  /// Of the source, only what is taken is read.
  public var bytes: Int { 2 * out.distinctByteCount + indices.distinctByteCount }
}

/// out[indices[j], …] += updates[j, …], in the order of j; `out` is initialized. Its kernel reports the first index out of range.
@_spi(Backend) public struct ScatterAddCall: KernelArguments {
  public var updates: View, indices: View, out: View

  public init(_ updates: View, indices: View, into out: View) { (self.updates, self.indices, self.out) = (updates, indices, out) }

  public var call: KernelCall { .scatterAdd(self) }
  public var reads: [View] { [updates, indices] }
  public var writes: [View] { [out] }
  public func mapViews(_ f: (View) -> View) -> ScatterAddCall { ScatterAddCall(f(updates), indices: f(indices), into: f(out)) }
  public var flops: Double? { Double(updates.shape.elementCount) }
  /// What is added to is read and written, and no more of the target.
  public var bytes: Int { 3 * updates.distinctByteCount + indices.distinctByteCount }
}

/// out[…, j] = source[…, indices[…, j]] along the last axis; out and indices have one shape. Its kernel reports the first index out of range.
@_spi(Backend) public struct TakeAlongCall: KernelArguments {
  public var source: View, indices: View, out: View

  public init(_ source: View, indices: View, into out: View) { (self.source, self.indices, self.out) = (source, indices, out) }

  public var call: KernelCall { .takeAlong(self) }
  public var reads: [View] { [source, indices] }
  public var writes: [View] { [out] }
  public func mapViews(_ f: (View) -> View) -> TakeAlongCall { TakeAlongCall(f(source), indices: f(indices), into: f(out)) }
  public var flops: Double? { 0 }
  public var bytes: Int { 2 * out.distinctByteCount + indices.distinctByteCount }
}

/// out[…, indices[…, j]] += updates[…, j] along the last axis; `out` is initialized. Its kernel reports the first index out of range.
@_spi(Backend) public struct ScatterAddAlongCall: KernelArguments {
  public var updates: View, indices: View, out: View

  public init(_ updates: View, indices: View, into out: View) { (self.updates, self.indices, self.out) = (updates, indices, out) }

  public var call: KernelCall { .scatterAddAlong(self) }
  public var reads: [View] { [updates, indices] }
  public var writes: [View] { [out] }
  public func mapViews(_ f: (View) -> View) -> ScatterAddAlongCall {
    ScatterAddAlongCall(f(updates), indices: f(indices), into: f(out))
  }
  public var flops: Double? { Double(updates.shape.elementCount) }
  public var bytes: Int { 3 * updates.distinctByteCount + indices.distinctByteCount }
}
