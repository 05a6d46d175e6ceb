import Testing
@_spi(Backend) import WengertTestSupport

@Suite("The reference backend: memory, products, indexing, order, scans, attention")
struct ReferenceBackendTests {
  @Test("bytes written are the bytes lent, and fresh memory reads as NaN")
  func memory() {
    let storage = reference.allocate(byteCount: 8)
    #expect(View(storage: storage, layout: Layout(rowMajor: [1]), dtype: .float64).doubles[0].isNaN)
    let (word, pair): ([Int64], [UInt8]) = ([1], [9, 8])
    reference.write(word.span.bytes, to: storage, at: 0)
    reference.write(pair.span.bytes, to: storage, at: 6)
    let read = reference.withBytes(of: storage) { span in (0..<span.byteCount).map { span.unsafeLoad(fromByteOffset: $0, as: UInt8.self) } }
    #expect(read == [1, 0, 0, 0, 0, 0, 9, 8])
  }

  @Test("views read through strides, negative steps and offsets")
  func views() {
    let x = real([0, 1, 2, 3, 4, 5], [2, 3])
    #expect(x.exchangingAxes(0, 1).doubles == [0, 3, 1, 4, 2, 5])
    #expect(x.with(x.layout.sliced(starts: [1, 2], steps: [-1, -2], counts: [2, 2])).doubles == [5, 3, 2, 0])
    #expect(x.with(Layout(shape: [2, 2], strides: [0, 1], offset: 4)).doubles == [4, 5, 4, 5])
  }

