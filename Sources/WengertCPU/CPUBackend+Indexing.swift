import CKernels
import WengertCore

extension CPUBackend {
  public func gather(_ source: View, indices: View, into out: View) -> Int? {
    switch Positions.read(indices, below: source.shape[0]) {
    case .failure(let fault): return fault.index
    case .success(let positions):
      if out.shape.elementCount == 0 { return nil }
      withExtendedLifetime(positions) {
        switch out.dtype.byteCount {
        case 1: gatherSlices(source, positions, out, UInt8.self)
        case 2: gatherSlices(source, positions, out, UInt16.self)
        case 4: gatherSlices(source, positions, out, UInt32.self)
        default: gatherSlices(source, positions, out, UInt64.self)
        }
      }
      return nil
    }
  }

  public func scatterAdd(_ updates: View, indices: View, into out: View) -> Int? {
    switch Positions.read(indices, below: out.shape[0]) {
    case .failure(let fault): return fault.index
    case .success(let positions):
      if updates.shape.elementCount == 0 { return nil }
      withExtendedLifetime(positions) { out.dtype.visit(AddSlices(updates: updates, positions: positions, out: out)) }
      return nil
    }
  }

  public func takeAlong(_ source: View, indices: View, into out: View) -> Int? {
    let rank = out.shape.rank
    let walk = SharedAxes([out.layout, source.layout, indices.layout], 0..<rank - 1)
    return indices.dtype == .int32
      ? takeAlong(source, indices, out, walk, Int32.self)
      : takeAlong(source, indices, out, walk, Int64.self)
  }

  public func scatterAddAlong(_ updates: View, indices: View, into out: View) -> Int? {
    out.dtype.visit(AddAlong(updates: updates, indices: indices, out: out))
  }

