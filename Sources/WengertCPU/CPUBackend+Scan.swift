import WengertCore

extension CPUBackend {
  public func scan(_ x: View, _ op: ReduceOp, reverse: Bool, into out: View) {
    if out.shape.elementCount > 0 { out.dtype.visit(Scan(x: x, out: out, op: op, reverse: reverse)) }
  }
}

private struct Scan: ElementVisitor {
  var x: View, out: View
  var op: ReduceOp
  var reverse: Bool

  func visit<Element: KernelElement>(_ type: Element.Type) {
    switch op {
    case .sum: run(type, Element.Compute.sum)
    case .product: run(type, Element.Compute.product)
    case .minimum: run(type, Element.Compute.minimum)
    case .maximum: run(type, Element.Compute.maximum)
    }
  }

  @inline(__always)
  private func run<Element: KernelElement>(_ type: Element.Type, _ combine: (Element.Compute, Element.Compute) -> Element.Compute) {
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

    // Where neighbours in memory belong to different rows, many rows advance together.
    let across = (0..<last).first { source.strides[$0] == 1 && source.shape[$0] > 1 }
    if let across, fromStep.magnitude != 1 {
      let (width, step) = (source.shape[across], target.strides[across])
      for layout in [\Layout.shape, \Layout.strides] {
        source[keyPath: layout].remove(at: across)
        target[keyPath: layout].remove(at: across)
      }
      let walk = SharedAxes([source, target], 0..<last - 1)
      let blockWidth = 64
      let blocks = (width + blockWidth - 1) / blockWidth
      ThreadPool.shared.parallelRanges(walk.count * blocks, stepsEach: length * blockWidth) { range in
        withUnsafeTemporaryAllocation(of: Element.Compute.self, capacity: blockWidth) { totals in
          for index in range {
            let (row, block) = index.quotientAndRemainder(dividingBy: blocks)
            let start = block * blockWidth
            let count = min(blockWidth, width - start)
            let s = from + (walk.offset(row, 0) + start), t = to + (walk.offset(row, 1) + start * step)
            for j in 0..<length {
              for i in 0..<count {
                let value = s[j * fromStep + i].widened
                totals[i] = j == 0 ? value : combine(totals[i], value)
                t[j * toStep + i * step] = Element(rounding: totals[i])
              }
            }
          }
        }
      }
      return
    }

    let walk = SharedAxes([source, target], 0..<last)
    ThreadPool.shared.parallelRanges(walk.count, stepsEach: length * 2) { range in
      for row in range {
        let s = from + walk.offset(row, 0), t = to + walk.offset(row, 1)
        var total = s[0].widened
        t[0] = Element(rounding: total)
        for j in 1..<max(length, 1) {
          total = combine(total, s[j * fromStep].widened)
          t[j * toStep] = Element(rounding: total)
        }
      }
    }
  }
}
