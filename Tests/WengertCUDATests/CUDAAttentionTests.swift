import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertTestSupport

@testable @_spi(Backend) import WengertCUDA

/// Attention by tiles and by tokens, at lengths that fill tiles, exceed them and leave them empty, beside the CPU's in double precision.
@Suite("Attention on the CUDA device", .serialized)
struct CUDAAttentionTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var dtype: DType, width: Int, lengths: [Int]
    var dropout = 0.0, hasTokenKeys = false, isJoint = false

    var testDescription: String {
      "\(dtype), heads \(width) wide, lengths \(lengths)\(dropout > 0 ? hasTokenKeys ? ", dropout by token" : ", dropout" : "")\(isJoint ? ", joint" : "")"
    }
    /// How far results may be off: those of half types are of rounded weights.
    var bound: Double { dtype == .bfloat16 ? 0.03 : dtype == .float16 ? 4e-3 : dtype == .float32 ? 2e-5 : 1e-12 }
  }

  private static let cases = [
    Case(dtype: .bfloat16, width: 64, lengths: [1, 17, 0, 64, 65]), Case(dtype: .bfloat16, width: 32, lengths: [5, 16, 3, 1]),
    Case(dtype: .bfloat16, width: 128, lengths: [34, 9], dropout: 0.2), Case(dtype: .bfloat16, width: 20, lengths: [35, 3], isJoint: true),
    Case(dtype: .float16, width: 40, lengths: [18, 30], dropout: 0.2, hasTokenKeys: true),
    Case(dtype: .float32, width: 64, lengths: [1, 17, 0, 34]), Case(dtype: .float32, width: 128, lengths: [20, 13]),
    Case(dtype: .float32, width: 6, lengths: [5, 16, 3, 1], dropout: 0.2, isJoint: true),
    Case(dtype: .bfloat16, width: 130, lengths: [9, 4]), Case(dtype: .float64, width: 16, lengths: [20, 13]),
  ]

  private func keys(_ c: Case, _ tokens: Int, _ device: Device) -> RandomKey? {
    if c.dropout == 0 { return nil }
    let key = RandomKey(RandomKey(9).data.to(device))
    return c.hasTokenKeys ? key.keys(for: Tensor.iota(tokens).expandDims(1).to(device)) : key
  }

  /// The attended values and the gradients of Σ c · values.
  private func results(_ c: Case, _ x: [Tensor], _ device: Device) -> [[Double]] {
    let heads = 2, tokens = c.lengths.reduce(0, +)
    var places = [0]
    for length in c.lengths { places.append(places.last! + length) }
    let offsets = Tensor(places.map(Int32.init)).to(device), key = keys(c, tokens, device)
    let x = x.map { $0.to(device) }
    func attended(_ x: [Tensor]) -> Tensor {
      attention(query: x[0], key: x[1], value: x[2], offsets: offsets, heads: heads, dropout: c.dropout, randomKey: key)
    }
    if c.isJoint {
      let joint = concatenate(Array(x[..<3]), axis: 1)
      func parts(_ joint: Tensor) -> [Tensor] { joint.split([2 * c.width, 2 * c.width, 2 * c.width], axis: 1) }
      let gradient = gradient(at: joint) { (attended(parts($0)) * x[3]).sum() }
      return ([attended(parts(joint))] + parts(gradient)).map { $0.cast(to: .float64).array(of: Double.self) }
    }
    let gradients = gradient(at: Array(x[..<3])) { (attended($0) * x[3]).sum() }
    return ([attended(x)] + gradients).map { $0.cast(to: .float64).array(of: Double.self) }
  }

  @Test("values and gradients equal the CPU's", arguments: cases)
  func values(_ c: Case) throws {
    let device = try StandIn(), shape: Shape = [c.lengths.reduce(0, +), 2 * c.width]
    let x = (0..<4).map { RandomKey($0).normal(shape).cast(to: c.dtype) }
    let expected = results(c, x.map { $0.cast(to: .float64) }, .cpu), actual = results(c, x, Device(device.backend))
    for (name, (a, e)) in zip(["values", "query", "key", "value"], zip(actual, expected)) {
      let largest = e.map(abs).max()!, worst = zip(a, e).map { abs($0 - $1) }.reduce(0) { $1 <= $0 ? $0 : $1 }
      #expect(worst <= c.bound * max(largest, 1), "\(name) is off by \(worst)")
    }
    #expect(try device.failure == "")
    try device.reset()
  }

  @Test(
    "wrong offsets are told with the operation, and every value is NaN, by tiles and by tokens", arguments: [64, 136],
    [[0, 50, 40], [0]])
  func offsets(_ width: Int, _ places: [Int32]) throws {
    let device = try StandIn(), cuda = Device(device.backend)
    let q = RandomKey(1).normal([40, width]).to(cuda), offsets = Tensor(places).to(cuda)
    let f = compile { (q: Tensor, offsets: Tensor) in attention(query: q, key: q, value: q, offsets: offsets, heads: 1) }
    var y = q
    let result = Result {
      try catchingDataFaults {
        y = f(q, offsets)
        _ = y.array(of: Float.self)
      }
    }
    guard case .failure(let fault as DataFault) = result, fault.kind == .offsets, fault.number == places.count / 2 else {
      Issue.record("\(result)")
      return
    }
    let values = y.array(of: Float.self)
    #expect(values.count == 40 * width && values.allSatisfy(\.isNaN))
    try device.reset()
  }
}
