import Synchronization
@_spi(Backend) import WengertCore

extension ThreadPool {
  /// Below this many elementary steps a second thread costs more than it brings.
  static let worthwhile = 1 << 15

  /// Into how many consecutive parts `count` things of `stepsEach` elementary steps are worth dividing.
  func pieces(_ count: Int, stepsEach: Int) -> Int {
    max(1, min(count, threadCount * 4, count * max(stepsEach, 1) / Self.worthwhile))
  }

  /// Runs `body` on consecutive parts of `0..<count`, in parallel if `stepsEach` × count is worth it.
  func parallelRanges(_ count: Int, stepsEach: Int, _ body: (Range<Int>) -> Void) {
    let parts = pieces(count, stepsEach: stepsEach)
    if parts == 1 { return body(0..<count) }
    parallel(parts) { part in body(count * part / parts..<count * (part + 1) / parts) }
  }

  /// Runs `body(0)` … `body(count − 1)`, taken in this order by whichever thread is free, in parallel if `stepsEach` × count is worth it;
  /// each thread has a buffer of `scratch` elements.
  func parallel<Element: BitwiseCopyable>(
    _ count: Int, stepsEach: Int, scratch: Int, of type: Element.Type, _ body: (Int, UnsafeMutablePointer<Element>) -> Void
  ) {
    let next = Atomic<Int>(0)
    let threads = count * stepsEach < Self.worthwhile ? 1 : min(count, threadCount)
    parallel(threads) { _ in
      let buffer = PooledBuffer<Element>(scratch)
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if index >= count { break }
        body(index, buffer.pointer)
      }
      withExtendedLifetime(buffer) {}
    }
  }
}

/// A contiguous temporary of `count` elements: in a workspace, if there is one, otherwise in pooled memory.
struct PooledBuffer<Element: BitwiseCopyable>: ~Copyable {
  let pointer: UnsafeMutablePointer<Element>
  private let byteCount: Int

  init(_ count: Int, in workspace: CPUStorage? = nil) {
    let wanted = count * MemoryLayout<Element>.stride
    if let workspace {
      ensure(workspace.byteCount >= wanted, "a workspace of \(workspace.byteCount) bytes is too small for \(wanted)")
      byteCount = 0
      pointer = workspace.pointer.assumingMemoryBound(to: Element.self)
      return
    }
    byteCount = wanted
    let memory = wanted > 0 ? CPUBackend.shared.memory.allocate(wanted) : CPUStorage.nowhere
    pointer = memory.assumingMemoryBound(to: Element.self)
  }

  deinit { if byteCount > 0 { CPUBackend.shared.memory.deallocate(pointer, byteCount) } }
}
