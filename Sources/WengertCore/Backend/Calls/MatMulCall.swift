/// out[…, m, n] = Σₖ a[…, m, k] · b[…, k, n], the same leading axes on all three (possibly stride zero on a and b), one dtype; with what is done to the product while it is in
/// the cache.
@_spi(Backend) public struct MatMulCall: KernelArguments {
  public var a: View, b: View
  /// The view to which the product is written; nil if only the epilogue reads it.
  public var out: View?
  /// out += a · b instead of out = a · b; not together with an epilogue.
  public var accumulates: Bool
  /// A row program over the product's shape [m, n], of rank 2, run block by block of rows. It has no accumulated output. Its input number `product`
  /// is the product, whatever view the list has there.
  public var epilogue: (call: RowCall, product: Int)?

  public init(a: View, b: View, out: View?, accumulates: Bool = false, epilogue: (call: RowCall, product: Int)? = nil) {
    self.a = a
    self.b = b
    self.out = out
    self.accumulates = accumulates
    self.epilogue = epilogue
  }

  public var call: KernelCall { .matmul(self) }

  public var reads: [View] {
    [a, b] + (epilogue.map { call, product in call.inputs.indices.filter { $0 != product }.map { call.inputs[$0] } } ?? [])
  }

  public var writes: [View] { (out.map { [$0] } ?? []) + (epilogue?.call.outputs ?? []) }

  public func mapViews(_ f: (View) -> View) -> MatMulCall {
    MatMulCall(
      a: f(a), b: f(b), out: out.map(f), accumulates: accumulates,
      epilogue: epilogue.map { ($0.call.mapViews(except: $0.product, f), $0.product) })
  }

  public var flops: Double? { 2 * Double(a.shape.elementCount) * Double(b.shape[b.shape.rank - 1]) + (epilogue?.call.flops ?? 0) }

  /// What is added to is read too.
  public var bytes: Int { moved + (accumulates ? out.map(\.distinctByteCount) ?? 0 : 0) }

  /// That of the product.
  public var shape: Shape {
    var shape = a.shape
    shape[shape.rank - 1] = b.shape[shape.rank - 1]
    return shape
  }

  public var summary: String {
    let a = a.shape, b = b.shape
    let lead = a.rank > 2 ? "\(a.selecting(0..<a.rank - 2)) × " : ""
    return "\(lead)\(a[a.rank - 2])×\(a[a.rank - 1])×\(b[b.rank - 1])"
  }

  /// For a backend whose products have neither: the calls that come to the same, in order, in which products have `out` alone.
  ///
  /// - Parameter room: gives memory for the product, where it has no place or is added to one.
  public func parts(room: (Shape, DType) -> View) -> [KernelCall] {
    let made = accumulates ? room(shape, a.dtype) : out ?? room(shape, a.dtype)
    var calls: [KernelCall] = [.matmul(MatMulCall(a: a, b: b, out: made))]
    if accumulates, let target = out {
      let b = RowBuilder("accumulate")
      b.store(b.row(made.dtype) + b.row(made.dtype), as: made.dtype)
      calls.append(.rows(ViewKernels.call(b.finish(), [target, made], into: [target], over: shape)))
    }
    if let epilogue {
      var rows = epilogue.call
      rows.inputs[epilogue.product] = made
      calls.append(.rows(rows))
    }
    return calls
  }
}
