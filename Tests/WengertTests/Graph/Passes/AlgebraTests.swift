import Testing
import Wengert

@_spi(Backend) @testable import WengertCore

@Suite("Algebra")
struct AlgebraTests {
  /// The simplified graph of a function of two matrices and a bool matrix, in one line.
  private func simplified(_ f: ([Tensor]) -> Tensor) -> String {
    let matrix = TensorType.float32(2, 3)
    let graph = trace(matrix, matrix, TensorType(shape: [2, 3], dtype: .bool), .int64(3)) { [f($0)] }
    return Passes.deadCode(Passes.algebra(graph)).lines.joined(separator: "; ")
  }

  private func like(_ x: Tensor, _ value: Double) -> Tensor { .full(value, x.shape, dtype: x.dtype, beside: x) }

  @Test("neutral elements vanish")
  func neutral() {
    #expect(simplified { $0[0] + 0 } == "return %0")
    #expect(simplified { 0 + $0[0] } == "return %0")
    #expect(simplified { $0[0] - 0 } == "return %0")
    #expect(simplified { $0[0] * 1 } == "return %0")
    #expect(simplified { 1 * $0[0] } == "return %0")
    #expect(simplified { $0[0] / 1 } == "return %0")
    #expect(simplified { pow($0[0], 1) } == "return %0")
    #expect(simplified { $0[3] * 1 } == "return %3")
  }

  @Test("a product with zero stays: zero times NaN is NaN, and zero times infinity")
  func zero() {
    #expect(simplified { $0[0] * 0 } == "%4 = fill(0.0) : float32[2, 3]; %5 = multiply %0, %4 : float32[2, 3]; return %5")
    #expect(simplified { 0 / $0[0] } == "%4 = fill(0.0) : float32[2, 3]; %5 = divide %4, %0 : float32[2, 3]; return %5")
    #expect(simplified { $0[0] - $0[0] } == "%4 = subtract %0, %0 : float32[2, 3]; return %4")
  }

  @Test("signs are taken together")
  func signs() {
    #expect(simplified { -(-$0[0]) } == "return %0")
    #expect(simplified { $0[0] + -$0[1] } == "%4 = subtract %0, %1 : float32[2, 3]; return %4")
    #expect(simplified { -$0[0] + $0[1] } == "%4 = subtract %1, %0 : float32[2, 3]; return %4")
    #expect(simplified { $0[0] - -$0[1] } == "%4 = add %0, %1 : float32[2, 3]; return %4")
    // 0 − 0 is 0, and −0 is another number.
    #expect(simplified { 0 - $0[0] } == "%4 = fill(0.0) : float32[2, 3]; %5 = subtract %4, %0 : float32[2, 3]; return %5")
    #expect(simplified { $0[0] * -1 } == "%4 = negate %0 : float32[2, 3]; return %4")
    #expect(simplified { -1 * $0[0] } == "%4 = negate %0 : float32[2, 3]; return %4")
  }

  @Test("what changes nothing the second time is done once")
  func idempotent() {
    #expect(simplified { relu(relu($0[0])) } == "%4 = relu %0 : float32[2, 3]; return %4")
    #expect(simplified { abs(abs($0[0])) } == "%4 = abs %0 : float32[2, 3]; return %4")
    #expect(simplified { floor(floor($0[0])) } == "%4 = floor %0 : float32[2, 3]; return %4")
    #expect(simplified { tanh(tanh($0[0])) } == "%4 = tanh %0 : float32[2, 3]; %5 = tanh %4 : float32[2, 3]; return %5")
  }

  @Test("a choice between equals, or by a constant, is none")
  func choices() {
    #expect(simplified { select($0[2], $0[0], $0[0]) } == "return %0")
    #expect(simplified { select(like($0[2], 1), $0[0], $0[1]) } == "return %0")
    #expect(simplified { select(like($0[2], 0), $0[0], $0[1]) } == "return %1")
    #expect(simplified { select($0[2], $0[0], $0[1]) } == "%4 = select %2, %0, %1 : float32[2, 3]; return %4")
  }

  @Test("a conversion to the type that is there is none")
  func conversions() {
    #expect(simplified { apply1(Elementwise.cast(.float32), [$0[0]], Caller(#fileID, #line)) } == "return %0")
    #expect(simplified { $0[0].cast(to: .float64) } == "%4 = cast(to: float64) %0 : float64[2, 3]; return %4")
  }

  @Test("views of views are one view, and views that move nothing none")
  func views() {
    #expect(simplified { $0[0].transpose().transpose() } == "return %0")
    #expect(
      simplified { $0[0].expandDims(0).permute([1, 2, 0]).permute([2, 1, 0]) }
        == "%4 = reshape %0 : float32[1, 2, 3]; %5 = permute([0, 2, 1]) %4 : float32[1, 3, 2]; return %5")
    #expect(simplified { $0[0].reshape([3, 2]).reshape([6]) } == "%4 = reshape %0 : float32[6]; return %4")
    #expect(simplified { $0[0].reshape([6]).reshape([2, 3]).reshape([6]) } == "%4 = reshape %0 : float32[6]; return %4")
    #expect(simplified { $0[0].reshape([6]).reshape([3, 2]).reshape([6]).reshape([2, 3]) } == "return %0")
    #expect(
      simplified { $0[0].expandDims(0).broadcast(to: [2, 2, 3]).broadcast(to: [4, 2, 2, 3]) }
        == "%4 = reshape %0 : float32[1, 2, 3]; %5 = broadcast %4 : float32[4, 2, 2, 3]; return %5")
    #expect(simplified { $0[0][0..<2, 0..<3] } == "return %0")
    #expect(simplified { concatenate([$0[0]]) } == "return %0")
    #expect(simplified { $0[0].move(.copy, Caller(#fileID, #line)) } == "return %0")
    #expect(
      simplified { $0[0].transpose().reshape([6]) } == "%4 = permute([1, 0]) %0 : float32[3, 2]; %5 = reshape %4 : float32[6]; return %5")
  }

  @Test("a view of one number everywhere is one number everywhere")
  func fills() {
    #expect(simplified { like($0[0], 3).transpose().reshape([6]) } == "%4 = fill(3.0) : float32[6]; return %4")
  }

  @Test("a reduction of axes of extent one is none, unless it changes the type")
  func reductions() {
    #expect(simplified { $0[0].expandDims(0).sum(axes: [0], keepDims: true) } == "%4 = reshape %0 : float32[1, 2, 3]; return %4")
    #expect(
      simplified { $0[2].expandDims(0).cast(to: .int64).sum(axes: [0]) }
        == "%4 = reshape %2 : bool[1, 2, 3]; %5 = cast(to: int64) %4 : int64[1, 2, 3]; %6 = reshape %5 : int64[2, 3]; return %6")
  }

  @Test("a barrier is never looked through")
  func barriers() {
    #expect(
      simplified { -((-$0[0]).move(.barrier(1), Caller(#fileID, #line))) }
        == "%4 = negate %0 : float32[2, 3]; %5 = barrier %4 : float32[2, 3]; %6 = negate %5 : float32[2, 3]; return %6")
  }
}
