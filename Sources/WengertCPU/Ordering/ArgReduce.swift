import CKernels
@_spi(Backend) import WengertCore

extension ArgReduceCall {
  func runOnCPU() -> Int? {
    ensure(op == .minimum || op == .maximum, "argReduce finds a minimum or a maximum, not a \(op)")
    ensure(x.shape.last! > 0, "the \(op) of no elements")
    if out.shape.elementCount > 0 { x.dtype.visit(ArgReduce(x: x, out: out, op: op)) }
    return nil
  }
}

private struct ArgReduce: ElementVisitor {
  var x: View, out: View
  var op: ReduceOp

  func visit<Element: KernelElement>(_ type: Element.Type) {
    if let lanes = Element.Compute.lanes { search(type, lanes) } else { compareKeys(type) }
  }

  /// Block by block the extreme alone, by vector kernels; then where it is first in the block that had it first.
  private func search<Element: KernelElement>(_ type: Element.Type, _ lanes: Lanes) {
    typealias Number = Element.Compute
    let from = x.pointer(as: Element.self), to = out.pointer(as: Int64.self)
    let last = x.shape.rank - 1
    let length = x.shape[last], step = x.layout.strides[last]
    let walk = StridedWalk([x.layout, out.layout], 0..<last)
    let kernel = wg_reduce(Int32(lanes.rawValue), Int32(op.rawValue))!
    let neutral = op.neutral(for: x.dtype.computeType)
    let isDirect = Element.self == Number.self && step == 1
    let block = min(length, 4096)
    ThreadPool.shared.parallel(walk.count, stepsEach: length, scratch: isDirect ? 0 : block, of: Number.self) { row, scratch in
      let line = from + walk.offset(row, 0)
      func numbers(_ start: Int) -> (values: UnsafeMutablePointer<Number>, count: Int) {
        let count = min(block, length - start)
        if isDirect { return (UnsafeMutableRawPointer(line + start).assumingMemoryBound(to: Number.self), count) }
        Element.widen(line + start * step, step: step, into: scratch, count: count)
        return (scratch, count)
      }
      var found = 0
      var extreme = Number.zero
      for start in stride(from: 0, to: length, by: block) {
        let (values, count) = numbers(start)
        var state = neutral
        kernel(&state, values, Int64(count))
        let value = Number(state: state)
        let isNaN = Number.hasNaN && value.orderKey == .max
        let isBetter = op == .maximum ? value.orderKey > extreme.orderKey : value.orderKey < extreme.orderKey
        if start == 0 || isNaN || isBetter { (found, extreme) = (start, value) }
        if isNaN { break }
      }
      let (values, _) = numbers(found)
      let key = extreme.orderKey
      var position = 0
      while values[position].orderKey != key { position += 1 }
      to[walk.offset(row, 1)] = Int64(found + position)
    }
  }

  /// For bytes and truth values.
  private func compareKeys<Element: KernelElement>(_ type: Element.Type) {
    typealias Key = Element.Compute.OrderKey
    let from = x.pointer(as: Element.self), to = out.pointer(as: Int64.self)
    let last = x.shape.rank - 1
    let length = x.shape[last], step = x.layout.strides[last]
    let walk = StridedWalk([x.layout, out.layout], 0..<last)
    // The greatest of these keys is sought.
    let flip: Key = op == .minimum ? .max : 0
    ThreadPool.shared.parallelRanges(walk.count, stepsEach: length * 2) { range in
      for row in range {
        let line = from + walk.offset(row, 0)
        var best = 0
        var bestKey = line[0].widened.orderKey ^ flip
        for j in 1..<length {
          let key = line[j * step].widened.orderKey ^ flip
          if key > bestKey { (best, bestKey) = (j, key) }
        }
        to[walk.offset(row, 1)] = Int64(best)
      }
    }
  }
}
