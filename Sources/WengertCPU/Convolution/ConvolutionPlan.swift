@_spi(Backend) import WengertCore

/// A convolution by extents and strides alone, with three spatial axes.
struct ConvolutionPlan {
  /// The positions of a result that the same elements of the kernel make: all outputs, or of an input those with one remainder by the stride.
  struct Pass {
    /// Elements of the kernel, and where what they meet begins in a channel's planes.
    var taps: [(element: Int, place: Int)] = []
    /// How many positions there are along each axis, the first one and the distance of the next.
    var counts: [Int], first: [Int], step: [Int]
  }

  let role: ConvolutionRole
  let groups: Int, images: Int
  /// Channels of a group: of what is read, and of what is made of it.
  let read: Int, made: Int
  let kernelSize: Int
  let planes: ImagePlanes
  let passes: [Pass]
  /// The weight's strides: outputs, channels, kernel; and the other two layouts.
  let weight: Layout
  let out: Layout

  init(_ call: ConvolutionCall) {
    let missing = 3 - call.strides.rank
    func cubic(_ layout: Layout) -> Layout {
      var result = layout
      for _ in 0..<missing {
        result.shape.insert(1, at: 2)
        result.strides.insert(0, at: 2)
      }
      return result
    }
    func numbers(_ list: Shape, _ filler: Int) -> [Int] { Array(repeating: filler, count: missing) + Array(list) }
    let stride = numbers(call.strides, 1), dilation = numbers(call.dilation, 1), padding = numbers(call.padding, 0)
    let kernel = numbers(call.kernel, 1)
    let x = cubic(call.x.layout), y = cubic(call.y.layout)
    role = call.role
    groups = call.groups
    images = x.shape[0]
    kernelSize = kernel.reduce(1, *)
    weight = cubic(call.w.layout)
    let (channels, outputs) = (call.w.shape[1], call.w.shape[0] / call.groups)
    let places = (0..<3).map { y.shape[$0 + 2] }
    let elements = Self.indices(kernel)

    if role == .input {
      (read, made, out) = (outputs, channels, x)
      // Position i of the input is i + padding = stride · q + r, and meets element k of the kernel at output q − (k · dilation − r)/stride, if that is whole.
      var rests: [[(first: Int, quotient: Int, count: Int, shifts: [Int?])]] = []
      for axis in 0..<3 {
        rests.append(
          (0..<min(stride[axis], x.shape[axis + 2])).map { first in
            let position = first + padding[axis], s = stride[axis]
            let quotient = position >= 0 ? position / s : (position + 1) / s - 1, rest = position - quotient * s
            let shifts = (0..<kernel[axis]).map { k -> Int? in
              let distance = k * dilation[axis] - rest
              return distance % s == 0 ? quotient - distance / s : nil
            }
            return (first, quotient, (x.shape[axis + 2] - first + s - 1) / s, shifts)
          })
      }
      let least = rests.map { axis in axis.flatMap { $0.shifts.compactMap(\.self) }.min() ?? 0 }
      let extents = (0..<3).map { axis in
        rests[axis].map { rest in (rest.shifts.compactMap(\.self).max() ?? least[axis]) - least[axis] + rest.count }.max()!
      }
      let planes = ImagePlanes(y, extents: extents, step: [1, 1, 1], firsts: least.map { [$0] })
      self.planes = planes
      var passes: [Pass] = []
      for a in rests[0] {
        for b in rests[1] {
          for c in rests[2] {
            let all = [a, b, c]
            var pass = Pass(counts: all.map(\.count), first: all.map(\.first), step: stride)
            for (number, k) in elements.enumerated() {
              let shifts = (0..<3).compactMap { axis in all[axis].shifts[k[axis]].map { $0 - least[axis] } }
              if shifts.count == 3 { pass.taps.append((number, planes.place(plane: [0, 0, 0], shift: shifts))) }
            }
            passes.append(pass)
          }
        }
      }
      self.passes = passes
    } else {
      (read, made, out) = (channels, outputs, y)
      let rests = (0..<3).map { axis in Set((0..<kernel[axis]).map { $0 * dilation[axis] % stride[axis] }).sorted() }
      let extents = (0..<3).map { places[$0] + (kernel[$0] - 1) * dilation[$0] / stride[$0] }
      let planes = ImagePlanes(
        x, extents: extents, step: stride, firsts: (0..<3).map { axis in rests[axis].map { $0 - padding[axis] } })
      self.planes = planes
      var pass = Pass(counts: places, first: [0, 0, 0], step: [1, 1, 1])
      for (number, k) in elements.enumerated() {
        let at = (0..<3).map { k[$0] * dilation[$0] }
        pass.taps.append(
          (
            number,
            planes.place(
              plane: (0..<3).map { rests[$0].firstIndex(of: at[$0] % stride[$0])! }, shift: (0..<3).map { at[$0] / stride[$0] })
          ))
      }
      passes = [pass]
    }
  }

  private static func indices(_ extents: [Int]) -> [[Int]] {
    extents.reduce([[]]) { places, extent in places.flatMap { place in (0..<extent).map { place + [$0] } } }
  }

  /// Whether places fit the kernels' tables.
  var isAddressable: Bool { read * planes.channelSize + planes.planeSize <= Int(Int32.max) }

  /// Numbers of a plane from the first position of a pass to its last.
  func length(_ pass: Pass) -> Int {
    ((pass.counts[0] - 1) * planes.extents[1] + pass.counts[1] - 1) * planes.extents[2] + pass.counts[2]
  }

  /// Where what each channel and each element of the kernel meets begins, channel by channel.
  func places(_ pass: Pass) -> [Int32] {
    (0..<read).flatMap { channel in pass.taps.map { Int32(channel * planes.channelSize + $0.place) } }
  }

  /// Where element `number` of the kernel is in a row of the weight.
  func kernelOffset(_ number: Int) -> Int {
    let (rest, c) = number.quotientAndRemainder(dividingBy: weight.shape[4]),
      (a, b) = rest.quotientAndRemainder(dividingBy: weight.shape[3])
    return a * weight.strides[2] + b * weight.strides[3] + c * weight.strides[4]
  }

  /// The runs of one row of the result in so many positions: where each begins among them, its length, and where its first element is in the result.
  func runs(_ pass: Pass, _ positions: Range<Int>) -> [(start: Int, count: Int, offset: Int)] {
    var runs: [(start: Int, count: Int, offset: Int)] = []
    let (rows, columns) = (planes.extents[1], planes.extents[2])
    var position = positions.lowerBound
    while position < positions.upperBound {
      let (row, column) = position.quotientAndRemainder(dividingBy: columns), (i, j) = row.quotientAndRemainder(dividingBy: rows)
      if i < pass.counts[0] && j < pass.counts[1] && column < pass.counts[2] {
        let count = min(pass.counts[2] - column, positions.upperBound - position)
        var offset = 0
        for (axis, number) in [i, j, column].enumerated() {
          offset += (pass.first[axis] + number * pass.step[axis]) * out.strides[axis + 2]
        }
        runs.append((position - positions.lowerBound, count, offset))
      }
      position += columns - column
    }
    return runs
  }
}
