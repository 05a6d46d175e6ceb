@_spi(Backend) import WengertCore

extension TakeAlongCall {
  func runOnCPU() -> Int? {
    let rank = out.shape.rank
    let walk = StridedWalk([out.layout, source.layout, indices.layout], 0..<rank - 1)
    return indices.dtype == .int32 ? takeAlong(walk, Int32.self) : takeAlong(walk, Int64.self)
  }

  private func takeAlong<Index: FixedWidthInteger>(_ walk: StridedWalk, _ index: Index.Type) -> Int? {
    if let fault = firstFault(indices, below: source.shape.last!, index) { return fault }
    if out.shape.elementCount == 0 { return nil }
    switch out.dtype.byteCount {
    case 1: takeAlong(walk, index, UInt8.self)
    case 2: takeAlong(walk, index, UInt16.self)
    case 4: takeAlong(walk, index, UInt32.self)
    default: takeAlong(walk, index, UInt64.self)
    }
    return nil
  }

  private func takeAlong<Index: FixedWidthInteger, Element: BitwiseCopyable>(
    _ walk: StridedWalk, _ index: Index.Type, _ element: Element.Type
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

extension ScatterAddAlongCall {
  func runOnCPU() -> Int? { out.dtype.visit(AddAlong(updates: updates, indices: indices, out: out)) }
}

/// The first of `indices` that is not in −extent..<extent.
private func firstFault<Index: FixedWidthInteger>(_ indices: View, below extent: Int, _ index: Index.Type) -> Int? {
  if indices.shape.elementCount == 0 { return nil }
  let rank = indices.shape.rank
  let walk = StridedWalk([indices.layout], 0..<rank - 1)
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

@inline(__always)
func add<Element: KernelElement>(_ value: Element, to target: inout Element) {
  target = Element(rounding: .sum(target.widened, value.widened))
}

/// A target element is the sum, rounded once, of what was there and of its updates: in float64 if a line has more of them than `MeetingSlices.few` in float32,
/// or more than one in half types; whole numbers wrap.
private struct AddAlong: ElementVisitor {
  var updates: View, indices: View, out: View

  func visit<Element: KernelElement>(_ type: Element.Type) -> Int? {
    indices.dtype == .int32 ? run(type, Int32.self) : run(type, Int64.self)
  }

  private func run<Element: KernelElement, Index: FixedWidthInteger>(_ type: Element.Type, _ index: Index.Type) -> Int? {
    if let fault = firstFault(indices, below: out.shape.last!, index) { return fault }
    if updates.shape.elementCount == 0 { return nil }
    let walk = StridedWalk([updates.layout, indices.layout, out.layout], 0..<updates.shape.rank - 1)
    let from = updates.pointer(as: Element.self), at = indices.pointer(as: Index.self), to = out.pointer(as: Element.self)
    let (fromStep, atStep, toStep) = (updates.layout.strides.last!, indices.layout.strides.last!, out.layout.strides.last!)
    let length = updates.shape.last!, extent = out.shape.last!
    @inline(__always) func position(_ p: UnsafeMutablePointer<Index>, _ j: Int) -> Int {
      let given = Int(p[j * atStep])
      return given < 0 ? given + extent : given
    }
    let isDirect = Element.Compute.Wide.self == Element.self || length <= (Element.self == Element.Compute.self ? MeetingSlices.few : 1)
    ThreadPool.shared.parallelRanges(walk.count, stepsEach: length * 2) { range in
      let sums = RowSums<Element>(extent: isDirect ? nil : extent)
      for row in range {
        let p = at + walk.offset(row, 1)
        sums.add(from + walk.offset(row, 0), step: fromStep, count: length, to: to + walk.offset(row, 2), step: toStep) { position(p, $0) }
      }
      withExtendedLifetime(sums) {}
    }
    return nil
  }
}

/// Updates of a row added at places of another, by themselves or, if there is an extent, as sums in the wider type.
struct RowSums<Element: KernelElement>: ~Copyable {
  private typealias Sum = Element.Compute.Wide
  private let isDirect: Bool
  private let sums: PooledBuffer<Element.Compute.Wide>

  init(extent: Int?) {
    isDirect = extent == nil
    sums = PooledBuffer(extent ?? 0)
    if let extent { sums.pointer.initialize(repeating: Sum.nothing, count: extent) }
  }

  @inline(__always)
  func add(
    _ u: UnsafeMutablePointer<Element>, step fromStep: Int, count: Int, to t: UnsafeMutablePointer<Element>, step toStep: Int,
    at position: (Int) -> Int
  ) {
    if isDirect {
      for j in 0..<count { WengertCPU.add(u[j * fromStep], to: &t[position(j) * toStep]) }
      return
    }
    let sums = sums.pointer
    for j in 0..<count { sums[position(j)] = Sum.sum(sums[position(j)], u[j * fromStep].widened.wide) }
    // What is found again adds nothing.
    for j in 0..<count {
      let place = position(j), target = t + place * toStep
      target.pointee = Element(rounding: Element.Compute(wide: Sum.sum(target.pointee.widened.wide, sums[place])))
      sums[place] = Sum.nothing
    }
  }
}
