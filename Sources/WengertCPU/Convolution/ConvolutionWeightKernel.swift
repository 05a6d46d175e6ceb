@_spi(Backend) import WengertCore

/// The gradient of a convolution by its weight: what each element of the kernel meets, times the outputs, added up over all images and positions.
///
/// The work is divided by the sizes alone, so that an element's bits do not depend on the number of threads.
final class ConvolutionWeightKernel<Element: KernelElement>: Kernel, @unchecked Sendable where Element.Compute: ConvolutionNumber {
  typealias Number = Element.Compute

  private let call: ConvolutionCall
  private let plan: ConvolutionPlan
  private let workspace: CPUStorage?
  private let places: [Int32]
  private let sizes: Sizes
  /// The outputs' planes where a group has so few outputs that vectors go along positions.
  private let outputPlanes: ImagePlanes?

  private static func outputPlanes(_ plan: ConvolutionPlan) -> ImagePlanes? {
    if plan.made >= 4 { return nil }
    let extents = [plan.out.shape[2]] + plan.planes.extents.dropFirst()
    return ImagePlanes(plan.out, extents: extents, step: [1, 1, 1], firsts: [[0], [0], [0]])
  }

  /// How the work is divided.
  private struct Sizes {
    let tiling = Number.tiling
    /// Numbers of an image's positions, and of the outputs of one group with zeros up to whole vectors.
    let length: Int, width: Int
    /// Rows of the gradient's transpose, channels by elements of the kernel, and how many are computed at a time.
    let rows: Int, blockRows: Int, rowBlocks: Int
    /// Parts of an image, and into how many slices the parts of all images are divided.
    let parts: Int, slices: Int

    init(_ plan: ConvolutionPlan) {
      length = plan.length(plan.passes[0])
      // A tile is two vectors wide.
      let vector = tiling.rightWidth / 2
      width = (plan.made + vector - 1) / vector * vector
      rows = plan.read * plan.kernelSize
      let wanted = (rows + 71) / 72
      blockRows = ((rows + wanted - 1) / wanted + tiling.tileRows - 1) / tiling.tileRows * tiling.tileRows
      rowBlocks = (rows + blockRows - 1) / blockRows
      parts = (length + tiling.depth - 1) / tiling.depth
      slices = max(1, min(plan.images * parts, 16 / (plan.groups * rowBlocks)))
    }
  }

  init(_ call: ConvolutionCall, _ plan: ConvolutionPlan, _ workspace: CPUStorage?) {
    self.call = call
    self.plan = plan
    self.workspace = workspace
    places = plan.places(plan.passes[0])
    sizes = Sizes(plan)
    outputPlanes = Self.outputPlanes(plan)
  }

  /// Numbers of the outputs, channel last, and of the slices' sums.
  private static func counts(_ plan: ConvolutionPlan) -> (outputs: Int, sums: Int) {
    if let planes = outputPlanes(plan) { return (planes.count, 0) }
    let sizes = Sizes(plan)
    return (
      plan.images * plan.groups * sizes.length * sizes.width, sizes.slices * plan.groups * sizes.rowBlocks * sizes.blockRows * sizes.width
    )
  }

  static func workspace(_ plan: ConvolutionPlan) -> Int {
    let counts = counts(plan)
    return (plan.planes.count + counts.outputs + counts.sums) * MemoryLayout<Number>.stride
  }

  func run(_ faults: FaultNote?) {
    let memory = PooledBuffer<Number>(Self.workspace(plan) / MemoryLayout<Number>.stride, in: workspace)
    let planes = memory.pointer, outputs = planes + plan.planes.count, sums = outputs + Self.counts(plan).outputs
    plan.planes.fill(planes, from: call.x.pointer(as: Element.self))
    defer { withExtendedLifetime(memory) {} }
    if let outputPlanes {
      outputPlanes.fill(outputs, from: call.y.pointer(as: Element.self))
      return addAlongPositions(planes, outputs, outputPlanes)
    }
    transpose(call.y.pointer(as: Element.self), into: outputs)
    let s = sizes, items = plan.images * s.parts, blocks = plan.groups * s.rowBlocks
    ThreadPool.shared.parallel(s.slices * blocks) { index in
      let (slice, block) = index.quotientAndRemainder(dividingBy: blocks),
        (group, rowBlock) = block.quotientAndRemainder(dividingBy: s.rowBlocks)
      let first = rowBlock * s.blockRows
      let sum = Matrix(
        pointer: sums + index * s.blockRows * s.width, rows: min(s.blockRows, s.rows - first), columns: s.width, rowStride: s.width,
        columnStride: 1)
      let range = slice * items / s.slices..<(slice + 1) * items / s.slices
      places.withUnsafeBufferPointer { places in
        for item in range {
          let (image, part) = item.quotientAndRemainder(dividingBy: s.parts), start = part * s.tiling.depth
          let number = image * plan.groups + group
          Number.product(
            rows: planes + (number * plan.read * plan.planes.channelSize + start), places: places.baseAddress! + first,
            Matrix(
              pointer: outputs + (number * s.length + start) * s.width, rows: min(s.tiling.depth, s.length - start), columns: s.width,
              rowStride: s.width, columnStride: 1), into: sum, accumulates: item > range.lowerBound)
        }
      }
    }
    deliver(sums)
  }

