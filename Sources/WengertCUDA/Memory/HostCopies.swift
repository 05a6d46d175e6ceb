@_spi(Backend) import WengertCore

/// Host memory that the device writes by itself: bytes on their way from it wait here until somebody reads them, who then waits for nothing that was asked for later.
final class HostCopies: @unchecked Sendable {
  private static let slotSize = 4096
  private static let slotCount = 64

  fileprivate let context: Context
  fileprivate let faults: FaultBoard
  private let memory: UnsafeMutableRawPointer
  private struct State {
    var free = Array(0..<HostCopies.slotCount)
    /// Recorded behind the copy into a slot.
    var events: [UInt] = []
  }
  private let state = Locked(State())

  init(_ context: Context, _ faults: FaultBoard) {
    (self.context, self.faults) = (context, faults)
    memory = context.pinnedMemory(Self.slotSize * Self.slotCount)
    let events = (0..<Self.slotCount).map { _ in context.event() }
    state.withLock { $0.events = events }
  }

  deinit {
    context.synchronize()
    for event in state.withLock({ $0.events }) { context.perform("an event") { $0.destroyEvent(CUHandle(bitPattern: event)) } }
    context.perform("freeing host memory") { $0.freeHost(memory) }
  }

  /// Has bytes copied in their turn; nil if there are too many, or too many copies are waited for.
  func start(_ source: CUAddress, byteCount: Int) -> Copy? {
    state.withLock { state in
      guard byteCount <= Self.slotSize, let slot = state.free.popLast() else { return nil }
      context.perform("reading \(byteCount) bytes") { $0.copyToHost(place(slot), source, byteCount, context.stream) }
      context.perform("an event") { $0.recordEvent(CUHandle(bitPattern: state.events[slot]), context.stream) }
      return Copy(self, slot: slot, byteCount: byteCount, event: state.events[slot], asked: faults.asked)
    }
  }

  fileprivate func place(_ slot: Int) -> UnsafeMutableRawPointer { memory + slot * Self.slotSize }

  /// The next copy into the slot has its turn after this one.
  fileprivate func giveBack(_ slot: Int) { state.withLock { $0.free.append(slot) } }

  final class Copy: HostBytes {
    private let copies: HostCopies
    private let slot: Int, byteCount: Int, event: UInt, asked: Int

    fileprivate init(_ copies: HostCopies, slot: Int, byteCount: Int, event: UInt, asked: Int) {
      (self.copies, self.slot, self.byteCount, self.event, self.asked) = (copies, slot, byteCount, event, asked)
    }

    deinit { copies.giveBack(slot) }

    func withBytes<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result {
      copies.context.perform("waiting for the device") { $0.synchronizeEvent(CUHandle(bitPattern: event)) }
      copies.faults.tell(upTo: asked)
      return try body(UnsafeRawBufferPointer(start: copies.place(slot), count: byteCount).bytes)
    }
  }
}
