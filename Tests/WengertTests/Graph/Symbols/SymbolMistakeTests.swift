import Testing
@_spi(Backend) import Wengert
import WengertTestSupport

/// A mistake in a function of x [n, D] and y [n, K] that is compiled for these symbols, and called with n = 2, D = 3, K = 4.
private struct SymbolMistake: Sendable {
  private let line: UInt
  private let f: @Sendable (Tensor, Tensor) -> Tensor
  private(set) var text = ""

  /// - Parameter below: how many lines the operation is below the first.
  init(line: UInt = #line, below: UInt = 0, _ f: @escaping @Sendable (Tensor, Tensor) -> Tensor) {
    self.line = line + below
    self.f = f
  }

  func says(_ text: String) -> SymbolMistake {
    var mistake = self
    mistake.text = text
    return mistake
  }

  var place: String { "SymbolMistakeTests.swift:\(line)" }

  @Sendable func run() {
    let options = CompileOptions(shapes: ["0": ["n", "D"], "1": ["n", "K"]])
    _ = compile(f, options)(Tensor.ones([2, 3]), Tensor.ones([2, 4]))
  }
}

private func whether(_ a: String, equals b: String) -> String {
  "whether \(a) equals \(b) depends on the symbols; give both one symbol, or compile for numbers"
}

private enum SymbolMistakes {
  static let products: [SymbolMistake] = [
    SymbolMistake { x, y in x.matmul(y) }
      .says(
        "matmul: inner extents differ: [n, D] · [n, K], axis −1 of the left has D, axis −2 of the right has n; \(whether("D", equals: "n"))"
      ),
    SymbolMistake { x, y in y.transpose().expandDims(2).matmul(x.transpose().expandDims(1)) }
      .says(
        "matmul: leading axes of [K, n, 1] and [D, 1, n] do not broadcast: axis -3 has extents K and D; \(whether("K", equals: "D"))"),
    SymbolMistake { x, y in einsum("ij,jk->ik", x, y) }
      .says("einsum: \"j\" of \"ij,jk->ik\" has extents D and n: [n, D] and [n, K]; \(whether("D", equals: "n"))"),
    SymbolMistake { x, y in einsum("ijk,ik->j", x, y) }
      .says("einsum: term 0 of \"ijk,ik->j\" names 3 axes, the operand of shape [n, D] has 2"),
    SymbolMistake { x, y in attention(query: x, key: y, value: y, offsets: Tensor([0, 2] as [Int]), heads: 1) }
      .says("attention: query, key and value must have one shape [tokens, width], got [n, D], [n, K], [n, K]"),
    SymbolMistake { x, y in attention(query: x, key: x, value: x, offsets: Tensor([0, 5] as [Int]), heads: 1) }
      .says("attention: offsets must rise from 0 to the n tokens, got [0, 5], with n = 2"),
    SymbolMistake { x, y in attention(query: x, key: x, value: x, offsets: Tensor([0, 2] as [Int]), heads: 2) }
      .says("attention: the width D does not divide into 2 heads, with D = 3"),
    SymbolMistake { x, y in x.cholesky() }
      .says("cholesky: needs square matrices on the last two axes, got [n, D]; \(whether("D", equals: "n"))"),
    SymbolMistake { x, y in solve(x.matmul(x.transpose()), y.transpose()) }
      .says(
        "solve: the right-hand side must be float32 and have n rows, it is float32[K, n] for matrices of shape [n, n]; \(whether("K", equals: "n"))"
      ),
  ]