  private func gatherSlices<Element: BitwiseCopyable>(_ source: View, _ positions: Positions, _ out: View, _ type: Element.Type) {
    let from = source.pointer(as: Element.self), to = out.pointer(as: Element.self)
    let slices = Slices(out, source)
    let (toStep, fromStep) = (out.layout.strides[0], source.layout.strides[0])
    ThreadPool.shared.parallelRanges(positions.count, stepsEach: slices.lines.count * slices.length) { range in
      for j in range {
        let target = to + j * toStep, origin = from + positions[j] * fromStep
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

  private func takeAlong<Index: FixedWidthInteger>(
    _ source: View, _ indices: View, _ out: View, _ walk: SharedAxes, _ index: Index.Type
  ) -> Int? {
    if let fault = firstFault(indices, below: source.shape.last!, index) { return fault }
    if out.shape.elementCount == 0 { return nil }
    switch out.dtype.byteCount {
    case 1: takeAlong(source, indices, out, walk, index, UInt8.self)
    case 2: takeAlong(source, indices, out, walk, index, UInt16.self)
    case 4: takeAlong(source, indices, out, walk, index, UInt32.self)
    default: takeAlong(source, indices, out, walk, index, UInt64.self)
    }
    return nil
  }

  private func takeAlong<Index: FixedWidthInteger, Element: BitwiseCopyable>(
    _ source: View, _ indices: View, _ out: View, _ walk: SharedAxes, _ index: Index.Type, _ element: Element.Type
  ) {
    let from = source.pointer(as: Element.self), to = out.pointer(as: Element.self), at = indices.pointer(as: Index.self)
    let (fromStep, toStep, atStep) = (source.layout.strides.last!, out.layout.strides.last!, indices.layout.strides.last!)
    let length = out.shape.last!, extent = source.shape.last!
    ThreadPool.shared.parallelRanges(walk.count, stepsEach: length * 2) { range in
      for row in range {
        let t = to + walk.offset(row, 0), o = from + walk.offset(row, 1), p = at + walk.offset(row, 2)
        for j in 0..<length {
          let position = Int(p[j * atStep])
          t[j * toStep] = o[(position < 0 ? position + extent : position) * fromStep]
        }
      }
    }
  }
}

/// The first of `indices` that is not in −extent..<extent.
private func firstFault<Index: FixedWidthInteger>(_ indices: View, below extent: Int, _ index: Index.Type) -> Int? {
  if indices.shape.elementCount == 0 { return nil }
  let rank = indices.shape.rank
  let walk = SharedAxes([indices.layout], 0..<rank - 1)
  let pointer = indices.pointer(as: Index.self)
  let (length, step) = (indices.shape[rank - 1], indices.layout.strides[rank - 1])
  for row in 0..<walk.count {
    let line = pointer + walk.offset(row, 0)
    var isFaulty = false
    for j in 0..<length {
      let position = Int(line[j * step])
      isFaulty = isFaulty || position < -extent || position >= extent
    }
    if !isFaulty { continue }
    for j in 0..<length where Int(line[j * step]) < -extent || Int(line[j * step]) >= extent { return Int(line[j * step]) }
  }
  return nil
}

/// Checked indices along an axis, all counted from its start.
private final class Positions {
  struct OutOfRange: Error {
    var index: Int
  }

  let count: Int
  private let list: Temporary<Int>

  private init(count: Int, list: consuming Temporary<Int>) {
    self.count = count
    self.list = list
  }

  subscript(j: Int) -> Int { list.pointer[j] }
  var numbers: UnsafePointer<Int64> { UnsafeRawPointer(list.pointer).assumingMemoryBound(to: Int64.self) }

  static func read(_ indices: View, below extent: Int) -> Result<Positions, OutOfRange> {
    indices.dtype == .int32 ? read(indices, below: extent, Int32.self) : read(indices, below: extent, Int64.self)
  }

  private static func read<Index: FixedWidthInteger>(_ indices: View, below extent: Int, _ type: Index.Type) -> Result<
    Positions, OutOfRange
  > {
    if let fault = firstFault(indices, below: extent, type) { return .failure(OutOfRange(index: fault)) }
    let count = indices.shape[0], step = indices.layout.strides[0]
    let list = Temporary<Int>(count)
    if count > 0 {
      let source = indices.pointer(as: Index.self)
      for j in 0..<count {
        let position = Int(source[j * step])
        list.pointer[j] = position < 0 ? position + extent : position
      }
    }
    return .success(Positions(count: count, list: list))
  }
}

/// Two views without their first axes, as lines along the last axis.
private struct Slices {
  var lines: SharedAxes
  var length = 1, firstStep = 1, secondStep = 1

  init(_ first: View, _ second: View) {
    let all = SharedAxes([first.layout, second.layout], 1..<first.shape.rank)
    let rank = all.shape.rank
    if rank == 0 {
      lines = all
      return
    }
    let layouts = all.strides.map { Layout(shape: all.shape, strides: $0) }
    lines = SharedAxes(layouts, 0..<rank - 1)
    (length, firstStep, secondStep) = (all.shape[rank - 1], all.strides[0][rank - 1], all.strides[1][rank - 1])
  }
}

private struct AddSlices: ElementVisitor {
  var updates: View
  var positions: Positions
  var out: View

  /// Each thread owns some of the columns, or of the target's slices where these are short, and goes through all updates in their order: the sums do not depend on
  /// the number of threads.
  func visit<Element: KernelElement>(_ type: Element.Type) {
    let slices = Slices(out, updates)
    let to = out.pointer(as: Element.self), from = updates.pointer(as: Element.self)
    let (toStep, fromStep) = (out.layout.strides[0], updates.layout.strides[0])
    let steps = positions.count * slices.lines.count * slices.length
    let threads = steps < ThreadPool.worthwhile ? 1 : ThreadPool.shared.threadCount
    let byColumns = slices.length >= 32 * threads
    let isContiguous = slices.lines.count == 1 && slices.firstStep == 1 && slices.secondStep == 1
    let isDirect = Element.self == Element.Compute.self && isContiguous
    let addRows = isDirect ? Element.Compute.lanes.flatMap { wl_add_rows(Int32($0.rawValue)) } : nil
    ThreadPool.shared.parallel(threads) { part in
      let (extent, length) = (out.shape[0], slices.length)
      let columns = byColumns ? length * part / threads..<length * (part + 1) / threads : 0..<length
      let owned = byColumns ? 0..<extent : extent * part / threads..<extent * (part + 1) / threads
      if let addRows {
        addRows(
          to + columns.lowerBound, Int64(toStep), from + columns.lowerBound, Int64(fromStep), positions.numbers, Int64(positions.count),
          Int64(owned.lowerBound), Int64(owned.upperBound), Int64(columns.count))
        return
      }
      for j in 0..<positions.count where owned.contains(positions[j]) {
        for line in 0..<slices.lines.count {
          let t = to + (positions[j] * toStep + slices.lines.offset(line, 0) + columns.lowerBound * slices.firstStep)
          let u = from + (j * fromStep + slices.lines.offset(line, 1) + columns.lowerBound * slices.secondStep)
          if slices.firstStep == 1 && slices.secondStep == 1 {
            for i in 0..<columns.count { add(u[i], to: &t[i]) }
          } else {
            for i in 0..<columns.count { add(u[i * slices.secondStep], to: &t[i * slices.firstStep]) }
          }
        }
      }
    }
  }
}

@inline(__always)
private func add<Element: KernelElement>(_ value: Element, to target: inout Element) {
  target = Element(rounding: .sum(target.widened, value.widened))
}

private struct AddAlong: ElementVisitor {
  var updates: View, indices: View, out: View

  func visit<Element: KernelElement>(_ type: Element.Type) -> Int? {
    indices.dtype == .int32 ? run(type, Int32.self) : run(type, Int64.self)
  }

  private func run<Element: KernelElement, Index: FixedWidthInteger>(_ type: Element.Type, _ index: Index.Type) -> Int? {
    if let fault = firstFault(indices, below: out.shape.last!, index) { return fault }
    if updates.shape.elementCount == 0 { return nil }
    let walk = SharedAxes([updates.layout, indices.layout, out.layout], 0..<updates.shape.rank - 1)
    let from = updates.pointer(as: Element.self), at = indices.pointer(as: Index.self), to = out.pointer(as: Element.self)
    let (fromStep, atStep, toStep) = (updates.layout.strides.last!, indices.layout.strides.last!, out.layout.strides.last!)
    let length = updates.shape.last!, extent = out.shape.last!
    ThreadPool.shared.parallelRanges(walk.count, stepsEach: length * 2) { range in
      for row in range {
        let u = from + walk.offset(row, 0), p = at + walk.offset(row, 1), t = to + walk.offset(row, 2)
        for j in 0..<length {
          let position = Int(p[j * atStep])
          add(u[j * fromStep], to: &t[(position < 0 ? position + extent : position) * toStep])
        }
      }
    }
    return nil
  }
}
