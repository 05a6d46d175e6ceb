@_spi(Backend) import Wengert

extension ReferenceBackend {
  func matmul(_ a: View, _ b: View, into out: View) {
    let rank = out.shape.rank
    let (m, n, k) = (out.shape[rank - 2], out.shape[rank - 1], a.shape[rank - 1])
    let batch = Array(out.shape[..<(rank - 2)])
    precondition(a.dtype == out.dtype && b.dtype == out.dtype, "matmul: \(a.dtype) and \(b.dtype) into \(out.dtype)")
    precondition(
      a.shape == Shape(batch + [m, k]) && b.shape == Shape(batch + [k, n]), "matmul: \(a.shape) and \(b.shape) into \(out.shape)")
    let left = read(a)
    let right = read(b)
    var product: [Number] = []
    for matrix in 0..<batch.reduce(1, *) {
      for i in 0..<m {
        for j in 0..<n {
          var sum = ReduceOp.sum.neutral(out.dtype)
          for l in 0..<k {
            let term = BinaryOp.multiply(left[(matrix * m + i) * k + l], right[(matrix * k + l) * n + j], out.dtype)
            sum = BinaryOp.add(sum, term, out.dtype)
          }
          product.append(sum)
        }
      }
    }
    store(product, into: out)
  }
}
