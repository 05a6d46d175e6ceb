import WengertDifferentiable

/// An operation on small operands, by Swift's differentiation and by the tape.
struct RegisteredOperation {
  /// As Sources/WengertDifferentiable/Generated/Exceptions.txt writes it.
  let signature: String
  /// What Swift gives and what the tape gives: the value and a cotangent of each operand.
  let results: () -> (swift: [Tensor], tape: [Tensor])

  private init(
    _ signature: String, _ operands: [Tensor], _ swift: @escaping () -> (value: Tensor, pullback: (TensorTangent) -> [TensorTangent]),
    tape f: @escaping ([Tensor]) -> Tensor
  ) {
    self.signature = signature
    results = {
      let (value, pullback) = swift()
      let (expected, expectedPullback) = vjp(at: operands, f)
      let cotangent = (Tensor.iota(expected.count).cast(to: expected.dtype) * 0.25 + 0.5).reshape(expected.shape)
      let gradients = zip(pullback(TensorTangent(cotangent)), operands).map { tangent, x in
        tangent.value ?? Tensor.zeros(x.shape, dtype: x.dtype)
      }
      return ([value] + gradients, [expected] + expectedPullback(cotangent))
    }
  }

  static func one(_ signature: String, _ x: Tensor, _ f: @escaping @differentiable(reverse) (Tensor) -> Tensor) -> Self {
    Self(
      signature, [x],
      {
        let (value, pullback) = valueWithPullback(at: x, of: f)
        return (value, { [pullback($0)] })
      }, tape: { f($0[0]) })
  }

  static func two(
    _ signature: String, _ x: Tensor, _ y: Tensor, _ f: @escaping @differentiable(reverse) (Tensor, Tensor) -> Tensor
  ) -> Self {
    Self(
      signature, [x, y],
      {
        let (value, pullback) = valueWithPullback(at: x, y, of: f)
        return (
          value,
          { cotangent in
            let (ofX, ofY) = pullback(cotangent)
            return [ofX, ofY]
          }
        )
      }, tape: { f($0[0], $0[1]) })
  }

  static func three(
    _ signature: String, _ x: Tensor, _ y: Tensor, _ z: Tensor,
    _ f: @escaping @differentiable(reverse) (Tensor, Tensor, Tensor) -> Tensor
  ) -> Self {
    Self(
      signature, [x, y, z],
      {
        let (value, pullback) = valueWithPullback(at: x, y, z, of: f)
        return (
          value,
          { cotangent in
            let (ofX, ofY, ofZ) = pullback(cotangent)
            return [ofX, ofY, ofZ]
          }
        )
      }, tape: { f($0[0], $0[1], $0[2]) })
  }

  static func many(_ signature: String, _ x: [Tensor], _ f: @escaping @differentiable(reverse) ([Tensor]) -> Tensor) -> Self {
    Self(
      signature, x,
      {
        let (value, pullback) = valueWithPullback(at: x, of: f)
        return (value, { pullback($0).base })
      }, tape: { f($0) })
  }
}

private let a = Tensor([[0.3, 0.8, 0.5], [0.6, 0.2, 0.9]]), b = Tensor([[0.7, 0.4, 0.25], [0.35, 0.85, 0.55]])
private let mask = a .> 0.5
private let matrix = Tensor([[4, 1], [1, 3]]), columns = Tensor([[0.5, 1], [2, -1]])
private let tokens = Tensor([[1, 0], [0, 1], [2, 2]])
private let places = Tensor([2, 0, 1, 1, 1, 0] as [Int]).reshape([2, 3])

