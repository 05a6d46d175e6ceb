import Glibc
import Synchronization
@_spi(Backend) import WengertCore

/// Blocks of memory per thread, kept for the next kernel. A kernel must not start another one on its own thread while it uses them.
enum ScratchMemory {
  /// What a block serves: the registers of row programs, blocks of products and scores that these may be run on, the panels of a product's factors, or some of a
  /// factor's rows.
  enum Purpose: Int, CaseIterable {
    case registers, blocks, panels, rows
  }

  private struct Header {
    var capacity: Int
  }
  private static let headerSize = 64

  private static let keys = Purpose.allCases.map { _ in makeKey() }

  private static func makeKey() -> pthread_key_t {
    var key = pthread_key_t()
    pthread_key_create(&key) { block in if let block { ScratchMemory.release(block) } }
    return key
  }

  private static let total = Atomic<Int>(0)

  /// The bytes that all threads keep.
  static var byteCount: Int { total.load(ordering: .relaxed) }

  /// Frees the calling thread's blocks, which no kernel may be using.
  static func releaseOfThread() {
    for key in keys {
      guard let block = pthread_getspecific(key) else { continue }
      pthread_setspecific(key, nil)
      release(block)
    }
  }

  private static func release(_ block: UnsafeMutableRawPointer) {
    total.subtract(block.load(as: Header.self).capacity, ordering: .relaxed)
    free(block)
  }

  /// At least `byteCount` bytes, 64-byte aligned, with any content.
  static func ofThread(_ purpose: Purpose, byteCount: Int) -> UnsafeMutableRawPointer {
    let key = keys[purpose.rawValue]
    if let block = pthread_getspecific(key) {
      if block.load(as: Header.self).capacity >= byteCount { return block + headerSize }
      pthread_setspecific(key, nil)
      release(block)
    }
    let capacity = max(byteCount, 1 << 16)
    var block: UnsafeMutableRawPointer?
    guard posix_memalign(&block, 64, capacity + headerSize) == 0, let block else {
      Caller(#fileID, #line).fail("allocate", "out of memory: \(capacity) bytes wanted")
    }
    block.storeBytes(of: Header(capacity: capacity), as: Header.self)
    total.add(capacity, ordering: .relaxed)
    pthread_setspecific(key, block)
    return block + headerSize
  }

  /// The same, as room for `count` elements.
  static func ofThread<Element: BitwiseCopyable>(_ purpose: Purpose, _ count: Int, of type: Element.Type) -> UnsafeMutablePointer<Element> {
    ofThread(purpose, byteCount: count * MemoryLayout<Element>.stride).assumingMemoryBound(to: type)
  }
}
