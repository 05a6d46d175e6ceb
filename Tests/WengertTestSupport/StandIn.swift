import Foundation
import Synchronization
@_spi(Backend) import WengertCUDA

/// A CUDA device that is the CPU: Tests/StandIn, built once, and copied for each device so that none knows of another.
package final class StandIn: Sendable {
  package let folder: String
  package let backend: CUDABackend
  private let library: DynamicLibrary

  /// Kernels that clang has compiled are kept beside the stand-in, for other devices and later runs.
  ///
  /// - Parameters:
  ///   - order: in which threads and blocks run: rising, falling, or from 2 on random by this seed.
  ///   - isChecked: whether each access of a kernel is looked at.
  package init(order: Int = 0, isChecked: Bool = true, cache: String? = nil) throws {
    folder = try StandIn.copy()
    backend = try CUDABackend(LibrarySearch(only: [folder]), cache: cache)
    library = try DynamicLibrary(path: "\(folder)/libcuda.so.1")
    let setOptions: @convention(c) (Int32, Int32, Int32, UnsafePointer<CChar>?) -> Void = try library.function("standin_options")
    setOptions(Int32(order), isChecked ? 1 : 0, 1, BuiltStandIn.kernels(try StandIn.built.get()))
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// What the device has found wrong; empty: nothing.
  package var failure: String {
    get throws {
      let ask: @convention(c) () -> UnsafePointer<CChar> = try library.function("standin_failure")
      return String(cString: ask())
    }
  }

  /// Forgets what was found and what is still to be done.
  package func reset() throws {
    let reset: @convention(c) () -> Void = try library.function("standin_reset")
    reset()
  }

  /// How often a function of the libraries was called.
  package func count(_ function: String) throws -> Int {
    let count: @convention(c) (UnsafePointer<CChar>) -> Int = try library.function("standin_count")
    return count(function)
  }

  /// Has freed addresses be used again at once, as a device does.
  package func useAddressesAgain() throws {
    let use: @convention(c) (Int32) -> Void = try library.function("standin_use_addresses_again")
    use(1)
  }

  /// The bytes that all memory together may take from now on.
  package func setMemory(_ byteCount: Int) throws {
    let set: @convention(c) (Int) -> Void = try library.function("standin_set_memory")
    set(byteCount)
  }

  /// Has the n-th call (from 1) from now on of a driver's function fail.
  package func fail(_ function: String, call: Int, with code: Int32) throws {
    let plan: @convention(c) (UnsafePointer<CChar>, Int, Int32) -> Void = try library.function("standin_fail")
    plan(function, call, code)
  }

  /// Has the n-th launch (from 1) from now on be accepted, and fail when it runs.
  package func failLaunch(_ launch: Int, with code: Int32) throws {
    let plan: @convention(c) (Int, Int32) -> Void = try library.function("standin_fail_launch")
    plan(launch, code)
  }

  /// A folder with the stand-in's libraries, which is gone when the process ends.
  package static func copy() throws -> String {
    let target = NSTemporaryDirectory() + "wengert-stand-in-\(UUID().uuidString)"
    _ = removal
    copies.withLock { _ = $0.insert(target) }
    try FileManager.default.copyItem(atPath: try built.get(), toPath: target)
    return target
  }

  private static let copies = Mutex<Set<String>>([])
  private static let removal: Void = {
    atexit { for folder in StandIn.copies.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: folder) } }
  }()

  private static let built = Result { try BuiltStandIn.folder() }
}
