import Testing
@_spi(Backend) import Wengert
@_spi(Backend) @testable import WengertCPU

/// Products that go through panels, chunk by chunk where the inner axis is long.
@Suite("Large products")
struct LargeProductTests {
  /// m, k, n around and beyond the widths of tiles, chunks and spans, each with more than 2²² multiplications.
  static let shapes = [
    (70, 1100, 131), (300, 700, 129), (65, 5001, 66), (257, 130, 140), (129, 513, 257), (66, 300, 4200), (8300, 70, 65), (260, 512, 1100),
  ]

  private func factor(_ rows: Int, _ columns: Int, transposed: Bool, _ dtype: DType, _ seed: Int) -> Tensor {
    let x = RandomKey(seed).normal(transposed ? [columns, rows] : [rows, columns], dtype: dtype)
    return transposed ? x.transpose() : x
  }

  private func reference(_ a: Tensor, _ b: Tensor) -> [Double] {
    let (m, k, n) = (a.shape[0], a.shape[1], b.shape[1])
    let x = a.array(of: Double.self), y = b.array(of: Double.self)
    var result = [Double](repeating: 0, count: m * n)
    for i in 0..<m {
      for l in 0..<k {
        let factor = x[i * k + l]
        for j in 0..<n { result[i * n + j] += factor * y[l * n + j] }
      }
    }
    return result
  }

  private func expectNear(_ a: Tensor, _ expected: [Double], _ bound: Double, _ note: String) {
    let largest = zip(a.array(of: Double.self), expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(largest <= bound, "\(note): \(largest)")
  }

  @Test("they are sums of products for both orders of both factors", arguments: [DType.float32, .float64, .bfloat16])
  func orders(dtype: DType) {
    for (m, k, n) in Self.shapes {
      for (left, right) in [(false, false), (false, true), (true, false), (true, true)] {
        let a = factor(m, k, transposed: left, dtype, 1), b = factor(k, n, transposed: right, dtype, 2)
        let epsilon = dtype == .float64 ? 1e-14 : dtype == .float32 ? 1e-6 : 1e-2
        expectNear(a.matmul(b), reference(a, b), epsilon * Double(k).squareRoot() * 8, "\(dtype) \(m)×\(k)×\(n) \(left) \(right)")
      }
    }
  }

  @Test("they are sums of products at every level that the processor has")
  func levels() {
    for (m, k, n) in Self.shapes {
      for left in [false, true] {
        let a = factor(m, k, transposed: left, .float32, 1), b = factor(k, n, transposed: false, .float32, 2), expected = reference(a, b)
        atEachLevel { level in
          // One thread, since the level is this thread's.
          let product = CPUBackend.shared.withThreadCount(1) { a.matmul(b) }
          expectNear(product, expected, 1e-6 * Double(k).squareRoot() * 8, "\(level) \(m)×\(k)×\(n) \(left)")
        }
      }
    }
  }

  @Test("pieces fit the caches, of small processors and large ones, and are whole tiles")
  func tilings() {
    for (first, second) in [(32, 256), (32, 512), (32, 1024), (48, 1280), (48, 2048), (64, 1024), (128, 4096)] {
      for (rows, columns, size) in [(3, 16, 4), (6, 16, 4), (8, 32, 4), (3, 8, 8), (6, 8, 8), (8, 16, 8)] {
        let caches = CacheSizes(first: first << 10, second: second << 10)
        let tiling = Tiling(tileRows: rows, tileColumns: columns, elementSize: size, caches: caches)
        let note: Comment = "\(first) and \(second) KiB, tiles of \(rows) × \(columns)"
        let panel = tiling.depth * columns * size, block = tiling.blockRows * tiling.depth * size
        let sums = tiling.blockRows * tiling.blockColumns * size
        #expect(panel * 3 <= caches.first * 2, note)
        #expect(tiling.blockRows.isMultiple(of: rows) && tiling.blockColumns.isMultiple(of: columns), note)
        // Even in the smallest cache a block has forty-eight rows and 256 columns.
        #expect(block <= max(caches.second / 4, 48 * tiling.depth * size), note)
        #expect(sums <= max(caches.second * 2 / 5, tiling.blockRows * 256 * size), note)
        for threads in [1, 2, 3, 16] {
          for m in [1, 100, 1024, 8192] {
            let share = tiling.shares(of: m, atMost: tiling.blockRows, threads: threads)
            #expect(share > 0 && share.isMultiple(of: rows) && share < tiling.blockRows + rows, note)
          }
        }
      }
    }
  }

  @Test("their bits do not depend on the number of threads, nor do those of products that BLAS computes")
  func threads() {
    let others = [
      (7, 900, 2000), (2000, 900, 7), (1, 1024, 4096), (900, 40, 17), (300, 100, 512), (256, 64, 4111), (80, 80, 80), (90, 110, 120),
    ]
    let product: (Tensor, Tensor) -> Tensor = { $0.matmul($1) }
    let sum: (Tensor, Tensor) -> Tensor = { $0.matmul($1) + ($0 * 2).matmul($1) }
    for (m, k, n) in Self.shapes + others {
      for (left, dtype) in [(true, DType.float32), (false, .float32), (false, .float64)] {
        let a = factor(m, k, transposed: left, dtype, 3), b = factor(k, n, transposed: false, dtype, 4)
        // Compiled, one kernel runs on each number of threads in turn.
        let compiled = compile(product), added = compile(sum)
        let all = [2, 1, 3].map { count in
          CPUBackend.shared.withThreadCount(count) { [product(a, b), compiled(a, b), added(a, b)].map { $0.array(of: Double.self) } }
        }
        for (number, name) in ["eager", "compiled", "added"].enumerated() {
          let isSame = all[0][number] == all[1][number] && all[0][number] == all[2][number]
          #expect(isSame, "\(name) \(m)×\(k)×\(n) \(left) \(dtype)")
        }
      }
    }
  }

  @Test("a row program behind one sees whole sums, and products are added to products")
  func compiled() {
    for (m, k, n) in Self.shapes {
      let a = factor(m, k, transposed: true, .float32, 5), b = factor(k, n, transposed: false, .float32, 6)
      let c = factor(m, k, transposed: false, .float32, 7), d = factor(k, n, transposed: true, .float32, 8)
      let p = RandomKey(9).normal([m, n])
      let behind: (Tensor, Tensor, Tensor) -> Tensor = { a, b, p in (p * 2 - a.matmul(b)).softmax() }
      expectNear(compile(behind)(a, b, p), behind(a, b, p).array(of: Double.self), 1e-4, "behind \(m)×\(k)×\(n)")
      let sum: (Tensor, Tensor, Tensor, Tensor) -> Tensor = { a, b, c, d in a.matmul(b) + c.matmul(d) }
      expectNear(
        compile(sum)(a, b, c, d), sum(a, b, c, d).array(of: Double.self), 1e-5 * Double(k).squareRoot() * 4, "sum \(m)×\(k)×\(n)")
    }
  }

  @Test("NaN and infinities reach exactly the sums that they are in")
  func special() {
    let (m, k, n) = (70, 1100, 131)
    var a = factor(m, k, transposed: false, .float32, 10)
    a[3, 700] = Tensor(.nan)
    a[5, 20] = Tensor(.infinity)
    let y = a.matmul(RandomKey(11).uniform([k, n], low: 0.5, high: 1)).array(of: Float.self)
    for i in 0..<m {
      for j in 0..<n {
        let value = y[i * n + j]
        #expect(i == 3 ? value.isNaN : i == 5 ? value == .infinity : value.isFinite)
      }
    }
  }
}
