import Testing
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertTestSupport

@Suite("Prepared kernels of the CPU backend")
struct PreparedTests {
  @Test("a kernel leaves the eager call's bytes wherever its slots are bound, for every case and layout", arguments: CaseList.all)
  func conforms(_ operation: OperationCase) {
    for dtype in operation.dtypes {
      for variant in operation.variants(dtype) {
        _ = operation.apply(variant.operands.map { $0.tensor(on: PreparingBackend.shared) })
      }
    }
  }

  private func expectSame(_ a: [Float], _ b: [Float]) {
    let isSame = a == b
    #expect(isSame)
  }

  private func slot(like view: View) -> View {
    View(storage: cpu.slot(byteCount: view.storage.byteCount), layout: view.layout, dtype: view.dtype)
  }

  @Test(
    "an output that is bound to an input's memory is not written before the input is read for the last time", arguments: [1, 900, 5000])
  func aliases(count: Int) {
    let b = RowBuilder("twice")
    let x = b.row(.float32)
    b.store(x + 1, as: .float32)
    b.store(x * 3, as: .float32)
    let values = (0..<count).map { Float($0) }
    let input = view(values, [count]), other = view(values, [count])
    let (source, first, second) = (slot(like: input), slot(like: input), slot(like: input))
    let kernel = cpu.prepare(.rows(RowCall(b.finish(), inputs: [source], outputs: [first, second], over: [count])))
    for (one, two) in [(input.storage, other.storage), (other.storage, input.storage)] {
      let start = contents(input.storage, as: Float.self)
      cpu.bind(source.storage, to: input.storage, at: 0)
      cpu.bind(first.storage, to: one, at: 0)
      cpu.bind(second.storage, to: two, at: 0)
      #expect(cpu.answer(kernel) == nil)
      expectSame(contents(one, as: Float.self), start.map { $0 + 1 })
      expectSame(contents(two, as: Float.self), start.map { $0 * 3 })
    }
  }

  @Test("the same where all rows are one, each of one column", arguments: [1, 3, 900])
  func aliasedColumn(count: Int) {
    let b = RowBuilder("twice")
    let x = b.row(.float32), y = b.row(.float32)
    b.store(-x, as: .float32)
    b.store(y * 3 * x, as: .float32)
    let values = (1...count).map { Float($0) }
    let input = view(values, [count, 1]), factor = view(values, [count, 1]), other = emptyView(.float32, [count, 1])
    let kernel = cpu.prepare(.rows(RowCall(b.finish(), inputs: [input, factor], outputs: [input, other], over: [count, 1])))
    #expect(cpu.answer(kernel) == nil)
    expectSame(contents(input.storage, as: Float.self), values.map { -$0 })
    expectSame(contents(other.storage, as: Float.self), values.map { $0 * 3 * $0 })
  }

  @Test("the same beside random numbers, for which rows of one column stay rows", arguments: [1, 3, 900])
  func aliasedRandomColumn(count: Int) {
    let b = RowBuilder("drawn")
    let key = b.scalar(.int64)
    let drawn = b.random(key: key, lane: 0).compare(.less, 0).select(b.constant(1, .float32), b.constant(2, .float32))
    // Read when the first output is known already.
    let x = b.row(.float32)
    b.store(drawn, as: .float32)
    b.store(x * 3, as: .float32)
    let values = (1...count).map { Float($0) }
    let input = view(values, [count, 1]), other = emptyView(.float32, [count, 1])
    let seed = view([Int64(7)], [1]).with(Layout(shape: [count, 1], strides: [0, 0]))
    let kernel = cpu.prepare(.rows(RowCall(b.finish(), inputs: [seed, input], outputs: [input, other], over: [count, 1])))
    #expect(cpu.answer(kernel) == nil)
    expectSame(contents(input.storage, as: Float.self), values.map { _ in 2 })
    expectSame(contents(other.storage, as: Float.self), values.map { $0 * 3 })
  }

  @Test("an input that is stored as it is may be overwritten by another output", arguments: [1, 900, 5000])
  func storedAsIs(count: Int) {
    let b = RowBuilder("negated and kept")
    let x = b.row(.float32), y = b.row(.float32)
    b.store(-x, as: .float32)
    b.store(x, as: .float32)
    b.store(x + y, as: .float32)
    let values = (0..<count).map { Float($0) }
    let input = view(values, [count]), kept = view(values, [count]), sum = emptyView(.float32, [count])
    let kernel = cpu.prepare(
      .rows(RowCall(b.finish(), inputs: [input, kept], outputs: [input, kept, sum], over: [count])))
    #expect(cpu.answer(kernel) == nil)
    expectSame(contents(input.storage, as: Float.self), values.map { -$0 })
    expectSame(contents(kept.storage, as: Float.self), values)
    expectSame(contents(sum.storage, as: Float.self), values.map { 2 * $0 })
  }

