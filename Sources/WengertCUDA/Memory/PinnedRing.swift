@_spi(Backend) import WengertCore

/// Host memory that the device reads by itself: bytes on their way to it wait here, so that whoever writes them need not.
///
/// The ring is cut into parts, filled one after another; a part is used again when the device has read all that was in it.
final class PinnedRing: @unchecked Sendable {
  private static let partSize = 1 << 20
  private static let partCount = 8

  private let context: Context
  private let memory: UnsafeMutableRawPointer
  private struct State {
    var part = 0
    var used = 0
    /// Recorded when the ring left a part for the next one.
    var events: [UInt] = []
    var isFull = [Bool](repeating: false, count: PinnedRing.partCount)
  }
  private let state = Locked(State())

  init(_ context: Context) {
    self.context = context
    memory = context.pinnedMemory(PinnedRing.partSize * PinnedRing.partCount)
    let events = (0..<PinnedRing.partCount).map { _ in context.event() }
    state.withLock { $0.events = events }
  }

  deinit {
    context.synchronize()
    for event in state.withLock({ $0.events }) { context.perform("an event") { $0.destroyEvent(CUHandle(bitPattern: event)) } }
    context.perform("freeing host memory") { $0.freeHost(memory) }
  }

  /// Has the bytes copied to the device in their turn. They may change when this returns.
  func write(_ bytes: UnsafeRawBufferPointer, to address: CUAddress) {
    var done = 0
    while done < bytes.count {
      let count = min(bytes.count - done, PinnedRing.partSize)
      state.withLock { state in
        if state.used + count > PinnedRing.partSize { advance(&state) }
        let place = memory + (state.part * PinnedRing.partSize + state.used)
        place.copyMemory(from: bytes.baseAddress! + done, byteCount: count)
        context.perform("writing \(count) bytes") { $0.copyToDevice(address + CUAddress(done), place, count, context.stream) }
        // Places of all widths stay aligned.
        state.used += (count + 15) / 16 * 16
      }
      done += count
    }
  }

  private func advance(_ state: inout State) {
    context.perform("an event") { $0.recordEvent(CUHandle(bitPattern: state.events[state.part]), context.stream) }
    state.isFull[state.part] = true
    state.part = (state.part + 1) % PinnedRing.partCount
    state.used = 0
    if state.isFull[state.part] {
      context.perform("waiting for the device") { $0.synchronizeEvent(CUHandle(bitPattern: state.events[state.part])) }
      state.isFull[state.part] = false
    }
  }
}

extension Context {
  /// A new event, without times, which would make it slower.
  func event() -> UInt {
    var event: CUHandle?
    perform("an event") { $0.createEvent(&event, 2) }
    return UInt(bitPattern: event)
  }

  /// Host memory that the device can reach, until `freeHost`.
  func pinnedMemory(_ byteCount: Int) -> UnsafeMutableRawPointer {
    var memory: UnsafeMutableRawPointer?
    perform("allocating \(byteCount) bytes of pinned host memory") { $0.allocateHost(&memory, byteCount, 2) }
    return memory!
  }
}
