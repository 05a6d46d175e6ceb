import CKernels
@_spi(Backend) import WengertCore

/// Slices added to those that indices pick. Each thread owns some of the columns, or of the target's slices if these are short, and goes through all updates in
/// their order: the sums do not depend on the number of threads. It must not run on two threads at a time.
///
/// An element is the sum, rounded once, of what was there and of its updates: in float64 for half types, and for float32 if more than `MeetingSlices.few`
/// updates meet; fewer are added up in float32, with an error of as many roundings of Σ|update| at most. Float64 adds up in itself, whole numbers wrap.
final class ScatterAddKernel: PromptKernel, ParallelWork, @unchecked Sendable {
  private let updates: View, out: View
  private let indices: IndexList
  private let slices: Slices
  private let meeting: MeetingSlices?
  private var positions: UnsafeMutablePointer<Int>?
  private var threads = 1

  private let workspace: CPUStorage?

  init(_ call: ScatterAddCall, _ workspace: CPUStorage?) {
    self.workspace = workspace
    (updates, out) = (call.updates, call.out)
    indices = IndexList(call.indices, below: out.shape[0])
    slices = Slices(out, updates)
    meeting = MeetingSlices(out.dtype, extent: out.shape[0], count: indices.count)
  }

  var outputs: [View] { [out] }
  /// Single elements are one row.
  private var isAlongRows: Bool { slices.count == 1 || slices.areColumns(of: out) }

  func answer() -> Int? {
    let list = PooledBuffer<Int>(indices.count, in: workspace)
    if let fault = indices.read(into: list.pointer) { return fault }
    if updates.shape.elementCount == 0 { return nil }
    positions = list.pointer
    let size = slices.count
    threads =
      indices.count * size < ThreadPool.worthwhile
      ? 1 : isAlongRows ? min(size, ThreadPool.shared.threadCount) : ThreadPool.shared.threadCount
    meeting?.find(list.pointer, indices.count)
    let sums = PooledBuffer<Double>(isAlongRows ? 0 : (meeting?.number ?? 0) * size)
    meeting?.sums = sums.pointer
    ThreadPool.shared.parallel(threads, of: self)
    meeting?.forget(list.pointer, indices.count)
    withExtendedLifetime(sums) {}
    withExtendedLifetime(list) {}
    return nil
  }

  func perform(_ part: Int) {
    if isAlongRows {
      let rows = slices.count * part / threads..<slices.count * (part + 1) / threads
      return out.dtype.visit(
        AddRows(
          updates: updates, out: out, slices: slices, rows: rows, positions: positions!, count: indices.count,
          isDirect: meeting == nil || meeting!.number == 0))
    }
    let some = AddPart(updates: updates, out: out, slices: slices, positions: positions!, count: indices.count, part: part, of: threads)
    switch (out.dtype, meeting) {
    case (.float16, let meeting?): some.sum(Float16Element.self, meeting)
    case (.bfloat16, let meeting?): some.sum(BFloat16Element.self, meeting)
    case (.float32, let meeting?): some.sum(Float.self, meeting)
    default: out.dtype.visit(some)
    }
  }
}

/// Which slices so many updates meet at that these are summed up in float64.
final class MeetingSlices {
  /// As many updates are added up in float32, one after another.
  static let few = 32

  /// Of every slice: how many updates it has, at most one more than allowed, or −1 − its number among those that have more. All zero between runs. Nil if
  /// all slices have sums, since most have several updates.
  private let table: UnsafeMutablePointer<Int32>?
  private let limit: Int32
  private let extent: Int
  private var slices: PooledBuffer<Int>
  /// How many slices have sums.
  private(set) var number = 0
  var sums: UnsafeMutablePointer<Double>?

  /// Nil if no sum needs float64.
  init?(_ dtype: DType, extent: Int, count: Int) {
    switch dtype {
    case .float16, .bfloat16: limit = 1
    case .float32: limit = Int32(Self.few)
    default: return nil
    }
    if count <= limit { return nil }
    self.extent = extent
    let isDense = extent <= count / 4
    if isDense {
      table = nil
      number = extent
    } else {
      table = .allocate(capacity: extent)
      table!.initialize(repeating: 0, count: extent)
    }
    slices = PooledBuffer(isDense ? 0 : count / Int(limit + 1))
  }

