/// A Fourier transform as it is called: checks, lengths, and the axis that is transformed in the middle of [rows, n, columns].
struct FourierCall {
  let name: String
  let direction: FourierTable.Direction
  let norm: FourierNormalization
  let caller: Caller

  init(_ name: String, _ direction: FourierTable.Direction, _ norm: FourierNormalization, _ caller: Caller) {
    (self.name, self.direction, self.norm, self.caller) = (name, direction, norm, caller)
  }

  func complex(_ x: ComplexTensor, _ n: Int?, _ axis: Int) -> ComplexTensor { complex(x.real, x.imaginary, n, axis) }

  func complex(_ x: ComplexTensor, _ lengths: [Int]?, _ axes: [Int]?) -> ComplexTensor {
    self.axes(x.shape, lengths, axes).reversed().reduce(x) { complex($0, $1.length, $1.axis) }
  }

  func complex(_ re: Tensor, _ im: Tensor?, _ n: Int?, _ axis: Int) -> ComplexTensor {
    let (axis, n) = length(re.shape, axis, n)
    func cut(_ x: Tensor) -> Tensor { resized(x.complexPart(name, caller), axis, n) }
    let x = cut(re), transform = transform(n)
    let parts = transform(middle(x, axis), im.map { middle(cut($0), axis) })
    return restored(ComplexTensor(parts.re, parts.im), x.shape, re.shape)
  }

  func ofReal(_ x: Tensor, _ n: Int?, _ axis: Int) -> ComplexTensor {
    let (axis, n) = length(x.shape, axis, n)
    let cut = resized(x.complexPart(name, caller), axis, n)
    let parts = transform(n).ofReal(middle(cut, axis))
    var shape = cut.shape
    shape[axis] = n / 2 + 1
    return restored(ComplexTensor(parts.re, parts.im), shape, x.shape)
  }

  func toReal(_ x: ComplexTensor, _ n: Int?, _ axis: Int) -> Tensor {
    let (axis, count) = length(x.shape, axis, nil)
    let n = n ?? 2 * (count - 1)
    caller.require(n > 0, name, "\(count) frequencies are those of \(n) real numbers; name how many there are with n")
    let cut = x.mapParts { middle(resized($0, axis, n / 2 + 1), axis) }
    var shape = x.shape.unnamed
    shape[axis] = n
    return transform(n).toReal((cut.real, cut.imaginary), n).reshape(shape).taking(namesOf: x.shape)
  }

  /// The axes with their lengths, in the order in which they are named; the last is transformed first.
  func axes(_ shape: Shape, _ lengths: [Int]?, _ axes: [Int]?) -> [(axis: Int, length: Int?)] {
    let first = Swift.max(shape.rank - (lengths?.count ?? shape.rank), 0)
    let named = axes ?? Array(first..<shape.rank)
    caller.require(
      lengths == nil || lengths!.count == named.count, name, "\(lengths?.count ?? 0) lengths for \(named.count) axes of \(shape)")
    _ = caller.normalize(named, shape, name)
    return named.enumerated().map { ($1, lengths?[$0]) }
  }

  private func transform(_ n: Int) -> FourierTransform {
    FourierTransform(direction: direction, scale: norm.scale(n, direction), caller: caller)
  }

  /// An axis counted from the front, and how many of its elements are transformed.
  func length(_ shape: Shape, _ axis: Int, _ n: Int?) -> (axis: Int, n: Int) {
    let axis = caller.normalize(axis, rank: shape.rank, name, shape)
    guard let extent = shape[dim: axis].number else {
      caller.fail(name, "axis \(axis) of \(shape) is a symbol; what is transformed must have a number when it is compiled")
    }
    caller.require(extent > 0, name, "axis \(axis) of \(shape) is empty")
    caller.require(n ?? 1 > 0, name, "the length \(n ?? 1) is not above zero")
    return (axis, n ?? extent)
  }

  /// Cut off, or filled with zeros.
  private func resized(_ x: Tensor, _ axis: Int, _ n: Int) -> Tensor {
    let x = x.unnamed(), extent = x.shape[axis]
    if extent >= n { return extent == n ? x : x.narrow(axis, 0, Dimension(n), caller) }
    var widths = [(before: Int, after: Int)](repeating: (0, 0), count: x.rank)
    widths[axis].after = n - extent
    return x.pad(widths)
  }

  func middle(_ x: Tensor, _ axis: Int) -> Tensor {
    let (rows, columns) = (x.shape.prefix(axis).elements, x.shape.dropFirst(axis + 1).elements)
    return x.reshape(Shape(dimensions: [rows, x.shape[dim: axis], columns]))
  }

  private func restored(_ x: ComplexTensor, _ shape: Shape, _ named: Shape) -> ComplexTensor {
    x.mapParts { $0.reshape(shape).taking(namesOf: named) }
  }
}
