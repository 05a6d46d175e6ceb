import WengertDifferentiable

private let m = Tensor([[2.0, 0.3, 0.1], [0.2, 1.5, 0.4], [0.5, 0.1, 1.0]]), tall = Tensor([[1.0, 0.3], [0.2, 1.5], [0.5, 0.1]])
private let right = Tensor([0.7, 0.4, 0.25]), bands = Tensor([[0.0, 0.3, 0.2], [2.0, 3, 2.5], [0.4, 0.1, 0]])
private let signal = Tensor([[0.3, 0.8, 0.5, 0.1], [0.6, 0.2, 0.9, 0.4]]), kernel = Tensor([[0.7, 0.4, 0.25], [0.35, 0.85, 0.55]])

extension RegisteredOperation {
  /// Functions of matrices, and transforms.
  static func addMatrices(to all: inout [RegisteredOperation]) {
    all.append(.one("conditionNumber(_: MatrixNorm)", m) { $0.conditionNumber() })
    all.append(.one("determinant()", m) { $0.determinant() })
    all.append(.one("inverse()", m) { $0.inverse() })
    all.append(.one("matrixExponential()", m) { $0.matrixExponential() })
    all.append(.one("matrixNorm(_: MatrixNorm, keepDims: Bool)", m) { $0.matrixNorm(.nuclear) })
    all.append(.one("matrixPower(_: Int)", m) { $0.matrixPower(3) })
    all.append(.one("pseudoInverse(rcond: Double?)", m) { $0.pseudoInverse() })
    all.append(.one("singularValues()", m) { $0.singularValues() })
    all.append(.one("dct(axis: Int, norm: FourierNormalization)", signal) { $0.dct() })
    all.append(.one("idct(axis: Int, norm: FourierNormalization)", signal) { $0.idct() })
    all.append(.one("fftShift(axes: [Int]?)", signal) { $0.fftShift() })
    all.append(.one("ifftShift(axes: [Int]?)", signal) { $0.ifftShift() })
    all.append(.two("leastSquares(_: Tensor, _: Tensor, rcond: Double?)", tall, right) { leastSquares($0, $1) })
    all.append(.one("leastSquares(_: Tensor, _: Tensor, rcond: Double?)", tall) { leastSquares($0, right) })
    all.append(.one("leastSquares(_: Tensor, _: Tensor, rcond: Double?)", right) { leastSquares(tall, $0) })
    all.append(.two("solveBanded(lower: Int, upper: Int, _: Tensor, _: Tensor)", bands, right) { solveBanded(lower: 1, upper: 1, $0, $1) })
    all.append(.one("solveBanded(lower: Int, upper: Int, _: Tensor, _: Tensor)", bands) { solveBanded(lower: 1, upper: 1, $0, right) })
    all.append(.one("solveBanded(lower: Int, upper: Int, _: Tensor, _: Tensor)", right) { solveBanded(lower: 1, upper: 1, bands, $0) })
    all.append(.two("fftConvolve(_: Tensor, axis: Int, mode: ConvolutionMode)", signal, kernel) { $0.fftConvolve($1) })
    all.append(.one("fftConvolve(_: Tensor, axis: Int, mode: ConvolutionMode)", signal) { $0.fftConvolve(kernel) })
    all.append(.one("fftConvolve(_: Tensor, axis: Int, mode: ConvolutionMode)", kernel) { signal.fftConvolve($0) })
  }
}
