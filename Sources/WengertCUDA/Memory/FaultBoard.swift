@_spi(Backend) import WengertCore

/// Words in host memory into which kernels put what they find wrong: read without asking the device, once it has run.
///
/// A kernel that can find something wrong has a word of its own, which holds `none` until then. What a thread finds is a number of 32 bits below its place in the call's
/// order, so that the least word is what comes first; a number that is larger is told as the largest or the least of 32 bits.
final class FaultBoard: @unchecked Sendable {
  static let none = Int64.max

  private let context: Context
  private static let blockCount = 1024
  private struct State {
    var blocks: [UInt] = []
    var free: [UInt] = []
    /// Kernels asked for so far.
    var asked = 0
    /// Who is told, by the word's address, and the number of the kernel that was asked for last.
    var waiting: [UInt: (word: Word, note: FaultNote?, number: Int)] = [:]
  }
  private let state = Locked(State())

  init(_ context: Context) { self.context = context }

  deinit {
    context.synchronize()
    for block in state.withLock({ $0.blocks }) {
      context.perform("freeing host memory") { $0.freeHost(UnsafeMutableRawPointer(bitPattern: block)) }
    }
  }

  /// A kernel's word, for as long as this lives.
  final class Word: @unchecked Sendable {
    fileprivate let pointer: UnsafeMutablePointer<Int64>
    let address: CUAddress
    private let board: FaultBoard

    fileprivate init(_ pointer: UnsafeMutablePointer<Int64>, _ board: FaultBoard) {
      self.pointer = pointer
      self.board = board
      var address: CUAddress = 0
      board.context.perform("the address of host memory") { $0.addressOfHost(&address, pointer, 0) }
      self.address = address
    }

    deinit { board.giveBack(self) }
  }

  func word() -> Word {
    let place = state.withLock { state -> UInt in
      if let free = state.free.popLast() { return free }
      let block = context.pinnedMemory(FaultBoard.blockCount * 8)
      block.assumingMemoryBound(to: Int64.self).initialize(repeating: FaultBoard.none, count: FaultBoard.blockCount)
      state.blocks.append(UInt(bitPattern: block))
      state.free = (1..<FaultBoard.blockCount).map { UInt(bitPattern: block + 8 * $0) }
      return UInt(bitPattern: block)
    }
    return Word(UnsafeMutablePointer(bitPattern: place)!, self)
  }

  private func giveBack(_ word: Word) { state.withLock { $0.free.append(UInt(bitPattern: word.pointer)) } }

  /// How many kernels were asked for that might find something.
  var asked: Int { state.withLock { $0.asked } }

  /// Notes who is to be told what a kernel finds that is asked for now. The word stays the kernel's until then.
  func expect(_ word: Word, _ note: FaultNote?) {
    state.withLock { state in
      state.asked += 1
      let place = UInt(bitPattern: word.pointer)
      state.waiting[place] = (word, state.waiting[place]?.note ?? note, state.asked)
    }
  }

  /// Tells what the kernels have found, the first `count` of which have run; nil: all. What others have found meanwhile is told too.
  func tell(upTo count: Int? = nil) {
    let told = state.withLock { state in
      let entries = state.waiting.values.sorted { $0.number < $1.number }
      state.waiting = count.map { count in state.waiting.filter { $0.value.number > count } } ?? [:]
      return entries
    }
    for (word, note, _) in told where word.pointer.pointee != FaultBoard.none {
      let fault = Int(Int32(truncatingIfNeeded: word.pointer.pointee))
      word.pointer.pointee = FaultBoard.none
      note?(fault)
    }
  }
}