  deinit { table?.deallocate() }

  func find(_ positions: UnsafePointer<Int>, _ count: Int) {
    guard let table else { return }
    number = 0
    var areSome = false
    for j in 0..<count {
      let known = table[positions[j]]
      areSome = areSome || known == limit
      table[positions[j]] = min(known + 1, limit + 1)
    }
    if !areSome { return }
    for j in 0..<count where table[positions[j]] > limit {
      slices.pointer[number] = positions[j]
      number += 1
      table[positions[j]] = Int32(-number)
    }
  }

  func forget(_ positions: UnsafePointer<Int>, _ count: Int) {
    sums = nil
    guard let table else { return }
    for j in 0..<count { table[positions[j]] = 0 }
  }

  /// What the kernel looks up, if some slices have sums and others have none.
  var slots: UnsafePointer<Int32>? { table.map { UnsafePointer($0) } }
  /// The number of the slice's sums, if it has some.
  @inline(__always) func slot(of slice: Int) -> Int? {
    guard let table else { return slice }
    let slot = Int(table[slice])
    return slot < 0 ? -1 - slot : nil
  }
  /// The slice that has these sums.
  func slice(of slot: Int) -> Int { table == nil ? slot : slices.pointer[slot] }
}

/// Some rows of a scatter-add whose indices are along the rows.
private struct AddRows: ElementVisitor {
  let updates: View, out: View
  let slices: Slices
  let rows: Range<Int>
  let positions: UnsafeMutablePointer<Int>
  let count: Int
  /// Whether so few updates meet that they are added one by one.
  let isDirect: Bool

  func visit<Element: KernelElement>(_ type: Element.Type) {
    let to = out.pointer(as: Element.self), from = updates.pointer(as: Element.self)
    let sums = RowSums<Element>(extent: isDirect ? nil : out.shape[0])
    for row in rows {
      sums.add(
        from + slices.offset(row, 1), step: updates.layout.strides[0], count: count, to: to + slices.offset(row, 0),
        step: out.layout.strides[0]
      ) { positions[$0] }
    }
    withExtendedLifetime(sums) {}
  }
}

/// One thread's part of a scatter-add.
private struct AddPart: ElementVisitor {
  let updates: View, out: View
  let slices: Slices
  let positions: UnsafeMutablePointer<Int>
  let count: Int
  let part: Int, of: Int

  private var isByColumns: Bool { slices.length >= 32 * of }
  private var columns: Range<Int> {
    isByColumns ? slices.length * part / of..<slices.length * (part + 1) / of : 0..<slices.length
  }
  private var owned: Range<Int> {
    let extent = out.shape[0]
    return isByColumns ? 0..<extent : extent * part / of..<extent * (part + 1) / of
  }
  /// Whether all slices are in memory as one row each.
  private var areRows: Bool { slices.lines.count == 1 && slices.firstStep == 1 && slices.secondStep == 1 }

  func visit<Element: KernelElement>(_ type: Element.Type) {
    let to = out.pointer(as: Element.self), from = updates.pointer(as: Element.self)
    let (toStep, fromStep) = (out.layout.strides[0], updates.layout.strides[0])
    let columns = columns, owned = owned
    if areRows, Element.self == Element.Compute.self, let addRows = Element.Compute.lanes.flatMap({ wg_add_rows(Int32($0.rawValue)) }) {
      positions.withMemoryRebound(to: Int64.self, capacity: count) { numbers in
        addRows(
          to + columns.lowerBound, Int64(toStep), from + columns.lowerBound, Int64(fromStep), numbers, Int64(count),
          Int64(owned.lowerBound), Int64(owned.upperBound), Int64(columns.count))
      }
      return
    }
    for j in 0..<count where owned.contains(positions[j]) {
      for line in 0..<slices.lines.count {
        let t = target(to, positions[j], line, columns.lowerBound), u = update(from, j, line, columns.lowerBound)
        if slices.firstStep == 1 && slices.secondStep == 1 {
          for i in 0..<columns.count { add(u[i], to: &t[i]) }
        } else {
          for i in 0..<columns.count { add(u[i * slices.secondStep], to: &t[i * slices.firstStep]) }
        }
      }
    }
  }

