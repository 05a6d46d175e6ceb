import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

@Suite("Products with an epilogue, and accumulating ones")
struct EpilogueTests {
  /// What may follow a product [m, n]: a program whose input 0 is the product, and its other operands.
  struct Program {
    var name: String
    var program: RowProgram
    var others: [View]
  }

  static func programs(_ m: Int, _ n: Int, _ dtype: DType, _ numbers: inout SplitMix64) -> [Program] {
    let compute = dtype.computeType
    func across(_ view: View) -> View { view.with(view.layout.broadcast(to: [m, n])) }
    let bias = across(View.random([n], dtype, .contiguous, &numbers))
    let residual = View.random([m, n], dtype, .gapped, &numbers)
    let perRow = View.random([m, 1], dtype, .sliced, &numbers)
    let key = View([12345], [1], .int64)
    var result: [Program] = []
    do {
      let b = RowBuilder("bias and gelu")
      let x = b.row(dtype).cast(compute) + b.row(dtype).cast(compute)
      b.store(x(.gelu), as: dtype)
      result.append(Program(name: "bias and gelu", program: b.finish(), others: [bias]))
    }
    do {
      let b = RowBuilder("residual and layer norm")
      let x = b.row(dtype).cast(compute) + b.row(dtype).cast(compute) + b.row(dtype).cast(compute)
      let mean = x.reduce(.sum) / Double(n)
      let centered = x - mean
      let scale = ((centered * centered).reduce(.sum) / Double(n) + 1e-5)(.rsqrt)
      b.store(centered * scale, as: dtype)
      b.store(scale, as: compute)
      result.append(Program(name: "residual and layer norm", program: b.finish(), others: [bias, residual]))
    }
    do {
      let b = RowBuilder("dropout by rows")
      let x = b.row(dtype).cast(compute), factor = b.scalar(dtype).cast(compute)
      let random = b.random(key: b.scalar(.int64), lane: 1).cast(compute)
      b.store(random.compare(.less, 0x1p31).select(x * factor, x.constant(0)) + b.columnIndex().cast(compute), as: dtype)
      let spread = key.with(key.layout.broadcast(to: [m, 1]))
      result.append(Program(name: "dropout by rows", program: b.finish(), others: [perRow, spread]))
    }
    return result
  }

  static func outputs(_ program: RowProgram, _ m: Int, _ n: Int) -> [View] {
    program.outputs.map { emptyView($0.dtype, [m, program.isRow[$0.value] ? n : 1]) }
  }

  static func isSame(_ a: View, _ b: View) -> Bool { contents(a.storage, as: UInt8.self) == contents(b.storage, as: UInt8.self) }

  func expectSame(_ a: View, _ b: View, _ note: Comment = "") {
    let isSame = Self.isSame(a, b)
    #expect(isSame, note)
  }

  /// BLAS may round the last rows of a block in another way than these rows of the whole product, so that bits are compared with the program on the product as it
  /// was made with the epilogue, and that product with the one alone up to rounding.
  @Test(
    "a product with an epilogue gives the product, and the bits of the program on it, kept or not",
    arguments: [DType.float32, .float64, .bfloat16])
  func bits(dtype: DType) {
    var numbers = SplitMix64(31)
    for (m, k, n) in [(1, 5, 7), (3, 1, 1), (37, 19, 23), (130, 64, 96), (700, 33, 150), (1300, 48, 40), (64, 0, 17), (40, 3, 1200)] {
      for (la, lb) in [(Lie.contiguous, Lie.contiguous), (.transposed, .sliced), (.gapped, .transposed)] {
        let a = View.random([m, k], dtype, la, &numbers), b = View.random([k, n], dtype, lb, &numbers)
        let product = emptyView(dtype, [m, n])
        cpu.matmul(a, b, into: product)
        for item in Self.programs(m, n, dtype, &numbers) {
          for threads in [1, 2] {
            let note = "\(item.name) \(m)×\(k)×\(n) \(la) \(lb) on \(threads)"
            cpu.withThreadCount(threads) {
              let kept = emptyView(dtype, [m, n]), expected = Self.outputs(item.program, m, n)
              for out in [kept, nil] {
                let results = Self.outputs(item.program, m, n)
                let rows = RowCall(item.program, inputs: [product] + item.others, outputs: results, over: [m, n])
                #expect(cpu.answer(cpu.prepare(.matmul(MatMulCall(a: a, b: b, out: out, epilogue: (rows, 0))))) == nil)
                if out != nil {
                  cpu.run(item.program, inputs: [kept] + item.others, outputs: expected, over: [m, n])
                  if threads == 1 { expectClose(kept, product.values, epsilon(dtype) * Double(1 + k), note) }
                }
                for (result, wanted) in zip(results, expected) { expectSame(result, wanted, "\(note), kept \(out != nil)") }
              }
            }
          }
        }
      }
    }
  }

  @Test("an epilogue may write over the product that it reads")
  func inPlace() {
    var numbers = SplitMix64(32)
    let a = View.random([50, 20], .float32, .contiguous, &numbers), b = View.random([20, 30], .float32, .contiguous, &numbers)
    let program = Self.programs(50, 30, .float32, &numbers)[0]
    let kept = emptyView(.float32, [50, 30]), expected = emptyView(.float32, [50, 30]), target = emptyView(.float32, [50, 30])
    func kernel(_ out: View, into result: View) -> any Kernel {
      let rows = RowCall(program.program, inputs: [out] + program.others, outputs: [result], over: [50, 30])
      return cpu.prepare(.matmul(MatMulCall(a: a, b: b, out: out, epilogue: (rows, 0))))
    }
    #expect(cpu.answer(kernel(kept, into: expected)) == nil)
    let inPlace = kernel(target, into: target)
    for _ in 0..<2 {
      #expect(cpu.answer(inPlace) == nil)
      expectSame(target, expected)
    }
  }

  @Test("an accumulating product adds to what is there, for every dtype and layout", arguments: DType.allCases)
  func accumulates(dtype: DType) {
    var numbers = SplitMix64(33)
    for (m, k, n) in [(5, 7, 3), (1, 6, 4), (6, 5, 1), (33, 0, 18), (33, 20, 18)] {
      for batch in [[], [3]] {
        for (la, lo) in [(Lie.contiguous, Lie.contiguous), (.sliced, .transposed), (.transposed, .gapped), (.gapped, .reversed)] {
          let a = View.random(Shape(batch + [m, k]), dtype, la, &numbers), b = View.random(Shape(batch + [k, n]), dtype, la, &numbers)
          let out = View.random(Shape(batch + [m, n]), dtype, lo, &numbers)
          let before = out.values
          let product = View(before, out.shape, dtype)
          cpu.matmul(a, b, into: product)
          #expect(cpu.answer(cpu.prepare(.matmul(MatMulCall(a: a, b: b, out: out, accumulates: true)))) == nil)
          let sums = zip(before, product.values).map { wrapped($0 + $1, dtype) }
          expectClose(out, sums, epsilon(dtype) * Double(3 + k), "\(batch) \(m)×\(k)×\(n) \(la) \(lo)")
        }
      }
    }
  }
}
