@_spi(Backend) import WengertCore

/// The loop nest of a run: axes that can be walked as one are one, and the last is the row.
struct LoopNest {
  /// Outermost first; the last is the row's.
  private(set) var extents = Shape()
  /// Each operand's (inputs, then outputs).
  private(set) var strides: [Strides] = []
  /// Whether the contiguous axis of an input is not the row's, so that square blocks are walked rather than long rows.
  private(set) var isTransposed = false

  /// `isRowFixed`: the row has a meaning of its own. `isOrderFixed`: rows may be merged but not exchanged.
  init(_ program: RowProgram, inputs: [View], outputs: [View], over shape: Shape, isRowFixed: Bool, isOrderFixed: Bool) {
    let last = shape.rank - 1
    for axis in 0...last where shape[axis] != 1 || axis == last { extents.append(shape[axis]) }
    strides.reserveCapacity(inputs.count + outputs.count)
    func add(_ view: View, isRow: Bool) {
      var list = Strides()
      for axis in 0...last where shape[axis] != 1 || axis == last {
        list.append(axis == last && (!isRow || shape[axis] == 1) ? 0 : view.layout.strides[axis])
      }
      strides.append(list)
    }
    for index in inputs.indices { add(inputs[index], isRow: program.inputs[index].isRow) }
    for index in outputs.indices { add(outputs[index], isRow: program.isRow[program.outputs[index].value]) }
    if extents.rank == 1 { return }
    let mayExchange = !isRowFixed && !isOrderFixed
    if mayExchange { sort(byOperand: inputs.count) }
    merge(keepingRow: isRowFixed)
    if mayExchange { findTransposed(inputCount: inputs.count) }
  }

  var columns: Int { extents[extents.rank - 1] }
  var outerCount: Int { extents.rank - 1 }
  var rows: Int {
    var product = 1
    for axis in 0..<outerCount { product *= extents[axis] }
    return product
  }

  /// How far an operand varies.
  func kind(ofInput operand: Int, isSingleTile: Bool) -> InputKind {
    let list = strides[operand]
    var isSame = true
    for axis in 0..<outerCount where list[axis] != 0 { isSame = false }
    if list[outerCount] == 0 { return isSame ? .uniform : .perRow }
    return isSame && isSingleTile && outerCount > 0 ? .sharedRow : .row
  }

  private mutating func exchange(_ a: Int, _ b: Int) {
    extents.swapAt(a, b)
    for operand in strides.indices { strides[operand].swapAt(a, b) }
  }

  /// Orders the axes by the distance of neighbors in an output, so that rows are contiguous there.
  private mutating func sort(byOperand operand: Int) {
    for last in 1..<extents.rank {
      var axis = last
      while axis > 0, abs(strides[operand][axis - 1]) < abs(strides[operand][axis]) || extents[axis] == 1 {
        exchange(axis - 1, axis)
        axis -= 1
      }
    }
  }

  private mutating func merge(keepingRow: Bool) {
    for axis in (0..<extents.rank - 1).reversed() {
      let next = axis + 1
      if keepingRow && next == extents.rank - 1 { continue }
      let extent = extents[next]
      guard strides.allSatisfy({ $0[axis] == extent * $0[next] }) else { continue }
      extents[axis] *= extent
      extents.remove(at: next)
      for operand in strides.indices { strides[operand].remove(at: axis) }
    }
  }

  /// Brings the axis along which an input's neighbors are next to the row's.
  private mutating func findTransposed(inputCount: Int) {
    let row = extents.rank - 1
    for operand in 0..<inputCount where abs(strides[operand][row]) > 1 {
      for axis in 0..<row where abs(strides[operand][axis]) == 1 {
        for position in axis..<row - 1 { exchange(position, position + 1) }
        isTransposed = true
        return
      }
    }
  }
}
