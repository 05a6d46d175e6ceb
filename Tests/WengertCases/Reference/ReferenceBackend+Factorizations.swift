@_spi(Backend) import Wengert

/// Rows of numbers.
private typealias Rows = [[Double]]

extension ReferenceBackend {
  public func refusal(of kernel: FactorizationKernel) -> String? { kernel == .eig ? "general eigenvalues are not of this backend" : nil }

  func factorization(_ call: FactorizationCall) -> Int? {
    let (m, n, k, count) = call.sizes, numbers = read(call.x).map(\.double)
    var outs = call.outs.map { _ in [Number]() }
    for index in 0..<count {
      let a = (0..<m).map { i in Array(numbers[(index * m + i) * n..<(index * m + i + 1) * n]) }
      let isFinite = a.allSatisfy { $0.allSatisfy(\.isFinite) }
      var parts: [[Double]]
      switch call.kernel {
      case .lu:
        let (packed, order, sign) = lu(a, n)
        parts = [packed.flatMap { $0 }, order.map(Double.init), [sign]]
      case .qr(let full):
        let (q, r) = qr(a, n), width = full ? m : k
        parts = [q.flatMap { $0[..<width] }, r[..<width].flatMap { $0 }]
      case .svd(let full):
        if !isFinite { return index }
        let (u, s, v) = m < n ? { ($0.2, $0.1, $0.0) }(svd(transposed(a, n), m)) : svd(a, n)
        parts = [
          u.flatMap { $0[..<(full ? m : k)] }, s, transposed(v, n)[..<(full ? n : k)].flatMap { $0 },
        ]
      case .eigh:
        if !isFinite { return index }
        let (values, vectors) = symmetricEigenvalues(a.indices.map { i in a.indices.map { (a[i][$0] + a[$0][i]) / 2 } })
        parts = [values, vectors.flatMap { $0 }]
      case .eig: preconditionFailure("general eigenvalues are not of this backend")
      }
      for (i, part) in parts.enumerated() {
        outs[i] += call.outs[i].dtype == .int32 ? part.map { .whole(Int64($0)) } : part.map(Number.real)
      }
    }
    for (numbers, out) in zip(outs, call.outs) { store(numbers, into: out) }
    return nil
  }

  private func transposed(_ a: Rows, _ columns: Int) -> Rows { (0..<columns).map { j in a.indices.map { a[$0][j] } } }

  /// Gaussian elimination, the largest pivot first.
  private func lu(_ a: Rows, _ n: Int) -> (Rows, [Int], Double) {
    var a = a, order = Array(a.indices), sign = 1.0
    for j in 0..<min(a.count, n) {
      let pivot = (j..<a.count).max { a[$0][j].magnitude < a[$1][j].magnitude }!
      if pivot != j {
        a.swapAt(j, pivot)
        order.swapAt(j, pivot)
        sign = -sign
      }
      if a[j][j] == 0 { continue }
      for i in j + 1..<max(a.count, j + 1) {
        a[i][j] /= a[j][j]
        for c in j + 1..<max(n, j + 1) { a[i][c] -= a[i][j] * a[j][c] }
      }
    }
    return (a, order, sign)
  }

  /// Rotations of two rows each, which clear what is below the diagonal: q [m, m] and r [m, n].
  private func qr(_ a: Rows, _ n: Int) -> (Rows, Rows) {
    let m = a.count
    var r = a, q = (0..<m).map { i in (0..<m).map { $0 == i ? 1.0 : 0 } }
    for j in 0..<min(m, n) {
      for i in j + 1..<max(m, j + 1) where r[i][j] != 0 {
        let length = (r[j][j] * r[j][j] + r[i][j] * r[i][j]).squareRoot(), c = r[j][j] / length, s = r[i][j] / length
        for column in 0..<n { (r[j][column], r[i][column]) = (c * r[j][column] + s * r[i][column], c * r[i][column] - s * r[j][column]) }
        for row in 0..<m { (q[row][j], q[row][i]) = (c * q[row][j] + s * q[row][i], c * q[row][i] - s * q[row][j]) }
        r[i][j] = 0
      }
    }
    return (q, r)
  }

