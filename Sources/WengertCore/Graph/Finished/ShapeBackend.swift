/// Memory without bytes, and kernels that do nothing: what is made on it has a structure and shapes, and no numbers. Functions are finished for it where nothing is computed.
/// Only what is written to it from outside, a few constants of a function, can be read again.
package final class ShapeBackend: Backend {
  package static let shared = ShapeBackend()

  package let name = "shapes"
  package let alignment = 64

  package func allocate(byteCount: Int) -> Storage { Written(backend: self, byteCount: byteCount) }

  package func slot(byteCount: Int) -> Storage { Storage(backend: self, byteCount: byteCount) }

  /// A storage that keeps what is written over all of it, if that is not much.
  private final class Written: Storage, @unchecked Sendable {
    let bytes = Locked<[UInt8]?>(nil)
  }

  package func bind(_ slot: Storage, to storage: Storage?, at byteOffset: Int) {}

  package func prepare(_ call: KernelCall, workspace: Storage?) -> any Kernel { Nothing() }

  /// A program that is read for a backend which does not want a product's ending has it as an operation of its own again.
  package func canFuse(epilogue: RowProgram, ofProduct dtype: DType) -> Bool { true }

  package func write(_ bytes: RawSpan, to storage: Storage, at byteOffset: Int) {
    guard let storage = storage as? Written, byteOffset == 0, bytes.byteCount == storage.byteCount, bytes.byteCount <= 1 << 16 else {
      return
    }
    let list = bytes.withUnsafeBytes { Array($0) }
    storage.bytes.withLock { $0 = list }
  }

  package func withBytes<Result>(of storage: Storage, in range: Range<Int>, _ body: (RawSpan) throws -> Result) rethrows -> Result {
    if let bytes = (storage as? Written)?.bytes.withLock({ $0 }) { return try body(bytes.span.bytes.extracting(range)) }
    Caller(#fileID, #line).fail(
      "tree", "a number of the model is read, and while the package is built it has none; make the model without looking at its parameters")
  }

  private struct Nothing: Kernel {
    func run(_ faults: FaultNote?) {}
  }
}