/// A row or more for every registration; two operands have one for both, and one for each alone.
func registeredOperations() -> [RegisteredOperation] {
  var all: [RegisteredOperation] = []
  addWritten(to: &all)
  RegisteredOperation.addFurther(to: &all)
  RegisteredOperation.addMatrices(to: &all)
  addImages(to: &all)
  all.append(.one("abs(_: Tensor)", a) { abs($0) })
  all.append(.one("acos(_: Tensor)", a) { acos($0) })
  all.append(.one("asin(_: Tensor)", a) { asin($0) })
  all.append(.one("atan(_: Tensor)", a) { atan($0) })
  all.append(.two("atan2(_: Tensor, _: Tensor)", a, b) { atan2($0, $1) })
  all.append(.one("atan2(_: Tensor, _: Tensor)", a) { atan2($0, b) })
  all.append(.one("atan2(_: Tensor, _: Tensor)", b) { atan2(a, $0) })
  let packed = """
    attention(query: Tensor, key: Tensor, value: Tensor, offsets: Tensor, heads: Int, scale: Double?, dropout: Double, \
    randomKey: RandomKey?)
    """
  all.append(
    .three(packed, tokens, tokens * 0.5, tokens + 1) {
      attention(query: $0, key: $1, value: $2, offsets: Tensor([0, 2, 3] as [Int]), heads: 2)
    })
  let padded = """
    dotProductAttention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor?, bias: Tensor?, isCausal: Bool, scale: Double?, \
    dropout: Double, randomKey: RandomKey?)
    """
  all.append(
    .three(padded, tokens.expandDims(0), tokens.expandDims(0) * 0.5, tokens.expandDims(0) + 1) {
      dotProductAttention(query: $0, key: $1, value: $2, isCausal: true)
    })
  all.append(.one("rotary(_: Tensor, base: Double, isInterleaved: Bool)", tokens) { $0.rotary(Tensor([0, 1, 5] as [Int])) })
  all.append(.one("ceil(_: Tensor)", a) { ceil($0) })
  all.append(.one("clip(_: Tensor, _: Double, _: Double)", a) { clip($0, 0.25, 0.7) })
  all.append(.many("concatenate(_: [Tensor], axis: Int)", [a, b]) { concatenate($0, axis: 1) })
  all.append(.one("cos(_: Tensor)", a) { cos($0) })
  all.append(.one("cosh(_: Tensor)", a) { cosh($0) })
  all.append(.one("erf(_: Tensor)", a) { erf($0) })
  all.append(.one("erfc(_: Tensor)", a) { erfc($0) })
  all.append(.one("exp(_: Tensor)", a) { exp($0) })
  all.append(.one("expm1(_: Tensor)", a) { expm1($0) })
  all.append(.one("floor(_: Tensor)", a) { floor($0) })
  all.append(.one("gelu(_: Tensor)", a) { gelu($0) })
  all.append(.one("geluTanh(_: Tensor)", a) { geluTanh($0) })
  all.append(.one("log(_: Tensor)", a) { log($0) })
  all.append(.one("log1p(_: Tensor)", a) { log1p($0) })
  all.append(.two("maximum(_: Tensor, _: Tensor)", a, b) { maximum($0, $1) })
  all.append(.one("maximum(_: Tensor, _: Tensor)", a) { maximum($0, b) })
  all.append(.one("maximum(_: Tensor, _: Tensor)", b) { maximum(a, $0) })
  all.append(.two("minimum(_: Tensor, _: Tensor)", a, b) { minimum($0, $1) })
  all.append(.one("minimum(_: Tensor, _: Tensor)", a) { minimum($0, b) })
  all.append(.one("minimum(_: Tensor, _: Tensor)", b) { minimum(a, $0) })
  all.append(.one("normalCDF(_: Tensor)", a) { normalCDF($0) })
  all.append(.one("pow(_: Tensor, _: Double)", a) { pow($0, 2.5) })
  all.append(.two("pow(_: Tensor, _: Tensor)", a, b) { pow($0, $1) })
  all.append(.one("pow(_: Tensor, _: Tensor)", a) { pow($0, b) })
  all.append(.one("pow(_: Tensor, _: Tensor)", b) { pow(a, $0) })
  all.append(.one("reciprocal(_: Tensor)", a) { reciprocal($0) })
  all.append(.one("relu(_: Tensor)", a) { relu($0) })
  all.append(.one("relu6(_: Tensor)", a) { relu6($0) })
  all.append(.one("round(_: Tensor)", a) { round($0) })
  all.append(.one("rsqrt(_: Tensor)", a) { rsqrt($0) })
  all.append(.two("select(_: Tensor, _: Tensor, _: Tensor)", a, b) { select(mask, $0, $1) })
  all.append(.one("select(_: Tensor, _: Tensor, _: Tensor)", a) { select(mask, $0, b) })
  all.append(.one("select(_: Tensor, _: Tensor, _: Tensor)", b) { select(mask, a, $0) })
  all.append(.one("sigmoid(_: Tensor)", a) { sigmoid($0) })
  all.append(.one("sign(_: Tensor)", a) { sign($0) })
  all.append(.one("silu(_: Tensor)", a) { silu($0) })
  all.append(.one("sin(_: Tensor)", a) { sin($0) })
  all.append(.one("sinh(_: Tensor)", a) { sinh($0) })
  all.append(.one("softplus(_: Tensor)", a) { softplus($0) })
  all.append(.two("solve(_: Tensor, _: Tensor)", matrix, columns) { solve($0, $1) })
  all.append(.one("solve(_: Tensor, _: Tensor)", matrix) { solve($0, columns) })
  all.append(.one("solve(_: Tensor, _: Tensor)", columns) { solve(matrix, $0) })
  all.append(.two("solveTriangular(_: Tensor, _: Tensor, upper: Bool)", matrix, columns) { solveTriangular($0, $1, upper: true) })
  all.append(.one("solveTriangular(_: Tensor, _: Tensor, upper: Bool)", matrix) { solveTriangular($0, columns, upper: true) })
  all.append(.one("solveTriangular(_: Tensor, _: Tensor, upper: Bool)", columns) { solveTriangular(matrix, $0, upper: true) })
  all.append(.one("sqrt(_: Tensor)", a) { sqrt($0) })
  all.append(.one("square(_: Tensor)", a) { square($0) })
  all.append(.many("stack(_: [Tensor], axis: Int)", [a, b]) { stack($0, axis: 1) })
  all.append(.one("stopGradient(_: Tensor)", a) { stopGradient($0) })
  all.append(.one("tan(_: Tensor)", a) { tan($0) })
  all.append(.one("tanh(_: Tensor)", a) { tanh($0) })
  all.append(.one("%(_: Tensor, _: Double)", a) { $0 % 0.5 })
  all.append(.two("%(_: Tensor, _: Tensor)", a, b) { $0 % $1 })
  all.append(.one("%(_: Tensor, _: Tensor)", a) { $0 % b })
  all.append(.one("%(_: Tensor, _: Tensor)", b) { a % $0 })
  all.append(.one("*(_: Double, _: Tensor)", a) { 0.5 * $0 })
  all.append(.one("*(_: Tensor, _: Double)", a) { $0 * 0.5 })
  all.append(.two("*(_: Tensor, _: Tensor)", a, b) { $0 * $1 })
  all.append(.one("*(_: Tensor, _: Tensor)", a) { $0 * b })
  all.append(.one("*(_: Tensor, _: Tensor)", b) { a * $0 })
  all.append(
    .one("*=(_: inout Tensor, _: Double)", a) { x in
      var z = x
      z *= 0.5
      return z
    })
  all.append(
    .two("*=(_: inout Tensor, _: Tensor)", a, b) { x, y in
      var z = x
      z *= y
      return z
    })
  all.append(.one("+(_: Double, _: Tensor)", a) { 0.5 + $0 })
  all.append(.one("+(_: Tensor, _: Double)", a) { $0 + 0.5 })
  all.append(.two("+(_: Tensor, _: Tensor)", a, b) { $0 + $1 })
  all.append(.one("+(_: Tensor, _: Tensor)", a) { $0 + b })
  all.append(.one("+(_: Tensor, _: Tensor)", b) { a + $0 })
  all.append(
    .one("+=(_: inout Tensor, _: Double)", a) { x in
      var z = x
      z += 0.5
      return z
    })
  all.append(
    .two("+=(_: inout Tensor, _: Tensor)", a, b) { x, y in
      var z = x
      z += y
      return z
    })
  all.append(.one("-(_: Double, _: Tensor)", a) { 0.5 - $0 })
  all.append(.one("-(_: Tensor)", a) { -$0 })
  all.append(.one("-(_: Tensor, _: Double)", a) { $0 - 0.5 })
  all.append(.two("-(_: Tensor, _: Tensor)", a, b) { $0 - $1 })
  all.append(.one("-(_: Tensor, _: Tensor)", a) { $0 - b })
  all.append(.one("-(_: Tensor, _: Tensor)", b) { a - $0 })
  all.append(
    .one("-=(_: inout Tensor, _: Double)", a) { x in
      var z = x
      z -= 0.5
      return z
    })
  all.append(
    .two("-=(_: inout Tensor, _: Tensor)", a, b) { x, y in
      var z = x
      z -= y
      return z
    })
  all.append(.one("/(_: Double, _: Tensor)", a) { 0.5 / $0 })
  all.append(.one("/(_: Tensor, _: Double)", a) { $0 / 0.5 })
  all.append(.two("/(_: Tensor, _: Tensor)", a, b) { $0 / $1 })
  all.append(.one("/(_: Tensor, _: Tensor)", a) { $0 / b })
  all.append(.one("/(_: Tensor, _: Tensor)", b) { a / $0 })
  all.append(
    .one("/=(_: inout Tensor, _: Double)", a) { x in
      var z = x
      z /= 0.5
      return z
    })
  all.append(
    .two("/=(_: inout Tensor, _: Tensor)", a, b) { x, y in
      var z = x
      z /= y
      return z
    })
  all.append(.one("broadcast(to: Shape)", a) { $0.broadcast(to: [4, 2, 3]) })
  all.append(.one("cholesky()", matrix) { $0.cholesky() })
  all.append(.one("contiguous()", a) { $0.transpose().contiguous() })
  all.append(.one("cumulativeProduct(axis: Int, reverse: Bool)", a) { $0.cumulativeProduct(axis: 1) })
  all.append(.one("cumulativeSum(axis: Int, reverse: Bool)", a) { $0.cumulativeSum(axis: 0, reverse: true) })
  all.append(.one("diagonal(offset: Int, _: Int, _: Int)", a) { $0.diagonal(offset: 1) })
  all.append(.one("dropout(_: Double, key: RandomKey)", a) { $0.dropout(0.5, key: RandomKey(3)) })
  all.append(.one("expand(_: Shape)", a) { $0.expand([4, -1, 3]) })
  all.append(.one("expandDims(_: Int)", a) { $0.expandDims(1) })
  all.append(.one("expandDims(_: [Int])", a) { $0.expandDims([0, 2]) })
  all.append(.one("flatten()", a) { $0.flatten() })
  all.append(.one("flatten(from: Int, to: Int)", a) { $0.expandDims(0).flatten(from: 1) })
  all.append(.one("flip(_: Int...)", a) { $0.flip() })
  all.append(.one("flip(_: [Int]?)", a) { $0.flip([1]) })
  all.append(.two("floorDivided(by: Tensor)", a, b) { $0.floorDivided(by: $1) })
  all.append(.one("floorDivided(by: Tensor)", a) { $0.floorDivided(by: b) })
  all.append(.one("floorDivided(by: Tensor)", b) { a.floorDivided(by: $0) })
  all.append(.one("gather(_: Tensor, axis: Int)", a) { $0.gather(Tensor([2, 0, 2] as [Int]), axis: 1) })
  all.append(.one("l2Normalize(axis: Int, epsilon: Double)", a) { $0.l2Normalize(axis: 1) })
  all.append(.three("layerNorm(gain: Tensor, bias: Tensor, epsilon: Double)", a, b[0], b[1]) { $0.layerNorm(gain: $1, bias: $2) })
  all.append(.one("logSoftmax(axis: Int)", a) { $0.logSoftmax(axis: 1) })
  all.append(.one("logSumExp(axes: [Int]?, keepDims: Bool)", a) { $0.logSumExp(axes: [0]) })
  all.append(.one("logSumExp(axis: Int, keepDims: Bool)", a) { $0.logSumExp(axis: 1) })
  all.append(.one("lowerTriangle(_: Int)", a) { $0.lowerTriangle() })
  all.append(.two("matmul(_: Tensor)", a, b.transpose()) { $0.matmul($1) })
  all.append(.one("matmul(_: Tensor)", a) { $0.matmul(b.transpose()) })
  all.append(.one("matmul(_: Tensor)", b.transpose()) { a.matmul($0) })
  all.append(.one("max(axes: [Int]?, keepDims: Bool)", a) { $0.max(axes: [1]) })
  all.append(.one("max(axis: Int, keepDims: Bool)", a) { $0.max(axis: 1) })
  all.append(.one("mean(axes: [Int]?, keepDims: Bool)", a) { $0.mean(axes: [1]) })
  all.append(.one("mean(axis: Int, keepDims: Bool)", a) { $0.mean(axis: 1) })
  all.append(.one("min(axes: [Int]?, keepDims: Bool)", a) { $0.min(axes: [1]) })
  all.append(.one("min(axis: Int, keepDims: Bool)", a) { $0.min(axis: 1) })
  all.append(.one("moveAxis(_: Int, to: Int)", a) { $0.moveAxis(0, to: 1) })
  all.append(.one("narrow(_: Int, from: Dimension, count: Dimension)", a) { $0.narrow(1, from: Dimension(1), count: Dimension(2)) })
  all.append(.one("narrow(_: Int, from: Int, count: Int)", a) { $0.narrow(1, from: 1, count: 2) })
  all.append(.one("norm(_: Double, axes: [Int]?, keepDims: Bool)", a) { $0.norm() })
  all.append(.one("norm(_: Double, axis: Int, keepDims: Bool)", a) { $0.norm(3, axis: 1) })
  all.append(
    .one("pad(_: [(before: Dimension, after: Dimension)], fill: Double)", a) {
      $0.pad([(before: Dimension(1), after: Dimension(0)), (before: Dimension(0), after: Dimension(2))])
    })
  all.append(
    .one("pad(_: [(before: Int, after: Int)], fill: Double)", a) { $0.pad([(before: 1, after: 0), (before: 0, after: 2)], fill: 3) })
  all.append(.one("permute(_: Int...)", a) { $0.permute(1, 0) })
  all.append(.one("permute(_: [Int])", a) { $0.permute([1, 0]) })
  all.append(.one("prod(axes: [Int]?, keepDims: Bool)", a) { $0.prod(axes: [1]) })
  all.append(.one("prod(axis: Int, keepDims: Bool)", a) { $0.prod(axis: 1) })
  all.append(.one("repeated(_: Dimension, axis: Int)", a) { $0.repeated(Dimension(2), axis: 1) })
  all.append(.one("repeated(_: Int, axis: Int)", a) { $0.repeated(2, axis: 1) })
  all.append(.one("reshape(_: Shape)", a) { $0.reshape([3, 2]) })
  all.append(.one("reshape(_: [Dimension])", a) { $0.reshape([3, 2] as [Dimension]) })
  all.append(.one("roll(_: Int, axis: Int)", a) { $0.roll(1, axis: 1) })
  all.append(
    .one("scatterAdd(_: Tensor, axis: Int, extent: Dimension)", a) { $0.scatterAdd(Tensor([2, 2] as [Int]), extent: Dimension(4)) })
  all.append(.one("scatterAdd(_: Tensor, axis: Int, extent: Int)", a) { $0.scatterAdd(Tensor([2, 2] as [Int]), extent: 4) })
  all.append(.one("scatterAddAlong(_: Tensor, axis: Int, extent: Dimension)", a) { $0.scatterAddAlong(places, extent: Dimension(4)) })
  all.append(.one("scatterAddAlong(_: Tensor, axis: Int, extent: Int)", a) { $0.scatterAddAlong(places, extent: 4) })
  all.append(.one("softmax(axis: Int)", a) { $0.softmax(axis: 1) })
  all.append(.one("sorted(axis: Int, descending: Bool)", a) { $0.sorted(axis: 1) })
  all.append(
    .one("split(_: [Dimension], axis: Int)", a) { x in
      let parts = x.split([Dimension(1), Dimension(2)], axis: 1)
      return parts[0] * parts[1] + parts[1]
    })
  all.append(
    .one("split(_: [Int], axis: Int)", a) { x in
      let parts = x.split([1, 2], axis: 1)
      return parts[0] * parts[1] + parts[1]
    })
  all.append(
    .one("split(into: Int, axis: Int)", a) { x in
      let parts = x.split(into: 3, axis: 1)
      return parts[0] * parts[1] + parts[1]
    })
  all.append(.one("squeeze(_: Int...)", a.expandDims(1)) { $0.squeeze() })
  all.append(.one("squeeze(_: [Int]?)", a.expandDims(1)) { $0.squeeze([1]) })
  all.append(.one("sum(axes: [Int]?, keepDims: Bool)", a) { $0.sum(axes: [1]) })
  all.append(.one("sum(axis: Int, keepDims: Bool)", a) { $0.sum(axis: 1) })
  all.append(.one("takeAlong(_: Tensor, axis: Int)", a) { $0.takeAlong(places) })
  all.append(.one("tile(_: [Dimension])", a) { $0.tile([Dimension(2), Dimension(1)]) })
  all.append(.one("tile(_: [Int])", a) { $0.tile([2, 1]) })
  all.append(.one("transpose(_: Int, _: Int)", a) { $0.transpose() })
  all.append(.one("upperTriangle(_: Int)", a) { $0.upperTriangle(1) })
  all.append(.one("variance(axes: [Int]?, correction: Int, keepDims: Bool)", a) { $0.variance(axes: [0]) })
  all.append(.one("variance(axis: Int, correction: Int, keepDims: Bool)", a) { $0.variance(axis: 1, correction: 1) })
  return all
}

