@_spi(Backend) import Wengert

extension ReferenceBackend {
  func argSort(_ x: View, descending: Bool, into out: View) {
    precondition(
      out.dtype == .int64 && out.shape.outer == x.shape.outer && out.shape.columns <= x.shape.columns,
      "argSort: \(x.shape) into \(out.dtype)\(out.shape)")
    let positions = rows(of: x).flatMap { row in
      let sorted = row.indices.sorted { a, b in
        if descending ? comesBefore(row[b], row[a]) : comesBefore(row[a], row[b]) { return true }
        if descending ? comesBefore(row[a], row[b]) : comesBefore(row[b], row[a]) { return false }
        return a < b
      }
      return sorted.prefix(out.shape.columns).map { Number.whole(Int64($0)) }
    }
    store(positions, into: out)
  }

  func argReduce(_ x: View, _ op: ReduceOp, into out: View) {
    precondition(
      out.dtype == .int64 && out.shape == Shape(x.shape.outer + [1]) && x.shape.columns > 0,
      "argReduce: \(x.shape) into \(out.dtype)\(out.shape)")
    precondition(op == .minimum || op == .maximum, "argReduce: \(op) has no position")
    let positions = rows(of: x).map { row in
      if let nan = row.firstIndex(where: \.double.isNaN) { return Number.whole(Int64(nan)) }
      var best = 0
      for i in row.indices where op == .minimum ? comesBefore(row[i], row[best]) : comesBefore(row[best], row[i]) { best = i }
      return .whole(Int64(best))
    }
    store(positions, into: out)
  }

  /// The elements, row by row.
  func rows(of view: View) -> [[Number]] {
    let all = read(view)
    let columns = view.shape.columns
    return (0..<view.shape.rows).map { Array(all[$0 * columns..<($0 + 1) * columns]) }
  }

  /// Whether a < b, NaN being the largest.
  private func comesBefore(_ a: Number, _ b: Number) -> Bool {
    switch (a, b) {
    case (.real(let a), .real(let b)): a < b || (!a.isNaN && b.isNaN)
    case (.whole(let a), .whole(let b)): a < b
    default: preconditionFailure("elements of one row differ in kind")
    }
  }
}
