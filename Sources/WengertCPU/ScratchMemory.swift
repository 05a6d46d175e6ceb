import Glibc

/// A block of memory per thread, kept for the next kernel. A kernel must not start another one on its own thread while it uses it.
enum ScratchMemory {
  private struct Header {
    var capacity: Int
  }
  private static let headerSize = 64

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { free($0) }
    return key
  }()

  /// At least `byteCount` bytes, 64-byte aligned, with any content.
  static func ofThread(byteCount: Int) -> UnsafeMutableRawPointer {
    if let block = pthread_getspecific(key) {
      if block.load(as: Header.self).capacity >= byteCount { return block + headerSize }
      free(block)
    }
    let capacity = max(byteCount, 1 << 16)
    var block: UnsafeMutableRawPointer?
    guard posix_memalign(&block, 64, capacity + headerSize) == 0, let block else { fatalError("out of memory: \(capacity) bytes wanted") }
    block.storeBytes(of: Header(capacity: capacity), as: Header.self)
    pthread_setspecific(key, block)
    return block + headerSize
  }
}
