@_spi(Backend) import Wengert

/// Memory without bytes, and kernels that do nothing: what is made on it has a structure and shapes, and no numbers. Models are made here, so that none of their
/// parameters is drawn while a package is built.
final class ShapeBackend: Backend {
  static let shared = ShapeBackend()

  let name = "shapes"
  let alignment = 64

  func allocate(byteCount: Int) -> Storage { Storage(backend: self, byteCount: byteCount) }

  func slot(byteCount: Int) -> Storage { Storage(backend: self, byteCount: byteCount) }

  func bind(_ slot: Storage, to storage: Storage?, at byteOffset: Int) {}

  func prepare(_ call: KernelCall, workspace: Storage?) -> any Kernel { Nothing() }

  func write(_ bytes: RawSpan, to storage: Storage, at byteOffset: Int) {}

  func withBytes<Result>(of storage: Storage, in range: Range<Int>, _ body: (RawSpan) throws -> Result) rethrows -> Result {
    Caller(#fileID, #line).fail(
      "tree", "a number of the model is read, and while the package is built it has none; make the model without looking at its parameters")
  }

  private struct Nothing: Kernel {
    func run(_ faults: FaultNote?) {}
  }
}
