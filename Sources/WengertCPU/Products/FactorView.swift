@_spi(Backend) import WengertCore

/// One factor, in a form that BLAS can read: the view itself if possible; otherwise a contiguous copy of its different matrices, made by each run.
final class FactorView<Element: KernelElement>: ParallelWork {
  typealias Number = Element.Compute

  private let storage: CPUStorage
  private let offset: Int
  private let rows: Int, columns: Int
  /// As BLAS reads it: of the copy, if there is one.
  let operand: ProductPlan.Operand
  /// Numbers in the copy; 0 if there is none.
  let copyCount: Int
  /// The copy's lines in the view, their length and the distance between a line's elements.
  private let lines: StridedWalk
  private let length: Int, step: Int

  private var source: UnsafeMutablePointer<Element>?
  private var numbers: UnsafeMutablePointer<Number>?
  private var pieces = 1

  init(_ view: View, _ operand: ProductPlan.Operand, batch: Shape, rows: Int, columns: Int) {
    storage = CPUStorage.of(view.storage)
    offset = view.layout.offset
    (self.rows, self.columns) = (rows, columns)
    _ = view.address
    if Self.isReadable(operand, rows, columns) {
      self.operand = operand
      (copyCount, length, step) = (0, 0, 0)
      lines = .none
      return
    }
    // Axes of stride zero repeat a matrix, which is copied once. Rows of the copy run along the source's shorter stride.
    let distinct = Self.distinct(operand, batch)
    let alongRows = operand.columnStride != 1 && operand.rowStride == 1
    let (count, length) = alongRows ? (columns, rows) : (rows, columns)
    var shape = distinct
    shape.append(count)
    var strides = operand.batch
    strides.append(alongRows ? operand.columnStride : operand.rowStride)
    lines = StridedWalk([Layout(shape: shape, strides: strides)], 0..<shape.rank)
    self.length = length
    step = alongRows ? operand.rowStride : operand.columnStride
    copyCount = lines.count * length
    var packed = operand
    (packed.rowStride, packed.columnStride) = alongRows ? (1, length) : (length, 1)
    let steps = distinct.rowMajorStrides
    for axis in batch.indices { packed.batch[axis] = distinct[axis] == 1 ? 0 : steps[axis] * count * length }
    self.operand = packed
  }

  private static func isReadable(_ operand: ProductPlan.Operand, _ rows: Int, _ columns: Int) -> Bool {
    Element.self == Number.self && operand.matrix(CPUStorage.nowhere.assumingMemoryBound(to: Number.self), rows, columns).isReadable
  }

  private static func distinct(_ operand: ProductPlan.Operand, _ batch: Shape) -> Shape {
    var distinct = batch
    for axis in batch.indices where operand.batch[axis] == 0 { distinct[axis] = 1 }
    return distinct
  }

  /// Numbers in the copy of a factor in this layout.
  static func copyCount(_ operand: ProductPlan.Operand, batch: Shape, rows: Int, columns: Int) -> Int {
    isReadable(operand, rows, columns) ? 0 : distinct(operand, batch).elementCount * rows * columns
  }

  /// Finds the view's memory of this run, and fills the copy.
  func read(into copy: UnsafeMutablePointer<Number>) {
    let source = (storage.pointer + offset * MemoryLayout<Element>.stride).assumingMemoryBound(to: Element.self)
    self.source = source
    if copyCount == 0 {
      numbers = UnsafeMutableRawPointer(source).assumingMemoryBound(to: Number.self)
      return
    }
    numbers = copy
    pieces = ThreadPool.shared.pieces(lines.count, stepsEach: length)
    ThreadPool.shared.parallel(pieces, of: self)
  }

  func perform(_ piece: Int) {
    for line in lines.count * piece / pieces..<lines.count * (piece + 1) / pieces {
      Element.widen(source! + lines.offset(line, 0), step: step, into: numbers! + line * length, count: length)
    }
  }

  func matrix(at offset: Int) -> Matrix<Number> { operand.matrix(numbers! + offset, rows, columns) }
}
