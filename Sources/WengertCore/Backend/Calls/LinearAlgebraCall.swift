/// out = factor or solution, matrix by matrix over equal leading axes; see `LinearAlgebraKernel`. float32 or float64. Its kernel tells the first matrix for which there is none.
public struct LinearAlgebraCall: KernelArguments {
  public var kernel: LinearAlgebraKernel
  public var operands: [View]
  public var out: View

  public init(_ kernel: LinearAlgebraKernel, _ operands: [View], into out: View) {
    (self.kernel, self.operands, self.out) = (kernel, operands, out)
  }

  public var call: KernelCall { .linearAlgebra(self) }
  public var reads: [View] { operands }
  public var writes: [View] { [out] }
  public func mapViews(_ f: (View) -> View) -> LinearAlgebraCall { LinearAlgebraCall(kernel, operands.map(f), into: f(out)) }

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
