@_spi(Backend) import WengertCore

/// Slices along the first axis, picked by indices. It must not run on two threads at a time.
final class GatherKernel: PromptKernel, ParallelWork, @unchecked Sendable {
  private let source: View, out: View
  private let indices: IndexList
  private let slices: Slices
  private var positions: UnsafeMutablePointer<Int>?
  private var pieces = 1

  private let workspace: CPUStorage?

  init(_ call: GatherCall, _ workspace: CPUStorage?) {
    self.workspace = workspace
    (source, out) = (call.source, call.out)
    indices = IndexList(call.indices, below: source.shape[0])
    slices = Slices(out, source)
  }

  var outputs: [View] { [out] }
  private var isAlongRows: Bool { slices.areColumns(of: out) }

  func answer() -> Int? {
    let list = PooledBuffer<Int>(indices.count, in: workspace)
    if let fault = indices.read(into: list.pointer) { return fault }
    if out.shape.elementCount == 0 { return nil }
    positions = list.pointer
    pieces =
      isAlongRows
      ? ThreadPool.shared.pieces(slices.count, stepsEach: indices.count)
      : ThreadPool.shared.pieces(indices.count, stepsEach: slices.count)
    ThreadPool.shared.parallel(pieces, of: self)
    withExtendedLifetime(list) {}
    return nil
  }

  func perform(_ piece: Int) {
    let count = isAlongRows ? slices.count : indices.count
    let part = count * piece / pieces..<count * (piece + 1) / pieces
    switch out.dtype.byteCount {
    case 1: copy(part, UInt8.self)
    case 2: copy(part, UInt16.self)
    case 4: copy(part, UInt32.self)
    default: copy(part, UInt64.self)
    }
  }

  private func copy<Element: BitwiseCopyable>(_ part: Range<Int>, _ type: Element.Type) {
    let from = source.pointer(as: Element.self), to = out.pointer(as: Element.self)
    let (toStep, fromStep) = (out.layout.strides[0], source.layout.strides[0])
    if isAlongRows {
      for row in part {
        let t = to + slices.offset(row, 0), o = from + slices.offset(row, 1), positions = positions!
        for j in 0..<indices.count { t[j * toStep] = o[positions[j] * fromStep] }
      }
      return
    }
    if slices.count == 1 {
      for j in part { to[j * toStep] = from[positions![j] * fromStep] }
      return
    }
    for j in part {
      let target = to + j * toStep, origin = from + positions![j] * fromStep
      for line in 0..<slices.lines.count {
        let t = target + slices.lines.offset(line, 0), o = origin + slices.lines.offset(line, 1)
        if slices.firstStep == 1 && slices.secondStep == 1 {
          t.update(from: o, count: slices.length)
        } else {
          for i in 0..<slices.length { t[i * slices.firstStep] = o[i * slices.secondStep] }
        }
      }
    }
  }
}

/// Indices along an axis of a given extent, negative ones counted from its end.
struct IndexList {
  let count: Int
  private let view: View
  private let extent: Int

  init(_ view: View, below extent: Int) {
    count = view.shape[0]
    self.view = view
    self.extent = extent
  }

  /// The positions that are meant. Returns the first index out of range.
  func read(into list: UnsafeMutablePointer<Int>) -> Int? {
    if count == 0 { return nil }
    return view.dtype == .int32 ? read(into: list, Int32.self) : read(into: list, Int64.self)
  }

  private func read<Index: FixedWidthInteger>(into list: UnsafeMutablePointer<Int>, _ type: Index.Type) -> Int? {
    let source = view.pointer(as: Index.self), step = view.layout.strides[0]
    for j in 0..<count {
      let index = Int(source[j * step])
      if index < -extent || index >= extent { return index }
      list[j] = index < 0 ? index + extent : index
    }
    return nil
  }
}

/// Two views without their first axes, as lines along the last axis.
struct Slices {
  var lines: StridedWalk
  var length = 1, firstStep = 1, secondStep = 1

  init(_ first: View, _ second: View) {
    let all = StridedWalk([first.layout, second.layout], 1..<first.shape.rank)
    let rank = all.shape.rank
    if rank == 0 {
      lines = all
      return
    }
    let layouts = all.strides.map { Layout(shape: all.shape, strides: $0) }
    lines = StridedWalk(layouts, 0..<rank - 1)
    (length, firstStep, secondStep) = (all.shape[rank - 1], all.strides[0][rank - 1], all.strides[1][rank - 1])
  }

  /// How many elements each slice has.
  var count: Int { lines.count * length }

  /// Whether elements are closer along the first view's first axis than within a slice: slices one after another would be walked in leaps.
  func areColumns(of first: View) -> Bool { count > 1 && abs(first.layout.strides[0]) < abs(firstStep) }

  /// How far an element (row-major) of a view is from the slice's first one.
  @inline(__always) func offset(_ element: Int, _ operand: Int) -> Int {
    let (line, column) = element.quotientAndRemainder(dividingBy: length)
    return lines.offset(line, operand) + column * (operand == 0 ? firstStep : secondStep)
  }
}
