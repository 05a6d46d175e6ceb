import Glibc
@_spi(Backend) import WengertCore

/// A shared library that is opened while the program runs, so that nothing of CUDA is needed to build or to start one.
package final class DynamicLibrary: @unchecked Sendable {
  /// Where the library was found, or the name under which the system found it.
  package let path: String
  private let handle: UnsafeMutableRawPointer

  /// Opens the library at `path`.
  ///
  /// - Throws: `DeviceUnavailable` with the system's reason.
  package init(path: String) throws(DeviceUnavailable) {
    // Names stay the library's own: several versions of one may be open.
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw DeviceUnavailable(dlerror().map { String(cString: $0) } ?? "\(path) cannot be opened")
    }
    self.path = path
    self.handle = handle
  }

  /// The address of an exported name, nil if there is none.
  func address(of name: String) -> UnsafeMutableRawPointer? { dlsym(handle, name) }

  /// An exported function.
  ///
  /// - Parameter type: the function's type in C, `@convention(c)`.
  package func function<Function>(_ name: String, as type: Function.Type = Function.self) throws(DeviceUnavailable) -> Function {
    guard let address = address(of: name) else { throw DeviceUnavailable("\(path) has no function \(name): it is older than CUDA 12.4") }
    return unsafeBitCast(address, to: type)
  }
}
