import WengertDifferentiable

private let a = Tensor([[0.3, 0.8, 0.5], [0.6, 0.2, 0.9]]), b = Tensor([[0.7, 0.4, 0.25], [0.35, 0.85, 0.55]])
private let mask = a .> 0.5
private let places = Tensor([2, 0, 1, 1, 1, 0] as [Int]).reshape([2, 3])

extension RegisteredOperation {
  /// Special functions, statistics, products of several kinds, and writing at indices.
  static func addFurther(to all: inout [RegisteredOperation]) {
    all.append(.one("acosh(_: Tensor)", a) { acosh($0 + 1) })
    all.append(.one("asinh(_: Tensor)", a) { asinh($0) })
    all.append(.one("atanh(_: Tensor)", a) { atanh($0) })
    all.append(.one("digamma(_: Tensor)", a) { digamma($0) })
    all.append(.one("erfinv(_: Tensor)", a) { erfinv($0) })
    all.append(.one("exp2(_: Tensor)", a) { exp2($0) })
    all.append(.one("frac(_: Tensor)", a) { frac($0) })
    all.append(.one("lgamma(_: Tensor)", a) { lgamma($0) })
    all.append(.one("log10(_: Tensor)", a) { log10($0) })
    all.append(.one("log2(_: Tensor)", a) { log2($0) })
    all.append(.one("logit(_: Tensor)", a) { logit($0) })
    all.append(.one("nanToNum(_: Tensor, nan: Double, positiveInfinity: Double?, negativeInfinity: Double?)", a) { nanToNum($0) })
    all.append(.one("polygamma(_: Int, _: Tensor)", a) { polygamma(1, $0) })
    all.append(.one("trunc(_: Tensor)", a) { trunc($0) })
    all.append(.one("logCumulativeSumExp(axis: Int)", a) { $0.logCumulativeSumExp() })
    all.append(.one("maskedFill(_: Tensor, _: Double)", a) { $0.maskedFill(mask, 2) })
    all.append(.one("maskedSelect(_: Tensor)", a) { $0.maskedSelect(mask) })
    all.append(.one("median(axis: Int?, keepDims: Bool)", a) { $0.median(axis: 1) })
    all.append(.one("narrow(_: Int, from: Tensor, count: Dimension)", a) { $0.narrow(1, from: Tensor([1] as [Int]), count: Dimension(2)) })
    all.append(
      .one("pad(_: [(before: Int, after: Int)], mode: PaddingMode)", a) {
        $0.pad([(before: 1, after: 0), (before: 0, after: 2)], mode: .reflect)
      })
    all.append(.one("quantile(_: Double, axis: Int?, keepDims: Bool, interpolation: QuantileInterpolation)", a) { $0.quantile(0.3) })
    all.append(
      .one("quantile(_: [Double], axis: Int?, keepDims: Bool, interpolation: QuantileInterpolation)", a) {
        $0.quantile([0.3, 0.6], axis: 1)
      })
    all.append(.one("repeated(_: Tensor, axis: Int, total: Dimension?)", a) { $0.repeated(Tensor([2, 1] as [Int]), axis: 0) })
    all.append(.one("repeated(_: [Int], axis: Int)", a) { $0.repeated([2, 0, 1], axis: 1) })
    all.append(.one("std(axes: [Int]?, correction: Int, keepDims: Bool)", a) { $0.std(axes: [0]) })
    all.append(.one("std(axis: Int, correction: Int, keepDims: Bool)", a) { $0.std(axis: 1, correction: 1) })
    all.append(.one("trace(offset: Int)", a) { $0.trace() })
    all.append(.two("beta(_: Tensor, _: Tensor)", a, b) { beta($0, $1) })
    all.append(.one("beta(_: Tensor, _: Tensor)", a) { beta($0, b) })
    all.append(.one("beta(_: Tensor, _: Tensor)", b) { beta(a, $0) })
    all.append(.two("copysign(_: Tensor, _: Tensor)", a, b) { copysign($0, $1) })
    all.append(.one("copysign(_: Tensor, _: Tensor)", a) { copysign($0, b) })
    all.append(.one("copysign(_: Tensor, _: Tensor)", b) { copysign(a, $0) })
    all.append(.two("fmod(_: Tensor, _: Tensor)", a, b) { fmod($0, $1) })
    all.append(.one("fmod(_: Tensor, _: Tensor)", a) { fmod($0, b) })
    all.append(.one("fmod(_: Tensor, _: Tensor)", b) { fmod(a, $0) })
    all.append(.two("hypot(_: Tensor, _: Tensor)", a, b) { hypot($0, $1) })
    all.append(.one("hypot(_: Tensor, _: Tensor)", a) { hypot($0, b) })
    all.append(.one("hypot(_: Tensor, _: Tensor)", b) { hypot(a, $0) })
    all.append(.two("logAddExp(_: Tensor, _: Tensor)", a, b) { logAddExp($0, $1) })
    all.append(.one("logAddExp(_: Tensor, _: Tensor)", a) { logAddExp($0, b) })
    all.append(.one("logAddExp(_: Tensor, _: Tensor)", b) { logAddExp(a, $0) })
    all.append(.two("logBeta(_: Tensor, _: Tensor)", a, b) { logBeta($0, $1) })
    all.append(.one("logBeta(_: Tensor, _: Tensor)", a) { logBeta($0, b) })
    all.append(.one("logBeta(_: Tensor, _: Tensor)", b) { logBeta(a, $0) })
    all.append(.two("remainder(_: Tensor, _: Tensor)", a, b) { remainder($0, $1) })
    all.append(.one("remainder(_: Tensor, _: Tensor)", a) { remainder($0, b) })
    all.append(.one("remainder(_: Tensor, _: Tensor)", b) { remainder(a, $0) })
    all.append(.two("xlogy(_: Tensor, _: Tensor)", a, b) { xlogy($0, $1) })
    all.append(.one("xlogy(_: Tensor, _: Tensor)", a) { xlogy($0, b) })
    all.append(.one("xlogy(_: Tensor, _: Tensor)", b) { xlogy(a, $0) })
    all.append(.two("cdist(_: Tensor, p: Double)", a, b) { $0.cdist($1) })
    all.append(.one("cdist(_: Tensor, p: Double)", a) { $0.cdist(b) })
    all.append(.one("cdist(_: Tensor, p: Double)", b) { a.cdist($0) })
    all.append(.two("cross(_: Tensor, axis: Int)", a, b) { $0.cross($1) })
    all.append(.one("cross(_: Tensor, axis: Int)", a) { $0.cross(b) })
    all.append(.one("cross(_: Tensor, axis: Int)", b) { a.cross($0) })
    all.append(.two("kron(_: Tensor)", a, b) { $0.kron($1) })
    all.append(.one("kron(_: Tensor)", a) { $0.kron(b) })
    all.append(.one("kron(_: Tensor)", b) { a.kron($0) })
    all.append(.two("outer(_: Tensor)", a, b) { $0.outer($1) })
    all.append(.one("outer(_: Tensor)", a) { $0.outer(b) })
    all.append(.one("outer(_: Tensor)", b) { a.outer($0) })
    all.append(
      .two("replacing(_: Int, from: Tensor, with: Tensor)", a, b) {
        $0.replacing(1, from: Tensor([1] as [Int]), with: $1.narrow(1, from: 0, count: 2))
      })
    all.append(
      .one("replacing(_: Int, from: Tensor, with: Tensor)", a) {
        $0.replacing(1, from: Tensor([1] as [Int]), with: b.narrow(1, from: 0, count: 2))
      })
    all.append(
      .one("replacing(_: Int, from: Tensor, with: Tensor)", b) {
        a.replacing(1, from: Tensor([1] as [Int]), with: $0.narrow(1, from: 0, count: 2))
      })
    all.append(.two("scatter(_: Tensor, at: Tensor, axis: Int, mode: ScatterMode)", a, b) { $0.scatter($1, at: Tensor([1, 1] as [Int])) })
    all.append(.one("scatter(_: Tensor, at: Tensor, axis: Int, mode: ScatterMode)", a) { $0.scatter(b, at: Tensor([1, 1] as [Int])) })
    all.append(.one("scatter(_: Tensor, at: Tensor, axis: Int, mode: ScatterMode)", b) { a.scatter($0, at: Tensor([1, 1] as [Int])) })
    all.append(
      .two("scatterAlong(_: Tensor, at: Tensor, axis: Int, mode: ScatterMode)", a, b) { $0.scatterAlong($1, at: places, mode: .multiply) })
    all.append(
      .one("scatterAlong(_: Tensor, at: Tensor, axis: Int, mode: ScatterMode)", a) { $0.scatterAlong(b, at: places, mode: .multiply) })
    all.append(
      .one("scatterAlong(_: Tensor, at: Tensor, axis: Int, mode: ScatterMode)", b) { a.scatterAlong($0, at: places, mode: .multiply) })
    all.append(.two("tensordot(_: Tensor, axes: ([Int], [Int]))", a, b) { $0.tensordot($1, axes: ([1], [1])) })
    all.append(.one("tensordot(_: Tensor, axes: ([Int], [Int]))", a) { $0.tensordot(b, axes: ([1], [1])) })
    all.append(.one("tensordot(_: Tensor, axes: ([Int], [Int]))", b) { a.tensordot($0, axes: ([1], [1])) })
    all.append(.two("tensordot(_: Tensor, axes: Int)", a, b) { $0.tensordot($1, axes: 2) })
    all.append(.one("tensordot(_: Tensor, axes: Int)", a) { $0.tensordot(b, axes: 2) })
    all.append(.one("tensordot(_: Tensor, axes: Int)", b) { a.tensordot($0, axes: 2) })
  }
}
