/// X with A·X = B for matrices that are zero but for `lower` diagonals below the main one and `upper` ones above it, given by their bands [..., lower + upper + 1, n]:
/// A[i, j] = bands[upper + i − j, j], as `scipy.linalg.solve_banded` has them. B is [..., n, k] or one vector [n]; leading axes broadcast.
///
/// Float32 or float64. What stands in the bands' corners, outside of the matrix, is not read. The matrix is made whole and solved by `solve`, with n² numbers and n³ steps. A
/// matrix that is singular is a `DataFault`.
///
/// ```swift
/// let bands = Tensor([[0, 1, 1], [4, 4, 4], [1, 1, 0]])
/// let x = solveBanded(lower: 1, upper: 1, bands, Tensor([5.0, 6.0, 5.0]))  // [1, 1, 1]
/// ```
///
/// - Precondition: `lower` and `upper` are not negative, there are lower + upper + 1 bands, both are float32 or both float64, B has as many rows as the bands have
///   columns, and the leading axes broadcast.
public func solveBanded(
  lower: Int, upper: Int, _ bands: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let caller = Caller(file, line), name = "solveBanded"
  bands.requireMatrices(name, caller)
  caller.require(lower >= 0 && upper >= 0, name, "has \(lower) bands below and \(upper) above the diagonal, which are negative numbers")
  caller.expect(
    bands.shape[dim: bands.rank - 2], sameAs: Dimension(lower + upper + 1), name,
    "needs \(lower + upper + 1) bands (lower + upper + 1), got \(bands.shape)", of: [bands])
  let n = bands.shape[dim: bands.rank - 1], order = Tensor.iota(n, beside: bands)
  let band = order.expandDims(1) - order + Double(upper)
  let isInside = (band .>= 0) .& (band .<= Double(lower + upper))
  let lead = bands.shape.selecting(bands.shape.indices.dropLast(2))
  let places = select(isInside, band, band.constant(0)).broadcast(to: lead.appending(Shape(dimensions: [n, n])))
  let a = select(isInside, bands.takeAlong(places, axis: -2, file: file, line: line), bands.constant(0))
  return solve(a, b, file: file, line: line)
}

/// X with A·X = B for tridiagonal matrices: `lower` [..., n − 1] below the diagonal, `diagonal` [..., n], and `upper` [..., n − 1] above it; otherwise as `solveBanded`.
///
/// - Precondition: As for `solveBanded`.
public func solveTridiagonal(
  lower: Tensor, diagonal: Tensor, upper: Tensor, _ b: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let caller = Caller(file, line), name = "solveTridiagonal"
  caller.require(
    diagonal.rank > 0 && lower.rank == diagonal.rank && upper.rank == diagonal.rank, name,
    "needs diagonals of equally many axes, got \(lower.shape), \(diagonal.shape) and \(upper.shape)")
  func padded(_ x: Tensor, _ before: Int, _ after: Int) -> Tensor {
    var widths = [(before: Int, after: Int)](repeating: (0, 0), count: x.rank)
    widths[x.rank - 1] = (before, after)
    return x.pad(widths, file: file, line: line)
  }
  let bands = stack([padded(upper, 1, 0), diagonal, padded(lower, 0, 1)], axis: -2, file: file, line: line)
  return solveBanded(lower: 1, upper: 1, bands, b, file: file, line: line)
}