  /// Each element of the gradient by itself: inner products of planes, in which the ends of the outputs' rows are zero.
  private func addAlongPositions(_ planes: UnsafeMutablePointer<Number>, _ outputs: UnsafeMutablePointer<Number>, _ of: ImagePlanes) {
    let w = call.w.pointer(as: Element.self), weight = plan.weight, taps = plan.passes[0].taps, length = sizes.length
    ThreadPool.shared.parallelRanges(plan.groups * plan.made * plan.read, stepsEach: plan.images * taps.count * length / 4) { range in
      for index in range {
        let (output, channel) = index.quotientAndRemainder(dividingBy: plan.read), group = output / plan.made
        for tap in taps {
          var total = Number.zero
          for image in 0..<plan.images {
            let y = outputs + (image * of.channels + output) * of.channelSize
            let x = planes + ((image * plan.groups + group) * plan.read + channel) * plan.planes.channelSize + tap.place
            // In parts, so that errors do not grow with the whole length.
            for start in stride(from: 0, to: length, by: 2048) {
              func row(_ pointer: UnsafeMutablePointer<Number>) -> Matrix<Number> {
                Matrix(pointer: pointer + start, rows: 1, columns: min(2048, length - start), rowStride: 0, columnStride: 1)
              }
              var sum = Number.zero
              Number.inner(row(y), row(x), &sum)
              total += sum
            }
          }
          let target = w + (output * weight.strides[0] + channel * weight.strides[1] + plan.kernelOffset(tap.element))
          target.pointee = Element(rounding: total)
        }
      }
    }
  }

  /// The outputs' channels side by side, at each number that a position has in the planes; zeros at the ends of rows.
  private func transpose(_ y: UnsafeMutablePointer<Element>, into memory: UnsafeMutablePointer<Number>) {
    let pass = plan.passes[0], s = sizes, out = plan.out, made = plan.made
    let runs = plan.runs(pass, 0..<s.length)
    ThreadPool.shared.parallelRanges(plan.images * plan.groups, stepsEach: s.length * s.width) { range in
      for index in range {
        let (image, group) = index.quotientAndRemainder(dividingBy: plan.groups)
        let source = y + (image * out.strides[0] + group * made * out.strides[1]), target = memory + index * s.length * s.width
        var end = 0
        for run in runs {
          (target + end * s.width).initialize(repeating: .zero, count: (run.start - end) * s.width)
          end = run.start + run.count
          let from = source + run.offset, to = target + run.start * s.width
          if Element.self == Number.self && out.strides[4] == 1 {
            let numbers = UnsafeMutableRawPointer(from).assumingMemoryBound(to: Number.self)
            Number.transpose(
              Matrix(pointer: numbers, rows: made, columns: run.count, rowStride: out.strides[1], columnStride: 1),
              into: Matrix(pointer: to, rows: run.count, columns: s.width, rowStride: s.width, columnStride: 1))
          } else {
            for position in 0..<run.count {
              let row = to + position * s.width
              Element.widen(from + position * out.strides[4], step: out.strides[1], into: row, count: made)
              (row + made).initialize(repeating: .zero, count: s.width - made)
            }
          }
        }
      }
    }
  }

  /// The sums of all slices, rounded to where they go.
  private func deliver(_ sums: UnsafeMutablePointer<Number>) {
    let s = sizes, step = plan.groups * s.rowBlocks * s.blockRows * s.width
    let w = call.w.pointer(as: Element.self), weight = plan.weight
    let offsets = (0..<plan.kernelSize).map { plan.kernelOffset($0) }
    ThreadPool.shared.parallelRanges(plan.groups * s.rows, stepsEach: plan.made * s.slices * 4) { range in
      for index in range {
        let (group, row) = index.quotientAndRemainder(dividingBy: s.rows),
          (channel, element) = row.quotientAndRemainder(dividingBy: plan.kernelSize)
        let first = sums + (group * s.rowBlocks * s.blockRows + row) * s.width
        for slice in 1..<max(1, s.slices) {
          let more = first + slice * step
          for j in 0..<plan.made { first[j] = Number.sum(first[j], more[j]) }
        }
        let target = w + (group * plan.made * weight.strides[0] + channel * weight.strides[1] + offsets[element])
        Element.round(first, into: target, step: weight.strides[0], count: plan.made)
      }
    }
  }
}
