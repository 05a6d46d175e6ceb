// Made by generate.py from the core's symbol graph; what is written here by hand is lost.

@derivative(of: abs(_:), wrt: x)
@usableFromInline func vjpAbs(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { abs($0) }
}

@derivative(of: acos(_:), wrt: x)
@usableFromInline func vjpAcos(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { acos($0) }
}

@derivative(of: acosh(_:), wrt: x)
@usableFromInline func vjpAcosh(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { acosh($0) }
}

@derivative(of: asin(_:), wrt: x)
@usableFromInline func vjpAsin(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { asin($0) }
}

@derivative(of: asinh(_:), wrt: x)
@usableFromInline func vjpAsinh(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { asinh($0) }
}

@derivative(of: atan(_:), wrt: x)
@usableFromInline func vjpAtan(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { atan($0) }
}

@derivative(of: atan2(_:_:), wrt: (y, x))
@usableFromInline func vjpAtan2(_ y: Tensor, _ x: Tensor) -> Tensor.TwoRule {
  Tensor.rule(y, x) { atan2($0, $1) }
}

@derivative(of: atan2(_:_:), wrt: y)
@usableFromInline func vjpAtan2ByY(_ y: Tensor, _ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(y) { atan2($0, x) }
}

@derivative(of: atan2(_:_:), wrt: x)
@usableFromInline func vjpAtan2ByX(_ y: Tensor, _ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { atan2(y, $0) }
}

@derivative(of: atanh(_:), wrt: x)
@usableFromInline func vjpAtanh(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { atanh($0) }
}

@derivative(of: attention(query:key:value:offsets:heads:scale:dropout:randomKey:file:line:), wrt: (query, key, value))
@usableFromInline func vjpAttention(
  query: Tensor, key: Tensor, value: Tensor, offsets: Tensor, heads: Int, scale: Double?, dropout: Double, randomKey: RandomKey?,
  file: StaticString, line: UInt
) -> Tensor.ThreeRule {
  Tensor.rule(query, key, value) {
    attention(
      query: $0, key: $1, value: $2, offsets: offsets, heads: heads, scale: scale, dropout: dropout, randomKey: randomKey, file: file,
      line: line)
  }
}

@derivative(of: beta(_:_:), wrt: (a, b))
@usableFromInline func vjpBeta(_ a: Tensor, _ b: Tensor) -> Tensor.TwoRule {
  Tensor.rule(a, b) { beta($0, $1) }
}

@derivative(of: beta(_:_:), wrt: a)
@usableFromInline func vjpBetaByA(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(a) { beta($0, b) }
}

@derivative(of: beta(_:_:), wrt: b)
@usableFromInline func vjpBetaByB(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(b) { beta(a, $0) }
}

@derivative(of: ceil(_:), wrt: x)
@usableFromInline func vjpCeil(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { ceil($0) }
}

@derivative(of: clip(_:_:_:file:line:), wrt: x)
@usableFromInline func vjpClip(_ x: Tensor, _ low: Double, _ high: Double, file: StaticString, line: UInt) -> Tensor.OneRule {
  Tensor.rule(x) { clip($0, low, high, file: file, line: line) }
}

@derivative(of: concatenate(_:axis:file:line:), wrt: tensors)
@usableFromInline func vjpConcatenate(_ tensors: [Tensor], axis: Int, file: StaticString, line: UInt) -> Tensor.ManyRule {
  Tensor.ruleOfMany(tensors) { concatenate($0, axis: axis, file: file, line: line) }
}

@derivative(of: copysign(_:_:), wrt: (a, b))
@usableFromInline func vjpCopysign(_ a: Tensor, _ b: Tensor) -> Tensor.TwoRule {
  Tensor.rule(a, b) { copysign($0, $1) }
}

@derivative(of: copysign(_:_:), wrt: a)
@usableFromInline func vjpCopysignByA(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(a) { copysign($0, b) }
}

@derivative(of: copysign(_:_:), wrt: b)
@usableFromInline func vjpCopysignByB(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(b) { copysign(a, $0) }
}

@derivative(of: cos(_:), wrt: x)
@usableFromInline func vjpCos(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { cos($0) }
}

@derivative(of: cosh(_:), wrt: x)
@usableFromInline func vjpCosh(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { cosh($0) }
}

@derivative(of: digamma(_:), wrt: x)
@usableFromInline func vjpDigamma(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { digamma($0) }
}

@derivative(of: dotProductAttention(query:key:value:mask:bias:isCausal:scale:dropout:randomKey:file:line:), wrt: (query, key, value))
@usableFromInline func vjpDotProductAttention(
  query: Tensor, key: Tensor, value: Tensor, mask: Tensor?, bias: Tensor?, isCausal: Bool, scale: Double?, dropout: Double,
  randomKey: RandomKey?, file: StaticString, line: UInt
) -> Tensor.ThreeRule {
  Tensor.rule(query, key, value) {
    dotProductAttention(
      query: $0, key: $1, value: $2, mask: mask, bias: bias, isCausal: isCausal, scale: scale, dropout: dropout, randomKey: randomKey,
      file: file, line: line)
  }
}

@derivative(of: erf(_:), wrt: x)
@usableFromInline func vjpErf(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { erf($0) }
}

@derivative(of: erfc(_:), wrt: x)
@usableFromInline func vjpErfc(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { erfc($0) }
}

@derivative(of: erfinv(_:), wrt: x)
@usableFromInline func vjpErfinv(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { erfinv($0) }
}

@derivative(of: exp(_:), wrt: x)
@usableFromInline func vjpExp(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { exp($0) }
}

@derivative(of: exp2(_:), wrt: x)
@usableFromInline func vjpExp2(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { exp2($0) }
}

@derivative(of: expm1(_:), wrt: x)
@usableFromInline func vjpExpm1(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { expm1($0) }
}

@derivative(of: floor(_:), wrt: x)
@usableFromInline func vjpFloor(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { floor($0) }
}

@derivative(of: fmod(_:_:), wrt: (a, b))
@usableFromInline func vjpFmod(_ a: Tensor, _ b: Tensor) -> Tensor.TwoRule {
  Tensor.rule(a, b) { fmod($0, $1) }
}

@derivative(of: fmod(_:_:), wrt: a)
@usableFromInline func vjpFmodByA(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(a) { fmod($0, b) }
}

@derivative(of: fmod(_:_:), wrt: b)
@usableFromInline func vjpFmodByB(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(b) { fmod(a, $0) }
}

@derivative(of: frac(_:), wrt: x)
@usableFromInline func vjpFrac(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { frac($0) }
}

@derivative(of: gelu(_:), wrt: x)
@usableFromInline func vjpGelu(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { gelu($0) }
}

@derivative(of: geluTanh(_:), wrt: x)
@usableFromInline func vjpGeluTanh(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { geluTanh($0) }
}

@derivative(of: hypot(_:_:), wrt: (a, b))
@usableFromInline func vjpHypot(_ a: Tensor, _ b: Tensor) -> Tensor.TwoRule {
  Tensor.rule(a, b) { hypot($0, $1) }
}

@derivative(of: hypot(_:_:), wrt: a)
@usableFromInline func vjpHypotByA(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(a) { hypot($0, b) }
}

@derivative(of: hypot(_:_:), wrt: b)
@usableFromInline func vjpHypotByB(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(b) { hypot(a, $0) }
}

@derivative(of: leastSquares(_:_:rcond:file:line:), wrt: (a, b))
@usableFromInline func vjpLeastSquares(_ a: Tensor, _ b: Tensor, rcond: Double?, file: StaticString, line: UInt) -> Tensor.TwoRule {
  Tensor.rule(a, b) { leastSquares($0, $1, rcond: rcond, file: file, line: line) }
}

