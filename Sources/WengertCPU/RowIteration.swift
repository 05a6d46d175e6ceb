import WengertCore

/// The loop nest of a run: axes that can be walked as one are one, and the last is the row.
struct RowIteration {
  /// Outermost first; the last is the row's.
  private(set) var extents: [Int] = []
  /// For each axis, each operand's stride (inputs, then outputs).
  private(set) var strides: [Int] = []
  let operandCount: Int
  /// Whether an input lies across the rows, so that square blocks are walked rather than long rows.
  private(set) var isTransposed = false

  /// `isRowFixed`: the row has a meaning of its own. `isOrderFixed`: rows may be merged but not exchanged.
  init(_ program: RowProgram, inputs: [View], outputs: [View], over shape: Shape, isRowFixed: Bool, isOrderFixed: Bool) {
    operandCount = inputs.count + outputs.count
    extents.reserveCapacity(shape.rank)
    strides.reserveCapacity(shape.rank * operandCount)
    let last = shape.rank - 1
    for axis in 0...last where shape[axis] != 1 || axis == last {
      extents.append(shape[axis])
      for (input, view) in zip(program.inputs, inputs) {
        strides.append(axis == last && (!input.isRow || shape[axis] == 1) ? 0 : view.layout.strides[axis])
      }
      for (output, view) in zip(program.outputs, outputs) {
        strides.append(axis == last && (!program.isRow[output.value] || shape[axis] == 1) ? 0 : view.layout.strides[axis])
      }
    }
    if !isRowFixed && !isOrderFixed { sort(byOperand: inputs.count) }
    merge(keepingRow: isRowFixed)
    if !isRowFixed && !isOrderFixed { findTransposed(inputCount: inputs.count) }
  }

  var columns: Int { extents[extents.count - 1] }
  var outerCount: Int { extents.count - 1 }
  var rows: Int {
    var product = 1
    for axis in 0..<outerCount { product *= extents[axis] }
    return product
  }

  func stride(_ axis: Int, _ operand: Int) -> Int { strides[axis * operandCount + operand] }

  /// Whether an operand is the same for all rows.
  func isSameForAllRows(_ operand: Int) -> Bool {
    for axis in 0..<outerCount where stride(axis, operand) != 0 { return false }
    return true
  }

  private mutating func exchange(_ a: Int, _ b: Int) {
    extents.swapAt(a, b)
    for operand in 0..<operandCount { strides.swapAt(a * operandCount + operand, b * operandCount + operand) }
  }

  /// Orders the axes by the distance of neighbours in an output, so that rows are contiguous there.
  private mutating func sort(byOperand operand: Int) {
    for last in extents.indices.dropFirst() {
      var axis = last
      while axis > 0, abs(stride(axis - 1, operand)) < abs(stride(axis, operand)) || extents[axis] == 1 {
        exchange(axis - 1, axis)
        axis -= 1
      }
    }
  }

  private mutating func merge(keepingRow: Bool) {
    var axis = extents.count - 2
    while axis >= 0 {
      let next = axis + 1
      let mayMerge =
        (next < extents.count - 1 || !keepingRow)
        && (0..<operandCount).allSatisfy { stride(axis, $0) == extents[next] * stride(next, $0) }
      if mayMerge {
        extents[axis] *= extents[next]
        for operand in 0..<operandCount { strides[axis * operandCount + operand] = stride(next, operand) }
        extents.remove(at: next)
        strides.removeSubrange(next * operandCount..<(next + 1) * operandCount)
      }
      axis -= 1
    }
  }

  /// Brings the axis along which an input's neighbours lie next to the row's.
  private mutating func findTransposed(inputCount: Int) {
    let row = extents.count - 1
    for operand in 0..<inputCount where abs(stride(row, operand)) > 1 {
      for axis in 0..<row where abs(stride(axis, operand)) == 1 {
        var position = axis
        while position < row - 1 {
          exchange(position, position + 1)
          position += 1
        }
        isTransposed = true
        return
      }
    }
  }
}
