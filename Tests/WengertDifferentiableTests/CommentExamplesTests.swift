import Testing
import WengertDifferentiable
import WengertNN
import WengertTestSupport

private enum InTaped {
  struct Model: Differentiable {
    var first: Taped<Linear>
    @differentiable(reverse)
    func callAsFunction(_ x: Tensor) -> Tensor { tanh(first.applied(to: x) { $0($1) }) }
  }
}

@Suite("Examples in the comments of WengertDifferentiable")
struct CommentExamplesTests {
  @Test("a gradient of Swift's")
  func slope() {
    let slope = gradient(at: Tensor([1.0, 2.0]), of: { x in square(x).sum() })  // slope.value is [2, 4]
    #expect(slope.value!.array() == [2, 4] as [Float])
  }

  @Test("a diagonal by einsum")
  func diagonal() {
    let y = onTape([Tensor([[1, 2], [3, 4]])]) { x in einsum("ii->i", x[0]) }  // [1, 4]
    #expect(y.array() == [1, 4] as [Float])
  }

  @Test("a layer in a model")
  func taped() {
    let layer = Linear(weight: Tensor([[1, 2]]), bias: Tensor([3.0]))
    let model = InTaped.Model(first: Taped(layer)), x = Tensor([[0.5, -1]])
    #expect(model(x).array() == tanh(layer(x)).array() as [Float])
  }

  @Test("every example stands in this file")
  func complete() throws {
    let comments = try CommentExamples(in: "Sources/WengertDifferentiable")
    #expect(comments.examples.count == 3)
    #expect(try comments.missing(in: #filePath) == [])
  }
}