@derivative(of: leastSquares(_:_:rcond:file:line:), wrt: a)
@usableFromInline func vjpLeastSquaresByA(_ a: Tensor, _ b: Tensor, rcond: Double?, file: StaticString, line: UInt) -> Tensor.OneRule {
  Tensor.rule(a) { leastSquares($0, b, rcond: rcond, file: file, line: line) }
}

@derivative(of: leastSquares(_:_:rcond:file:line:), wrt: b)
@usableFromInline func vjpLeastSquaresByB(_ a: Tensor, _ b: Tensor, rcond: Double?, file: StaticString, line: UInt) -> Tensor.OneRule {
  Tensor.rule(b) { leastSquares(a, $0, rcond: rcond, file: file, line: line) }
}

@derivative(of: lgamma(_:), wrt: x)
@usableFromInline func vjpLgamma(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { lgamma($0) }
}

@derivative(of: log(_:), wrt: x)
@usableFromInline func vjpLog(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { log($0) }
}

@derivative(of: log10(_:), wrt: x)
@usableFromInline func vjpLog10(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { log10($0) }
}

@derivative(of: log1p(_:), wrt: x)
@usableFromInline func vjpLog1p(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { log1p($0) }
}

@derivative(of: log2(_:), wrt: x)
@usableFromInline func vjpLog2(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { log2($0) }
}

@derivative(of: logAddExp(_:_:), wrt: (a, b))
@usableFromInline func vjpLogAddExp(_ a: Tensor, _ b: Tensor) -> Tensor.TwoRule {
  Tensor.rule(a, b) { logAddExp($0, $1) }
}

@derivative(of: logAddExp(_:_:), wrt: a)
@usableFromInline func vjpLogAddExpByA(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(a) { logAddExp($0, b) }
}

@derivative(of: logAddExp(_:_:), wrt: b)
@usableFromInline func vjpLogAddExpByB(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(b) { logAddExp(a, $0) }
}

@derivative(of: logBeta(_:_:), wrt: (a, b))
@usableFromInline func vjpLogBeta(_ a: Tensor, _ b: Tensor) -> Tensor.TwoRule {
  Tensor.rule(a, b) { logBeta($0, $1) }
}

@derivative(of: logBeta(_:_:), wrt: a)
@usableFromInline func vjpLogBetaByA(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(a) { logBeta($0, b) }
}

@derivative(of: logBeta(_:_:), wrt: b)
@usableFromInline func vjpLogBetaByB(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(b) { logBeta(a, $0) }
}

@derivative(of: logit(_:), wrt: x)
@usableFromInline func vjpLogit(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { logit($0) }
}

@derivative(of: maximum(_:_:), wrt: (a, b))
@usableFromInline func vjpMaximum(_ a: Tensor, _ b: Tensor) -> Tensor.TwoRule {
  Tensor.rule(a, b) { maximum($0, $1) }
}

@derivative(of: maximum(_:_:), wrt: a)
@usableFromInline func vjpMaximumByA(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(a) { maximum($0, b) }
}

@derivative(of: maximum(_:_:), wrt: b)
@usableFromInline func vjpMaximumByB(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(b) { maximum(a, $0) }
}

@derivative(of: minimum(_:_:), wrt: (a, b))
@usableFromInline func vjpMinimum(_ a: Tensor, _ b: Tensor) -> Tensor.TwoRule {
  Tensor.rule(a, b) { minimum($0, $1) }
}

@derivative(of: minimum(_:_:), wrt: a)
@usableFromInline func vjpMinimumByA(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(a) { minimum($0, b) }
}

@derivative(of: minimum(_:_:), wrt: b)
@usableFromInline func vjpMinimumByB(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(b) { minimum(a, $0) }
}

@derivative(of: nanToNum(_:nan:positiveInfinity:negativeInfinity:), wrt: x)
@usableFromInline func vjpNanToNum(_ x: Tensor, nan: Double, positiveInfinity: Double?, negativeInfinity: Double?) -> Tensor.OneRule {
  Tensor.rule(x) { nanToNum($0, nan: nan, positiveInfinity: positiveInfinity, negativeInfinity: negativeInfinity) }
}

@derivative(of: normalCDF(_:), wrt: x)
@usableFromInline func vjpNormalCDF(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { normalCDF($0) }
}

@derivative(of: polygamma(_:_:file:line:), wrt: x)
@usableFromInline func vjpPolygamma(_ n: Int, _ x: Tensor, file: StaticString, line: UInt) -> Tensor.OneRule {
  Tensor.rule(x) { polygamma(n, $0, file: file, line: line) }
}

@derivative(of: pow(_:_:), wrt: a)
@usableFromInline func vjpPow(_ a: Tensor, _ b: Double) -> Tensor.OneRule {
  Tensor.rule(a) { pow($0, b) }
}

@derivative(of: pow(_:_:), wrt: (a, b))
@usableFromInline func vjpPow(_ a: Tensor, _ b: Tensor) -> Tensor.TwoRule {
  Tensor.rule(a, b) { pow($0, $1) }
}

@derivative(of: pow(_:_:), wrt: a)
@usableFromInline func vjpPowByA(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(a) { pow($0, b) }
}

@derivative(of: pow(_:_:), wrt: b)
@usableFromInline func vjpPowByB(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(b) { pow(a, $0) }
}

@derivative(of: reciprocal(_:), wrt: x)
@usableFromInline func vjpReciprocal(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { reciprocal($0) }
}

@derivative(of: relu(_:), wrt: x)
@usableFromInline func vjpRelu(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { relu($0) }
}

@derivative(of: relu6(_:file:line:), wrt: x)
@usableFromInline func vjpRelu6(_ x: Tensor, file: StaticString, line: UInt) -> Tensor.OneRule {
  Tensor.rule(x) { relu6($0, file: file, line: line) }
}

@derivative(of: remainder(_:_:), wrt: (a, b))
@usableFromInline func vjpRemainder(_ a: Tensor, _ b: Tensor) -> Tensor.TwoRule {
  Tensor.rule(a, b) { remainder($0, $1) }
}

@derivative(of: remainder(_:_:), wrt: a)
@usableFromInline func vjpRemainderByA(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(a) { remainder($0, b) }
}

@derivative(of: remainder(_:_:), wrt: b)
@usableFromInline func vjpRemainderByB(_ a: Tensor, _ b: Tensor) -> Tensor.OneRule {
  Tensor.rule(b) { remainder(a, $0) }
}

@derivative(of: round(_:), wrt: x)
@usableFromInline func vjpRound(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { round($0) }
}

@derivative(of: rsqrt(_:), wrt: x)
@usableFromInline func vjpRsqrt(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { rsqrt($0) }
}

@derivative(of: select(_:_:_:file:line:), wrt: (a, b))
@usableFromInline func vjpSelect(_ condition: Tensor, _ a: Tensor, _ b: Tensor, file: StaticString, line: UInt) -> Tensor.TwoRule {
  Tensor.rule(a, b) { select(condition, $0, $1, file: file, line: line) }
}

@derivative(of: select(_:_:_:file:line:), wrt: a)
@usableFromInline func vjpSelectByA(_ condition: Tensor, _ a: Tensor, _ b: Tensor, file: StaticString, line: UInt) -> Tensor.OneRule {
  Tensor.rule(a) { select(condition, $0, b, file: file, line: line) }
}

@derivative(of: select(_:_:_:file:line:), wrt: b)
@usableFromInline func vjpSelectByB(_ condition: Tensor, _ a: Tensor, _ b: Tensor, file: StaticString, line: UInt) -> Tensor.OneRule {
  Tensor.rule(b) { select(condition, a, $0, file: file, line: line) }
}

@derivative(of: sigmoid(_:), wrt: x)
@usableFromInline func vjpSigmoid(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { sigmoid($0) }
}

