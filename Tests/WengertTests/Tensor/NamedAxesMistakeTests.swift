import Testing
import Wengert
import WengertTestSupport

@testable import WengertCore

/// Square, so that sizes alone show no mistake.
private let x = Tensor.ones([4, 4]).named("B", "T")
private let plain = Tensor.ones([4, 4])

/// What a function does wrong, and what is said of it.
private struct NamedMistake: Sendable {
  let body: @Sendable () -> Void
  private(set) var operation = "", message = ""

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  func says(_ operation: String, _ message: String) -> NamedMistake {
    var mistake = self
    (mistake.operation, mistake.message) = (operation, message)
    return mistake
  }
}

private enum NamedMistakes {
  static let operations: [NamedMistake] = [
    NamedMistake { _ = x.matmul(x) }
      .says(
        "matmul", "inner extents differ: [B: 4, T: 4] · [B: 4, T: 4], axis −1 of the left has T: 4, axis −2 of the right has B: 4"),
    NamedMistake { _ = concatenate([x, x.transpose()]) }
      .says("concatenate", "shapes [[B: 4, T: 4], [T: 4, B: 4]] differ outside axis 0"),
    NamedMistake { _ = stack([x, x.transpose()]) }.says("stack", "shapes [B: 4, T: 4] and [T: 4, B: 4] differ"),
    NamedMistake { _ = select(x .> 0, x, x.transpose()) }
      .says("select", "shapes [B: 4, T: 4] and [B: 4, T: 4] and [T: 4, B: 4] do not broadcast: axis -2 has extents B: 4 and T: 4"),
    NamedMistake { _ = einsum("ij,jk->ik", x, x) }
      .says("einsum", "\"j\" of \"ij,jk->ik\" has extents T: 4 and B: 4: [B: 4, T: 4] and [B: 4, T: 4]"),
    NamedMistake { attend(x, x.transpose(), x) }
      .says(
        "attention", "query, key and value must have one shape [tokens, width], got [B: 4, T: 4], [T: 4, B: 4], [B: 4, T: 4]"),
    NamedMistake { attend(x, plain, x.transpose()) }
      .says("attention", "query, key and value must have one shape [tokens, width], got [B: 4, T: 4], [4, 4], [T: 4, B: 4]"),
    NamedMistake { _ = x.broadcast(to: x.transpose().shape) }.says("broadcast", "[B: 4, T: 4] does not broadcast to [T: 4, B: 4]"),
    NamedMistake { _ = x.layerNorm(gain: x[0..., 0], bias: Tensor.ones([4])) }
      .says("layerNorm", "gain [B: 4] and bias [4] must have the last extent of [B: 4, T: 4]: [T: 4]"),
    NamedMistake { _ = x.takeAlong(Tensor.zeros([4, 4], dtype: .int64).named("T", nil)) }
      .says("takeAlong", "indices of shape [T: 4, 4] do not fit [B: 4, T: 4]: only axis 1 may differ"),
    NamedMistake { _ = x.cholesky() }.says("cholesky", "needs square matrices on the last two axes, got [B: 4, T: 4]"),
    NamedMistake { _ = solve(plain.named(nil, "T"), x[0..., 0]) }
      .says("solve", "the right-hand side must be float32 and have T: 4 rows, it is float32[B: 4] for matrices of shape [4, T: 4]"),
    NamedMistake {
      var copy = x
      copy[0] = x[0..., 0]
    }.says("subscript", "a value of shape [B: 4] is assigned to a place of shape [T: 4]"),
    NamedMistake { _ = vjp(at: x, { $0 * 2 }).pullback(x.transpose()) }
      .says("pullback", "a cotangent of shape [T: 4, B: 4] for a value of shape [B: 4, T: 4]"),
    NamedMistake { _ = vmap { (a: Tensor, b: Tensor) -> Tensor in a.matmul(b) }(x, x.transpose()) }
      .says("vmap", "argument 1 of shape [T: 4, B: 4] has T: 4 examples along axis 0, argument 0 of shape [B: 4, T: 4] has B: 4"),
    NamedMistake { _ = select(plain .> 0, Tensor.ones([1, 4]).named("B", "T"), plain) }
      .says("select", "shapes [4, 4] and [B: 1, T: 4] and [4, 4] do not broadcast: axis -2 has extents 4 and B: 1"),
    NamedMistake { _ = x.reshape([3, 5]) }.says("reshape", "[B: 4, T: 4] has 16 elements, [3, 5] has 15"),
    NamedMistake { _ = x.sum(axis: 2) }.says("sum", "axis 2 does not exist in shape [B: 4, T: 4], which has 2 axes"),
  ]

