@_spi(Backend) import WengertCore

/// The axes over which a kernel walks, with each operand's strides: neighbors that all operands walk as one are one axis.
struct RowGeometry: Sendable {
  /// Outer axes, then the columns.
  private(set) var extents: [Int]
  /// Of each operand, in elements, along each axis.
  private(set) var strides: [[Int]]

  /// How many of the outer axes come from the first `keeping` axes of the shape.
  private(set) var keptAxes: Int

  /// - Parameters:
  ///   - layouts: of the shape, or with a last extent of one: one element per row.
  ///   - mergesColumns: whether the columns may become one axis with what lies around them.
  ///   - keeping: so many of the first axes become one with none of the others.
  init(_ shape: Shape, _ layouts: [Layout], mergesColumns: Bool, keeping: Int = 0) {
    extents = Array(shape)
    keptAxes = keeping
    strides = layouts.map { layout in shape.indices.map { layout.shape[$0] == 1 ? 0 : layout.strides[$0] } }
    // From the inside, so that the innermost axis becomes as long as it can.
    var axis = extents.count - 2
    while axis >= 0 {
      let inner = axis + 1
      let mayMerge = (inner < extents.count - 1 || mergesColumns) && inner != keptAxes
      if extents[axis] == 1 {
        remove(axis)
      } else if mayMerge && (extents[inner] == 1 || strides.allSatisfy { $0[axis] == $0[inner] * extents[inner] }) {
        if extents[inner] == 1 { for operand in strides.indices { strides[operand][inner] = strides[operand][axis] } }
        extents[inner] *= extents[axis]
        remove(axis)
      }
      axis -= 1
    }
  }

  private mutating func remove(_ axis: Int) {
    extents.remove(at: axis)
    if axis < keptAxes { keptAxes -= 1 }
    for operand in strides.indices { strides[operand].remove(at: axis) }
  }

  var rank: Int { extents.count }
  var columns: Int { extents[rank - 1] }
  var rows: Int { extents.dropLast().reduce(1, *) }
  var elementCount: Int { extents.reduce(1, *) }

  /// How an operand moves from column to column.
  func step(_ operand: Int) -> ColumnStep {
    switch strides[operand][rank - 1] {
    case 0: .none
    case 1: .one
    default: .any
    }
  }

  /// Whether rows of an operand begin at multiples of so many elements from its first one.
  func startsAtMultiples(of width: Int, _ operand: Int) -> Bool { strides[operand].dropLast().allSatisfy { $0 % width == 0 } }
}

enum ColumnStep: Hashable, Sendable {
  case none, one, any
}