  static let shapes: [SymbolMistake] = [
    SymbolMistake { x, y in x.broadcast(to: y.shape) }
      .says("broadcast: [n, D] does not broadcast to [n, K]; \(whether("D", equals: "K"))"),
    SymbolMistake { x, y in x.expand([-1, 5]) }
      .says("expand: [n, D] does not broadcast to [n, 5]; \(whether("D", equals: "5"))"),
    SymbolMistake { x, y in x.reshape(y.shape) }
      .says("reshape: [n, D] has D·n elements, [n, K] has K·n; \(whether("K·n", equals: "D·n"))"),
    SymbolMistake { x, y in x.reshape([-1, 5]) }
      .says("reshape: [n, D] has D·n elements, which [-1, 5] cannot divide, with D = 3, n = 2"),
    SymbolMistake { x, y in concatenate([x, y]) }
      .says("concatenate: shapes [[n, D], [n, K]] differ outside axis 0"),
    SymbolMistake { x, y in stack([x, y]) }
      .says("stack: shapes [n, D] and [n, K] differ"),
    SymbolMistake { x, y in x.permute(0, 0) }
      .says("permute: axes [0, 0] are not an order of the 2 axes of [n, D]"),
    SymbolMistake { x, y in x.transpose(0, 2) }
      .says("transpose: axis 2 does not exist in shape [n, D], which has 2 axes"),
    SymbolMistake { x, y in x.moveAxis(0, to: 2) }
      .says("moveAxis: axis 2 does not exist in shape [n, D], which has 2 axes"),
    SymbolMistake { x, y in x.flip(2) }
      .says("flip: axis 2 does not exist in shape [n, D], which has 2 axes"),
    SymbolMistake { x, y in x.roll(1, axis: 2) }
      .says("roll: axis 2 does not exist in shape [n, D], which has 2 axes"),
    SymbolMistake { x, y in x.pad([(before: 1, after: 1)]) }
      .says("pad: needs 2 pairs for [n, D], got 1"),
    SymbolMistake { x, y in x.tile([2]) }
      .says("tile: needs 2 counts for [n, D], got 1"),
  ]

  static let parts: [SymbolMistake] = [
    SymbolMistake { x, y in x.narrow(1, from: 1, count: 3) }
      .says("narrow: 3 elements from 1 are not inside axis 1 of [n, D], with D = 3"),
    SymbolMistake { x, y in x[0, 7] }
      .says("subscript: index 7 is out of range for axis 1 of [n, D], with D = 3"),
    SymbolMistake { x, y in x[0, 0, 0] }
      .says("subscript: 3 indices for shape [n, D], which has 2 axes"),
    SymbolMistake { x, y in x[Axis.all, Axis.range(from: 1, to: y.shape[dim: 1])] }
      .says("subscript: the range from 1 to K by 1 is not inside axis 1 of [n, D], with D = 3, K = 4"),
    SymbolMistake(below: 2) { x, y in
      var x = x
      x[0] = y[0]
      return x
    }
    .says("subscript: a value of shape [K] is assigned to a place of shape [D], with D = 3, K = 4"),
    SymbolMistake(below: 2) { x, y in
      var x = x
      x[0] = y
      return x
    }
    .says("subscript: a value of shape [n, K] is assigned to a place of shape [D]"),
    SymbolMistake { x, y in x.split([1, 1], axis: 1)[0] }
      .says("split: extents [1, 1] do not add up to D, axis 1 of [n, D], with D = 3"),
    SymbolMistake { x, y in x.gather(Tensor([0] as [Int]), axis: 2) }
      .says("gather: axis 2 does not exist in shape [n, D], which has 2 axes"),
    SymbolMistake { x, y in x.takeAlong(y.argSort(), axis: 0) }
      .says("takeAlong: indices of shape [n, K] do not fit [n, D]: only axis 0 may differ; \(whether("K", equals: "D"))"),
    SymbolMistake { x, y in x.scatterAdd(Tensor.iota(y.shape[dim: 1]), extent: 2) }
      .says("scatterAdd: indices of shape [K] do not match axes from 0 of [n, D]"),
    SymbolMistake { x, y in x.topK(4).values }
      .says("topK: cannot take 4 of the D elements of axis 1 of [n, D], with D = 3"),
  ]

