import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertTestSupport

@testable @_spi(Backend) import WengertCUDA

/// Matrices that are factored by cuSOLVER, beside LAPACK's results on the CPU.
@Suite("Linear algebra of large matrices on the CUDA device", .serialized)
struct LargeMatrixTests {
  private let device: StandIn
  private let cuda: Device
  private let n = CUDABackend.largeMatrix + 2

  init() throws {
    device = try StandIn()
    cuda = Device(device.backend)
  }

  private func random(_ shape: Shape, _ dtype: DType, _ seed: Int) -> Tensor { RandomKey(seed).normal(shape, dtype: dtype) }

  private func expectSame(_ actual: Tensor, _ expected: Tensor, _ bound: Double) {
    #expect(actual.type == expected.type)
    let (a, e) = (actual.cast(to: .float64).array(of: Double.self), expected.cast(to: .float64).array(of: Double.self))
    #expect(zip(a, e).allSatisfy { abs($0 - $1) <= bound })
  }

  @Test("factors and solutions of a stack equal the CPU's", arguments: [(DType.float32, 2e-3), (.float64, 1e-10)])
  func stack(_ dtype: DType, _ bound: Double) throws {
    let a = random([2, n, n], dtype, 1), b = random([2, n, 3], dtype, 2)
    let positive = a.matmul(a.transpose()) / Double(n) + Tensor.eye(n, dtype: dtype)
    let well = a / 12 + Tensor.eye(n, dtype: dtype) * 3
    expectSame(positive.to(cuda).cholesky(), positive.cholesky(), bound)
    expectSame(solve(well.to(cuda), b.to(cuda)), solve(well, b), bound)
    expectSame(solve(well.to(cuda).transpose(), b.to(cuda)), solve(well.transpose(), b), bound)
    let f = compile { (a: Tensor, b: Tensor) in solve(a, b).sum(axis: -1) + a.sum(axis: -1) }
    for _ in 0..<3 { expectSame(f(well.to(cuda), b.to(cuda)), f(well, b), bound * 4) }
    #expect(try device.count("cusolverDnXpotrf") == 2 && device.count("cusolverDnXgetrf") == 10)
    #expect(try device.failure == "")
  }

  @Test("the first matrix without a result is told, and is NaN")
  func faults() throws {
    var diagonal = [Double](repeating: 1, count: 3 * n)
    diagonal[n + 5] = 0
    diagonal[2 * n + 7] = -1
    let stack = Tensor.eye(n) * Tensor(diagonal, shape: [3, n, 1]).cast(to: .float32)
    let b = random([3, n, 2], .float32, 4)
    let factor = Result { try catchingDataFaults { stack.to(cuda).cholesky() } }
    guard case .failure(let fault as DataFault) = factor, fault.kind == .notPositiveDefinite, fault.number == 1 else {
      Issue.record("\(factor)")
      return
    }
    let solution = Result { try catchingDataFaults { solve(stack.to(cuda), b.to(cuda)) } }
    guard case .failure(let singular as DataFault) = solution, singular.kind == .singular, singular.number == 1 else {
      Issue.record("\(solution)")
      return
    }
    let (x, info) = solveWithInfo(stack.to(cuda), b.to(cuda))
    #expect(info.array(of: Int32.self) == [0, 1, 0])
    let numbers = x.array(of: Float.self), each = 2 * n
    #expect(
      numbers[..<each].allSatisfy(\.isFinite) && numbers[each..<2 * each].allSatisfy(\.isNaN)
        && numbers[(2 * each)...].allSatisfy(\.isFinite))
    #expect(try device.failure == "")
  }
}
