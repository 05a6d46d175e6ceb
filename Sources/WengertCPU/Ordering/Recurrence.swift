@_spi(Backend) import WengertCore

extension RecurrenceCall {
  func runOnCPU() -> Int? {
    if out.shape.elementCount > 0 { out.dtype.visit(Recurrence(a: a, b: b, out: out, reverse: reverse)) }
    return nil
  }
}

/// Each step waits for the one before, so that speed comes from many rows at once: neighbors in memory advance together.
private struct Recurrence: ElementVisitor {
  var a: View, b: View, out: View
  var reverse: Bool

  func visit<Element: KernelElement>(_ type: Element.Type) {
    // Going backwards is going forwards over all views turned round.
    let views = [a, b, out].map { view in
      var layout = view.layout
      if reverse {
        let last = layout.shape.rank - 1
        layout.offset += (layout.shape[last] - 1) * layout.strides[last]
        layout.strides[last].negate()
      }
      return view.with(layout)
    }
    var layouts = views.map(\.layout)
    let last = out.shape.rank - 1
    let length = out.shape[last]
    let steps = layouts.map { $0.strides[last] }
    // The axis along which rows lie side by side: the result's nearest.
    let across = (0..<last).filter { out.shape[$0] > 1 }.min { abs(out.layout.strides[$0]) < abs(out.layout.strides[$1]) }
    let width = across.map { out.shape[$0] } ?? 1
    let sides = layouts.map { layout in across.map { layout.strides[$0] } ?? 0 }
    if let across {
      for i in layouts.indices {
        layouts[i].shape.remove(at: across)
        layouts[i].strides.remove(at: across)
      }
    }
    let (x, y, z) = (views[0].pointer(as: Element.self), views[1].pointer(as: Element.self), views[2].pointer(as: Element.self))
    let walk = StridedWalk(layouts, 0..<(across == nil ? last : last - 1))
    let blockWidth = 64
    let blocks = (width + blockWidth - 1) / blockWidth
    ThreadPool.shared.parallelRanges(walk.count * blocks, stepsEach: length * min(width, blockWidth) * 2) { range in
      withUnsafeTemporaryAllocation(of: Element.Compute.self, capacity: blockWidth) { carried in
        for index in range {
          let (row, block) = index.quotientAndRemainder(dividingBy: blocks)
          let start = block * blockWidth
          let count = min(blockWidth, width - start)
          let p = x + (walk.offset(row, 0) + start * sides[0]), q = y + (walk.offset(row, 1) + start * sides[1])
          let r = z + (walk.offset(row, 2) + start * sides[2])
          for j in 0..<length {
            for i in 0..<count {
              let added = q[j * steps[1] + i * sides[1]].widened
              let value =
                j == 0 ? added : Element.Compute.sum(Element.Compute.product(p[j * steps[0] + i * sides[0]].widened, carried[i]), added)
              carried[i] = value
              r[j * steps[2] + i * sides[2]] = Element(rounding: value)
            }
          }
        }
      }
    }
  }
}
