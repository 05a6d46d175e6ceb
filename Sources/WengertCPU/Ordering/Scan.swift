import CKernels
@_spi(Backend) import WengertCore

extension ScanCall {
  func runOnCPU() -> Int? {
    if out.shape.elementCount > 0 { out.dtype.visit(Scan(x: x, out: out, op: op, reverse: reverse)) }
    return nil
  }
}

/// Every result is rounded from a running combination in float64 (half types and float32; float64 in itself, whole numbers wrap). In sums along a line, sixteen
/// neighbors are first added up in float32 (`wg_running_sum`).
private struct Scan: ElementVisitor {
  var x: View, out: View
  var op: ReduceOp
  var reverse: Bool

  func visit<Element: KernelElement>(_ type: Element.Type) {
    if op == .sum, let lanes = Element.Compute.lanes { return runningSum(type, lanes) }
    typealias Wide = Element.Compute.Wide
    switch op {
    case .sum: run(type, Wide.sum)
    case .product: run(type, Wide.product)
    case .minimum: run(type, Wide.minimum)
    case .maximum: run(type, Wide.maximum)
    }
  }

  /// By vector kernels: along contiguous rows as they are, across rows by adding whole rows, others through a contiguous copy.
  private func runningSum<Element: KernelElement>(_ type: Element.Type, _ lanes: Lanes) {
    typealias Number = Element.Compute
    let last = x.shape.rank - 1
    let length = x.shape[last]
    let (fromStep, toStep) = (x.layout.strides[last], out.layout.strides[last])
    let isDirect = Element.self == Number.self
    if isDirect, fromStep != 1,
      let across = (0..<last).first(where: { x.layout.strides[$0] == 1 && out.layout.strides[$0] == 1 && x.shape[$0] > 1 })
    {
      return sumRows(type, lanes, across: across)
    }
    let from = x.pointer(as: Element.self), to = out.pointer(as: Element.self)
    let walk = StridedWalk([x.layout, out.layout], 0..<last)
    let kernel = wg_running_sum(Int32(lanes.rawValue), reverse ? 1 : 0)!
    let isInPlace = isDirect && fromStep == 1 && toStep == 1
    ThreadPool.shared.parallel(walk.count, stepsEach: length, scratch: isInPlace ? 0 : length, of: Number.self) { row, scratch in
      let source = from + walk.offset(row, 0), target = to + walk.offset(row, 1)
      if isInPlace { return kernel(target, source, Int64(length)) }
      Element.widen(source, step: fromStep, into: scratch, count: length)
      kernel(scratch, scratch, Int64(length))
      Element.round(scratch, into: target, step: toStep, count: length)
    }
  }

  /// out[j] = out[j − 1] + x[j], each of them a row along the axis `across`; floats in float64 sums of their own.
  private func sumRows<Element: KernelElement>(_ type: Element.Type, _ lanes: Lanes, across: Int) {
    var (source, target) = (x.layout, out.layout)
    let last = source.shape.rank - 1
    let (length, width) = (source.shape[last], source.shape[across])
    let (fromStep, toStep) = (source.strides[last], target.strides[last])
    for layout in [\Layout.shape, \Layout.strides] {
      source[keyPath: layout].remove(at: across)
      target[keyPath: layout].remove(at: across)
    }
    let from = x.pointer(as: Element.self), to = out.pointer(as: Element.self)
    let walk = StridedWalk([source, target], 0..<last - 1)
    let add = wg_binary(Int32(lanes.rawValue), Int32(BinaryOp.add.rawValue), 0)!
    let addFloats = lanes == .float32 ? wg_running_rows() : nil
    let blockWidth = 512
    let blocks = (width + blockWidth - 1) / blockWidth
    ThreadPool.shared.parallelRanges(walk.count * blocks, stepsEach: length * blockWidth) { range in
      let sums = PooledBuffer<Double>(addFloats == nil ? 0 : blockWidth)
      for index in range {
        let (row, block) = index.quotientAndRemainder(dividingBy: blocks)
        let start = block * blockWidth
        let count = min(blockWidth, width - start)
        let s = from + (walk.offset(row, 0) + start), t = to + (walk.offset(row, 1) + start)
        // −0 changes no sum.
        if addFloats != nil { sums.pointer.update(repeating: -0.0, count: count) }
        for step in 0..<length {
          let j = reverse ? length - 1 - step : step
          if let addFloats {
            let source = UnsafeRawPointer(s + j * fromStep).assumingMemoryBound(to: Float.self)
            let target = UnsafeMutableRawPointer(t + j * toStep).assumingMemoryBound(to: Float.self)
            addFloats(sums.pointer, source, target, Int64(count))
          } else if step == 0 {
            (t + j * toStep).update(from: s + j * fromStep, count: count)
          } else {
            add(t + j * toStep, t + (reverse ? j + 1 : j - 1) * toStep, s + j * fromStep, Int64(count))
          }
        }
      }
      withExtendedLifetime(sums) {}
    }
  }

  @inline(__always)
  private func run<Element: KernelElement>(
    _ type: Element.Type, _ combine: (Element.Compute.Wide, Element.Compute.Wide) -> Element.Compute.Wide
  ) {
    // Going backwards is going forwards over both views turned round.
    var (source, target) = (x.layout, out.layout)
    let last = source.shape.rank - 1
    let length = source.shape[last]
    if reverse {
      source.offset += (length - 1) * source.strides[last]
      target.offset += (length - 1) * target.strides[last]
      source.strides[last].negate()
      target.strides[last].negate()
    }
    let from = x.with(source).pointer(as: Element.self), to = out.with(target).pointer(as: Element.self)
    let (fromStep, toStep) = (source.strides[last], target.strides[last])

    // Where neighbors in memory belong to different rows, many rows advance together.
    let across = (0..<last).first { source.strides[$0] == 1 && source.shape[$0] > 1 }
    if let across, fromStep.magnitude != 1 {
      let (width, step) = (source.shape[across], target.strides[across])
      for layout in [\Layout.shape, \Layout.strides] {
        source[keyPath: layout].remove(at: across)
        target[keyPath: layout].remove(at: across)
      }
      let walk = StridedWalk([source, target], 0..<last - 1)
      let blockWidth = 64
      let blocks = (width + blockWidth - 1) / blockWidth
      ThreadPool.shared.parallelRanges(walk.count * blocks, stepsEach: length * blockWidth) { range in
        withUnsafeTemporaryAllocation(of: Element.Compute.Wide.self, capacity: blockWidth) { totals in
          for index in range {
            let (row, block) = index.quotientAndRemainder(dividingBy: blocks)
            let start = block * blockWidth
            let count = min(blockWidth, width - start)
            let s = from + (walk.offset(row, 0) + start), t = to + (walk.offset(row, 1) + start * step)
            for j in 0..<length {
              for i in 0..<count {
                let value = s[j * fromStep + i].widened.wide
                totals[i] = j == 0 ? value : combine(totals[i], value)
                t[j * toStep + i * step] = Element(rounding: Element.Compute(wide: totals[i]))
              }
            }
          }
        }
      }
      return
    }

    let walk = StridedWalk([source, target], 0..<last)
    ThreadPool.shared.parallelRanges(walk.count, stepsEach: length * 2) { range in
      for row in range {
        let s = from + walk.offset(row, 0), t = to + walk.offset(row, 1)
        var total = s[0].widened.wide
        t[0] = Element(rounding: Element.Compute(wide: total))
        for j in 1..<max(length, 1) {
          total = combine(total, s[j * fromStep].widened.wide)
          t[j * toStep] = Element(rounding: Element.Compute(wide: total))
        }
      }
    }
  }
}
