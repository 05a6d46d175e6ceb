/// What a kernel call must do at least.
public struct KernelCost: Sendable {
  /// Additions, multiplications and function values; nil where they depend on the operands' values.
  public var flops: Double?
  /// Bytes of the operands, each read once and each result written once.
  public var bytes: Int
}

extension KernelCall {
  var cost: KernelCost {
    let moved = (reads + writes).reduce(0) { $0 + $1.distinctByteCount }
    switch self {
    case .rows(let call): return KernelCost(flops: call.flops, bytes: moved)
    case .matmul(let call):
      let a = call.a.shape, b = call.b.shape
      let product = 2 * Double(a.elementCount) * Double(b[b.rank - 1])
      let added = call.accumulates ? call.out.map(\.distinctByteCount) ?? 0 : 0
      return KernelCost(flops: product + (call.epilogue.map(\.call.flops) ?? 0), bytes: moved + added)
    case .linearAlgebra(let kernel, let operands, let out):
      let n = Double(operands[0].shape.last!), rows = Double(out.shape.elementCount)
      let matrices = Double(operands[0].shape.elementCount) / Swift.max(n * n, 1)
      let flops: Double =
        switch kernel {
        case .cholesky: matrices * n * n * n / 3
        case .solve: matrices * n * n * n * 2 / 3 + 2 * n * rows
        case .solveTriangular: n * rows
        }
      return KernelCost(flops: flops, bytes: moved)
    case .attention, .attentionBackward: return KernelCost(flops: nil, bytes: moved)
    case .scatterAdd(let x, _, let out), .scatterAddAlong(let x, _, let out):
      return KernelCost(flops: Double(x.shape.elementCount), bytes: moved - out.distinctByteCount + 2 * x.distinctByteCount)
    case .gather(_, let indices, let out), .takeAlong(_, let indices, let out):
      return KernelCost(flops: 0, bytes: 2 * out.distinctByteCount + indices.distinctByteCount)
    case .argSort(let x, _, _), .argReduce(let x, _, _), .scan(let x, _, _, _):
      return KernelCost(flops: Double(x.shape.elementCount), bytes: moved)
    case .recurrence(let x, _, _, _): return KernelCost(flops: 2 * Double(x.shape.elementCount), bytes: moved)
    case .host: return KernelCost(flops: nil, bytes: moved)
    }
  }

  /// The shape that says most about the call.
  var shape: Shape {
    switch self {
    case .rows(let call): return call.shape
    case .matmul(let call):
      var shape = call.a.shape
      shape[shape.rank - 1] = call.b.shape[shape.rank - 1]
      return shape
    default: return writes.first?.shape ?? []
    }
  }

  /// The kernel in a word or two: what it is called, and the extents that its work depends on.
  var summary: String {
    switch self {
    case .matmul(let call):
      let a = call.a.shape, b = call.b.shape
      let lead = a.rank > 2 ? "\(a.selecting(0..<a.rank - 2)) × " : ""
      return "\(lead)\(a[a.rank - 2])×\(a[a.rank - 1])×\(b[b.rank - 1])"
    default: return "\(shape)"
    }
  }
}

extension RowCall {
  /// One per instruction and element (or row), loads and constants not counted.
  fileprivate var flops: Double {
    let elements = Double(shape.elementCount), rows = elements / Double(max(shape[shape.rank - 1], 1))
    return program.instructions.enumerated().reduce(0) { sum, next in
      switch next.element {
      case .load, .constant, .inverse, .columnIndex, .cast: sum
      case .reduce: sum + elements
      default: sum + (program.isRow[next.offset] ? elements : rows)
      }
    }
  }
}

extension View {
  /// The bytes of its different elements: what is repeated counts once.
  var distinctByteCount: Int {
    shape.indices.reduce(dtype.byteCount) { $0 * (layout.strides[$1] == 0 && shape[$1] > 0 ? 1 : shape[$1]) }
  }
}
