@_spi(Backend) import Wengert

extension ReferenceBackend {
  func scan(_ x: View, _ op: ReduceOp, reverse: Bool, into out: View) {
    precondition(x.dtype == out.dtype && x.shape == out.shape, "scan: \(x.dtype)\(x.shape) into \(out.dtype)\(out.shape)")
    precondition(op == .sum || op == .product || x.dtype == .int64, "scan: \(op) is not offered")
    let results = rows(of: x).flatMap { row in
      var result = row
      var total = op.neutral(x.dtype)
      for i in reverse ? Array(row.indices.reversed()) : Array(row.indices) {
        total = op(total, row[i], x.dtype)
        result[i] = total
      }
      return result
    }
    store(results, into: out)
  }

  func recurrence(_ a: View, _ b: View, reverse: Bool, into out: View) {
    precondition(a.shape == b.shape && b.shape == out.shape && a.dtype == b.dtype && b.dtype == out.dtype, "recurrence: views differ")
    let results = zip(rows(of: a), rows(of: b)).flatMap { factors, addends in
      var result = addends
      var carried: Number?
      for i in reverse ? Array(addends.indices.reversed()) : Array(addends.indices) {
        let value = carried.map { ReduceOp.sum(ReduceOp.product(factors[i], $0, a.dtype), addends[i], a.dtype) } ?? addends[i]
        carried = value
        result[i] = value
      }
      return result
    }
    store(results, into: out)
  }
}
