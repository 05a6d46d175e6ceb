import Testing
import Wengert
import WengertTestSupport

// The page's example, to the letter.
func logDeterminant(_ matrix: Tensor) -> Double? {
  do {
    return try catchingDataFaults { 2 * log(matrix.cholesky().diagonal()).sum().item() }
  } catch {
    return nil
  }
}

@Suite("Documentation/Differentiation.md")
struct DifferentiationPageTests {
  @Test("the gradient of each example")
  func examples() {
    let weights = Tensor([[0.5, -1], [2, 0.25]])
    func loss(_ w: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor { square(x.matmul(w) - y).sum() }
    let xs = Tensor([[1, 0], [0, 1], [1, 1]]), ys = Tensor([[0, 0], [1, 0], [2, -1]])
    let perExample = vmap { (x: Tensor, y: Tensor) in gradient(at: weights) { loss($0, x, y) } }(xs, ys)
    // 2 x (xᵀw − y)
    let expected: [Float] = [1, -2, 0, 0, 0, 0, 2, 0.5, 1, 0.5, 1, 0.5]
    #expect(perExample.shape == [3, 2, 2] && perExample.array() == expected)
  }

  @Test("the gradient by complex numbers is a pair of derivatives")
  func complexNumbers() {
    let z = ComplexTensor(real: Tensor([3.0, 0]), imaginary: Tensor([4.0, 1]))
    let slope = gradient(at: z) { $0.squaredMagnitude.sum() }  // 2z: [6 + 8i, 2i]
    #expect(slope.real.array() == [6, 0] as [Float] && slope.imaginary.array() == [8, 2] as [Float])
  }

  @Test("stopGradient says that zero is meant")
  func stop() {
    let x = Tensor([0.2, 1.7, -0.4])
    let zero = gradient(at: x) { x in stopGradient((x .> 0).cast(to: .float32).sum()) }
    #expect(zero.array() == [0, 0, 0] as [Float])
  }

  @Test("a scope makes an answer of a fault")
  func scope() {
    #expect(logDeterminant(Tensor([[1, 2], [2, 1]])) == nil)
    #expect(abs((logDeterminant(Tensor([[4, 2], [2, 3]])) ?? 0) - 2.0794415) < 1e-6)
  }

  @Test("the matrices without a factor leave the others' gradients alone")
  func info() {
    let matrices = stack([Tensor([[4, 2], [2, 3]]), Tensor([[1, 2], [2, 1]])])
    let slope = gradient(at: matrices) { matrices in
      let (factor, info) = matrices.choleskyWithInfo()
      let hasFactor = (info .== 0).expandDims(-1).expandDims(-1)
      return log(select(hasFactor, factor, Tensor.eye(2)).diagonal()).sum()
    }
    // Half the inverse of the first matrix.
    let expected: [Double] = [3.0 / 16, -2.0 / 16, -2.0 / 16, 4.0 / 16]
    #expect(zip(slope[0].array(of: Double.self), expected).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(slope[1].array() == [0, 0, 0, 0] as [Float])
  }

  @Test("every line of its examples stands in this file")
  func text() throws {
    let page = try MarkdownFile("Documentation/Differentiation.md")
    #expect(page.blocks.count { $0.language == "swift" } == 5)
    #expect(try page.linesMissing(in: #filePath) == [])
  }
}
