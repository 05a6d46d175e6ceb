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
    var varies = [Bool](repeating: false, count: lowering.buffers.count)
    for buffer in lowering.buffers {
      if case .input = buffer.kind { varies[buffer.number] = true }
      if case .constant = buffer.kind { places[buffer.number] = .constant }
    }
    // An argument gets its new value at each call.
    for number in lowering.standIns.keys { varies[number] = true }
    var isStable = false
    while !isStable {
      isStable = true
      for call in lowering.calls where call.reads.contains(where: { varies[$0] }) || call.writes.contains(where: { varies[$0] }) {
        for number in call.writes where !varies[number] {
          varies[number] = true
          isStable = false
        }
      }
    }
    let sizes = lowering.buffers.lazy.filter { !varies[$0.number] }.map { buffer -> Int in
      if case .temporary = buffer.kind { return buffer.byteCount }
      return 0
    }
    let isSmall = sizes.reduce(0, +) <= Self.largestConstants
    for (position, call) in lowering.calls.enumerated() {
      let isConstant = isSmall && !call.writes.contains(where: { varies[$0] })
      if isConstant {
        constantCalls.append(position)
        for number in call.writes { places[number] = .constant }
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
    var firstUse = [Int?](repeating: nil, count: lowering.buffers.count), lastUse = firstUse
    for position in runCalls {
      let call = lowering.calls[position]
      for numbers in [call.reads, call.writes] {
        for number in numbers {
          lastUse[number] = position
          if firstUse[number] == nil { firstUse[number] = position }
        }
      }
    }
    for position in runCalls {
      let call = lowering.calls[position]
      var taken = Set<Int>()
      for target in call.writes {
        guard representative[target] == target, places[target] == .unused, firstUse[target] == position else { continue }
        let byteCount = lowering.buffers[target].byteCount
        for source in call.reads {
          let root = representative[source]
          guard places[root] == .unused, lastUse[root] == position, lowering.buffers[source].byteCount == byteCount,
            lowering.buffers[root].byteCount == byteCount, !taken.contains(root),
            call.call.worksInPlace(lowering.buffers[target], over: lowering.buffers[source]), isOnlyOperand(source, of: call)
          else { continue }
          representative[target] = root
          taken.insert(root)
          lastUse[root] = lastUse[target]
          break
        }
      }
    }
  }

  /// Whether no other buffer that shares a buffer's memory is an operand of the call.
  private func isOnlyOperand(_ source: Int, of call: KernelRecorder.Call) -> Bool {
    func isOther(_ number: Int) -> Bool { number != source && representative[number] == representative[source] }
    return !call.reads.contains(where: isOther) && !call.writes.contains(where: isOther)
  }

  // MARK: The arena

  private mutating func placeInArena(_ workspace: (KernelCall) -> Int) {
    let bufferCount = lowering.buffers.count
    // Buffers by their numbers, and after them the calls' workspaces.
    var wanted: [(number: Int, byteCount: Int, life: ClosedRange<Int>)] = []
    var lives = [ClosedRange<Int>?](repeating: nil, count: bufferCount)
    for (time, position) in runCalls.enumerated() {
      let call = lowering.calls[position]
      for numbers in [call.reads, call.writes] {
        for number in numbers {
          let root = representative[number]
          if places[root] == .unused { lives[root] = (lives[root]?.lowerBound ?? time)...time }
        }
      }
    }
    for (number, life) in lives.enumerated() {
      guard let life else { continue }
      lifetimes[number] = life
      wanted.append((number, lowering.buffers[number].byteCount, life))
    }
    for (time, position) in runCalls.enumerated() {
      let size = workspace(lowering.calls[position].call)
      if size > 0 { wanted.append((bufferCount + time, size, time...time)) }
    }
    wanted.sort { $0.byteCount != $1.byteCount ? $0.byteCount > $1.byteCount : $0.number < $1.number }
    var placed = PlacedBuffers()
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

/// The buffers that have a place in the arena, in the order of their places.
private struct PlacedBuffers {
  private struct Buffer {
    var start: Int, end: Int
    /// The first and the last call during which it lives.
    var first: Int, last: Int
  }
  private var list: [Buffer] = []

  /// Puts a buffer at the lowest offset where a wide enough gap is free while it lives.
  mutating func place(_ size: Int, living life: ClosedRange<Int>) -> Int {
    var offset = 0
    for other in list {
      if other.start >= offset + size { break }
      if other.first <= life.upperBound && other.last >= life.lowerBound { offset = max(offset, other.end) }
    }
    var (low, high) = (0, list.count)
    while low < high {
      let middle = (low + high) / 2
      if list[middle].start < offset { low = middle + 1 } else { high = middle }
    }
    list.insert(Buffer(start: offset, end: offset + size, first: life.lowerBound, last: life.upperBound), at: low)
    return offset
  }
}
