import Testing
@_spi(Backend) import WengertTestSupport

@Suite("Tensors: views, value semantics, dtypes")
struct TensorTests {
  private let cube = Tensor((0..<24).map(Double.init), shape: [2, 3, 4])

  private func shares(_ a: Tensor, _ b: Tensor) -> Bool { a.view.storage === b.view.storage }

  @Test(
    "views share their tensor's memory",
    arguments: [
      "slice", "negative step", "index", "new axis", "transpose", "permute", "moveAxis", "broadcast", "expand", "diagonal", "flip", "split",
      "expandDims", "squeeze", "reshape", "flatten", "contiguous", "cast to its own dtype",
    ])
  func views(_ name: String) {
    let view =
      switch name {
      case "slice": cube[0..<1, 1..<3]
      case "negative step": cube[Axis.ellipsis, Axis.range(by: -2)]
      case "index": cube[1, 2]
      case "new axis": cube[Axis.new, Axis.ellipsis, Axis.new]
      case "transpose": cube.transpose()
      case "permute": cube.permute([2, 0, 1])
      case "moveAxis": cube.moveAxis(0, to: 2)
      case "broadcast": cube.broadcast(to: [5, 2, 3, 4])
      case "expand": cube[0..<1].expand([7, -1, -1])
      case "diagonal": cube.diagonal(offset: 1)
      case "flip": cube.flip()
      case "split": cube.split(into: 2, axis: 2)[1]
      case "expandDims": cube.expandDims(0)
      case "squeeze": cube[0..<1].squeeze()
      case "reshape": cube.reshape([6, 4])
      case "flatten": cube.flatten()
      case "contiguous": cube.contiguous()
      default: cube.cast(to: .float64)
      }
    #expect(shares(view, cube))
  }

  @Test("reshape copies only when strides cannot express the result")
  func reshape() {
    // Splitting and merging axes of a transposed or sliced tensor where the elements stay a regular sequence.
    #expect(shares(cube.transpose().reshape([2, 2, 2, 3]), cube))
    #expect(shares(cube[Axis.all, Axis.all, 0].reshape([6]), cube))
    #expect(shares(cube.permute([1, 0, 2]).reshape([3, 2, 2, 2]), cube))
    #expect(shares(cube.flip().reshape([24]), cube))
    #expect(!shares(cube.transpose().reshape([24]), cube))
    #expect(!shares(cube[Axis.all, 0..<2].reshape([16]), cube))
    #expect(cube.transpose().reshape([24]).array(of: Double.self).prefix(4) == [0, 4, 8, 1])
    #expect(cube.flip().reshape([24]).array(of: Double.self).first == 23)
    let wide = Tensor.full(3, [2, 5]).reshape([10])
    #expect(wide.array(of: Double.self) == [Double](repeating: 3, count: 10) && wide.strides == [0])
  }

  @Test("full tensors hold one element, whatever their shape")
  func full() {
    let ones = Tensor.ones([1000, 1000])
    #expect(ones.view.storage.byteCount == 4 && ones.sum().item() == 1_000_000)
  }

  @Test("assigning to a part changes the tensor alone, not its copies or the views taken before")
  func copyOnWrite() {
    var a = cube
    let before = a[0, 0]
    let storage = ObjectIdentifier(a.view.storage)
    a[0, 0] = Tensor([9, 9, 9, 9], dtype: .float64)
    #expect(ObjectIdentifier(a.view.storage) != storage)
    #expect(before.array() == [0.0, 1, 2, 3] && cube[0, 0].array() == [0.0, 1, 2, 3])
    #expect(a[0].array() == [9.0, 9, 9, 9, 4, 5, 6, 7, 8, 9, 10, 11])
    // Now nobody else holds the memory: written in place.
    let own = ObjectIdentifier(a.view.storage)
    a[1, Axis.all, Axis.range(by: -3)] = Tensor(0, dtype: .float64)
    a[0, 1, 2] = Tensor(-1, dtype: .float32)
    #expect(ObjectIdentifier(a.view.storage) == own)
    #expect(a[1, 0].array() == [0.0, 13, 14, 0] && a[0, 1].array() == [4.0, 5, -1, 7])
  }

  @Test("a tensor can be assigned parts of itself, and parts of a broadcast tensor")
  func selfAssignment() {
    var a = Tensor([1, 2, 3, 4])
    a[0..<3] = a[1..<4]
    #expect(a.array(of: Double.self) == [2, 3, 4, 4])
    a[Axis.all] = a.flip()
    #expect(a.array(of: Double.self) == [4, 4, 3, 2])
    var z = Tensor.zeros([2, 3])
    z[1, 1] = Tensor(5)
    z[0] += 1
    #expect(z.array(of: Double.self) == [1, 1, 1, 0, 5, 0])
  }