/// Those whose derivatives are written by hand.
private func addWritten(to all: inout [RegisteredOperation]) {
  all.append(.one("cast(to: DType)", a) { $0.cast(to: .float64) })
  all.append(.one("to(_: Device)", a) { $0.to(.cpu) })
  all.append(.one("subscript(indices: [any TensorIndex])", a) { $0[indices: [0, 1...]] })
  all.append(
    .two("subscript(indices: [any TensorIndex])", a, b[0]) { x, y in
      var z = x
      z[indices: [1]] = y
      return z
    })
  all.append(.one("topK(_: Int, axis: Int, largest: Bool)", a) { $0.topK(2).values })
  all.append(.one("choleskyWithInfo()", matrix) { $0.choleskyWithInfo().factor })
  all.append(.two("solveWithInfo(_: Tensor, _: Tensor)", matrix, columns) { solveWithInfo($0, $1).solution })
  all.append(.many("checkpoint(_: [Tensor], _: @escaping ([Tensor]) -> Tensor)", [a, b]) { checkpoint($0) { square($0[0]) * $0[1] } })
  let custom = """
    customDerivative(_: [Tensor], forward: @escaping ([Tensor]) -> Tensor, vjp: @escaping ([Tensor], Tensor, Tensor) -> [Tensor?], \
    jvp: (([Tensor], [Tensor]) -> Tensor)?)
    """
  all.append(.many(custom, [a]) { customDerivative($0, forward: { square($0[0]) }, vjp: { x, _, cotangent in [cotangent * x[0] * 3] }) })
}

