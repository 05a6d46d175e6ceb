@_spi(Backend) import Wengert

extension ReferenceBackend {
  /// The definition: every triple of elements that meet.
  func convolution(_ call: ConvolutionCall) {
    let views = [call.x, call.w, call.y], out = views[call.role.rawValue]
    precondition(views.allSatisfy { $0.dtype == out.dtype }, "convolution of \(views.map(\.dtype))")
    let (x, w, y) = (call.x.shape, call.w.shape, call.y.shape)
    precondition(x[0] == y[0] && w[0] == y[1] && x[1] == w[1] * call.groups && w[0] % call.groups == 0, "convolution of \(x), \(w), \(y)")
    let numbers = views.map { $0.storage === out.storage ? [] : read($0) }
    var sums = [Number](repeating: ReduceOp.sum.neutral(out.dtype), count: out.shape.elementCount)
    let outputs = w[0] / call.groups
    for (place, i) in y.everyIndex.enumerated() {
      for (element, k) in w.everyIndex.enumerated() where k[0] == i[1] {
        var at = [i[0], i[1] / outputs * w[1] + k[1]]
        for axis in 2..<x.rank {
          at.append(i[axis] * call.strides[axis - 2] + k[axis] * call.dilation[axis - 2] - call.padding[axis - 2])
        }
        guard zip(at, x).allSatisfy({ (0..<$1).contains($0) }) else { continue }
        let position = zip(at, x).reduce(0) { $0 * $1.1 + $1.0 }
        let positions = [position, element, place]
        let factors = (0..<3).filter { $0 != call.role.rawValue }.map { numbers[$0][positions[$0]] }
        let target = positions[call.role.rawValue]
        sums[target] = BinaryOp.add(sums[target], BinaryOp.multiply(factors[0], factors[1], out.dtype), out.dtype)
      }
    }
    store(sums, into: out)
  }
}

extension Shape {
  /// All places of a tensor of this shape, in row-major order.
  fileprivate var everyIndex: [[Int]] { reduce([[]]) { places, extent in places.flatMap { place in (0..<extent).map { place + [$0] } } } }
}