@derivative(of: sign(_:), wrt: x)
@usableFromInline func vjpSign(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { sign($0) }
}

@derivative(of: silu(_:), wrt: x)
@usableFromInline func vjpSilu(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { silu($0) }
}

@derivative(of: sin(_:), wrt: x)
@usableFromInline func vjpSin(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { sin($0) }
}

@derivative(of: sinh(_:), wrt: x)
@usableFromInline func vjpSinh(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { sinh($0) }
}

@derivative(of: softplus(_:), wrt: x)
@usableFromInline func vjpSoftplus(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { softplus($0) }
}

@derivative(of: solve(_:_:file:line:), wrt: (a, b))
@usableFromInline func vjpSolve(_ a: Tensor, _ b: Tensor, file: StaticString, line: UInt) -> Tensor.TwoRule {
  Tensor.rule(a, b) { solve($0, $1, file: file, line: line) }
}

@derivative(of: solve(_:_:file:line:), wrt: a)
@usableFromInline func vjpSolveByA(_ a: Tensor, _ b: Tensor, file: StaticString, line: UInt) -> Tensor.OneRule {
  Tensor.rule(a) { solve($0, b, file: file, line: line) }
}

@derivative(of: solve(_:_:file:line:), wrt: b)
@usableFromInline func vjpSolveByB(_ a: Tensor, _ b: Tensor, file: StaticString, line: UInt) -> Tensor.OneRule {
  Tensor.rule(b) { solve(a, $0, file: file, line: line) }
}

@derivative(of: solveBanded(lower:upper:_:_:file:line:), wrt: (bands, b))
@usableFromInline func vjpSolveBanded(lower: Int, upper: Int, _ bands: Tensor, _ b: Tensor, file: StaticString, line: UInt)
  -> Tensor.TwoRule
{
  Tensor.rule(bands, b) { solveBanded(lower: lower, upper: upper, $0, $1, file: file, line: line) }
}

@derivative(of: solveBanded(lower:upper:_:_:file:line:), wrt: bands)
@usableFromInline func vjpSolveBandedByBands(lower: Int, upper: Int, _ bands: Tensor, _ b: Tensor, file: StaticString, line: UInt)
  -> Tensor.OneRule
{
  Tensor.rule(bands) { solveBanded(lower: lower, upper: upper, $0, b, file: file, line: line) }
}

@derivative(of: solveBanded(lower:upper:_:_:file:line:), wrt: b)
@usableFromInline func vjpSolveBandedByB(lower: Int, upper: Int, _ bands: Tensor, _ b: Tensor, file: StaticString, line: UInt)
  -> Tensor.OneRule
{
  Tensor.rule(b) { solveBanded(lower: lower, upper: upper, bands, $0, file: file, line: line) }
}

@derivative(of: solveTriangular(_:_:upper:file:line:), wrt: (a, b))
@usableFromInline func vjpSolveTriangular(_ a: Tensor, _ b: Tensor, upper: Bool, file: StaticString, line: UInt) -> Tensor.TwoRule {
  Tensor.rule(a, b) { solveTriangular($0, $1, upper: upper, file: file, line: line) }
}

@derivative(of: solveTriangular(_:_:upper:file:line:), wrt: a)
@usableFromInline func vjpSolveTriangularByA(_ a: Tensor, _ b: Tensor, upper: Bool, file: StaticString, line: UInt) -> Tensor.OneRule {
  Tensor.rule(a) { solveTriangular($0, b, upper: upper, file: file, line: line) }
}

@derivative(of: solveTriangular(_:_:upper:file:line:), wrt: b)
@usableFromInline func vjpSolveTriangularByB(_ a: Tensor, _ b: Tensor, upper: Bool, file: StaticString, line: UInt) -> Tensor.OneRule {
  Tensor.rule(b) { solveTriangular(a, $0, upper: upper, file: file, line: line) }
}

@derivative(of: sqrt(_:), wrt: x)
@usableFromInline func vjpSqrt(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { sqrt($0) }
}

@derivative(of: square(_:), wrt: x)
@usableFromInline func vjpSquare(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { square($0) }
}

@derivative(of: stack(_:axis:file:line:), wrt: tensors)
@usableFromInline func vjpStack(_ tensors: [Tensor], axis: Int, file: StaticString, line: UInt) -> Tensor.ManyRule {
  Tensor.ruleOfMany(tensors) { stack($0, axis: axis, file: file, line: line) }
}

@derivative(of: stopGradient(_:), wrt: x)
@usableFromInline func vjpStopGradient(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { stopGradient($0) }
}

@derivative(of: tan(_:), wrt: x)
@usableFromInline func vjpTan(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { tan($0) }
}

@derivative(of: tanh(_:), wrt: x)
@usableFromInline func vjpTanh(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { tanh($0) }
}

@derivative(of: trunc(_:), wrt: x)
@usableFromInline func vjpTrunc(_ x: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { trunc($0) }
}

@derivative(of: xlogy(_:_:), wrt: (x, y))
@usableFromInline func vjpXlogy(_ x: Tensor, _ y: Tensor) -> Tensor.TwoRule {
  Tensor.rule(x, y) { xlogy($0, $1) }
}

@derivative(of: xlogy(_:_:), wrt: x)
@usableFromInline func vjpXlogyByX(_ x: Tensor, _ y: Tensor) -> Tensor.OneRule {
  Tensor.rule(x) { xlogy($0, y) }
}

@derivative(of: xlogy(_:_:), wrt: y)
@usableFromInline func vjpXlogyByY(_ x: Tensor, _ y: Tensor) -> Tensor.OneRule {
  Tensor.rule(y) { xlogy(x, $0) }
}

extension Tensor {
  @derivative(of: %, wrt: a)
  @usableFromInline static func vjpRemainder(_ a: Tensor, _ b: Double) -> OneRule {
    Tensor.rule(a) { $0 % b }
  }

  @derivative(of: %, wrt: (a, b))
  @usableFromInline static func vjpRemainder(_ a: Tensor, _ b: Tensor) -> TwoRule {
    Tensor.rule(a, b) { $0 % $1 }
  }

  @derivative(of: %, wrt: a)
  @usableFromInline static func vjpRemainderByA(_ a: Tensor, _ b: Tensor) -> OneRule {
    Tensor.rule(a) { $0 % b }
  }

  @derivative(of: %, wrt: b)
  @usableFromInline static func vjpRemainderByB(_ a: Tensor, _ b: Tensor) -> OneRule {
    Tensor.rule(b) { a % $0 }
  }

  @derivative(of: *, wrt: b)
  @usableFromInline static func vjpMultiply(_ a: Double, _ b: Tensor) -> OneRule {
    Tensor.rule(b) { a * $0 }
  }

  @derivative(of: *, wrt: a)
  @usableFromInline static func vjpMultiply(_ a: Tensor, _ b: Double) -> OneRule {
    Tensor.rule(a) { $0 * b }
  }

  @derivative(of: *, wrt: (a, b))
  @usableFromInline static func vjpMultiply(_ a: Tensor, _ b: Tensor) -> TwoRule {
    Tensor.rule(a, b) { $0 * $1 }
  }

  @derivative(of: *, wrt: a)
  @usableFromInline static func vjpMultiplyByA(_ a: Tensor, _ b: Tensor) -> OneRule {
    Tensor.rule(a) { $0 * b }
  }

  @derivative(of: *, wrt: b)
  @usableFromInline static func vjpMultiplyByB(_ a: Tensor, _ b: Tensor) -> OneRule {
    Tensor.rule(b) { a * $0 }
  }

  @derivative(of: *=, wrt: a)
  @usableFromInline static func vjpMultiplyAssign(_ a: inout Tensor, _ b: Double) -> (value: Void, pullback: (inout TensorTangent) -> Void)
  {
    assignment(&a) { $0 * b }
  }

