/// The place of each buffer of a program: in the arena, in an argument's or a result's memory, or in memory of its own that is filled once.
///
/// A buffer takes an operand's memory if the operand dies with the call that writes it (in place). The others are placed largest first, each at the lowest offset of the
/// arena where nothing lives at the same time (Pisarchyk & Lee 2020, "greedy by size").
struct MemoryPlan {
  enum Place: Equatable {
    case arena(offset: Int)
    case input(Int)
    /// The memory that is made for an output at each call.
    case output(Int)
    /// Filled once, when the program is bound.
    case constant
    case unused
  }
  private(set) var places: [Place]
  /// Buffers that share memory have one representative.
  private(set) var representative: [Int]
  private(set) var arenaByteCount = 0
  /// The calls of each kind, by number: those that run once, those that run each time.
  private(set) var constantCalls: [Int] = []
  private(set) var runCalls: [Int] = []
  /// First and last call, inclusive, of each representative in the arena.
  private(set) var lifetimes: [Int: ClosedRange<Int>] = [:]
  /// What calls need besides their operands, in the arena too, by their place among those that run each time.
  private(set) var workspaces: [Int: (offset: Int, byteCount: Int)] = [:]

  /// What is computed once may take so many bytes in all.
  static let largestConstants = 4 << 20

  private let lowering: Lowering
  private let alignment: Int

  init(_ lowering: Lowering, on backend: any Backend) {
    self.init(lowering, alignment: backend.alignment) { backend.workspace(for: $0) }
  }

  /// - Parameters:
  ///   - alignment: where a buffer may begin, in bytes; see `Backend.alignment`.
  ///   - workspace: the bytes that a call needs besides its operands.
  init(_ lowering: Lowering, alignment: Int = 64, workspace: (KernelCall) -> Int = { _ in 0 }) {
    self.lowering = lowering
    self.alignment = alignment
    places = Array(repeating: .unused, count: lowering.buffers.count)
    representative = Array(lowering.buffers.indices)
    separateConstants()
    placeArguments()
    shareInPlace()
    placeInArena(workspace)
  }

  func place(_ buffer: Int) -> Place { places[representative[buffer]] }

  // MARK: What is computed once

  private mutating func separateConstants() {
    var varies = Set<Int>()
    for buffer in lowering.buffers {
      if case .input = buffer.kind { varies.insert(buffer.number) }
      if case .constant = buffer.kind { places[buffer.number] = .constant }
    }
    // An argument gets its new value at each call.
    varies.formUnion(lowering.standIns.keys)
    func numbers(_ views: [View]) -> [Int] { views.map { lowering.buffer($0).number } }
    var isStable = false
    while !isStable {
      isStable = true
      for call in lowering.calls {
        let written = numbers(call.call.writes)
        guard numbers(call.call.reads).contains(where: varies.contains) || written.contains(where: varies.contains) else { continue }
        for number in written where varies.insert(number).inserted { isStable = false }
      }
    }
    let sizes = lowering.buffers.lazy.filter { !varies.contains($0.number) }.map { buffer -> Int in
      if case .temporary = buffer.kind { return buffer.byteCount }
      return 0
    }
    let isSmall = sizes.reduce(0, +) <= Self.largestConstants
    for (position, call) in lowering.calls.enumerated() {
      let isConstant = isSmall && !numbers(call.call.writes).contains(where: varies.contains)
      if isConstant {
        constantCalls.append(position)
        for number in numbers(call.call.writes) { places[number] = .constant }
      } else {
        runCalls.append(position)
      }
    }
  }

  // MARK: Memory of the caller's

  private mutating func placeArguments() {
    for buffer in lowering.buffers {
      if case .input(let number) = buffer.kind { places[buffer.number] = .input(number) }
    }
    for (source, target) in lowering.standIns { representative[source] = target }
    let updated = Set(lowering.graph.updates.map(\.output))
    for (number, view) in lowering.outputs.enumerated() {
      let buffer = lowering.buffer(view).number
      if !updated.contains(number) && representative[buffer] == buffer && places[buffer] == .unused { places[buffer] = .output(number) }
    }
  }

  // MARK: In place