  static let names: [NamedMistake] = [
    NamedMistake { _ = plain.named("B") }.says("named", "needs a name or nil for each of the 2 axes of [4, 4], got [B]"),
    NamedMistake { _ = plain.named("B", nil, "D") }.says("named", "needs a name or nil for each of the 2 axes of [4, 4], got [B, _, D]"),
    NamedMistake { _ = plain.named("B", "B") }.says("named", "B is given to two axes of [4, 4]: [B, B]"),
    NamedMistake { _ = plain.named("B", nil).named(nil, "B") }.says("named", "B is given to two axes of [B: 4, 4]: [_, B]"),
    NamedMistake { _ = x.named("T", "B") }
      .says("named", "axis 0 of [B: 4, T: 4] has a name already, and cannot be T too; unnamed() takes names off"),
    NamedMistake { _ = plain.named("", "T") }.says("named", "the name of axis 0 is empty; nil leaves an axis without a name"),
    NamedMistake { _ = Tensor(1).broadcast(to: [1 << 45]).named("T") }
      .says("named", "axis 0 of [35184372088832] is too long for a name"),
  ]

  static let transformed: [NamedMistake] = [
    NamedMistake { _ = compile { (x: Tensor) in x.matmul(x) }(x) }.says("matmul", inner),
    NamedMistake { _ = compile { (x: Tensor) in x.named("B", "T").matmul(x.named("B", "T")) }(plain) }.says("matmul", inner),
    NamedMistake { _ = gradient(at: x) { $0.matmul($0).sum() } }.says("matmul", inner),
    NamedMistake { _ = gradient(at: plain) { $0.named("B", "T").matmul(x).sum() } }.says("matmul", inner),
    NamedMistake { _ = vmap { (row: Tensor) -> Tensor in row.matmul(x) }(x) }
      .says("matmul", "inner extents differ: [T: 4] · [B: 4, T: 4], axis −1 of the left has T: 4, axis −2 of the right has B: 4"),
    NamedMistake { _ = jvp(at: x, along: plain) { $0.matmul(x) } }.says("matmul", inner),
    NamedMistake { _ = gradient(at: x) { checkpoint($0) { $0.matmul(x).sum() } } }.says("matmul", inner),
    NamedMistake {
      let f: @Sendable (Tensor) -> Tensor = { x in x.named("B", "T").matmul(x.named("B", "T")) }
      _ = compile(f, CompileOptions(shapes: ["0": ["n", "n"]]))(plain)
    }.says("matmul", "inner extents differ: [B: n, T: n] · [B: n, T: n], axis −1 of the left has T: n, axis −2 of the right has B: n"),
  ]

  private static let inner =
    "inner extents differ: [B: 4, T: 4] · [B: 4, T: 4], axis −1 of the left has T: 4, axis −2 of the right has B: 4"

  private static func attend(_ q: Tensor, _ k: Tensor, _ v: Tensor) {
    _ = attention(query: q, key: k, value: v, offsets: Tensor([0, 4] as [Int]), heads: 1)
  }
}

/// Mistakes and their lines.
private enum Wrong {
  static func product() { _ = x.matmul(x) }
  static let productLine = #line - 1
  static func names() { _ = plain.named("B", "B") }
  static let namesLine = #line - 1
  @inline(never) static func sum() { _ = x + x.transpose() }
  static let sumLine = #line - 1
}

@Suite("Mistakes that names of axes show")
struct NamedAxesMistakeTests {
  @Test("equal extents of other names are refused, with an operation's own message") func operations() {
    expectMistakes(NamedMistakes.operations)
  }

  @Test("names that are too few or too many, given twice, empty, or others than there are already") func names() {
    expectMistakes(NamedMistakes.names)
  }

  @Test("so it is in functions that are compiled, differentiated and given many examples") func transformed() {
    expectMistakes(NamedMistakes.transformed)
  }

  @Test("the user's line is named") func lines() {
    let found = collectingMistakes([Wrong.product, Wrong.names])
    #expect(found.map { Int($0.caller.line) } == [Wrong.productLine, Wrong.namesLine])
    #expect(found.allSatisfy { $0.caller.fileName.hasSuffix("NamedAxesMistakeTests.swift") })
  }

  @Test("and that of an operator is found") func infix() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { Wrong.sum() } }
      .expectsMessage(
        "NamedAxesMistakeTests.swift:\(Wrong.sumLine)",
        "add: shapes [B: 4, T: 4] and [T: 4, B: 4] do not broadcast: axis -2 has extents B: 4 and T: 4")
  }

  @Test("the same without names is no mistake") func unnamed() {
    let a = x.unnamed(), b = a.transpose()
    let fine = collectingMistakes([{ _ = a.matmul(a) + b }, { _ = concatenate([a, b]) }, { _ = x.matmul(b) }, { _ = stack([x, b]) }])
    #expect(fine.map(\.description) == [])
  }

  private func expectMistakes(_ mistakes: [NamedMistake], sourceLocation: SourceLocation = #_sourceLocation) {
    for (number, expected) in mistakes.enumerated() {
      let found = collectingMistakes([expected.body]).first
      let text = found.map { "\($0.operation): \($0.message)" } ?? "no mistake"
      #expect(text == "\(expected.operation): \(expected.message)", "mistake \(number)", sourceLocation: sourceLocation)
    }
  }
}