  /// Jacobi's rotations of pairs of rows and columns, until what is off the diagonal is nothing; values that rise, and their vectors as columns.
  private func symmetricEigenvalues(_ a: Rows) -> ([Double], Rows) {
    let n = a.count
    var a = a, v = (0..<n).map { i in (0..<n).map { $0 == i ? 1.0 : 0 } }
    for _ in 0..<60 {
      for p in 0..<n {
        for q in p + 1..<max(n, p + 1) where a[p][q] != 0 {
          let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
          let t = (theta < 0 ? -1 : 1) / (theta.magnitude + (theta * theta + 1).squareRoot()), c = 1 / (t * t + 1).squareRoot(), s = t * c
          for i in 0..<n { (a[i][p], a[i][q]) = (c * a[i][p] - s * a[i][q], s * a[i][p] + c * a[i][q]) }
          for i in 0..<n { (a[p][i], a[q][i]) = (c * a[p][i] - s * a[q][i], s * a[p][i] + c * a[q][i]) }
          for i in 0..<n { (v[i][p], v[i][q]) = (c * v[i][p] - s * v[i][q], s * v[i][p] + c * v[i][q]) }
        }
      }
    }
    let order = (0..<n).sorted { a[$0][$0] < a[$1][$1] }
    return (order.map { a[$0][$0] }, v.map { row in order.map { row[$0] } })
  }

  /// Jacobi's rotations of pairs of columns, until all are orthogonal; of a matrix with no fewer rows than columns: u [m, m], values that fall, and v [n, n].
  private func svd(_ a: Rows, _ n: Int) -> (Rows, [Double], Rows) {
    let m = a.count
    var columns = transposed(a, n), v = (0..<n).map { i in (0..<n).map { $0 == i ? 1.0 : 0 } }
    func product(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
    for _ in 0..<60 {
      for p in 0..<n {
        for q in p + 1..<max(n, p + 1) {
          let pp = product(columns[p], columns[p]), qq = product(columns[q], columns[q]), pq = product(columns[p], columns[q])
          if pq.magnitude <= 1e-17 * (pp * qq).squareRoot() { continue }
          let zeta = (qq - pp) / (2 * pq)
          let t = (zeta < 0 ? -1 : 1) / (zeta.magnitude + (zeta * zeta + 1).squareRoot()), c = 1 / (t * t + 1).squareRoot(), s = t * c
          for i in 0..<m { (columns[p][i], columns[q][i]) = (c * columns[p][i] - s * columns[q][i], s * columns[p][i] + c * columns[q][i]) }
          for i in 0..<n { (v[p][i], v[q][i]) = (c * v[p][i] - s * v[q][i], s * v[p][i] + c * v[q][i]) }
        }
      }
    }
    let values = columns.map { product($0, $0).squareRoot() }
    let order = (0..<n).sorted { values[$0] > values[$1] }, largest = values.max() ?? 0
    var u: Rows = []
    // What a value of zero leaves open, and what is beyond, is made of unit vectors.
    for j in order where values[j] > largest * 1e-15 { u.append(columns[j].map { $0 / values[j] }) }
    var unit = 0
    while u.count < m {
      var next = (0..<m).map { $0 == unit ? 1.0 : 0 }
      for _ in 0..<2 { for other in u { next = zip(next, other).map { [p = product(next, other)] in $0 - p * $1 } } }
      let length = product(next, next).squareRoot()
      if length > 1e-3 / Double(m) { u.append(next.map { $0 / length }) }
      unit += 1
    }
    return (transposed(u, m), order.map { values[$0] }, transposed(order.map { v[$0] }, n))
  }
}
