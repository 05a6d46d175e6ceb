extension ReferenceBackend {
  public func scan(_ x: View, _ op: ReduceOp, reverse: Bool, into out: View) {
    precondition(x.dtype == out.dtype && x.shape == out.shape, "scan: \(x.dtype)\(x.shape) into \(out.dtype)\(out.shape)")
    precondition(op == .sum || op == .product, "scan: \(op) is not offered")
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
}
