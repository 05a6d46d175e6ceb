import Synchronization
@_spi(Backend) import WengertCore

extension FactorizationCall {
  func runOnCPU() -> Int? {
    if x.dtype == .float32 { return DecompositionBatch<Float>(self).compute() }
    ensure(x.dtype == .float64, "\(kernel) is for float32 and float64, not for \(x.dtype)")
    return DecompositionBatch<Double>(self).compute()
  }
}

/// A stack of matrices of one shape, which are dealt out to the threads.
private struct DecompositionBatch<Number: DecomposedNumber> {
  let kernel: FactorizationKernel
  let x: View
  let outs: [View]
  let m: Int, n: Int, k: Int
  private let walk: StridedWalk
  private let operand: ProductPlan.Operand

  init(_ call: FactorizationCall) {
    (kernel, x, outs) = (call.kernel, call.x, call.outs)
    (m, n, k, _) = call.sizes
    ensure(outs.allSatisfy(\.layout.isContiguous), "\(kernel) writes row-major results")
    walk = StridedWalk([x.layout], 0..<x.shape.rank - 2)
    operand = ProductPlan.Operand(x.layout)
  }

  func compute() -> Int? {
    let failed = Atomic<Int>(.max)
    let source = x.pointer(as: Number.self)
    ThreadPool.shared.parallelRanges(walk.count, stepsEach: 10 * m * n * k) { range in
      let copy = PooledBuffer<Number>(max(m, n) * max(m, n)), other = PooledBuffer<Number>(max(m, n) + 1)
      for index in range {
        let a = operand.matrix(source + walk.offset(index, 0), m, n)
        for i in 0..<m { for j in 0..<n { copy.pointer[i * n + j] = a.pointer[i * a.rowStride + j * a.columnStride] } }
        if !compute(copy.pointer, other.pointer, index) { failed.min(index, ordering: .relaxed) }
      }
    }
    let first = failed.load(ordering: .relaxed)
    return first == .max ? nil : first
  }

  /// The part of result `number` that is of this matrix.
  private func out<Element>(_ number: Int, _ index: Int, as type: Element.Type) -> UnsafeMutablePointer<Element> {
    let view = outs[number], count = view.shape.dropFirst(x.shape.rank - 2).reduce(1, *)
    return view.pointer(as: type) + index * count
  }

  private func out(_ number: Int, _ index: Int) -> UnsafeMutablePointer<Number> { out(number, index, as: Number.self) }

  /// - Parameters:
  ///   - a: the matrix, row-major, with room for a square.
  ///   - other: room for as many numbers as it has rows, or columns.
  private func compute(_ a: UnsafeMutablePointer<Number>, _ other: UnsafeMutablePointer<Number>, _ index: Int) -> Bool {
    switch kernel {
    case .lu: lu(a, index)
    case .qr: qr(a, other, index)
    case .svd(let full): return svd(a, full, index)
    case .eigh: return eigh(a, index)
    case .eig: return eig(a, index)
    }
    return true
  }

  private func lu(_ a: UnsafeMutablePointer<Number>, _ index: Int) {
    let packed = out(0, index), order = out(1, index, as: Int32.self), sign = out(2, index)
    for i in 0..<m { order[i] = Int32(i) }
    sign.pointee = 1
    if k == 0 { return }
    let pivots = PooledBuffer<Int32>(k)
    let word = Number.decomposeLU(a, Int32(m), Int32(n), pivots.pointer)
    if word < 0 {
      packed.update(repeating: .nan, count: m * n)
      return
    }
    packed.update(from: a, count: m * n)
    for i in 0..<k {
      let other = Int(pivots.pointer[i]) - 1
      if other == i { continue }
      swap(&order[i], &order[other])
      sign.pointee = -sign.pointee
    }
  }

  private func qr(_ a: UnsafeMutablePointer<Number>, _ tau: UnsafeMutablePointer<Number>, _ index: Int) {
    let q = out(0, index), r = out(1, index), columns = outs[0].shape.last!
    if k > 0, Number.decomposeQR(a, Int32(m), Int32(n), tau) < 0 {
      q.update(repeating: .nan, count: m * columns)
      r.update(repeating: .nan, count: columns * n)
      return
    }
    for i in 0..<columns { for j in 0..<n { r[i * n + j] = j >= i ? a[i * n + j] : 0 } }
    for i in 0..<m { for j in 0..<columns { q[i * columns + j] = j < n ? a[i * n + j] : 0 } }
    if columns > 0 { _ = Number.makeQ(q, Int32(m), Int32(columns), Int32(k), tau) }
  }

  private func isFinite(_ a: UnsafeMutablePointer<Number>) -> Bool { (0..<m * n).allSatisfy { a[$0].isFinite } }

  private func svd(_ a: UnsafeMutablePointer<Number>, _ full: Bool, _ index: Int) -> Bool {
    let u = out(0, index), s = out(1, index), vt = out(2, index)
    if k == 0 {
      for (matrix, rows) in full ? [(u, m), (vt, n)] : [] {
        for i in 0..<rows { for j in 0..<rows { matrix[i * rows + j] = i == j ? 1 : 0 } }
      }
      return true
    }
    return isFinite(a) && Number.decomposeSVD(a, Int32(m), Int32(n), full: full, s, u, vt) == 0
  }

  private func eigh(_ a: UnsafeMutablePointer<Number>, _ index: Int) -> Bool {
    let values = out(0, index), vectors = out(1, index)
    for i in 0..<n { for j in 0..<n { vectors[i * n + j] = (a[i * n + j] + a[j * n + i]) * 0.5 } }
    return n == 0 || isFinite(a) && Number.decomposeSymmetric(vectors, Int32(n), values) == 0
  }

  private func eig(_ a: UnsafeMutablePointer<Number>, _ index: Int) -> Bool {
    if n == 0 { return true }
    let real = out(0, index), imaginary = out(1, index), reals = out(2, index), imaginaries = out(3, index)
    guard isFinite(a), Number.decomposeGeneral(a, Int32(n), real, imaginary, reals) == 0 else { return false }
    imaginaries.update(repeating: 0, count: n * n)
    // A column of real parts and one of imaginary parts are a pair of conjugate vectors.
    var j = 0
    while j < n {
      if imaginary[j] != 0 {
        for i in 0..<n {
          let part = reals[i * n + j + 1]
          reals[i * n + j + 1] = reals[i * n + j]
          (imaginaries[i * n + j], imaginaries[i * n + j + 1]) = (part, -part)
        }
        j += 1
      }
      j += 1
    }
    return true
  }
}