  @derivative(of: *=, wrt: (a, b))
  @usableFromInline static func vjpMultiplyAssign(_ a: inout Tensor, _ b: Tensor) -> (
    value: Void, pullback: (inout TensorTangent) -> TensorTangent
  ) {
    assignment(&a, b) { $0 * $1 }
  }

  @derivative(of: +, wrt: b)
  @usableFromInline static func vjpAdd(_ a: Double, _ b: Tensor) -> OneRule {
    Tensor.rule(b) { a + $0 }
  }

  @derivative(of: +, wrt: a)
  @usableFromInline static func vjpAdd(_ a: Tensor, _ b: Double) -> OneRule {
    Tensor.rule(a) { $0 + b }
  }

  @derivative(of: +, wrt: (a, b))
  @usableFromInline static func vjpAdd(_ a: Tensor, _ b: Tensor) -> TwoRule {
    Tensor.rule(a, b) { $0 + $1 }
  }

  @derivative(of: +, wrt: a)
  @usableFromInline static func vjpAddByA(_ a: Tensor, _ b: Tensor) -> OneRule {
    Tensor.rule(a) { $0 + b }
  }

  @derivative(of: +, wrt: b)
  @usableFromInline static func vjpAddByB(_ a: Tensor, _ b: Tensor) -> OneRule {
    Tensor.rule(b) { a + $0 }
  }

  @derivative(of: +=, wrt: a)
  @usableFromInline static func vjpAddAssign(_ a: inout Tensor, _ b: Double) -> (value: Void, pullback: (inout TensorTangent) -> Void) {
    assignment(&a) { $0 + b }
  }

  @derivative(of: +=, wrt: (a, b))
  @usableFromInline static func vjpAddAssign(_ a: inout Tensor, _ b: Tensor) -> (
    value: Void, pullback: (inout TensorTangent) -> TensorTangent
  ) {
    assignment(&a, b) { $0 + $1 }
  }

  @derivative(of: -, wrt: b)
  @usableFromInline static func vjpSubtract(_ a: Double, _ b: Tensor) -> OneRule {
    Tensor.rule(b) { a - $0 }
  }

  @derivative(of: -, wrt: a)
  @usableFromInline static func vjpNegate(_ a: Tensor) -> OneRule {
    Tensor.rule(a) { -$0 }
  }

  @derivative(of: -, wrt: a)
  @usableFromInline static func vjpSubtract(_ a: Tensor, _ b: Double) -> OneRule {
    Tensor.rule(a) { $0 - b }
  }

  @derivative(of: -, wrt: (a, b))
  @usableFromInline static func vjpSubtract(_ a: Tensor, _ b: Tensor) -> TwoRule {
    Tensor.rule(a, b) { $0 - $1 }
  }

  @derivative(of: -, wrt: a)
  @usableFromInline static func vjpSubtractByA(_ a: Tensor, _ b: Tensor) -> OneRule {
    Tensor.rule(a) { $0 - b }
  }

  @derivative(of: -, wrt: b)
  @usableFromInline static func vjpSubtractByB(_ a: Tensor, _ b: Tensor) -> OneRule {
    Tensor.rule(b) { a - $0 }
  }

  @derivative(of: -=, wrt: a)
  @usableFromInline static func vjpSubtractAssign(_ a: inout Tensor, _ b: Double) -> (value: Void, pullback: (inout TensorTangent) -> Void)
  {
    assignment(&a) { $0 - b }
  }

  @derivative(of: -=, wrt: (a, b))
  @usableFromInline static func vjpSubtractAssign(_ a: inout Tensor, _ b: Tensor) -> (
    value: Void, pullback: (inout TensorTangent) -> TensorTangent
  ) {
    assignment(&a, b) { $0 - $1 }
  }

  @derivative(of: /, wrt: b)
  @usableFromInline static func vjpDivide(_ a: Double, _ b: Tensor) -> OneRule {
    Tensor.rule(b) { a / $0 }
  }

  @derivative(of: /, wrt: a)
  @usableFromInline static func vjpDivide(_ a: Tensor, _ b: Double) -> OneRule {
    Tensor.rule(a) { $0 / b }
  }

  @derivative(of: /, wrt: (a, b))
  @usableFromInline static func vjpDivide(_ a: Tensor, _ b: Tensor) -> TwoRule {
    Tensor.rule(a, b) { $0 / $1 }
  }

  @derivative(of: /, wrt: a)
  @usableFromInline static func vjpDivideByA(_ a: Tensor, _ b: Tensor) -> OneRule {
    Tensor.rule(a) { $0 / b }
  }

  @derivative(of: /, wrt: b)
  @usableFromInline static func vjpDivideByB(_ a: Tensor, _ b: Tensor) -> OneRule {
    Tensor.rule(b) { a / $0 }
  }

  @derivative(of: /=, wrt: a)
  @usableFromInline static func vjpDivideAssign(_ a: inout Tensor, _ b: Double) -> (value: Void, pullback: (inout TensorTangent) -> Void) {
    assignment(&a) { $0 / b }
  }

  @derivative(of: /=, wrt: (a, b))
  @usableFromInline static func vjpDivideAssign(_ a: inout Tensor, _ b: Tensor) -> (
    value: Void, pullback: (inout TensorTangent) -> TensorTangent
  ) {
    assignment(&a, b) { $0 / $1 }
  }