  /// With sums in float64 if many updates meet.
  func sum<Element: KernelElement>(_ type: Element.Type, _ meeting: MeetingSlices) where Element.Compute == Float {
    if meeting.number == 0 && Element.self == Float.self { return visit(type) }
    let to = out.pointer(as: Element.self), from = updates.pointer(as: Element.self)
    let columns = columns, owned = owned
    // −0 changes no sum, −0 included.
    eachSum(meeting, columns, owned) { $1.update(repeating: -0.0, count: columns.count) }
    let numbers = ScratchMemory.ofThread(.blocks, 2 * columns.count, of: Float.self), others = numbers + columns.count
    if areRows, let to = to as? UnsafeMutablePointer<Float>, let from = from as? UnsafeMutablePointer<Float> {
      positions.withMemoryRebound(to: Int64.self, capacity: count) { list in
        wg_add_rows_wide()(
          to + columns.lowerBound, Int64(out.layout.strides[0]), from + columns.lowerBound, Int64(updates.layout.strides[0]), list,
          Int64(count), Int64(owned.lowerBound), Int64(owned.upperBound), Int64(columns.count), meeting.slots,
          meeting.sums! + columns.lowerBound, Int64(slices.length))
      }
    } else {
      let addWide = wg_add_wide()!, add = wg_binary(Int32(Lanes.float32.rawValue), Int32(BinaryOp.add.rawValue), 0)!
      for j in 0..<count where owned.contains(positions[j]) {
        let slot = meeting.slot(of: positions[j])
        for line in 0..<slices.lines.count {
          Element.widen(update(from, j, line, columns.lowerBound), step: slices.secondStep, into: numbers, count: columns.count)
          if let slot {
            addWide(sums(meeting, slot, line, columns), numbers, Int64(columns.count))
          } else {
            let t = target(to, positions[j], line, columns.lowerBound)
            Element.widen(t, step: slices.firstStep, into: others, count: columns.count)
            add(others, others, numbers, Int64(columns.count))
            Element.round(others, into: t, step: slices.firstStep, count: columns.count)
          }
        }
      }
    }
    eachSum(meeting, columns, owned) { place, sums in
      let t = target(to, place.slice, place.line, columns.lowerBound)
      Element.widen(t, step: slices.firstStep, into: numbers, count: columns.count)
      for i in 0..<columns.count { numbers[i] = Float(Double(numbers[i]) + sums[i]) }
      Element.round(numbers, into: t, step: slices.firstStep, count: columns.count)
    }
  }

  /// Each line of sums that is this part's.
  private func eachSum(
    _ meeting: MeetingSlices, _ columns: Range<Int>, _ owned: Range<Int>,
    _ body: ((slice: Int, line: Int), UnsafeMutablePointer<Double>) -> Void
  ) {
    for slot in 0..<meeting.number {
      let slice = meeting.slice(of: slot)
      if !owned.contains(slice) { continue }
      for line in 0..<slices.lines.count { body((slice, line), sums(meeting, slot, line, columns)) }
    }
  }

  private func sums(_ meeting: MeetingSlices, _ slot: Int, _ line: Int, _ columns: Range<Int>) -> UnsafeMutablePointer<Double> {
    meeting.sums! + ((slot * slices.lines.count + line) * slices.length + columns.lowerBound)
  }

  @inline(__always)
  private func target<Element>(_ to: UnsafeMutablePointer<Element>, _ slice: Int, _ line: Int, _ column: Int) -> UnsafeMutablePointer<
    Element
  > {
    to + (slice * out.layout.strides[0] + slices.lines.offset(line, 0) + column * slices.firstStep)
  }

  @inline(__always)
  private func update<Element>(_ from: UnsafeMutablePointer<Element>, _ j: Int, _ line: Int, _ column: Int) -> UnsafeMutablePointer<Element>
  {
    from + (j * updates.layout.strides[0] + slices.lines.offset(line, 1) + column * slices.secondStep)
  }
}
