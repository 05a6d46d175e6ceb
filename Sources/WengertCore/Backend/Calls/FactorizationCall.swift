/// outs = the parts of x, matrix by matrix; see `FactorizationKernel`. float32 or float64, the results row-major. Its kernel tells the first matrix that has none.
@_spi(Backend) public struct FactorizationCall: KernelArguments {
  public var kernel: FactorizationKernel
  public var x: View
  public var outs: [View]

  public init(_ kernel: FactorizationKernel, _ x: View, into outs: [View]) {
    (self.kernel, self.x, self.outs) = (kernel, x, outs)
  }

  public var call: KernelCall { .factorization(self) }
  public var reads: [View] { [x] }
  public var writes: [View] { outs }
  public func mapViews(_ f: (View) -> View) -> FactorizationCall { FactorizationCall(kernel, f(x), into: outs.map(f)) }

  /// Rows and columns of a matrix, the lesser of both, and how many matrices there are.
  public var sizes: (rows: Int, columns: Int, least: Int, matrices: Int) {
    let rank = x.shape.rank, m = x.shape[rank - 2], n = x.shape[rank - 1]
    return (m, n, min(m, n), x.shape.dropLast(2).reduce(1, *))
  }

  public var flops: Double? {
    let (m, n, k, matrices) = sizes
    let product = Double(matrices) * Double(m) * Double(n) * Double(k)
    return switch kernel {
    case .lu: product * 2 / 3
    case .qr: product * 4
    // In steps whose number depends on the values.
    case .svd, .eigh, .eig: nil
    }
  }
}