  @derivative(of: adaptiveAveragePool(_:file:line:), wrt: self)
  @usableFromInline func vjpAdaptiveAveragePool(_ size: PerAxis, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.adaptiveAveragePool(size, file: file, line: line) }
  }

  @derivative(of: adaptiveMaxPool(_:file:line:), wrt: self)
  @usableFromInline func vjpAdaptiveMaxPool(_ size: PerAxis, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.adaptiveMaxPool(size, file: file, line: line) }
  }

  @derivative(of: averagePool(_:stride:padding:countsPadding:file:line:), wrt: self)
  @usableFromInline func vjpAveragePool(
    _ size: PerAxis, stride: PerAxis?, padding: Padding, countsPadding: Bool, file: StaticString, line: UInt
  ) -> OneRule {
    Tensor.rule(self) { $0.averagePool(size, stride: stride, padding: padding, countsPadding: countsPadding, file: file, line: line) }
  }

  @derivative(of: broadcast(to:file:line:), wrt: self)
  @usableFromInline func vjpBroadcast(to shape: Shape, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.broadcast(to: shape, file: file, line: line) }
  }

  @derivative(of: cdist(_:p:file:line:), wrt: (self, other))
  @usableFromInline func vjpCdist(_ other: Tensor, p: Double, file: StaticString, line: UInt) -> TwoRule {
    Tensor.rule(self, other) { $0.cdist($1, p: p, file: file, line: line) }
  }

  @derivative(of: cdist(_:p:file:line:), wrt: self)
  @usableFromInline func vjpCdistBySelf(_ other: Tensor, p: Double, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.cdist(other, p: p, file: file, line: line) }
  }

  @derivative(of: cdist(_:p:file:line:), wrt: other)
  @usableFromInline func vjpCdistByOther(_ other: Tensor, p: Double, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(other) { self.cdist($0, p: p, file: file, line: line) }
  }

  @derivative(of: cholesky(file:line:), wrt: self)
  @usableFromInline func vjpCholesky(file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.cholesky(file: file, line: line) }
  }

  @derivative(of: conditionNumber(_:file:line:), wrt: self)
  @usableFromInline func vjpConditionNumber(_ norm: MatrixNorm, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.conditionNumber(norm, file: file, line: line) }
  }

  @derivative(of: contiguous(), wrt: self)
  @usableFromInline func vjpContiguous() -> OneRule {
    Tensor.rule(self) { $0.contiguous() }
  }

  @derivative(of: convolution(_:bias:stride:padding:dilation:groups:file:line:), wrt: (self, weight))
  @usableFromInline func vjpConvolution(
    _ weight: Tensor, bias: Tensor?, stride: PerAxis, padding: Padding, dilation: PerAxis, groups: Int, file: StaticString, line: UInt
  ) -> TwoRule {
    Tensor.rule(self, weight) {
      $0.convolution($1, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups, file: file, line: line)
    }
  }

  @derivative(of: convolution(_:bias:stride:padding:dilation:groups:file:line:), wrt: self)
  @usableFromInline func vjpConvolutionBySelf(
    _ weight: Tensor, bias: Tensor?, stride: PerAxis, padding: Padding, dilation: PerAxis, groups: Int, file: StaticString, line: UInt
  ) -> OneRule {
    Tensor.rule(self) {
      $0.convolution(weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups, file: file, line: line)
    }
  }

  @derivative(of: convolution(_:bias:stride:padding:dilation:groups:file:line:), wrt: weight)
  @usableFromInline func vjpConvolutionByWeight(
    _ weight: Tensor, bias: Tensor?, stride: PerAxis, padding: Padding, dilation: PerAxis, groups: Int, file: StaticString, line: UInt
  ) -> OneRule {
    Tensor.rule(weight) {
      self.convolution($0, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups, file: file, line: line)
    }
  }

  @derivative(of: cross(_:axis:file:line:), wrt: (self, other))
  @usableFromInline func vjpCross(_ other: Tensor, axis: Int, file: StaticString, line: UInt) -> TwoRule {
    Tensor.rule(self, other) { $0.cross($1, axis: axis, file: file, line: line) }
  }

  @derivative(of: cross(_:axis:file:line:), wrt: self)
  @usableFromInline func vjpCrossBySelf(_ other: Tensor, axis: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.cross(other, axis: axis, file: file, line: line) }
  }

  @derivative(of: cross(_:axis:file:line:), wrt: other)
  @usableFromInline func vjpCrossByOther(_ other: Tensor, axis: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(other) { self.cross($0, axis: axis, file: file, line: line) }
  }

  @derivative(of: cumulativeProduct(axis:reverse:file:line:), wrt: self)
  @usableFromInline func vjpCumulativeProduct(axis: Int, reverse: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.cumulativeProduct(axis: axis, reverse: reverse, file: file, line: line) }
  }

  @derivative(of: cumulativeSum(axis:reverse:file:line:), wrt: self)
  @usableFromInline func vjpCumulativeSum(axis: Int, reverse: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.cumulativeSum(axis: axis, reverse: reverse, file: file, line: line) }
  }

  @derivative(of: dct(axis:norm:file:line:), wrt: self)
  @usableFromInline func vjpDct(axis: Int, norm: FourierNormalization, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.dct(axis: axis, norm: norm, file: file, line: line) }
  }

  @derivative(of: determinant(file:line:), wrt: self)
  @usableFromInline func vjpDeterminant(file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.determinant(file: file, line: line) }
  }

  @derivative(of: diagonal(offset:_:_:file:line:), wrt: self)
  @usableFromInline func vjpDiagonal(offset: Int, _ first: Int, _ second: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.diagonal(offset: offset, first, second, file: file, line: line) }
  }

  @derivative(of: dropout(_:key:file:line:), wrt: self)
  @usableFromInline func vjpDropout(_ rate: Double, key: RandomKey, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.dropout(rate, key: key, file: file, line: line) }
  }

  @derivative(of: expand(_:file:line:), wrt: self)
  @usableFromInline func vjpExpand(_ shape: Shape, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.expand(shape, file: file, line: line) }
  }

  @derivative(of: expandDims(_:file:line:), wrt: self)
  @usableFromInline func vjpExpandDims(_ axis: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.expandDims(axis, file: file, line: line) }
  }

  @derivative(of: expandDims(_:file:line:), wrt: self)
  @usableFromInline func vjpExpandDims(_ axes: [Int], file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.expandDims(axes, file: file, line: line) }
  }

  @derivative(of: fftConvolve(_:axis:mode:file:line:), wrt: (self, other))
  @usableFromInline func vjpFftConvolve(_ other: Tensor, axis: Int, mode: ConvolutionMode, file: StaticString, line: UInt) -> TwoRule {
    Tensor.rule(self, other) { $0.fftConvolve($1, axis: axis, mode: mode, file: file, line: line) }
  }

  @derivative(of: fftConvolve(_:axis:mode:file:line:), wrt: self)
  @usableFromInline func vjpFftConvolveBySelf(_ other: Tensor, axis: Int, mode: ConvolutionMode, file: StaticString, line: UInt) -> OneRule
  {
    Tensor.rule(self) { $0.fftConvolve(other, axis: axis, mode: mode, file: file, line: line) }
  }

  @derivative(of: fftConvolve(_:axis:mode:file:line:), wrt: other)
  @usableFromInline func vjpFftConvolveByOther(_ other: Tensor, axis: Int, mode: ConvolutionMode, file: StaticString, line: UInt) -> OneRule
  {
    Tensor.rule(other) { self.fftConvolve($0, axis: axis, mode: mode, file: file, line: line) }
  }

  @derivative(of: fftShift(axes:file:line:), wrt: self)
  @usableFromInline func vjpFftShift(axes: [Int]?, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.fftShift(axes: axes, file: file, line: line) }
  }

  @derivative(of: flatten(file:line:), wrt: self)
  @usableFromInline func vjpFlatten(file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.flatten(file: file, line: line) }
  }

  @derivative(of: flatten(from:to:file:line:), wrt: self)
  @usableFromInline func vjpFlatten(from first: Int, to last: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.flatten(from: first, to: last, file: file, line: line) }
  }

  @derivative(of: flip(_:file:line:), wrt: self)
  @usableFromInline func vjpFlip(_ axes: Int..., file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.flip(axes.isEmpty ? nil : axes, file: file, line: line) }
  }

  @derivative(of: flip(_:file:line:), wrt: self)
  @usableFromInline func vjpFlip(_ axes: [Int]?, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.flip(axes, file: file, line: line) }
  }

  @derivative(of: floorDivided(by:), wrt: (self, other))
  @usableFromInline func vjpFloorDivided(by other: Tensor) -> TwoRule {
    Tensor.rule(self, other) { $0.floorDivided(by: $1) }
  }

  @derivative(of: floorDivided(by:), wrt: self)
  @usableFromInline func vjpFloorDividedBySelf(by other: Tensor) -> OneRule {
    Tensor.rule(self) { $0.floorDivided(by: other) }
  }

  @derivative(of: floorDivided(by:), wrt: other)
  @usableFromInline func vjpFloorDividedByOther(by other: Tensor) -> OneRule {
    Tensor.rule(other) { self.floorDivided(by: $0) }
  }

  @derivative(of: fold(_:extent:step:dilation:file:line:), wrt: self)
  @usableFromInline func vjpFold(_ axis: Int, extent: Dimension, step: Int, dilation: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.fold(axis, extent: extent, step: step, dilation: dilation, file: file, line: line) }
  }

  @derivative(of: gather(_:axis:file:line:), wrt: self)
  @usableFromInline func vjpGather(_ indices: Tensor, axis: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.gather(indices, axis: axis, file: file, line: line) }
  }

  @derivative(of: idct(axis:norm:file:line:), wrt: self)
  @usableFromInline func vjpIdct(axis: Int, norm: FourierNormalization, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.idct(axis: axis, norm: norm, file: file, line: line) }
  }

  @derivative(of: ifftShift(axes:file:line:), wrt: self)
  @usableFromInline func vjpIfftShift(axes: [Int]?, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.ifftShift(axes: axes, file: file, line: line) }
  }

  @derivative(of: interpolate(_:_:file:line:), wrt: self)
  @usableFromInline func vjpInterpolate(_ size: Shape, _ mode: Interpolation, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.interpolate(size, mode, file: file, line: line) }
  }

  @derivative(of: inverse(file:line:), wrt: self)
  @usableFromInline func vjpInverse(file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.inverse(file: file, line: line) }
  }

  @derivative(of: kron(_:file:line:), wrt: (self, other))
  @usableFromInline func vjpKron(_ other: Tensor, file: StaticString, line: UInt) -> TwoRule {
    Tensor.rule(self, other) { $0.kron($1, file: file, line: line) }
  }

  @derivative(of: kron(_:file:line:), wrt: self)
  @usableFromInline func vjpKronBySelf(_ other: Tensor, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.kron(other, file: file, line: line) }
  }

  @derivative(of: kron(_:file:line:), wrt: other)
  @usableFromInline func vjpKronByOther(_ other: Tensor, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(other) { self.kron($0, file: file, line: line) }
  }

  @derivative(of: l2Normalize(axis:epsilon:file:line:), wrt: self)
  @usableFromInline func vjpL2Normalize(axis: Int, epsilon: Double, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.l2Normalize(axis: axis, epsilon: epsilon, file: file, line: line) }
  }

  @derivative(of: layerNorm(gain:bias:epsilon:file:line:), wrt: (self, gain, bias))
  @usableFromInline func vjpLayerNorm(gain: Tensor, bias: Tensor, epsilon: Double, file: StaticString, line: UInt) -> ThreeRule {
    Tensor.rule(self, gain, bias) { $0.layerNorm(gain: $1, bias: $2, epsilon: epsilon, file: file, line: line) }
  }

  @derivative(of: logCumulativeSumExp(axis:file:line:), wrt: self)
  @usableFromInline func vjpLogCumulativeSumExp(axis: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.logCumulativeSumExp(axis: axis, file: file, line: line) }
  }

  @derivative(of: logSoftmax(axis:file:line:), wrt: self)
  @usableFromInline func vjpLogSoftmax(axis: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.logSoftmax(axis: axis, file: file, line: line) }
  }

  @derivative(of: logSumExp(axes:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpLogSumExp(axes: [Int]?, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.logSumExp(axes: axes, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: logSumExp(axis:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpLogSumExp(axis: Int, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.logSumExp(axis: axis, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: lowerTriangle(_:file:line:), wrt: self)
  @usableFromInline func vjpLowerTriangle(_ offset: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.lowerTriangle(offset, file: file, line: line) }
  }

  @derivative(of: maskedFill(_:_:file:line:), wrt: self)
  @usableFromInline func vjpMaskedFill(_ mask: Tensor, _ value: Double, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.maskedFill(mask, value, file: file, line: line) }
  }

  @derivative(of: maskedSelect(_:file:line:), wrt: self)
  @usableFromInline func vjpMaskedSelect(_ mask: Tensor, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.maskedSelect(mask, file: file, line: line) }
  }

  @derivative(of: matmul(_:file:line:), wrt: (self, other))
  @usableFromInline func vjpMatmul(_ other: Tensor, file: StaticString, line: UInt) -> TwoRule {
    Tensor.rule(self, other) { $0.matmul($1, file: file, line: line) }
  }

  @derivative(of: matmul(_:file:line:), wrt: self)
  @usableFromInline func vjpMatmulBySelf(_ other: Tensor, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.matmul(other, file: file, line: line) }
  }

  @derivative(of: matmul(_:file:line:), wrt: other)
  @usableFromInline func vjpMatmulByOther(_ other: Tensor, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(other) { self.matmul($0, file: file, line: line) }
  }

  @derivative(of: matrixExponential(file:line:), wrt: self)
  @usableFromInline func vjpMatrixExponential(file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.matrixExponential(file: file, line: line) }
  }

  @derivative(of: matrixNorm(_:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpMatrixNorm(_ norm: MatrixNorm, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.matrixNorm(norm, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: matrixPower(_:file:line:), wrt: self)
  @usableFromInline func vjpMatrixPower(_ p: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.matrixPower(p, file: file, line: line) }
  }

  @derivative(of: max(axes:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpMax(axes: [Int]?, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.max(axes: axes, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: max(axis:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpMax(axis: Int, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.max(axis: axis, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: maxPool(_:stride:padding:dilation:file:line:), wrt: self)
  @usableFromInline func vjpMaxPool(_ size: PerAxis, stride: PerAxis?, padding: Padding, dilation: PerAxis, file: StaticString, line: UInt)
    -> OneRule
  {
    Tensor.rule(self) { $0.maxPool(size, stride: stride, padding: padding, dilation: dilation, file: file, line: line) }
  }

  @derivative(of: mean(axes:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpMean(axes: [Int]?, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.mean(axes: axes, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: mean(axis:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpMean(axis: Int, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.mean(axis: axis, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: median(axis:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpMedian(axis: Int?, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.median(axis: axis, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: min(axes:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpMin(axes: [Int]?, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.min(axes: axes, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: min(axis:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpMin(axis: Int, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.min(axis: axis, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: moveAxis(_:to:file:line:), wrt: self)
  @usableFromInline func vjpMoveAxis(_ source: Int, to target: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.moveAxis(source, to: target, file: file, line: line) }
  }

  @derivative(of: narrow(_:from:count:file:line:), wrt: self)
  @usableFromInline func vjpNarrow(_ axis: Int, from start: Dimension, count: Dimension, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.narrow(axis, from: start, count: count, file: file, line: line) }
  }

  @derivative(of: narrow(_:from:count:file:line:), wrt: self)
  @usableFromInline func vjpNarrow(_ axis: Int, from start: Int, count: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.narrow(axis, from: start, count: count, file: file, line: line) }
  }

  @derivative(of: narrow(_:from:count:file:line:), wrt: self)
  @usableFromInline func vjpNarrow(_ axis: Int, from start: Tensor, count: Dimension, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.narrow(axis, from: start, count: count, file: file, line: line) }
  }

  @derivative(of: norm(_:axes:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpNorm(_ p: Double, axes: [Int]?, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.norm(p, axes: axes, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: norm(_:axis:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpNorm(_ p: Double, axis: Int, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.norm(p, axis: axis, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: outer(_:), wrt: (self, other))
  @usableFromInline func vjpOuter(_ other: Tensor) -> TwoRule {
    Tensor.rule(self, other) { $0.outer($1) }
  }

  @derivative(of: outer(_:), wrt: self)
  @usableFromInline func vjpOuterBySelf(_ other: Tensor) -> OneRule {
    Tensor.rule(self) { $0.outer(other) }
  }

  @derivative(of: outer(_:), wrt: other)
  @usableFromInline func vjpOuterByOther(_ other: Tensor) -> OneRule {
    Tensor.rule(other) { self.outer($0) }
  }

  @derivative(of: pad(_:fill:file:line:), wrt: self)
  @usableFromInline func vjpPad(_ widths: [(before: Dimension, after: Dimension)], fill: Double, file: StaticString, line: UInt) -> OneRule
  {
    Tensor.rule(self) { $0.pad(widths, fill: fill, file: file, line: line) }
  }

  @derivative(of: pad(_:fill:file:line:), wrt: self)
  @usableFromInline func vjpPad(_ widths: [(before: Int, after: Int)], fill: Double, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.pad(widths, fill: fill, file: file, line: line) }
  }

  @derivative(of: pad(_:mode:file:line:), wrt: self)
  @usableFromInline func vjpPad(_ widths: [(before: Int, after: Int)], mode: PaddingMode, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.pad(widths, mode: mode, file: file, line: line) }
  }

  @derivative(of: permute(_:file:line:), wrt: self)
  @usableFromInline func vjpPermute(_ axes: Int..., file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.permute(axes, file: file, line: line) }
  }

  @derivative(of: permute(_:file:line:), wrt: self)
  @usableFromInline func vjpPermute(_ axes: [Int], file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.permute(axes, file: file, line: line) }
  }

  @derivative(of: prod(axes:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpProd(axes: [Int]?, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.prod(axes: axes, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: prod(axis:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpProd(axis: Int, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.prod(axis: axis, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: pseudoInverse(rcond:file:line:), wrt: self)
  @usableFromInline func vjpPseudoInverse(rcond: Double?, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.pseudoInverse(rcond: rcond, file: file, line: line) }
  }

  @derivative(of: quantile(_:axis:keepDims:interpolation:file:line:), wrt: self)
  @usableFromInline func vjpQuantile(
    _ q: Double, axis: Int?, keepDims: Bool, interpolation: QuantileInterpolation, file: StaticString, line: UInt
  ) -> OneRule {
    Tensor.rule(self) { $0.quantile(q, axis: axis, keepDims: keepDims, interpolation: interpolation, file: file, line: line) }
  }

  @derivative(of: quantile(_:axis:keepDims:interpolation:file:line:), wrt: self)
  @usableFromInline func vjpQuantile(
    _ q: [Double], axis: Int?, keepDims: Bool, interpolation: QuantileInterpolation, file: StaticString, line: UInt
  ) -> OneRule {
    Tensor.rule(self) { $0.quantile(q, axis: axis, keepDims: keepDims, interpolation: interpolation, file: file, line: line) }
  }

  @derivative(of: repeated(_:axis:file:line:), wrt: self)
  @usableFromInline func vjpRepeated(_ count: Dimension, axis: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.repeated(count, axis: axis, file: file, line: line) }
  }

  @derivative(of: repeated(_:axis:file:line:), wrt: self)
  @usableFromInline func vjpRepeated(_ count: Int, axis: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.repeated(count, axis: axis, file: file, line: line) }
  }

  @derivative(of: repeated(_:axis:total:file:line:), wrt: self)
  @usableFromInline func vjpRepeated(_ counts: Tensor, axis: Int, total: Dimension?, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.repeated(counts, axis: axis, total: total, file: file, line: line) }
  }

  @derivative(of: repeated(_:axis:file:line:), wrt: self)
  @usableFromInline func vjpRepeated(_ counts: [Int], axis: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.repeated(counts, axis: axis, file: file, line: line) }
  }

  @derivative(of: replacing(_:from:with:file:line:), wrt: (self, values))
  @usableFromInline func vjpReplacing(_ axis: Int, from start: Tensor, with values: Tensor, file: StaticString, line: UInt) -> TwoRule {
    Tensor.rule(self, values) { $0.replacing(axis, from: start, with: $1, file: file, line: line) }
  }

  @derivative(of: replacing(_:from:with:file:line:), wrt: self)
  @usableFromInline func vjpReplacingBySelf(_ axis: Int, from start: Tensor, with values: Tensor, file: StaticString, line: UInt) -> OneRule
  {
    Tensor.rule(self) { $0.replacing(axis, from: start, with: values, file: file, line: line) }
  }

  @derivative(of: replacing(_:from:with:file:line:), wrt: values)
  @usableFromInline func vjpReplacingByValues(_ axis: Int, from start: Tensor, with values: Tensor, file: StaticString, line: UInt)
    -> OneRule
  {
    Tensor.rule(values) { self.replacing(axis, from: start, with: $0, file: file, line: line) }
  }

  @derivative(of: reshape(_:file:line:), wrt: self)
  @usableFromInline func vjpReshape(_ shape: Shape, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.reshape(shape, file: file, line: line) }
  }

  @derivative(of: reshape(_:file:line:), wrt: self)
  @usableFromInline func vjpReshape(_ dimensions: [Dimension], file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.reshape(dimensions, file: file, line: line) }
  }

  @derivative(of: roll(_:axis:file:line:), wrt: self)
  @usableFromInline func vjpRoll(_ shift: Int, axis: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.roll(shift, axis: axis, file: file, line: line) }
  }

  @derivative(of: rotary(_:base:isInterleaved:file:line:), wrt: self)
  @usableFromInline func vjpRotary(_ positions: Tensor, base: Double, isInterleaved: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.rotary(positions, base: base, isInterleaved: isInterleaved, file: file, line: line) }
  }

  @derivative(of: scatter(_:at:axis:mode:file:line:), wrt: (self, values))
  @usableFromInline func vjpScatter(_ values: Tensor, at indices: Tensor, axis: Int, mode: ScatterMode, file: StaticString, line: UInt)
    -> TwoRule
  {
    Tensor.rule(self, values) { $0.scatter($1, at: indices, axis: axis, mode: mode, file: file, line: line) }
  }

  @derivative(of: scatter(_:at:axis:mode:file:line:), wrt: self)
  @usableFromInline func vjpScatterBySelf(
    _ values: Tensor, at indices: Tensor, axis: Int, mode: ScatterMode, file: StaticString, line: UInt
  ) -> OneRule {
    Tensor.rule(self) { $0.scatter(values, at: indices, axis: axis, mode: mode, file: file, line: line) }
  }

  @derivative(of: scatter(_:at:axis:mode:file:line:), wrt: values)
  @usableFromInline func vjpScatterByValues(
    _ values: Tensor, at indices: Tensor, axis: Int, mode: ScatterMode, file: StaticString, line: UInt
  ) -> OneRule {
    Tensor.rule(values) { self.scatter($0, at: indices, axis: axis, mode: mode, file: file, line: line) }
  }

  @derivative(of: scatterAdd(_:axis:extent:file:line:), wrt: self)
  @usableFromInline func vjpScatterAdd(_ indices: Tensor, axis: Int, extent: Dimension, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.scatterAdd(indices, axis: axis, extent: extent, file: file, line: line) }
  }

  @derivative(of: scatterAdd(_:axis:extent:file:line:), wrt: self)
  @usableFromInline func vjpScatterAdd(_ indices: Tensor, axis: Int, extent: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.scatterAdd(indices, axis: axis, extent: extent, file: file, line: line) }
  }

  @derivative(of: scatterAddAlong(_:axis:extent:file:line:), wrt: self)
  @usableFromInline func vjpScatterAddAlong(_ indices: Tensor, axis: Int, extent: Dimension, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.scatterAddAlong(indices, axis: axis, extent: extent, file: file, line: line) }
  }

  @derivative(of: scatterAddAlong(_:axis:extent:file:line:), wrt: self)
  @usableFromInline func vjpScatterAddAlong(_ indices: Tensor, axis: Int, extent: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.scatterAddAlong(indices, axis: axis, extent: extent, file: file, line: line) }
  }

  @derivative(of: scatterAlong(_:at:axis:mode:file:line:), wrt: (self, values))
  @usableFromInline func vjpScatterAlong(_ values: Tensor, at indices: Tensor, axis: Int, mode: ScatterMode, file: StaticString, line: UInt)
    -> TwoRule
  {
    Tensor.rule(self, values) { $0.scatterAlong($1, at: indices, axis: axis, mode: mode, file: file, line: line) }
  }

  @derivative(of: scatterAlong(_:at:axis:mode:file:line:), wrt: self)
  @usableFromInline func vjpScatterAlongBySelf(
    _ values: Tensor, at indices: Tensor, axis: Int, mode: ScatterMode, file: StaticString, line: UInt
  ) -> OneRule {
    Tensor.rule(self) { $0.scatterAlong(values, at: indices, axis: axis, mode: mode, file: file, line: line) }
  }

  @derivative(of: scatterAlong(_:at:axis:mode:file:line:), wrt: values)
  @usableFromInline func vjpScatterAlongByValues(
    _ values: Tensor, at indices: Tensor, axis: Int, mode: ScatterMode, file: StaticString, line: UInt
  ) -> OneRule {
    Tensor.rule(values) { self.scatterAlong($0, at: indices, axis: axis, mode: mode, file: file, line: line) }
  }

  @derivative(of: singularValues(file:line:), wrt: self)
  @usableFromInline func vjpSingularValues(file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.singularValues(file: file, line: line) }
  }

  @derivative(of: softmax(axis:file:line:), wrt: self)
  @usableFromInline func vjpSoftmax(axis: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.softmax(axis: axis, file: file, line: line) }
  }

  @derivative(of: sorted(axis:descending:file:line:), wrt: self)
  @usableFromInline func vjpSorted(axis: Int, descending: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.sorted(axis: axis, descending: descending, file: file, line: line) }
  }

  @derivative(of: split(_:axis:file:line:), wrt: self)
  @usableFromInline func vjpSplit(_ extents: [Dimension], axis: Int, file: StaticString, line: UInt) -> PartsRule {
    Tensor.ruleOfParts(self) { $0.split(extents, axis: axis, file: file, line: line) }
  }

  @derivative(of: split(_:axis:file:line:), wrt: self)
  @usableFromInline func vjpSplit(_ extents: [Int], axis: Int, file: StaticString, line: UInt) -> PartsRule {
    Tensor.ruleOfParts(self) { $0.split(extents, axis: axis, file: file, line: line) }
  }

  @derivative(of: split(into:axis:file:line:), wrt: self)
  @usableFromInline func vjpSplit(into parts: Int, axis: Int, file: StaticString, line: UInt) -> PartsRule {
    Tensor.ruleOfParts(self) { $0.split(into: parts, axis: axis, file: file, line: line) }
  }

  @derivative(of: squeeze(_:file:line:), wrt: self)
  @usableFromInline func vjpSqueeze(_ axes: Int..., file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.squeeze(axes.isEmpty ? nil : axes, file: file, line: line) }
  }

  @derivative(of: squeeze(_:file:line:), wrt: self)
  @usableFromInline func vjpSqueeze(_ axes: [Int]?, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.squeeze(axes, file: file, line: line) }
  }

  @derivative(of: std(axes:correction:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpStd(axes: [Int]?, correction: Int, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.std(axes: axes, correction: correction, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: std(axis:correction:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpStd(axis: Int, correction: Int, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.std(axis: axis, correction: correction, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: sum(axes:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpSum(axes: [Int]?, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.sum(axes: axes, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: sum(axis:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpSum(axis: Int, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.sum(axis: axis, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: takeAlong(_:axis:file:line:), wrt: self)
  @usableFromInline func vjpTakeAlong(_ indices: Tensor, axis: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.takeAlong(indices, axis: axis, file: file, line: line) }
  }

  @derivative(of: tensordot(_:axes:file:line:), wrt: (self, other))
  @usableFromInline func vjpTensordot(_ other: Tensor, axes: ([Int], [Int]), file: StaticString, line: UInt) -> TwoRule {
    Tensor.rule(self, other) { $0.tensordot($1, axes: axes, file: file, line: line) }
  }

  @derivative(of: tensordot(_:axes:file:line:), wrt: self)
  @usableFromInline func vjpTensordotBySelf(_ other: Tensor, axes: ([Int], [Int]), file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.tensordot(other, axes: axes, file: file, line: line) }
  }

  @derivative(of: tensordot(_:axes:file:line:), wrt: other)
  @usableFromInline func vjpTensordotByOther(_ other: Tensor, axes: ([Int], [Int]), file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(other) { self.tensordot($0, axes: axes, file: file, line: line) }
  }

  @derivative(of: tensordot(_:axes:file:line:), wrt: (self, other))
  @usableFromInline func vjpTensordot(_ other: Tensor, axes: Int, file: StaticString, line: UInt) -> TwoRule {
    Tensor.rule(self, other) { $0.tensordot($1, axes: axes, file: file, line: line) }
  }

  @derivative(of: tensordot(_:axes:file:line:), wrt: self)
  @usableFromInline func vjpTensordotBySelf(_ other: Tensor, axes: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.tensordot(other, axes: axes, file: file, line: line) }
  }

  @derivative(of: tensordot(_:axes:file:line:), wrt: other)
  @usableFromInline func vjpTensordotByOther(_ other: Tensor, axes: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(other) { self.tensordot($0, axes: axes, file: file, line: line) }
  }

  @derivative(of: tile(_:file:line:), wrt: self)
  @usableFromInline func vjpTile(_ counts: [Dimension], file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.tile(counts, file: file, line: line) }
  }

  @derivative(of: tile(_:file:line:), wrt: self)
  @usableFromInline func vjpTile(_ counts: [Int], file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.tile(counts, file: file, line: line) }
  }

  @derivative(of: trace(offset:file:line:), wrt: self)
  @usableFromInline func vjpTrace(offset: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.trace(offset: offset, file: file, line: line) }
  }

  @derivative(of: transpose(_:_:file:line:), wrt: self)
  @usableFromInline func vjpTranspose(_ a: Int, _ b: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.transpose(a, b, file: file, line: line) }
  }

  @derivative(of: transposedConvolution(_:bias:stride:padding:outputPadding:dilation:groups:file:line:), wrt: (self, weight))
  @usableFromInline func vjpTransposedConvolution(
    _ weight: Tensor, bias: Tensor?, stride: PerAxis, padding: Padding, outputPadding: PerAxis, dilation: PerAxis, groups: Int,
    file: StaticString, line: UInt
  ) -> TwoRule {
    Tensor.rule(self, weight) {
      $0.transposedConvolution(
        $1, bias: bias, stride: stride, padding: padding, outputPadding: outputPadding, dilation: dilation, groups: groups, file: file,
        line: line)
    }
  }

  @derivative(of: transposedConvolution(_:bias:stride:padding:outputPadding:dilation:groups:file:line:), wrt: self)
  @usableFromInline func vjpTransposedConvolutionBySelf(
    _ weight: Tensor, bias: Tensor?, stride: PerAxis, padding: Padding, outputPadding: PerAxis, dilation: PerAxis, groups: Int,
    file: StaticString, line: UInt
  ) -> OneRule {
    Tensor.rule(self) {
      $0.transposedConvolution(
        weight, bias: bias, stride: stride, padding: padding, outputPadding: outputPadding, dilation: dilation, groups: groups, file: file,
        line: line)
    }
  }

  @derivative(of: transposedConvolution(_:bias:stride:padding:outputPadding:dilation:groups:file:line:), wrt: weight)
  @usableFromInline func vjpTransposedConvolutionByWeight(
    _ weight: Tensor, bias: Tensor?, stride: PerAxis, padding: Padding, outputPadding: PerAxis, dilation: PerAxis, groups: Int,
    file: StaticString, line: UInt
  ) -> OneRule {
    Tensor.rule(weight) {
      self.transposedConvolution(
        $0, bias: bias, stride: stride, padding: padding, outputPadding: outputPadding, dilation: dilation, groups: groups, file: file,
        line: line)
    }
  }

  @derivative(of: unfold(_:size:step:dilation:file:line:), wrt: self)
  @usableFromInline func vjpUnfold(_ axis: Int, size: Dimension, step: Int, dilation: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.unfold(axis, size: size, step: step, dilation: dilation, file: file, line: line) }
  }

  @derivative(of: upperTriangle(_:file:line:), wrt: self)
  @usableFromInline func vjpUpperTriangle(_ offset: Int, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.upperTriangle(offset, file: file, line: line) }
  }

  @derivative(of: variance(axes:correction:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpVariance(axes: [Int]?, correction: Int, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.variance(axes: axes, correction: correction, keepDims: keepDims, file: file, line: line) }
  }

  @derivative(of: variance(axis:correction:keepDims:file:line:), wrt: self)
  @usableFromInline func vjpVariance(axis: Int, correction: Int, keepDims: Bool, file: StaticString, line: UInt) -> OneRule {
    Tensor.rule(self) { $0.variance(axis: axis, correction: correction, keepDims: keepDims, file: file, line: line) }
  }
}
