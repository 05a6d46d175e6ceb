@_spi(Backend) import WengertCore

/// Images with three spatial axes in memory of a convolution's own, cut up so that all elements that one element of the kernel meets lie one after another: for each channel a plane for
/// each remainder of the positions by the stride, with zeros for what is outside of the image.
///
/// Position (i, j, k) of an output is at number (i · rows + j) · columns + k of each plane, from a place on that the kernel's element has; rows are longer than the output's, and what is
/// computed at their ends is dropped.
struct ImagePlanes {
  let images: Int, channels: Int
  /// The elements of a plane along each axis.
  let extents: [Int]
  /// Along each axis the distance of a plane's neighbors in the image, and the position that is the plane's first, for each plane.
  let step: [Int]
  let firsts: [[Int]]
  /// The image's extents and strides.
  let source: [Int]
  let layout: Layout

  /// - Parameter layout: [N, C, …] with three spatial axes.
  init(_ layout: Layout, extents: [Int], step: [Int], firsts: [[Int]]) {
    self.layout = layout
    images = layout.shape[0]
    channels = layout.shape[1]
    self.extents = extents
    self.step = step
    self.firsts = firsts
    source = Array(layout.shape.dropFirst(2))
  }

  private var planes: Int { firsts.reduce(1) { $0 * $1.count } }
  /// Numbers of a plane; not a multiple of 2 KiB, at which distance rows fall on the same few places of the first-level cache.
  var planeSize: Int {
    let size = extents.reduce(1, *)
    return size % 256 == 0 ? size + 16 : size
  }
  var channelSize: Int { planes * planeSize }
  /// What is read behind the last plane, and not used.
  static var slack: Int { 256 }
  var count: Int { images * channels * channelSize + Self.slack }

  /// Where the positions of the plane with these numbers begin, shifted by so much along each axis, from the channel's start.
  func place(plane: [Int], shift: [Int]) -> Int {
    var number = 0, place = 0
    for axis in 0..<3 {
      number = number * firsts[axis].count + plane[axis]
      place = place * extents[axis] + shift[axis]
    }
    return number * planeSize + place
  }

  func fill<Element: KernelElement>(_ memory: UnsafeMutablePointer<Element.Compute>, from elements: UnsafeMutablePointer<Element>) {
    (memory + (count - Self.slack)).initialize(repeating: .zero, count: Self.slack)
    ThreadPool.shared.parallelRanges(images * channels, stepsEach: channelSize) { range in
      for index in range {
        let (image, channel) = index.quotientAndRemainder(dividingBy: channels)
        let start = elements + (image * layout.strides[0] + channel * layout.strides[1])
        var target = memory + index * channelSize
        for a in firsts[0] {
          for b in firsts[1] {
            for c in firsts[2] {
              fill(target, plane: [a, b, c], from: start)
              target += planeSize
            }
          }
        }
      }
    }
  }

  private func fill<Element: KernelElement>(
    _ plane: UnsafeMutablePointer<Element.Compute>, plane first: [Int], from start: UnsafeMutablePointer<Element>
  ) {
    let (s0, s1, s2) = (layout.strides[2], layout.strides[3], layout.strides[4]), columns = extents[2]
    // Of a row, what is inside of the image.
    let low = min(columns, max(0, (step[2] - 1 - first[2]) / step[2])), count = source[2] - first[2]
    let high = max(low, min(columns, count <= 0 ? 0 : (count + step[2] - 1) / step[2]))
    var row = plane
    for i in 0..<extents[0] {
      let x = first[0] + i * step[0]
      for j in 0..<extents[1] {
        let y = first[1] + j * step[1]
        if (0..<source[0]).contains(x) && (0..<source[1]).contains(y) && low < high {
          row.initialize(repeating: .zero, count: low)
          let from = start + (x * s0 + y * s1 + (first[2] + low * step[2]) * s2), distance = step[2] * s2
          if Element.self == Element.Compute.self && distance == 1 {
            (row + low).update(from: UnsafeMutableRawPointer(from).assumingMemoryBound(to: Element.Compute.self), count: high - low)
          } else {
            Element.widen(from, step: distance, into: row + low, count: high - low)
          }
          (row + high).initialize(repeating: .zero, count: columns - high)
        } else {
          row.initialize(repeating: .zero, count: columns)
        }
        row += columns
      }
    }
  }
}