  private mutating func shareInPlace() {
    var lastUse: [Int: Int] = [:]
    var firstUse: [Int: Int] = [:]
    for position in runCalls {
      let call = lowering.calls[position].call
      for view in call.reads + call.writes {
        let number = lowering.buffer(view).number
        lastUse[number] = position
        if firstUse[number] == nil { firstUse[number] = position }
      }
    }
    for position in runCalls {
      let call = lowering.calls[position].call
      var taken = Set<Int>()
      for output in call.writes {
        let target = lowering.buffer(output)
        guard representative[target.number] == target.number, places[target.number] == .unused, firstUse[target.number] == position else {
          continue
        }
        for input in call.reads {
          let source = lowering.buffer(input)
          let root = representative[source.number]
          guard places[root] == .unused, lastUse[root] == position, !taken.contains(root), source.byteCount == target.byteCount,
            lowering.buffers[root].byteCount == target.byteCount, call.worksInPlace(target, over: source),
            onlyReader(source, root, call)
          else { continue }
          representative[target.number] = root
          taken.insert(root)
          lastUse[root] = max(position, lastUse[target.number] ?? position)
          break
        }
      }
    }
  }

  /// Whether no other buffer that shares the root's memory is an operand of the call.
  private func onlyReader(_ source: RecordedStorage, _ root: Int, _ call: KernelCall) -> Bool {
    (call.reads + call.writes).allSatisfy { view in
      let buffer = lowering.buffer(view)
      return buffer === source || representative[buffer.number] != root
    }
  }

  // MARK: The arena

  private mutating func placeInArena(_ workspace: (KernelCall) -> Int) {
    let bufferCount = lowering.buffers.count
    // Buffers by their numbers, and after them the calls' workspaces.
    var wanted: [(number: Int, byteCount: Int, life: ClosedRange<Int>)] = []
    for (time, position) in runCalls.enumerated() {
      let call = lowering.calls[position].call
      for view in call.reads + call.writes {
        let root = representative[lowering.buffer(view).number]
        guard places[root] == .unused else { continue }
        lifetimes[root] = min(lifetimes[root]?.lowerBound ?? time, time)...time
      }
    }
    for (number, life) in lifetimes { wanted.append((number, lowering.buffers[number].byteCount, life)) }
    for (time, position) in runCalls.enumerated() {
      let size = workspace(lowering.calls[position].call)
      if size > 0 { wanted.append((bufferCount + time, size, time...time)) }
    }
    wanted.sort { $0.byteCount != $1.byteCount ? $0.byteCount > $1.byteCount : $0.number < $1.number }
    var placed = PlacedBuffers(callCount: runCalls.count)
    for (number, byteCount, life) in wanted {
      let rounded = (max(byteCount, 1) + alignment - 1) / alignment * alignment
      let offset = placed.place(rounded, living: life)
      if number < bufferCount {
        places[number] = .arena(offset: offset)
      } else {
        workspaces[number - bufferCount] = (offset, byteCount)
      }
      arenaByteCount = max(arenaByteCount, offset + rounded)
    }
  }
}

/// The buffers that have a place in the arena, found by the calls during which they live.
private struct PlacedBuffers {
  private var list: [(range: Range<Int>, life: ClosedRange<Int>)] = []
  /// The buffers that live in each stretch of calls.
  private var stretches: [[Int]]
  /// The search that last came to each buffer, and its number.
  private var seen: [Int] = []
  private var search = 0
  private static var stretch: Int { 32 }

  init(callCount: Int) { stretches = Array(repeating: [], count: callCount / Self.stretch + 1) }

  /// Puts a buffer at the lowest offset where a wide enough gap is free while it lives.
  mutating func place(_ size: Int, living life: ClosedRange<Int>) -> Int {
    search += 1
    let span = life.lowerBound / Self.stretch...life.upperBound / Self.stretch
    var neighbors: [Range<Int>] = []
    for stretch in span {
      for other in stretches[stretch] where seen[other] != search {
        seen[other] = search
        if list[other].life.overlaps(life) { neighbors.append(list[other].range) }
      }
    }
    neighbors.sort { $0.lowerBound < $1.lowerBound }
    var offset = 0
    for other in neighbors {
      if other.lowerBound >= offset + size { break }
      offset = max(offset, other.upperBound)
    }
    for stretch in span { stretches[stretch].append(list.count) }
    list.append((offset..<offset + size, life))
    seen.append(0)
    return offset
  }
}