/// Those of images, which have axes for examples, channels and space.
private func addImages(to all: inout [RegisteredOperation]) {
  let image = a.reshape([1, 1, -1]), weight = b.reshape([1, 1, -1])
  func add(_ signature: String, _ f: @escaping @differentiable(reverse) (Tensor) -> Tensor) { all.append(.one(signature, image, f)) }
  add("adaptiveAveragePool(_: PerAxis)") { $0.adaptiveAveragePool(2) }
  add("adaptiveMaxPool(_: PerAxis)") { $0.adaptiveMaxPool(2) }
  add("averagePool(_: PerAxis, stride: PerAxis?, padding: Padding, countsPadding: Bool)") { $0.averagePool(2, stride: 1) }
  add("maxPool(_: PerAxis, stride: PerAxis?, padding: Padding, dilation: PerAxis)") { $0.maxPool(3, padding: 1) }
  add("interpolate(_: Shape, _: Interpolation)") { $0.interpolate([5], .linear()) }
  add("unfold(_: Int, size: Dimension, step: Int, dilation: Int)") { $0.unfold(2, size: 2, step: 2) }
  add("fold(_: Int, extent: Dimension, step: Int, dilation: Int)") { $0.fold(0, extent: 6) }
  let forward = "convolution(_: Tensor, bias: Tensor?, stride: PerAxis, padding: Padding, dilation: PerAxis, groups: Int)"
  all.append(.two(forward, image, weight) { $0.convolution($1, padding: 2) })
  add(forward) { $0.convolution(weight, padding: 3) }
  all.append(.one(forward, weight) { image.convolution($0) })
  let back =
    "transposedConvolution(_: Tensor, bias: Tensor?, stride: PerAxis, padding: Padding, outputPadding: PerAxis, dilation: PerAxis, groups: Int)"
  all.append(.two(back, image, weight) { $0.transposedConvolution($1, stride: 2) })
  add(back) { $0.transposedConvolution(weight, padding: 1) }
  all.append(.one(back, weight) { image.transposedConvolution($0) })
}
