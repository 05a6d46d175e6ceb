/// out = factor or solution, matrix by matrix over equal leading axes; see `LinearAlgebraKernel`. float32 or float64, the result row-major. Without `info` its kernel tells the
/// first matrix for which there is none.
@_spi(Backend) public struct LinearAlgebraCall: KernelArguments {
  public var kernel: LinearAlgebraKernel
  public var operands: [View]
  public var out: View
  /// Row-major int32 of the leading axes: 0 for a matrix with a result, 1 for one without, whose result is NaN. If nil, the kernel returns the first matrix without one.
  public var info: View?

  public init(_ kernel: LinearAlgebraKernel, _ operands: [View], into out: View, info: View? = nil) {
    (self.kernel, self.operands, self.out, self.info) = (kernel, operands, out, info)
  }

  public var call: KernelCall { .linearAlgebra(self) }
  public var reads: [View] { operands }
  public var writes: [View] { [out] + (info.map { [$0] } ?? []) }
  public func mapViews(_ f: (View) -> View) -> LinearAlgebraCall {
    LinearAlgebraCall(kernel, operands.map(f), into: f(out), info: info.map(f))
  }

  public var flops: Double? {
    let n = Double(operands[0].shape.last!), rows = Double(out.shape.elementCount)
    let matrices = Double(operands[0].shape.elementCount) / max(n * n, 1)
    return switch kernel {
    case .cholesky: matrices * n * n * n / 3
    case .solve: matrices * n * n * n * 2 / 3 + 2 * n * rows
    case .solveTriangular: n * rows
    }
  }
}
