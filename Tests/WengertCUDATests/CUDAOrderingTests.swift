import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertTestSupport

@testable @_spi(Backend) import WengertCUDA

/// Sorting, selecting, running sums and sums by index, at lengths at which kernels change, beside the CPU's.
@Suite("Order and sums by index on the CUDA device", .serialized)
struct CUDAOrderingTests {
  private let device: StandIn
  private let cuda: Device

  init() throws {
    device = try StandIn()
    cuda = Device(device.backend)
  }

  /// Numbers many of which are alike, and those that are in order for themselves.
  private func numbers(_ rows: Int, _ columns: Int, _ dtype: DType) -> Tensor {
    let x = round(RandomKey(columns).normal([rows, columns]) * 50) / 10
    guard dtype.isFloating else { return (x * 10).cast(to: dtype) }
    let special = Tensor([.nan, -.infinity, .infinity, -0.0, 0.0, -.nan] as [Float])
    let places = RandomKey(1).integers(0..<6, [rows, columns])
    return select(RandomKey(2).uniform([rows, columns]) .< 0.1, special.gather(places.flatten()).reshape([rows, columns]), x).cast(
      to: dtype)
  }

  @Test(
    "positions in order are the CPU's, of rows that fill shared memory, exceed it, and whose first ones alone are wanted",
    arguments: [DType.float32, .float64, .bfloat16, .int64, .uint8], [false, true])
  func order(_ dtype: DType, _ descending: Bool) throws {
    for (rows, columns, wanted) in [
      (3, 1, 1), (5, 2, 2), (2, 33, 33), (1, 2048, 2048), (2, 2049, 7), (1, 3000, 2048), (2, 2500, 1), (1, 2600, 2600),
    ] {
      let x = numbers(rows, columns, dtype), y = x.to(cuda)
      if wanted < columns {
        guard descending else { continue }
        let (found, expected) = (y.topK(wanted), x.topK(wanted))
        #expect(found.indices.array(of: Int.self) == expected.indices.array(of: Int.self), "\(rows)×\(columns), \(wanted)")
      } else {
        let found = y.argSort(descending: descending).array(of: Int.self), expected = x.argSort(descending: descending).array(of: Int.self)
        #expect(found == expected, "\(rows)×\(columns)")
      }
      #expect(y.transpose().argSort(axis: 0).array(of: Int.self) == x.transpose().argSort(axis: 0).array(of: Int.self))
    }
    #expect(try device.failure == "")
    try device.reset()
  }

  @Test("running sums and products are the CPU's, forwards and backwards, of rows shorter and longer than a block")
  func scans() throws {
    for columns in [1, 31, 32, 33, 256, 257, 1000] {
      let x = RandomKey(columns).normal([3, columns]), whole = RandomKey(columns).integers(-3..<4, [2, columns])
      for reverse in [false, true] {
        let found = x.to(cuda).cumulativeSum(reverse: reverse).array(of: Float.self)
        let expected = x.cumulativeSum(reverse: reverse).array(of: Float.self)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-3 }, "\(columns)")
        #expect(
          whole.to(cuda).cumulativeSum(reverse: reverse).array(of: Int.self) == whole.cumulativeSum(reverse: reverse).array(of: Int.self))
        #expect(
          whole.to(cuda).cumulativeProduct(reverse: reverse).array(of: Int.self)
            == whole.cumulativeProduct(reverse: reverse).array(of: Int.self))
      }
    }
    #expect(try device.failure == "")
  }

  @Test(
    "updates of one index are added up, however many they are, and rounded once",
    arguments: [(DType.float32, 1e-6), (.bfloat16, 0.01), (.float16, 0.002), (.int32, 0)])
  func sums(_ dtype: DType, _ bound: Double) throws {
    for (count, extent, slice) in [(1, 3, 1), (40, 5, 3), (2048, 700, 2), (3000, 9, 130), (2500, 70000, 1), (30, 4, 260)] {
      let at = RandomKey(count).integers(-extent..<extent, [count])
      let updates = round(RandomKey(3).normal([count, slice]) * 20).cast(to: dtype)
      let expected = updates.scatterAdd(at, extent: extent), found = updates.to(cuda).scatterAdd(at.to(cuda), extent: extent)
      #expect(found.type == expected.type)
      let (a, e) = (found.array(of: Double.self), expected.array(of: Double.self))
      #expect(zip(a, e).allSatisfy { abs($0 - $1) <= bound * max(1, abs($1)) }, "\(count), \(extent), \(slice)")
    }
    for (rows, columns, extent) in [(4, 3, 5), (2, 300, 7), (1, 2100, 60)] {
      let at = RandomKey(columns).integers(-extent..<extent, [rows, columns])
      let updates = round(RandomKey(4).normal([rows, columns]) * 20).cast(to: dtype)
      let expected = updates.scatterAddAlong(at, extent: extent), found = updates.to(cuda).scatterAddAlong(at.to(cuda), extent: extent)
      let (a, e) = (found.array(of: Double.self), expected.array(of: Double.self))
      #expect(zip(a, e).allSatisfy { abs($0 - $1) <= bound * max(1, abs($1)) }, "\(rows), \(columns), \(extent)")
    }
    #expect(try device.failure == "")
    try device.reset()
  }

  @Test("an index out of range is told with its number and its place, and its update is left out", arguments: [3, 2100])
  func outOfRange(_ count: Int) throws {
    var at = [Int](repeating: 1, count: count)
    (at[1], at[2]) = (9, -8)
    var y = Tensor(0)
    let result = Result {
      try catchingDataFaults {
        y = Tensor.ones([count, 2]).to(cuda).scatterAdd(Tensor(at).to(cuda), extent: 4)
        _ = y.array(of: Float.self)
      }
    }
    guard case .failure(let fault as DataFault) = result, fault.kind == .outOfRange, fault.number == 9 else {
      Issue.record("\(result)")
      return
    }
    let row = Tensor(at).expandDims(0)
    let along = Result {
      try catchingDataFaults { Tensor.ones([1, count]).to(cuda).scatterAddAlong(row.to(cuda), extent: 4).array(of: Float.self) }
    }
    guard case .failure(let second as DataFault) = along, second.kind == .outOfRange, second.number == 9 else {
      Issue.record("\(along)")
      return
    }
    try device.reset()
  }
}
