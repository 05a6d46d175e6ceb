/// Positions (int64) of the first `out.shape.last` elements of each row in sorted order. Stable; NaN counts as the largest.
@_spi(Backend) public struct ArgSortCall: KernelArguments {
  public var x: View, out: View
  public var descending: Bool

  public init(_ x: View, descending: Bool, into out: View) { (self.x, self.descending, self.out) = (x, descending, out) }

  public var call: KernelCall { .argSort(self) }
  public var reads: [View] { [x] }
  public var writes: [View] { [out] }
  public func mapViews(_ f: (View) -> View) -> ArgSortCall { ArgSortCall(f(x), descending: descending, into: f(out)) }
  public var flops: Double? { Double(x.shape.elementCount) }
}

/// Position (int64) of each row's least or greatest element, the first of equals, a NaN before all; out has a last extent of one.
@_spi(Backend) public struct ArgReduceCall: KernelArguments {
  public var x: View, out: View
  public var op: ReduceOp

  public init(_ x: View, _ op: ReduceOp, into out: View) { (self.x, self.op, self.out) = (x, op, out) }

  public var call: KernelCall { .argReduce(self) }
  public var reads: [View] { [x] }
  public var writes: [View] { [out] }
  public func mapViews(_ f: (View) -> View) -> ArgReduceCall { ArgReduceCall(f(x), op, into: f(out)) }
  public var flops: Double? { Double(x.shape.elementCount) }
}

/// out[…, j] = x[…, 0] ∘ … ∘ x[…, j] along the last axis, or from the end when `reverse`. For sum and product; float types accumulate in their compute type.
@_spi(Backend) public struct ScanCall: KernelArguments {
  public var x: View, out: View
  public var op: ReduceOp
  public var reverse: Bool

  public init(_ x: View, _ op: ReduceOp, reverse: Bool, into out: View) {
    (self.x, self.op, self.reverse, self.out) = (x, op, reverse, out)
  }

  public var call: KernelCall { .scan(self) }
  public var reads: [View] { [x] }
  public var writes: [View] { [out] }
  public func mapViews(_ f: (View) -> View) -> ScanCall { ScanCall(f(x), op, reverse: reverse, into: f(out)) }
  public var flops: Double? { Double(x.shape.elementCount) }
}

/// out[…, j] = a[…, j]·out[…, j − 1] + b[…, j] along the last axis, nothing before the first, or from the end when `reverse`; carried in the compute type.
@_spi(Backend) public struct RecurrenceCall: KernelArguments {
  public var a: View, b: View, out: View
  public var reverse: Bool

  public init(_ a: View, _ b: View, reverse: Bool, into out: View) { (self.a, self.b, self.reverse, self.out) = (a, b, reverse, out) }

  public var call: KernelCall { .recurrence(self) }
  public var reads: [View] { [a, b] }
  public var writes: [View] { [out] }
  public func mapViews(_ f: (View) -> View) -> RecurrenceCall { RecurrenceCall(f(a), f(b), reverse: reverse, into: f(out)) }
  public var flops: Double? { 2 * Double(a.shape.elementCount) }
}