  @Test("assignment has a gradient with respect to both sides")
  func assignmentGradient() {
    let g = gradient(at: [Tensor([1, 2, 3], dtype: .float64), Tensor([5], dtype: .float64)]) { x in
      var y = x[0] * x[0]
      y[1..<2] = x[1] * x[1] * x[1]
      return y.sum()
    }
    #expect(g[0].array() == [2.0, 0, 6] && g[1].array() == [75.0])
  }

  @Test("empty parts read as nothing, wherever they start")
  func empty() {
    let empty = Tensor.zeros([3, 0])
    #expect(empty[2].array(of: Double.self) == [] && empty[1...].sum().item() == 0)
    #expect(cube[Axis.all, 3..<3].array(of: Double.self) == [] && cube[5..<7].shape == [0, 3, 4])
    #expect(empty.transpose().matmul(Tensor.ones([3, 2])).shape == [0, 2])
  }

  @Test("dtypes meet as in PyTorch, with whole numbers widened to hold both", arguments: DType.allCases)
  func promotion(_ a: DType) {
    for b in DType.allCases {
      let meets = DType.promote(a, b)
      #expect(meets == DType.promote(b, a), "\(a) \(b)")
      #expect(DType.promote(meets, a) == meets && DType.promote(a, a) == a)
      #expect((Tensor.ones([2], dtype: a) + Tensor.ones([1], dtype: b)).dtype == meets)
    }
  }

  @Test("the promotion table's rows in PyTorch's documentation")
  func promotionRows() {
    #expect(DType.promote(.uint8, .int32) == .int32 && DType.promote(.bool, .uint8) == .uint8)
    #expect(DType.promote(.int64, .float16) == .float16 && DType.promote(.int64, .bfloat16) == .bfloat16)
    #expect(DType.promote(.float16, .bfloat16) == .float32 && DType.promote(.float32, .float64) == .float64)
  }

  @Test("a number beside a tensor takes its dtype, unless the number is no whole one")
  func numbers() {
    #expect((Tensor([1, 2] as [Int32]) + 1).dtype == .int32)
    #expect((Tensor([1, 2] as [Int32]) + 0.5).dtype == .float32)
    #expect((Tensor([1, 2] as [Int32]) / 2).dtype == .float32)
    #expect((Tensor([1, 2], dtype: .float16) * 0.1).dtype == .float16)
    #expect((Tensor([true, false]) + 1).dtype == .int64)
    #expect(Tensor([1, 2] as [UInt8]).sum().dtype == .int64)
    #expect(exp(Tensor([1, 2] as [Int])).dtype == .float32)
  }

  @Test("sums, means, variances and norms of half-precision numbers calculate in float32", arguments: [DType.float16, .bfloat16])
  func halfPrecision(_ dtype: DType) {
    // One by one, float16 stops counting at 2,048 and bfloat16 at 256.
    let ones = Tensor.ones([5120, 3], dtype: dtype)
    for x in [ones, ones.contiguous(), ones.transpose().contiguous().transpose()] {
      #expect(x.sum(axes: [0]).array(of: Double.self) == [5120, 5120, 5120])
      #expect(x.cumulativeSum(axis: 0)[-1].array(of: Double.self) == [5120, 5120, 5120])
    }
    let large = ones * 256
    #expect(large.mean().item() == 256 && large.variance().item() == 0)
    #expect(large[..<4, 0].norm().item() == 512)
    #expect(large.mean(axes: [0]).dtype == dtype && large.norm(axes: [0]).dtype == dtype)
  }

  @Test("creation: ranges, grids, identity")
  func creation() {
    #expect(Tensor.iota(4).array() == [0, 1, 2, 3])
    #expect(Tensor.linspace(0, 1, count: 5).array(of: Double.self) == [0, 0.25, 0.5, 0.75, 1])
    for count in [2, 3, 7, 50, 97] {
      let (numbers, symbolic) = (
        Tensor.linspace(-1, 1, count: count, dtype: .float64), Tensor.linspace(-1, 1, count: Dimension(count), dtype: .float64)
      )
      #expect(numbers[-1].item() == 1 && symbolic[-1].item() == 1 && numbers[0].item() == -1, "\(count)")
    }
    #expect(Tensor.linspace(3, 4, count: 1).item() == 3)
    #expect(Tensor.eye(2, 3).array(of: Double.self) == [1, 0, 0, 0, 1, 0])
    #expect(Tensor([[1, 2], [3, 4]]).shape == [2, 2])
    #expect(Tensor(2.5).item() == 2.5 && Tensor(2.5).shape == [])
  }
}
