/// Memory without bytes, and kernels that do nothing: what is made on it has a structure and shapes, and no numbers. Functions are finished for it where nothing is computed.
package final class ShapeBackend: Backend {
  package static let shared = ShapeBackend()

  package let name = "shapes"
  package let alignment = 64

  package func allocate(byteCount: Int) -> Storage { Storage(backend: self, byteCount: byteCount) }

  package func slot(byteCount: Int) -> Storage { Storage(backend: self, byteCount: byteCount) }

  package func bind(_ slot: Storage, to storage: Storage?, at byteOffset: Int) {}

  package func prepare(_ call: KernelCall, workspace: Storage?) -> any Kernel { Nothing() }

  /// A program that is read for a backend which does not want a product's ending has it as an operation of its own again.
  package func canFuse(epilogue: RowProgram, ofProduct dtype: DType) -> Bool { true }

  package func write(_ bytes: RawSpan, to storage: Storage, at byteOffset: Int) {}

  package func withBytes<Result>(of storage: Storage, in range: Range<Int>, _ body: (RawSpan) throws -> Result) rethrows -> Result {
    Caller(#fileID, #line).fail(
      "tree", "a number of the model is read, and while the package is built it has none; make the model without looking at its parameters")
  }

  private struct Nothing: Kernel {
    func run(_ faults: FaultNote?) {}
  }
}