  @Test("elements are stored with the dtype's rounding")
  func rounding() {
    // 1 + ½ulp is a tie and goes to the even neighbor, 1 + 1½ulp to the one above; then overflow, the least denormal, half of it.
    #expect(
      real([1 + 0x1p-8, 1 + 0x3p-8, 1 + 0x1p-8 + 0x1p-30, 3.4e38, 1e-40, 0x1p-134, -.infinity], [7], .bfloat16).doubles
        == [1, 1.015625, 1.0078125, .infinity, 0x1p-133, 0, -.infinity])
    #expect(real([.nan], [1], .bfloat16).doubles[0].isNaN)
    #expect(
      real([1 + 0x1p-11, 1 + 0x3p-11, 65519, 65520, 0x1p-25, 0x1.8p-25], [6], .float16).doubles == [
        1, 1 + 0x1p-9, 65504, .infinity, 0, 0x1p-24,
      ])
    #expect(real([1 + 0x1p-24, 1 + 0x3p-24, 1e39], [3], .float32).doubles == [1, 1 + 0x1p-22, .infinity])
    #expect(whole([256 + 7, -1], [2], .uint8).integers == [7, 255])
    #expect(whole([0, 2, -3], [3], .bool).integers == [0, 1, 1])
    #expect(whole([.max, .min], [2]).integers == [.max, .min])
  }

  @Test("a batched product of a transposed and a broadcast operand")
  func matmul() {
    // Two matrices [[1, 2, 3], [4, 5, 6]] and [[7, 8, 9], [0, 1, 2]], stored by columns, times [[1, 0], [2, 1], [0, -1]].
    let a = real([1, 4, 2, 5, 3, 6, 7, 0, 8, 1, 9, 2], [2, 3, 2]).exchangingAxes(1, 2)
    let b = real([1, 0, 2, 1, 0, -1], [3, 2])
    let out = empty([2, 2, 2])
    reference.matmul(a, b.with(b.layout.broadcast(to: [2, 3, 2])), into: out)
    #expect(out.doubles == [5, -1, 14, -1, 23, -1, 2, -1])
  }

  @Test("a product of int32 wraps, one over nothing is zero")
  func matmulEdges() {
    let out = empty([1, 1], .int32)
    reference.matmul(whole([65536, 3], [1, 2], .int32), whole([65536, 5], [2, 1], .int32), into: out)
    #expect(out.integers == [15])
    let zero = empty([2, 1], .float32)
    reference.matmul(empty([2, 0], .float32), empty([0, 1], .float32), into: zero)
    #expect(zero.doubles == [0, 0])
  }

  @Test("gather reads slices, negative indices from the end, and names the first index outside")
  func gather() {
    let source = real([0, 1, 10, 11, 20, 21], [3, 2])
    let out = empty([4, 2])
    #expect(reference.gather(source, indices: whole([2, -3, 1, -1], [4], .int32), into: out) == nil)
    #expect(out.doubles == [20, 21, 0, 1, 10, 11, 20, 21])
    #expect(reference.gather(source, indices: whole([0, -4, 3, 0], [4]), into: out) == -4)
    #expect(reference.gather(source, indices: whole([0, 3, -4, 0], [4]), into: out) == 3)
  }

  @Test("scatter-add adds slices that share an index")
  func scatterAdd() {
    let out = real([100, 0, 0, 0, 0, 1], [3, 2])
    let updates = real([1, 2, 3, 4, 5, 6], [3, 2])
    #expect(reference.scatterAdd(updates, indices: whole([0, -1, 0], [3]), into: out) == nil)
    #expect(out.doubles == [106, 8, 0, 0, 3, 5])
    #expect(reference.scatterAdd(updates, indices: whole([0, 1, 3], [3]), into: out) == 3)
    #expect(out.doubles.allSatisfy { $0.isNaN })
  }

  @Test("take-along reads one element per index, its transpose adds them back")
  func along() {
    let source = real([1, 2, 3, 4, 5, 6], [2, 3])
    let indices = whole([2, 2, -3, 1], [2, 2])
    let out = empty([2, 2])
    #expect(reference.takeAlong(source, indices: indices, into: out) == nil)
    #expect(out.doubles == [3, 3, 4, 5])
    let sums = real([0, 0, 0, 0, 0, 0], [2, 3])
    #expect(reference.scatterAddAlong(out, indices: indices, into: sums) == nil)
    #expect(sums.doubles == [0, 0, 6, 4, 5, 0])
    #expect(reference.takeAlong(source, indices: whole([0, 1, 7, 9], [2, 2]), into: out) == 7)
    #expect(reference.scatterAddAlong(out, indices: whole([0, 1, 7, 9], [2, 2]), into: sums) == 7)
  }

  @Test("argSort is stable both ways and counts NaN as the largest")
  func argSort() {
    let x = real([3, .nan, 1, 3, -.infinity, .nan, 1, 0, -0.0, .infinity, 0, 1], [2, 6], .float32)
    let up = empty([2, 6], .int64)
    reference.argSort(x, descending: false, into: up)
    #expect(up.integers == [4, 2, 0, 3, 1, 5, 1, 2, 4, 0, 5, 3])
    let down = empty([2, 3], .int64)
    reference.argSort(x, descending: true, into: down)
    #expect(down.integers == [1, 5, 0, 3, 0, 5])
    let large = empty([1, 3], .int64)
    reference.argSort(whole([1 << 53 + 1, 1 << 53, .min], [1, 3]), descending: false, into: large)
    #expect(large.integers == [2, 1, 0])
  }

  @Test("argReduce finds the first extreme, a NaN before all")
  func argReduce() {
    let x = real([2, 5, 5, 1, 1, 2, 4, .nan, 9, .nan], [2, 5], .float16)
    let out = empty([2, 1], .int64)
    reference.argReduce(x, .maximum, into: out)
    #expect(out.integers == [1, 2])
    reference.argReduce(x, .minimum, into: out)
    #expect(out.integers == [3, 2])
  }

  @Test("scans run along the last axis from either end")
  func scan() {
    let x = real([1, 2, 3, 4, 5, 6], [2, 3])
    let out = empty([2, 3])
    reference.scan(x, .sum, reverse: false, into: out)
    #expect(out.doubles == [1, 3, 6, 4, 9, 15])
    reference.scan(x, .sum, reverse: true, into: out)
    #expect(out.doubles == [6, 5, 3, 15, 11, 6])
    reference.scan(x, .product, reverse: false, into: out)
    #expect(out.doubles == [1, 2, 6, 4, 20, 120])
    let bytes = empty([3], .uint8)
    reference.scan(whole([200, 100, 1], [3], .uint8), .sum, reverse: false, into: bytes)
    #expect(bytes.integers == [200, 44, 45])
  }

  @Test("a float16 scan is rounded once per element, not once per step")
  func scanAccumulates() {
    // 2048 + 1 + 1: float16 cannot hold 2049.
    let out = empty([3], .float16)
    reference.scan(real([2048, 1, 1], [3], .float16), .sum, reverse: false, into: out)
    #expect(out.doubles == [2048, 2048, 2050])
  }

  @Test("attention of equal scores averages its sequence; one token attends to itself")
  func attentionByHand() {
    let query = real([0, 0, 0], [3, 1], .float32)
    let call = AttentionOperands(
      query: query, key: real([1, 2, 3], [3, 1], .float32), value: real([2, 4, 7], [3, 1], .float32),
      offsets: whole([0, 2, 2, 3], [4], .int32),
      heads: 1, scale: 1, dropout: 0, randomKey: nil)
    let (out, logSumExp) = (empty([3, 1], .float32), empty([3, 1], .float32))
    reference.attention(call, into: out, logSumExp: logSumExp)
    #expect(out.doubles == [3, 3, 7])
    expectClose(logSumExp.doubles, [0.6931471805599453, 0.6931471805599453, 0], .elementwise(.float32), "log 2")
  }

  @Test("attention and its gradients equal PyTorch's in float64, with and without dropout", arguments: [0, 1])
  func attentionGolden(_ n: Int) throws {
    let golden = try GoldenReference.load().attention[n]
    let shape: Shape = [Int(golden.offsets.last!), golden.width]
    // Query, key and value as columns of one joint projection.
    let joint = empty([shape[0], 3 * shape[1]])
    let parts = (0..<3).map { part in
      joint.with(joint.layout.sliced(starts: [0, part * shape[1]], steps: [1, 1], counts: shape))
    }
    for (part, values) in zip(parts, [golden.query, golden.keys, golden.value]) {
      reference.run(RowProgram(.cast(0), [.float64], .float64), inputs: [real(values, shape)], outputs: [part], over: shape)
    }
    let call = AttentionOperands(
      query: parts[0], key: parts[1], value: parts[2], offsets: whole(golden.offsets, [golden.offsets.count]), heads: golden.heads,
      scale: golden.scale, dropout: golden.dropout, randomKey: golden.dropout > 0 ? whole([golden.key], [1]) : nil)
    let (out, logSumExp) = (empty(shape), empty([shape[0], golden.heads]))
    reference.attention(call, into: out, logSumExp: logSumExp)
    let tolerance = Tolerance(.float64, unitsInLastPlace: 16, absolute: 1e-14)
    expectClose(out.doubles, golden.out, tolerance, "out")
    expectClose(logSumExp.doubles, golden.logSumExp, tolerance, "log-sum-exp")
    let gradients = (0..<3).map { _ in empty(shape) }
    reference.attentionBackward(
      call, out: out, logSumExp: logSumExp, cotangent: real(golden.cotangent, shape), intoQuery: gradients[0], intoKey: gradients[1],
      intoValue: gradients[2])
    expectClose(gradients[0].doubles, golden.dQuery, tolerance, "gradient of the query")
    expectClose(gradients[1].doubles, golden.dKeys, tolerance, "gradient of the key")
    expectClose(gradients[2].doubles, golden.dValue, tolerance, "gradient of the value")
  }
}
