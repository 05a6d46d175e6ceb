/// Memory of the host that calls use until they are over.
final class HostMemory: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer?
  private let context: Context

  init(_ byteCount: Int, _ context: Context) {
    pointer = byteCount > 0 ? .allocate(byteCount: byteCount, alignment: 64) : nil
    self.context = context
  }

  deinit {
    guard let pointer else { return }
    context.synchronize()
    pointer.deallocate()
  }
}
