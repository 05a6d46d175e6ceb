import Testing
import WengertTestSupport

/// Mistakes and their lines: inside an expectation the lines are the macro's.
private enum Mistakes {
  static func product() { _ = Tensor.ones([2, 3]).matmul(.ones([4, 5])) }
  static let productLine = #line - 1

  static func sum() { _ = Tensor.ones([2, 3]) + Tensor.ones([4]) }
  static let sumLine = #line - 1

  static func gradientOfProduct() {
    _ = gradient(at: Tensor.ones([2, 3])) { x in
      (x * Tensor.ones([2])).sum()
    }
  }
  static let gradientLine = #line - 3
}

/// A violated rule ends the program with the operation, the shapes, the axis and the caller's line.
@Suite("Messages of violated rules")
struct CallerErrorTests {
  @Test("matmul names both shapes, the axes and the line")
  func matmul() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { Mistakes.product() }
      .expectsMessage(
        "CallerErrorTests.swift:\(Mistakes.productLine)",
        "matmul: inner extents differ: [2, 3] · [4, 5], axis −1 of the left has 3, axis −2 of the right has 4")
  }

  @Test("shapes with more elements than can be counted, whatever asks for them")
  func count() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = RandomKey(1).uniform([1 << 62, 4]) }
      .expectsMessage("uniform: a tensor of shape [4611686018427387904, 4] has more elements than an Int counts")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor(1).broadcast(to: [1 << 32, 1]).matmul(Tensor(1).broadcast(to: [1, 1 << 32]))
    }
    .expectsMessage("matmul: a tensor of shape [4294967296, 4294967296] has more elements than an Int counts")
    // So does a function that is traced.
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = compile { (x: Tensor) in x.broadcast(to: [1 << 32, 1]).matmul(x.broadcast(to: [1, 1 << 32])) }(Tensor(1))
    }
    .expectsMessage("matmul: a tensor of shape [4294967296, 4294967296] has more elements than an Int counts")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = RandomKey(1).normal([-2]) }
      .expectsMessage("normal: extent -2 of axis 0 is negative")
  }

  @Test("an operator, which cannot be told its caller's line, finds it")
  func infix() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { Mistakes.sum() } }
      .expectsMessage(
        "CallerErrorTests.swift:\(Mistakes.sumLine)", "add: shapes [2, 3] and [4] do not broadcast: axis -1 has extents 3 and 4")
  }

  @Test("an operator inside a gradient finds its own line")
  func nestedOperator() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { Mistakes.gradientOfProduct() } }
      .expectsMessage("CallerErrorTests.swift:\(Mistakes.gradientLine)", "multiply: shapes [2, 3] and [2] do not broadcast")
  }

  @Test("reshape counts elements")
  func reshape() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Tensor.ones([2, 3]).reshape([4, 2]) }
      .expectsMessage("CallerErrorTests.swift:\(#line - 1)", "reshape: [2, 3] has 6 elements, [4, 2] has 8")
  }

  @Test("matrices without a factor, and of the wrong shape")
  func linearAlgebra() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Tensor([[1, 2], [2, 1]]).cholesky() }
      .expectsMessage("CallerErrorTests.swift:\(#line - 1)", "cholesky: the matrix of shape [2, 2] is not positive definite")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = solve(Tensor.ones([2, 2]), Tensor.ones([2])) }
      .expectsMessage("solve: the matrix of shape [2, 2] is singular")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = solve(Tensor.eye(2), Tensor.ones([3, 1])) }
      .expectsMessage("solve: the right-hand side must be float32 and have 2 rows, it is float32[3, 1]")
  }

  @Test("an axis that does not exist")
  func axis() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Tensor.ones([2, 3]).sum(axes: [2]) }
      .expectsMessage("sum: axis 2 does not exist in shape [2, 3], which has 2 axes")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Tensor.ones([2, 3]).prod(axes: [1, -1]) }
      .expectsMessage("prod: axis 1 is named twice in [1, -1]")
  }

  @Test("an index out of range, in a subscript and in a gather")
  func index() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Tensor.ones([2, 3])[0, 3] }
      .expectsMessage("CallerErrorTests.swift:\(#line - 1)", "subscript: index 3 is out of range for axis 1 of [2, 3]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.ones([2, 3]).gather(Tensor([0, -4] as [Int]), axis: 1)
    }
    .expectsMessage("gather: index -4 is out of range for axis 1 with extent 3")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Tensor.ones([2, 3])[0, 0, 0] }
      .expectsMessage("subscript: 3 indices for shape [2, 3], which has 2 axes")
  }

  @Test("dtypes that do not fit")
  func dtypes() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Tensor.ones([2]).gather(Tensor.ones([2])) }
      .expectsMessage("gather: indices must be int32 or int64, they are float32")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = select(Tensor.ones([2]), Tensor.ones([2]), Tensor.ones([2]))
    }
    .expectsMessage("select: the condition must be bool, it is float32")
  }

  @Test("what cannot be joined, taken or drawn")
  func counts() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = concatenate([Tensor.ones([2, 3]), Tensor.ones([2, 4])])
    }
    .expectsMessage("concatenate: shapes [[2, 3], [2, 4]] differ outside axis 0")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Tensor.ones([2, 3]).topK(4) }
      .expectsMessage("topK: cannot take 4 of the 3 elements of axis 1 of [2, 3]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Tensor.ones([0, 3]).max(axes: [0]) }
      .expectsMessage("max: axis 0 of [0, 3] is empty")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Tensor.ones([5]).split([2, 2]) }
      .expectsMessage("split: extents [2, 2] do not add up to 5, axis 0 of [5]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RandomKey(1).categorical(Tensor.ones([3]), count: 4, replacement: false)
    }
    .expectsMessage("categorical: cannot draw 4 of 3 classes without replacement")
  }

  @Test("einsum and attention name what does not fit")
  func contractions() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = einsum("ij,jk->ik", Tensor.ones([2, 3]), Tensor.ones([4, 5]))
    }
    .expectsMessage("einsum: \"j\" of \"ij,jk->ik\" has extents 3 and 4: [2, 3] and [4, 5]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor.ones([4, 6])
      _ = attention(query: x, key: x, value: x, offsets: Tensor([0, 3] as [Int]), heads: 2)
    }
    .expectsMessage("attention: offsets must rise from 0 to the 4 tokens, got [0, 3]")
  }

  @Test("a gradient of something that is no number")
  func gradientOfVector() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = gradient(at: Tensor.ones([3])) { $0 * 2 } }
      .expectsMessage("CallerErrorTests.swift:\(#line - 1)", "gradient: the function must give one floating number, it gave float32[3]")
  }

  struct Forgetful: ParameterTree {
    var weight: Tensor
    var forgotten: Tensor?
    static let fields: [Field<Forgetful>] = [.init("weight", \.weight)]
  }

  @Test("a forgotten field of a model ends the program rather than staying frozen")
  func forgotten() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = gradient(at: Forgetful(weight: .ones([2]), forgotten: .ones([2]))) { $0.weight.sum() }
    }
    .expectsMessage("Forgetful: forgotten missing in `fields`; unlisted tensors would never be trained")
  }
}

extension Optional where Wrapped == ExitTest.Result {
  /// Expects every part in what the process wrote.
  func expectsMessage(_ parts: String..., sourceLocation: SourceLocation = #_sourceLocation) {
    guard let self else { return }
    let text = String(decoding: self.standardErrorContent, as: UTF8.self)
    for part in parts where !text.contains(part) {
      Issue.record("\"\(part)\" is not in the message: \(text)", sourceLocation: sourceLocation)
    }
  }
}
