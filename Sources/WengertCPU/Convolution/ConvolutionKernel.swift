@_spi(Backend) import WengertCore

/// A convolution or the gradient by its input: for each image a product of the weight and of what it meets, which is read where it lies in the image's planes and never
/// copied side by side.
///
/// An element's bits do not depend on how the work is divided: its terms are added in the order of channels and kernel, some channels at a time.
final class ConvolutionKernel<Element: KernelElement>: Kernel, @unchecked Sendable where Element.Compute: ConvolutionNumber {
  typealias Number = Element.Compute

  private let call: ConvolutionCall
  private let plan: ConvolutionPlan
  private let tiling = Number.tiling
  private let workspace: CPUStorage?
  private let places: [[Int32]]
  /// Where each pass's panels begin.
  private let panels: [Int]

  init(_ call: ConvolutionCall, _ plan: ConvolutionPlan, _ workspace: CPUStorage?) {
    self.call = call
    self.plan = plan
    self.workspace = workspace
    places = plan.passes.map(plan.places)
    panels = Self.panelStarts(plan).dropLast()
  }

  /// The panels of all groups of each pass, one after another, and where they end.
  private static func panelStarts(_ plan: ConvolutionPlan) -> [Int] {
    let rows = Panels<Number>.count(plan.made, width: Number.tiling.tileRows) * Number.tiling.tileRows
    return plan.passes.reduce(into: [0]) { $0.append($0.last! + plan.groups * rows * plan.read * $1.taps.count) }
  }

  static func workspace(_ plan: ConvolutionPlan) -> Int { (plan.planes.count + panelStarts(plan).last!) * MemoryLayout<Number>.stride }

  func run(_ faults: FaultNote?) {
    let memory = PooledBuffer<Number>(Self.workspace(plan) / MemoryLayout<Number>.stride, in: workspace)
    let planes = memory.pointer, weights = planes + plan.planes.count
    plan.planes.fill(planes, from: (plan.role == .input ? call.y : call.x).pointer(as: Element.self))
    let weight = call.w.pointer(as: Element.self)
    for (number, pass) in plan.passes.enumerated() where !pass.taps.isEmpty { pack(weight, pass, into: weights + panels[number]) }

    let out = (plan.role == .input ? call.x : call.y).pointer(as: Element.self)
    for (number, pass) in plan.passes.enumerated() where pass.counts.allSatisfy({ $0 > 0 }) {
      let length = plan.length(pass), depth = plan.read * pass.taps.count
      let rows = min(plan.made, 6 * Tiling.rowStep / tiling.tileRows * tiling.tileRows), rowBlocks = (plan.made + rows - 1) / rows
      // Columns of a block: its sums stay in the second-level cache.
      let wanted = max(1, (length + 319) / 320), width = tiling.rightWidth
      let columns = ((length + wanted - 1) / wanted + width - 1) / width * width, blocks = (length + columns - 1) / columns
      let chunk = chunkLength(pass)
      ThreadPool.shared.parallel(
        plan.images * plan.groups * rowBlocks * blocks, stepsEach: rows * columns * max(depth, 1), scratch: rows * columns, of: Number.self
      ) { index, sums in
        let (rest, block) = index.quotientAndRemainder(dividingBy: blocks),
          (image, part) = rest.quotientAndRemainder(dividingBy: plan.groups * rowBlocks)
        let (group, rowBlock) = part.quotientAndRemainder(dividingBy: rowBlocks)
        let positions = block * columns..<min(length, (block + 1) * columns), some = rowBlock * rows..<min(plan.made, (rowBlock + 1) * rows)
        let covered = (positions.count + width - 1) / width * width
        let sum = Matrix(pointer: sums, rows: some.count, columns: covered, rowStride: columns, columnStride: 1)
        if depth == 0 { sums.initialize(repeating: .zero, count: rows * columns) }
        let source = planes + ((image * plan.groups + group) * plan.read * plan.planes.channelSize + positions.lowerBound)
        let tiles = weights + (panels[number] + group * panelSize(depth) + some.lowerBound * depth)
        places[number].withUnsafeBufferPointer { places in
          for start in stride(from: 0, to: depth, by: chunk) {
            Number.product(
              panels: tiles + start * tiling.tileRows, step: depth * tiling.tileRows, source, places: places.baseAddress! + start,
              depth: min(chunk, depth - start), into: sum, accumulates: start > 0)
          }
        }
        let target = out + (image * plan.out.strides[0] + (group * plan.made + some.lowerBound) * plan.out.strides[1])
        deliver(sum, plan.runs(pass, positions), into: target, step: pass.step[2] * plan.out.strides[4])
      }
    }
    withExtendedLifetime(memory) {}
  }

  /// Terms that are added up at a time: whole channels, whose planes' lines stay in the first-level cache while all rows of a block are multiplied.
  private func chunkLength(_ pass: ConvolutionPlan.Pass) -> Int {
    let taps = max(1, pass.taps.count), all = plan.read * taps
    let chunks = max(1, (all + tiling.depth * 5 / 4 - 1) / (tiling.depth * 5 / 4))
    return max(1, (plan.read + chunks - 1) / chunks) * taps
  }

  private func panelSize(_ depth: Int) -> Int { Panels<Number>.count(plan.made, width: tiling.tileRows) * tiling.tileRows * depth }

  /// The weight in panels of a tile's rows, each of them term by term.
  private func pack(_ weight: UnsafeMutablePointer<Element>, _ pass: ConvolutionPlan.Pass, into memory: UnsafeMutablePointer<Number>) {
    let tile = tiling.tileRows, depth = plan.read * pass.taps.count, tiles = Panels<Number>.count(plan.made, width: tile)
    // What is read are the weight's channels, or of its transpose the outputs.
    let (rowStride, channelStride) =
      plan.role == .input ? (plan.weight.strides[1], plan.weight.strides[0]) : (plan.weight.strides[0], plan.weight.strides[1])
    let groupStride = (plan.role == .input ? plan.read : plan.made) * plan.weight.strides[0]
    let offsets = pass.taps.map { plan.kernelOffset($0.element) }
    ThreadPool.shared.parallelRanges(plan.groups * tiles, stepsEach: depth * tile) { range in
      for index in range {
        let (group, number) = index.quotientAndRemainder(dividingBy: tiles)
        let rows = min(tile, plan.made - number * tile), start = weight + (group * groupStride + number * tile * rowStride)
        var target = memory + index * tile * depth
        for channel in 0..<plan.read {
          for offset in offsets {
            let source = start + (channel * channelStride + offset)
            for row in 0..<rows { target[row] = source[row * rowStride].widened }
            for row in rows..<tile { target[row] = .zero }
            target += tile
          }
        }
      }
    }
  }

  /// Rows of sums, rounded to where they go.
  private func deliver(
    _ sums: Matrix<Number>, _ runs: [(start: Int, count: Int, offset: Int)], into target: UnsafeMutablePointer<Element>, step: Int
  ) {
    for row in 0..<sums.rows {
      let source = sums.pointer + row * sums.rowStride, start = target + row * plan.out.strides[1]
      for run in runs {
        if Element.self == Number.self && step == 1 {
          UnsafeMutableRawPointer(start + run.offset).assumingMemoryBound(to: Number.self).update(
            from: source + run.start, count: run.count)
        } else {
          Element.round(source + run.start, into: start + run.offset, step: step, count: run.count)
        }
      }
    }
  }
}