  @Test("rows long enough for several threads, with two reductions one after the other, give the same bits each time")
  func longRows() {
    let b = RowBuilder("softmax")
    let x = b.row(.float32)
    let e = (x - x.reduce(.maximum))(.exp)
    b.store(e / e.reduce(.sum), as: .float32)
    let (rows, columns) = (2, 100_000)
    var random = SplitMix64(seed: 11)
    let input = view(random.floats(rows * columns), [rows, columns])
    for threads in [1, 2, 3] {
      let output = emptyView(.float32, [rows, columns])
      let kernel = cpu.prepare(.rows(RowCall(b.finish(), inputs: [input], outputs: [output], over: [rows, columns])))
      let expected = emptyView(.float32, [rows, columns])
      cpu.withThreadCount(threads) {
        cpu.run(b.finish(), inputs: [input], outputs: [expected], over: [rows, columns])
        for _ in 0..<3 {
          #expect(cpu.answer(kernel) == nil)
          expectSame(contents(output.storage, as: Float.self), contents(expected.storage, as: Float.self))
        }
      }
    }
  }

  @Test("sums over rows begin anew with each run")
  func accumulation() {
    let b = RowBuilder("sum")
    let x = b.row(.float32)
    b.store(x, as: .float32)
    b.store(x, as: .float32, accumulate: .sum)
    let (rows, columns) = (300, 700)
    let target = emptyView(.float32, [columns]), copy = emptyView(.float32, [rows, columns])
    let input = view([Float](repeating: 0.5, count: rows * columns), [rows, columns])
    let sums = target.with(target.layout.broadcast(to: [rows, columns]))
    let kernel = cpu.prepare(.rows(RowCall(b.finish(), inputs: [input], outputs: [copy, sums], over: [rows, columns])))
    for _ in 0..<3 {
      #expect(cpu.answer(kernel) == nil)
      expectSame(contents(target.storage, as: Float.self), [Float](repeating: 150, count: columns))
    }
  }

  @Test("attention follows its offsets when they change between runs", arguments: [0.0, 0.3])
  func offsets(dropout: Double) {
    let (tokens, heads, width) = (90, 3, 10)
    var numbers = SplitMix64(21)
    let (q, k, v) = (
      View.random([tokens, heads * width], .float32, .gapped, &numbers),
      View.random([tokens, heads * width], .float32, .contiguous, &numbers),
      View.random([tokens, heads * width], .float32, .gapped, &numbers)
    )
    let g = View.random([tokens, heads * width], .float32, .contiguous, &numbers)
    let key = view([Int64(99)], [1])
    func call(_ offsets: View) -> AttentionOperands {
      AttentionOperands(
        query: q, key: k, value: v, offsets: offsets, heads: heads, scale: 0.4, dropout: dropout, randomKey: dropout > 0 ? key : nil)
    }
    let offsets = emptyView(.int64, [4])
    let results = (0..<5).map { _ in emptyView(.float32, [tokens, heads * width]) }
    let expected = (0..<5).map { _ in emptyView(.float32, [tokens, heads * width]) }
    let sums = emptyView(.float32, [tokens, heads]), expectedSums = emptyView(.float32, [tokens, heads])
    let forward = cpu.prepare(.attention(AttentionCall(call(offsets), into: results[0], logSumExp: sums)))
    let backward = cpu.prepare(
      .attentionBackward(
        AttentionBackwardCall(
          call(offsets), out: results[0], logSumExp: sums, cotangent: g, intoQuery: results[1], intoKey: results[2],
          intoValue: results[3])))
    for list: [Int64] in [[0, 90, 90, 90], [0, 7, 40, 90], [0, 0, 1, 90]] {
      list.withUnsafeBytes { cpu.write(RawSpan(_unsafeBytes: $0), to: offsets.storage, at: 0) }
      #expect(cpu.answer(forward) == nil)
      #expect(cpu.answer(backward) == nil)
      let own = call(view(list, [4]))
      cpu.attention(own, into: expected[0], logSumExp: expectedSums)
      cpu.attentionBackward(
        own, out: expected[0], logSumExp: expectedSums, cotangent: g, intoQuery: expected[1], intoKey: expected[2], intoValue: expected[3])
      for index in 0..<4 {
        expectSame(contents(results[index].storage, as: Float.self), contents(expected[index].storage, as: Float.self))
      }
      expectSame(contents(sums.storage, as: Float.self), contents(expectedSums.storage, as: Float.self))
    }
  }
}
