@_spi(Backend) import Wengert

extension ReferenceBackend {
  func linearAlgebra(_ call: LinearAlgebraCall) -> Int? {
    let (kernel, operands, out) = (call.kernel, call.operands, call.out)
    let n = operands[0].shape.columns, k = out.shape.columns
    precondition(
      operands.allSatisfy { $0.dtype == out.dtype } && operands[0].shape.outer.last == n && operands.last!.shape == out.shape,
      "\(kernel) of \(operands.map(\.shape)) into \(out.shape)")
    let matrices = operands.map { operand in rows(of: operand).map { $0.map(\.double) } }
    var results: [Double] = [], info: [Double] = []
    for index in 0..<matrices[0].count / n {
      let a = Array(matrices[0][index * n..<(index + 1) * n])
      var result: [[Double]]?
      switch kernel {
      case .cholesky: result = cholesky(a)
      case .solve: result = solve(a, Array(matrices[1][index * n..<(index + 1) * n]))
      case .solveTriangular(let upper):
        let triangle = a.indices.map { i in a.indices.map { j in (upper ? j >= i : j <= i) ? a[i][j] : 0 } }
        result = solve(triangle, Array(matrices[1][index * n..<(index + 1) * n]))
      }
      if result == nil && call.info == nil { return index }
      info.append(result == nil ? 1 : 0)
      guard let result else {
        results += [Double](repeating: .nan, count: n * k)
        continue
      }
      precondition(result.count * (result.first?.count ?? 0) == n * k)
      results += result.joined()
    }
    store(results.map(Number.real), into: out)
    if let view = call.info { store(info.map { .whole(Int64($0)) }, into: view) }
    return nil
  }

  /// Row by row (Cholesky–Banachiewicz).
  private func cholesky(_ a: [[Double]]) -> [[Double]]? {
    var l = a.map { $0.map { _ in 0.0 } }
    for i in a.indices {
      for j in 0...i {
        var sum = (a[i][j] + a[j][i]) / 2
        for p in 0..<j { sum -= l[i][p] * l[j][p] }
        if i == j {
          guard sum > 0 else { return nil }
          l[i][i] = sum.squareRoot()
        } else {
          l[i][j] = sum / l[j][j]
        }
      }
    }
    return l
  }

  /// Gaussian elimination, the largest pivot first.
  private func solve(_ a: [[Double]], _ b: [[Double]]) -> [[Double]]? {
    var a = a, b = b
    for column in a.indices {
      let pivot = (column..<a.count).max { a[$0][column].magnitude < a[$1][column].magnitude }!
      guard a[pivot][column] != 0 else { return nil }
      a.swapAt(column, pivot)
      b.swapAt(column, pivot)
      for i in a.indices where i != column {
        let factor = a[i][column] / a[column][column]
        for j in column..<a.count { a[i][j] -= factor * a[column][j] }
        for j in b[i].indices { b[i][j] -= factor * b[column][j] }
      }
    }
    return b.indices.map { i in b[i].map { $0 / a[i][i] } }
  }
}