  static let rows: [SymbolMistake] = [
    SymbolMistake { x, y in x.layerNorm(gain: y[0], bias: y[0]) }
      .says("layerNorm: gain [K] and bias [K] must have the last extent of [n, D]: [D]"),
    SymbolMistake { x, y in select(x .> 0, x, y) }
      .says("select: shapes [n, D] and [n, D] and [n, K] do not broadcast: axis -1 has extents D and K; \(whether("D", equals: "K"))"),
    SymbolMistake { x, y in x.softmax(axis: 2) }
      .says("softmax: axis 2 does not exist in shape [n, D], which has 2 axes"),
    SymbolMistake { x, y in x.logSumExp(axes: [2]) }
      .says("logSumExp: axis 2 does not exist in shape [n, D], which has 2 axes"),
    SymbolMistake { x, y in x.l2Normalize(axis: 2) }
      .says("l2Normalize: axis 2 does not exist in shape [n, D], which has 2 axes"),
    SymbolMistake { x, y in x.sum(axes: [2]) }
      .says("sum: axis 2 does not exist in shape [n, D], which has 2 axes"),
    SymbolMistake { x, y in x.variance(axes: [2]) }
      .says("variance: axis 2 does not exist in shape [n, D], which has 2 axes"),
    SymbolMistake { x, y in x.norm(axes: [2]) }
      .says("norm: axis 2 does not exist in shape [n, D], which has 2 axes"),
    SymbolMistake { x, y in x.cumulativeSum(axis: 2) }
      .says("cumulativeSum: axis 2 does not exist in shape [n, D], which has 2 axes"),
    SymbolMistake { x, y in x.argMax(axis: 2) }
      .says("argMax: axis 2 does not exist in shape [n, D], which has 2 axes"),
    SymbolMistake { x, y in x.sorted(axis: 2) }
      .says("sorted: axis 2 does not exist in shape [n, D], which has 2 axes"),
  ]

  static let operators: [SymbolMistake] = [
    SymbolMistake { x, y in x + y }
      .says("add: shapes [n, D] and [n, K] do not broadcast: axis -1 has extents D and K; \(whether("D", equals: "K"))"),
    SymbolMistake { x, y in (x .< y).cast(to: .float32) }
      .says("less: shapes [n, D] and [n, K] do not broadcast: axis -1 has extents D and K; \(whether("D", equals: "K"))"),
    SymbolMistake { x, y in maximum(x, y.transpose()) }
      .says("maximum: shapes [n, D] and [K, n] do not broadcast: axis -2 has extents n and K; \(whether("n", equals: "K"))"),
  ]
}

@Suite("Mistakes in functions with symbols")
struct SymbolMistakeTests {
  @Test("the operation, the shapes with their symbols and the line are named")
  func named() {
    let all = SymbolMistakes.products + SymbolMistakes.shapes + SymbolMistakes.parts + SymbolMistakes.rows
    for mistake in all {
      #expect(collectingMistakes([mistake.run]).map { $0.description } == ["WengertTests/\(mistake.place): \(mistake.text)"])
    }
  }

  @Test("so they are for operators, whose line is looked up")
  func operators() async {
    // Places are looked up in a process of its own, where no other test runs.
    await #expect(processExitsWith: .success) {
      for mistake in SymbolMistakes.operators {
        let found = collectingMistakes(findsPlaces: true, [mistake.run]).map { $0.description }
        ensure(
          found.count == 1 && found[0].hasPrefix("\(mistake.text)\n  called at ") && found[0].contains("/\(mistake.place):"), "\(found)")
      }
    }
  }

  @Test("a row program that divides by a symbol cannot be run outside of a compiled function")
  func rowProgram() {
    let found = collectingMistakes([
      {
        let b = RowBuilder("mean")
        b.store(b.row(.float32) * b.inverse(of: "n", .float32), as: .float32)
        var sum = Tensor.ones([2]), none: [Tensor] = []
        b.finish().update(&sum, &none, reading: [])
      }
    ])
    #expect(
      found.map { $0.message } == [
        "it divides by n, which has a number only in calls of a compiled function whose arguments' shapes name its symbols"
      ])
    #expect(found.first?.operation == "mean")
  }

  @Test("a value of extent one is assigned to a place of any extent")
  func assigned() {
    let f = compile(
      { (x: Tensor) -> Tensor in
        var x = x
        x[0] = Tensor([7.0])
        return x
      }, CompileOptions(shapes: ["0": ["n", "D"]]))
    #expect(f(Tensor.ones([2, 3])).array(of: Double.self) == [7, 7, 7, 1, 1, 1])
    #expect(f(Tensor.ones([1, 1])).array(of: Double.self) == [7])
  }
}
