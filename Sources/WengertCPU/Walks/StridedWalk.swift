@_spi(Backend) import WengertCore

/// Axes along which several views are walked together; neighboring axes that every view crosses in equal steps are merged into one.
struct StridedWalk {
  private(set) var shape: Shape = []
  private(set) var strides: [Strides]
  private(set) var count = 1

  /// One step, which leads nowhere.
  static let none = StridedWalk([], 0..<0)

  /// The axes in `range` of views of equal extents there.
  init(_ layouts: [Layout], _ range: Range<Int>) {
    strides = Array(repeating: [], count: layouts.count)
    for axis in range {
      let extent = layouts[0].shape[axis]
      count *= extent
      if extent == 1 { continue }
      let last = shape.rank - 1
      if last >= 0, layouts.indices.allSatisfy({ strides[$0][last] == layouts[$0].strides[axis] * extent }) {
        shape[last] *= extent
        for i in layouts.indices { strides[i][last] = layouts[i].strides[axis] }
      } else {
        shape.append(extent)
        for i in layouts.indices { strides[i].append(layouts[i].strides[axis]) }
      }
    }
  }

  /// How far element `index` (row-major) of view `operand` is from its first one.
  @inline(__always) func offset(_ index: Int, _ operand: Int) -> Int {
    if shape.rank == 1 { return index * strides[operand][0] }
    var rest = index
    var offset = 0
    for axis in shape.indices.reversed() {
      let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: shape[axis])
      offset += remainder * strides[operand][axis]
      rest = quotient
    }
    return offset
  }
}
