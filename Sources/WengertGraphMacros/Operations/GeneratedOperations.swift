// Made by generate.py from the core's symbol graph; what is written here by hand is lost.

#if Macros
  import WengertCore

  extension OperationTable {
    mutating func add0() {
      add("abs(_: Tensor)") { .tensor(WengertCore.abs($0.tensor(0))) }
      add("acos(_: Tensor)") { .tensor(WengertCore.acos($0.tensor(0))) }
      add("acosh(_: Tensor)") { .tensor(WengertCore.acosh($0.tensor(0))) }
      add("asin(_: Tensor)") { .tensor(WengertCore.asin($0.tensor(0))) }
      add("asinh(_: Tensor)") { .tensor(WengertCore.asinh($0.tensor(0))) }
      add("atan(_: Tensor)") { .tensor(WengertCore.atan($0.tensor(0))) }
      add("atan2(_: Tensor, _: Tensor)") { .tensor(WengertCore.atan2($0.tensor(0), $0.tensor(1))) }
      add("atanh(_: Tensor)") { .tensor(WengertCore.atanh($0.tensor(0))) }
      add(
        "attention(query: Tensor, key: Tensor, value: Tensor, offsets: Tensor, heads: Int, scale: Double? = nil, dropout: Double = 0, randomKey: RandomKey? = nil)"
      ) {
        .tensor(
          WengertCore.attention(
            query: $0.tensor(0), key: $0.tensor(1), value: $0.tensor(2), offsets: $0.tensor(3), heads: $0.whole(4),
            scale: ($0.has(5) ? $0.number(5) : nil), dropout: ($0.has(6) ? $0.number(6) : 0), randomKey: ($0.has(7) ? $0.key(7) : nil),
            file: $0.file, line: $0.line))
      }
      add("beta(_: Tensor, _: Tensor)") { .tensor(WengertCore.beta($0.tensor(0), $0.tensor(1))) }
      add("ceil(_: Tensor)") { .tensor(WengertCore.ceil($0.tensor(0))) }
      add("clip(_: Tensor, _: Double, _: Double)") {
        .tensor(WengertCore.clip($0.tensor(0), $0.number(1), $0.number(2), file: $0.file, line: $0.line))
      }
      add("concatenate(_: [Tensor], axis: Int = 0)") {
        .tensor(WengertCore.concatenate($0.tensors(0), axis: ($0.has(1) ? $0.whole(1) : 0), file: $0.file, line: $0.line))
      }
      add("copysign(_: Tensor, _: Tensor)") { .tensor(WengertCore.copysign($0.tensor(0), $0.tensor(1))) }
      add("cos(_: Tensor)") { .tensor(WengertCore.cos($0.tensor(0))) }
      add("cosh(_: Tensor)") { .tensor(WengertCore.cosh($0.tensor(0))) }
      add("digamma(_: Tensor)") { .tensor(WengertCore.digamma($0.tensor(0))) }
      add("einsum(_: String, _: Tensor...)") {
        .tensor(WengertCore.einsum($0.text(0), operands: $0.tensors(1), file: $0.file, line: $0.line))
      }
      add("erf(_: Tensor)") { .tensor(WengertCore.erf($0.tensor(0))) }
      add("erfc(_: Tensor)") { .tensor(WengertCore.erfc($0.tensor(0))) }
      add("erfinv(_: Tensor)") { .tensor(WengertCore.erfinv($0.tensor(0))) }
      add("exp(_: Tensor)") { .tensor(WengertCore.exp($0.tensor(0))) }
      add("exp2(_: Tensor)") { .tensor(WengertCore.exp2($0.tensor(0))) }
      add("expm1(_: Tensor)") { .tensor(WengertCore.expm1($0.tensor(0))) }
      add("floor(_: Tensor)") { .tensor(WengertCore.floor($0.tensor(0))) }
      add("fmod(_: Tensor, _: Tensor)") { .tensor(WengertCore.fmod($0.tensor(0), $0.tensor(1))) }
      add("frac(_: Tensor)") { .tensor(WengertCore.frac($0.tensor(0))) }
      add("gelu(_: Tensor)") { .tensor(WengertCore.gelu($0.tensor(0))) }
      add("geluTanh(_: Tensor)") { .tensor(WengertCore.geluTanh($0.tensor(0))) }
      add("hypot(_: Tensor, _: Tensor)") { .tensor(WengertCore.hypot($0.tensor(0), $0.tensor(1))) }
      add("isFinite(_: Tensor)") { .tensor(WengertCore.isFinite($0.tensor(0))) }
      add("isInfinite(_: Tensor)") { .tensor(WengertCore.isInfinite($0.tensor(0))) }
      add("isNaN(_: Tensor)") { .tensor(WengertCore.isNaN($0.tensor(0))) }
      add("leastSquares(_: Tensor, _: Tensor, rcond: Double? = nil)") {
        .tensor(WengertCore.leastSquares($0.tensor(0), $0.tensor(1), rcond: ($0.has(2) ? $0.number(2) : nil), file: $0.file, line: $0.line))
      }
      add("lgamma(_: Tensor)") { .tensor(WengertCore.lgamma($0.tensor(0))) }
      add("log(_: Tensor)") { .tensor(WengertCore.log($0.tensor(0))) }
      add("log10(_: Tensor)") { .tensor(WengertCore.log10($0.tensor(0))) }
      add("log1p(_: Tensor)") { .tensor(WengertCore.log1p($0.tensor(0))) }
      add("log2(_: Tensor)") { .tensor(WengertCore.log2($0.tensor(0))) }
      add("logAddExp(_: Tensor, _: Tensor)") { .tensor(WengertCore.logAddExp($0.tensor(0), $0.tensor(1))) }
    }

    mutating func add1() {
      add("logBeta(_: Tensor, _: Tensor)") { .tensor(WengertCore.logBeta($0.tensor(0), $0.tensor(1))) }
      add("logit(_: Tensor)") { .tensor(WengertCore.logit($0.tensor(0))) }
      add("maximum(_: Tensor, _: Tensor)") { .tensor(WengertCore.maximum($0.tensor(0), $0.tensor(1))) }
      add("minimum(_: Tensor, _: Tensor)") { .tensor(WengertCore.minimum($0.tensor(0), $0.tensor(1))) }
      add("nanToNum(_: Tensor, nan: Double = 0, positiveInfinity: Double? = nil, negativeInfinity: Double? = nil)") {
        .tensor(
          WengertCore.nanToNum(
            $0.tensor(0), nan: ($0.has(1) ? $0.number(1) : 0), positiveInfinity: ($0.has(2) ? $0.number(2) : nil),
            negativeInfinity: ($0.has(3) ? $0.number(3) : nil)))
      }
      add("normalCDF(_: Tensor)") { .tensor(WengertCore.normalCDF($0.tensor(0))) }
      add("polygamma(_: Int, _: Tensor)") { .tensor(WengertCore.polygamma($0.whole(0), $0.tensor(1), file: $0.file, line: $0.line)) }
      add("pow(_: Tensor, _: Double)") { .tensor(WengertCore.pow($0.tensor(0), $0.number(1))) }
      add("pow(_: Tensor, _: Tensor)") { .tensor(WengertCore.pow($0.tensor(0), $0.tensor(1))) }
      add("reciprocal(_: Tensor)") { .tensor(WengertCore.reciprocal($0.tensor(0))) }
      add("relu(_: Tensor)") { .tensor(WengertCore.relu($0.tensor(0))) }
      add("relu6(_: Tensor)") { .tensor(WengertCore.relu6($0.tensor(0), file: $0.file, line: $0.line)) }
      add("remainder(_: Tensor, _: Tensor)") { .tensor(WengertCore.remainder($0.tensor(0), $0.tensor(1))) }
      add("round(_: Tensor)") { .tensor(WengertCore.round($0.tensor(0))) }
      add("rsqrt(_: Tensor)") { .tensor(WengertCore.rsqrt($0.tensor(0))) }
      add("select(_: Tensor, _: Tensor, _: Tensor)") {
        .tensor(WengertCore.select($0.tensor(0), $0.tensor(1), $0.tensor(2), file: $0.file, line: $0.line))
      }
      add("sigmoid(_: Tensor)") { .tensor(WengertCore.sigmoid($0.tensor(0))) }
      add("sign(_: Tensor)") { .tensor(WengertCore.sign($0.tensor(0))) }
      add("signbit(_: Tensor)") { .tensor(WengertCore.signbit($0.tensor(0))) }
      add("silu(_: Tensor)") { .tensor(WengertCore.silu($0.tensor(0))) }
      add("sin(_: Tensor)") { .tensor(WengertCore.sin($0.tensor(0))) }
      add("sinh(_: Tensor)") { .tensor(WengertCore.sinh($0.tensor(0))) }
      add("softplus(_: Tensor)") { .tensor(WengertCore.softplus($0.tensor(0))) }
      add("solve(_: Tensor, _: Tensor)") { .tensor(WengertCore.solve($0.tensor(0), $0.tensor(1), file: $0.file, line: $0.line)) }
      add("solveBanded(lower: Int, upper: Int, _: Tensor, _: Tensor)") {
        .tensor(WengertCore.solveBanded(lower: $0.whole(0), upper: $0.whole(1), $0.tensor(2), $0.tensor(3), file: $0.file, line: $0.line))
      }
      add("solveTriangular(_: Tensor, _: Tensor, upper: Bool = false)") {
        .tensor(
          WengertCore.solveTriangular($0.tensor(0), $0.tensor(1), upper: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("solveTridiagonal(lower: Tensor, diagonal: Tensor, upper: Tensor, _: Tensor)") {
        .tensor(
          WengertCore.solveTridiagonal(
            lower: $0.tensor(0), diagonal: $0.tensor(1), upper: $0.tensor(2), $0.tensor(3), file: $0.file, line: $0.line))
      }
      add("solveWithInfo(_: Tensor, _: Tensor)") {
        .parts(WengertCore.solveWithInfo($0.tensor(0), $0.tensor(1), file: $0.file, line: $0.line)) {
          [("solution", .tensor($0.solution)), ("info", .tensor($0.info))]
        }
      }
      add("sqrt(_: Tensor)") { .tensor(WengertCore.sqrt($0.tensor(0))) }
      add("square(_: Tensor)") { .tensor(WengertCore.square($0.tensor(0))) }
      add("stack(_: [Tensor], axis: Int = 0)") {
        .tensor(WengertCore.stack($0.tensors(0), axis: ($0.has(1) ? $0.whole(1) : 0), file: $0.file, line: $0.line))
      }
      add("stopGradient(_: Tensor)") { .tensor(WengertCore.stopGradient($0.tensor(0))) }
      add("tan(_: Tensor)") { .tensor(WengertCore.tan($0.tensor(0))) }
      add("tanh(_: Tensor)") { .tensor(WengertCore.tanh($0.tensor(0))) }
      add("trunc(_: Tensor)") { .tensor(WengertCore.trunc($0.tensor(0))) }
      add("xlogy(_: Tensor, _: Tensor)") { .tensor(WengertCore.xlogy($0.tensor(0), $0.tensor(1))) }
      add("%(_: Tensor, _: Double)") { .tensor($0.tensor(0) % $0.number(1)) }
      add("%(_: Tensor, _: Tensor)") { .tensor($0.tensor(0) % $0.tensor(1)) }
      add("*(_: Double, _: Tensor)") { .tensor($0.number(0) * $0.tensor(1)) }
      add("*(_: Tensor, _: Double)") { .tensor($0.tensor(0) * $0.number(1)) }
    }

    mutating func add2() {
      add("*(_: Tensor, _: Tensor)") { .tensor($0.tensor(0) * $0.tensor(1)) }
      add("+(_: Double, _: Tensor)") { .tensor($0.number(0) + $0.tensor(1)) }
      add("+(_: Tensor, _: Double)") { .tensor($0.tensor(0) + $0.number(1)) }
      add("+(_: Tensor, _: Tensor)") { .tensor($0.tensor(0) + $0.tensor(1)) }
      add("-(_: Double, _: Tensor)") { .tensor($0.number(0) - $0.tensor(1)) }
      add("prefix -(_: Tensor)") { .tensor(-$0.tensor(0)) }
      add("-(_: Tensor, _: Double)") { .tensor($0.tensor(0) - $0.number(1)) }
      add("-(_: Tensor, _: Tensor)") { .tensor($0.tensor(0) - $0.tensor(1)) }
      add("prefix .!(_: Tensor)") { .tensor(.!$0.tensor(0)) }
      add(".!=(_: Tensor, _: Double)") { .tensor($0.tensor(0) .!= $0.number(1)) }
      add(".!=(_: Tensor, _: Tensor)") { .tensor($0.tensor(0) .!= $0.tensor(1)) }
      add(".&(_: Tensor, _: Tensor)") { .tensor($0.tensor(0) .& $0.tensor(1)) }
      add(".<(_: Tensor, _: Double)") { .tensor($0.tensor(0) .< $0.number(1)) }
      add(".<(_: Tensor, _: Tensor)") { .tensor($0.tensor(0) .< $0.tensor(1)) }
      add(".<=(_: Tensor, _: Double)") { .tensor($0.tensor(0) .<= $0.number(1)) }
      add(".<=(_: Tensor, _: Tensor)") { .tensor($0.tensor(0) .<= $0.tensor(1)) }
      add(".==(_: Tensor, _: Double)") { .tensor($0.tensor(0) .== $0.number(1)) }
      add(".==(_: Tensor, _: Tensor)") { .tensor($0.tensor(0) .== $0.tensor(1)) }
      add(".>(_: Tensor, _: Double)") { .tensor($0.tensor(0) .> $0.number(1)) }
      add(".>(_: Tensor, _: Tensor)") { .tensor($0.tensor(0) .> $0.tensor(1)) }
      add(".>=(_: Tensor, _: Double)") { .tensor($0.tensor(0) .>= $0.number(1)) }
      add(".>=(_: Tensor, _: Tensor)") { .tensor($0.tensor(0) .>= $0.tensor(1)) }
      add(".^(_: Tensor, _: Tensor)") { .tensor($0.tensor(0) .^ $0.tensor(1)) }
      add(".|(_: Tensor, _: Tensor)") { .tensor($0.tensor(0) .| $0.tensor(1)) }
      add("/(_: Double, _: Tensor)") { .tensor($0.number(0) / $0.tensor(1)) }
      add("/(_: Tensor, _: Double)") { .tensor($0.tensor(0) / $0.number(1)) }
      add("/(_: Tensor, _: Tensor)") { .tensor($0.tensor(0) / $0.tensor(1)) }
      add("Tensor.all(axes: [Int]? = nil, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).all(axes: ($0.has(1) ? $0.wholes(1) : nil), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line)
        )
      }
      add("Tensor.all(axis: Int, keepDims: Bool = false)") {
        .tensor($0.tensor(0).all(axis: $0.whole(1), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.any(axes: [Int]? = nil, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).any(axes: ($0.has(1) ? $0.wholes(1) : nil), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line)
        )
      }
      add("Tensor.any(axis: Int, keepDims: Bool = false)") {
        .tensor($0.tensor(0).any(axis: $0.whole(1), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.argMax(axis: Int? = nil, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).argMax(
            axis: ($0.has(1) ? $0.whole(1) : nil), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.argMin(axis: Int? = nil, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).argMin(
            axis: ($0.has(1) ? $0.whole(1) : nil), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.argSort(axis: Int = -1, descending: Bool = false)") {
        .tensor(
          $0.tensor(0).argSort(
            axis: ($0.has(1) ? $0.whole(1) : -1), descending: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("RandomKey.bernoulli(_: Double, _: Shape)") {
        .tensor($0.key(0).bernoulli($0.number(1), $0.shape(2), file: $0.file, line: $0.line))
      }
      add("Tensor.broadcast(to: Shape)") { .tensor($0.tensor(0).broadcast(to: $0.shape(1), file: $0.file, line: $0.line)) }
      add("Tensor.cast(to: DType)") { .tensor($0.tensor(0).cast(to: $0.dtype(1))) }
      add("RandomKey.categorical(_: Tensor, count: Int = 1, replacement: Bool = true)") {
        .tensor(
          $0.key(0).categorical(
            $0.tensor(1), count: ($0.has(2) ? $0.whole(2) : 1), replacement: ($0.has(3) ? $0.flag(3) : true), file: $0.file, line: $0.line))
      }
      add("Tensor.cdist(_: Tensor, p: Double = 2)") {
        .tensor($0.tensor(0).cdist($0.tensor(1), p: ($0.has(2) ? $0.number(2) : 2), file: $0.file, line: $0.line))
      }
      add("Tensor.cholesky()") { .tensor($0.tensor(0).cholesky(file: $0.file, line: $0.line)) }
    }

    mutating func add3() {
      add("Tensor.choleskyWithInfo()") {
        .parts($0.tensor(0).choleskyWithInfo(file: $0.file, line: $0.line)) {
          [("factor", .tensor($0.factor)), ("info", .tensor($0.info))]
        }
      }
      add("Tensor.contiguous()") { .tensor($0.tensor(0).contiguous()) }
      add("Tensor.cross(_: Tensor, axis: Int = -1)") {
        .tensor($0.tensor(0).cross($0.tensor(1), axis: ($0.has(2) ? $0.whole(2) : -1), file: $0.file, line: $0.line))
      }
      add("Tensor.cumulativeMax(axis: Int = -1)") {
        .parts($0.tensor(0).cumulativeMax(axis: ($0.has(1) ? $0.whole(1) : -1), file: $0.file, line: $0.line)) {
          [("values", .tensor($0.values)), ("indices", .tensor($0.indices))]
        }
      }
      add("Tensor.cumulativeMin(axis: Int = -1)") {
        .parts($0.tensor(0).cumulativeMin(axis: ($0.has(1) ? $0.whole(1) : -1), file: $0.file, line: $0.line)) {
          [("values", .tensor($0.values)), ("indices", .tensor($0.indices))]
        }
      }
      add("Tensor.cumulativeProduct(axis: Int = -1, reverse: Bool = false)") {
        .tensor(
          $0.tensor(0).cumulativeProduct(
            axis: ($0.has(1) ? $0.whole(1) : -1), reverse: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.cumulativeSum(axis: Int = -1, reverse: Bool = false)") {
        .tensor(
          $0.tensor(0).cumulativeSum(
            axis: ($0.has(1) ? $0.whole(1) : -1), reverse: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.determinant()") { .tensor($0.tensor(0).determinant(file: $0.file, line: $0.line)) }
      add("Tensor.diagonal(offset: Int = 0, _: Int = -2, _: Int = -1)") {
        .tensor(
          $0.tensor(0).diagonal(
            offset: ($0.has(1) ? $0.whole(1) : 0), ($0.has(2) ? $0.whole(2) : -2), ($0.has(3) ? $0.whole(3) : -1), file: $0.file,
            line: $0.line))
      }
      add("Tensor.dropout(_: Double, key: RandomKey)") {
        .tensor($0.tensor(0).dropout($0.number(1), key: $0.key(2), file: $0.file, line: $0.line))
      }
      add("Tensor.eigh()") {
        .parts($0.tensor(0).eigh(file: $0.file, line: $0.line)) { [("values", .tensor($0.values)), ("vectors", .tensor($0.vectors))] }
      }
      add("Tensor.expand(_: Shape)") { .tensor($0.tensor(0).expand($0.shape(1), file: $0.file, line: $0.line)) }
      add("Tensor.expandDims(_: Int)") { .tensor($0.tensor(0).expandDims($0.whole(1), file: $0.file, line: $0.line)) }
      add("Tensor.expandDims(_: [Int])") { .tensor($0.tensor(0).expandDims($0.wholes(1), file: $0.file, line: $0.line)) }
      add("Tensor.extent(_: Int, dtype: DType? = nil)") {
        .tensor($0.tensor(0).extent($0.whole(1), dtype: ($0.has(2) ? $0.dtype(2) : nil), file: $0.file, line: $0.line))
      }
      add("Tensor.fftShift(axes: [Int]? = nil)") {
        .tensor($0.tensor(0).fftShift(axes: ($0.has(1) ? $0.wholes(1) : nil), file: $0.file, line: $0.line))
      }
      add("Tensor.flatten()") { .tensor($0.tensor(0).flatten(file: $0.file, line: $0.line)) }
      add("Tensor.flatten(from: Int, to: Int = -1)") {
        .tensor($0.tensor(0).flatten(from: $0.whole(1), to: ($0.has(2) ? $0.whole(2) : -1), file: $0.file, line: $0.line))
      }
      add("Tensor.flip(_: Int...)") {
        .tensor($0.tensor(0).flip(($0.wholes(1).isEmpty ? nil : $0.wholes(1)), file: $0.file, line: $0.line))
      }
      add("Tensor.flip(_: [Int]?)") { .tensor($0.tensor(0).flip(($0.has(1) ? $0.wholes(1) : nil), file: $0.file, line: $0.line)) }
      add("Tensor.floorDivided(by: Tensor)") { .tensor($0.tensor(0).floorDivided(by: $0.tensor(1))) }
      add("RandomKey.fold(_: Int)") { .key($0.key(0).fold($0.whole(1))) }
      add("Tensor.fold(_: Int, extent: Dimension, step: Int = 1, dilation: Int = 1)") {
        .tensor(
          $0.tensor(0).fold(
            $0.whole(1), extent: $0.dimension(2), step: ($0.has(3) ? $0.whole(3) : 1), dilation: ($0.has(4) ? $0.whole(4) : 1),
            file: $0.file, line: $0.line))
      }
      add("RandomKey.fold(_: Tensor)") { .key($0.key(0).fold($0.tensor(1))) }
      add("Tensor.gather(_: Tensor, axis: Int = 0)") {
        .tensor($0.tensor(0).gather($0.tensor(1), axis: ($0.has(2) ? $0.whole(2) : 0), file: $0.file, line: $0.line))
      }
      add("Tensor.ifftShift(axes: [Int]? = nil)") {
        .tensor($0.tensor(0).ifftShift(axes: ($0.has(1) ? $0.wholes(1) : nil), file: $0.file, line: $0.line))
      }
      add("RandomKey.integers(_: Range<Int>, _: Shape)") {
        .tensor($0.key(0).integers($0.range(1), $0.shape(2), file: $0.file, line: $0.line))
      }
      add("Tensor.inverse()") { .tensor($0.tensor(0).inverse(file: $0.file, line: $0.line)) }
      add("Tensor.inverseWithInfo()") {
        .parts($0.tensor(0).inverseWithInfo(file: $0.file, line: $0.line)) {
          [("inverse", .tensor($0.inverse)), ("info", .tensor($0.info))]
        }
      }
      add("RandomKey.keys(for: Tensor)") { .key($0.key(0).keys(for: $0.tensor(1))) }
      add("Tensor.kron(_: Tensor)") { .tensor($0.tensor(0).kron($0.tensor(1), file: $0.file, line: $0.line)) }
      add("Tensor.l2Normalize(axis: Int = -1, epsilon: Double = 1e-12)") {
        .tensor(
          $0.tensor(0).l2Normalize(
            axis: ($0.has(1) ? $0.whole(1) : -1), epsilon: ($0.has(2) ? $0.number(2) : 1e-12), file: $0.file, line: $0.line))
      }
      add("Tensor.layerNorm(gain: Tensor, bias: Tensor, epsilon: Double = 1e-5)") {
        .tensor(
          $0.tensor(0).layerNorm(
            gain: $0.tensor(1), bias: $0.tensor(2), epsilon: ($0.has(3) ? $0.number(3) : 1e-5), file: $0.file, line: $0.line))
      }
      add("Tensor.logCumulativeSumExp(axis: Int = -1)") {
        .tensor($0.tensor(0).logCumulativeSumExp(axis: ($0.has(1) ? $0.whole(1) : -1), file: $0.file, line: $0.line))
      }
      add("Tensor.logSoftmax(axis: Int = -1)") {
        .tensor($0.tensor(0).logSoftmax(axis: ($0.has(1) ? $0.whole(1) : -1), file: $0.file, line: $0.line))
      }
      add("Tensor.logSumExp(axes: [Int]? = nil, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).logSumExp(
            axes: ($0.has(1) ? $0.wholes(1) : nil), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.logSumExp(axis: Int, keepDims: Bool = false)") {
        .tensor($0.tensor(0).logSumExp(axis: $0.whole(1), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.lowerTriangle(_: Int = 0)") {
        .tensor($0.tensor(0).lowerTriangle(($0.has(1) ? $0.whole(1) : 0), file: $0.file, line: $0.line))
      }
      add("Tensor.lu()") {
        .parts($0.tensor(0).lu(file: $0.file, line: $0.line)) { [("p", .tensor($0.p)), ("l", .tensor($0.l)), ("u", .tensor($0.u))] }
      }
      add("Tensor.maskedFill(_: Tensor, _: Double)") {
        .tensor($0.tensor(0).maskedFill($0.tensor(1), $0.number(2), file: $0.file, line: $0.line))
      }
    }

    mutating func add4() {
      add("Tensor.matmul(_: Tensor)") { .tensor($0.tensor(0).matmul($0.tensor(1), file: $0.file, line: $0.line)) }
      add("Tensor.matrixExponential()") { .tensor($0.tensor(0).matrixExponential(file: $0.file, line: $0.line)) }
      add("Tensor.matrixPower(_: Int)") { .tensor($0.tensor(0).matrixPower($0.whole(1), file: $0.file, line: $0.line)) }
      add("Tensor.matrixRank(rcond: Double? = nil)") {
        .tensor($0.tensor(0).matrixRank(rcond: ($0.has(1) ? $0.number(1) : nil), file: $0.file, line: $0.line))
      }
      add("Tensor.max(axes: [Int]? = nil, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).max(axes: ($0.has(1) ? $0.wholes(1) : nil), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line)
        )
      }
      add("Tensor.max(axis: Int, keepDims: Bool = false)") {
        .tensor($0.tensor(0).max(axis: $0.whole(1), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.mean(axes: [Int]? = nil, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).mean(
            axes: ($0.has(1) ? $0.wholes(1) : nil), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.mean(axis: Int, keepDims: Bool = false)") {
        .tensor($0.tensor(0).mean(axis: $0.whole(1), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.median(axis: Int? = nil, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).median(
            axis: ($0.has(1) ? $0.whole(1) : nil), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.min(axes: [Int]? = nil, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).min(axes: ($0.has(1) ? $0.wholes(1) : nil), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line)
        )
      }
      add("Tensor.min(axis: Int, keepDims: Bool = false)") {
        .tensor($0.tensor(0).min(axis: $0.whole(1), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.moveAxis(_: Int, to: Int)") { .tensor($0.tensor(0).moveAxis($0.whole(1), to: $0.whole(2), file: $0.file, line: $0.line)) }
      add("Tensor.narrow(_: Int, from: Dimension, count: Dimension)") {
        .tensor($0.tensor(0).narrow($0.whole(1), from: $0.dimension(2), count: $0.dimension(3), file: $0.file, line: $0.line))
      }
      add("Tensor.narrow(_: Int, from: Int, count: Int)") {
        .tensor($0.tensor(0).narrow($0.whole(1), from: $0.whole(2), count: $0.whole(3), file: $0.file, line: $0.line))
      }
      add("Tensor.narrow(_: Int, from: Tensor, count: Dimension)") {
        .tensor($0.tensor(0).narrow($0.whole(1), from: $0.tensor(2), count: $0.dimension(3), file: $0.file, line: $0.line))
      }
      add("Tensor.norm(_: Double = 2, axes: [Int]? = nil, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).norm(
            ($0.has(1) ? $0.number(1) : 2), axes: ($0.has(2) ? $0.wholes(2) : nil), keepDims: ($0.has(3) ? $0.flag(3) : false),
            file: $0.file, line: $0.line))
      }
      add("Tensor.norm(_: Double = 2, axis: Int, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).norm(
            ($0.has(1) ? $0.number(1) : 2), axis: $0.whole(2), keepDims: ($0.has(3) ? $0.flag(3) : false), file: $0.file, line: $0.line))
      }
      add("RandomKey.normal(_: Shape, mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .float32)") {
        .tensor(
          $0.key(0).normal(
            $0.shape(1), mean: ($0.has(2) ? $0.number(2) : 0), standardDeviation: ($0.has(3) ? $0.number(3) : 1),
            dtype: ($0.has(4) ? $0.dtype(4) : .float32), file: $0.file, line: $0.line))
      }
      add("Tensor.oneHot(_: Dimension, dtype: DType = .float32)") {
        .tensor($0.tensor(0).oneHot($0.dimension(1), dtype: ($0.has(2) ? $0.dtype(2) : .float32), file: $0.file, line: $0.line))
      }
      add("Tensor.oneHot(_: Int, dtype: DType = .float32)") {
        .tensor($0.tensor(0).oneHot($0.whole(1), dtype: ($0.has(2) ? $0.dtype(2) : .float32), file: $0.file, line: $0.line))
      }
      add("Tensor.outer(_: Tensor)") { .tensor($0.tensor(0).outer($0.tensor(1))) }
      add("Tensor.pad(_: [(before: Dimension, after: Dimension)], fill: Double = 0)") {
        .tensor($0.tensor(0).pad($0.extents(1), fill: ($0.has(2) ? $0.number(2) : 0), file: $0.file, line: $0.line))
      }
      add("Tensor.pad(_: [(before: Int, after: Int)], fill: Double = 0)") {
        .tensor($0.tensor(0).pad($0.widths(1), fill: ($0.has(2) ? $0.number(2) : 0), file: $0.file, line: $0.line))
      }
      add("RandomKey.permutation(_: Dimension)") { .tensor($0.key(0).permutation($0.dimension(1), file: $0.file, line: $0.line)) }
      add("RandomKey.permutation(_: Int)") { .tensor($0.key(0).permutation($0.whole(1), file: $0.file, line: $0.line)) }
      add("Tensor.permute(_: Int...)") { .tensor($0.tensor(0).permute($0.wholes(1), file: $0.file, line: $0.line)) }
      add("Tensor.permute(_: [Int])") { .tensor($0.tensor(0).permute($0.wholes(1), file: $0.file, line: $0.line)) }
      add("Tensor.prod(axes: [Int]? = nil, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).prod(
            axes: ($0.has(1) ? $0.wholes(1) : nil), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.prod(axis: Int, keepDims: Bool = false)") {
        .tensor($0.tensor(0).prod(axis: $0.whole(1), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.pseudoInverse(rcond: Double? = nil)") {
        .tensor($0.tensor(0).pseudoInverse(rcond: ($0.has(1) ? $0.number(1) : nil), file: $0.file, line: $0.line))
      }
      add("Tensor.qr(full: Bool = false)") {
        .parts($0.tensor(0).qr(full: ($0.has(1) ? $0.flag(1) : false), file: $0.file, line: $0.line)) {
          [("q", .tensor($0.q)), ("r", .tensor($0.r))]
        }
      }
      add("Tensor.repeated(_: Dimension, axis: Int)") {
        .tensor($0.tensor(0).repeated($0.dimension(1), axis: $0.whole(2), file: $0.file, line: $0.line))
      }
      add("Tensor.repeated(_: Int, axis: Int)") {
        .tensor($0.tensor(0).repeated($0.whole(1), axis: $0.whole(2), file: $0.file, line: $0.line))
      }
      add("Tensor.repeated(_: [Int], axis: Int)") {
        .tensor($0.tensor(0).repeated($0.wholes(1), axis: $0.whole(2), file: $0.file, line: $0.line))
      }
      add("Tensor.replacing(_: Int, from: Tensor, with: Tensor)") {
        .tensor($0.tensor(0).replacing($0.whole(1), from: $0.tensor(2), with: $0.tensor(3), file: $0.file, line: $0.line))
      }
      add("Tensor.reshape(_: Shape)") { .tensor($0.tensor(0).reshape($0.shape(1), file: $0.file, line: $0.line)) }
      add("Tensor.reshape(_: [Dimension])") { .tensor($0.tensor(0).reshape($0.dimensions(1), file: $0.file, line: $0.line)) }
      add("Tensor.roll(_: Int, axis: Int)") { .tensor($0.tensor(0).roll($0.whole(1), axis: $0.whole(2), file: $0.file, line: $0.line)) }
      add("Tensor.rotary(_: Tensor, base: Double = 10_000, isInterleaved: Bool = false)") {
        .tensor(
          $0.tensor(0).rotary(
            $0.tensor(1), base: ($0.has(2) ? $0.number(2) : 10_000), isInterleaved: ($0.has(3) ? $0.flag(3) : false), file: $0.file,
            line: $0.line))
      }
      add("Tensor.scatterAdd(_: Tensor, axis: Int = 0, extent: Dimension)") {
        .tensor(
          $0.tensor(0).scatterAdd($0.tensor(1), axis: ($0.has(2) ? $0.whole(2) : 0), extent: $0.dimension(3), file: $0.file, line: $0.line))
      }
    }

    mutating func add5() {
      add("Tensor.scatterAdd(_: Tensor, axis: Int = 0, extent: Int)") {
        .tensor(
          $0.tensor(0).scatterAdd($0.tensor(1), axis: ($0.has(2) ? $0.whole(2) : 0), extent: $0.whole(3), file: $0.file, line: $0.line))
      }
      add("Tensor.scatterAddAlong(_: Tensor, axis: Int = -1, extent: Dimension)") {
        .tensor(
          $0.tensor(0).scatterAddAlong(
            $0.tensor(1), axis: ($0.has(2) ? $0.whole(2) : -1), extent: $0.dimension(3), file: $0.file, line: $0.line))
      }
      add("Tensor.scatterAddAlong(_: Tensor, axis: Int = -1, extent: Int)") {
        .tensor(
          $0.tensor(0).scatterAddAlong(
            $0.tensor(1), axis: ($0.has(2) ? $0.whole(2) : -1), extent: $0.whole(3), file: $0.file, line: $0.line))
      }
      add("Tensor.searchSorted(_: Tensor, right: Bool = false)") {
        .tensor($0.tensor(0).searchSorted($0.tensor(1), right: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.signAndLogDeterminant()") {
        .parts($0.tensor(0).signAndLogDeterminant(file: $0.file, line: $0.line)) {
          [("sign", .tensor($0.sign)), ("logSize", .tensor($0.logSize))]
        }
      }
      add("Tensor.singularValues()") { .tensor($0.tensor(0).singularValues(file: $0.file, line: $0.line)) }
      add("Tensor.softmax(axis: Int = -1)") {
        .tensor($0.tensor(0).softmax(axis: ($0.has(1) ? $0.whole(1) : -1), file: $0.file, line: $0.line))
      }
      add("Tensor.sorted(axis: Int = -1, descending: Bool = false)") {
        .tensor(
          $0.tensor(0).sorted(
            axis: ($0.has(1) ? $0.whole(1) : -1), descending: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("RandomKey.split(_: Int)") { .list(($0.key(0).split($0.whole(1), file: $0.file, line: $0.line)).map(Value.key)) }
      add("Tensor.split(_: [Dimension], axis: Int = 0)") {
        .list(($0.tensor(0).split($0.dimensions(1), axis: ($0.has(2) ? $0.whole(2) : 0), file: $0.file, line: $0.line)).map(Value.tensor))
      }
      add("Tensor.split(_: [Int], axis: Int = 0)") {
        .list(($0.tensor(0).split($0.wholes(1), axis: ($0.has(2) ? $0.whole(2) : 0), file: $0.file, line: $0.line)).map(Value.tensor))
      }
      add("RandomKey.split(examples: Int)") { .key($0.key(0).split(examples: $0.whole(1), file: $0.file, line: $0.line)) }
      add("Tensor.split(into: Int, axis: Int = 0)") {
        .list(($0.tensor(0).split(into: $0.whole(1), axis: ($0.has(2) ? $0.whole(2) : 0), file: $0.file, line: $0.line)).map(Value.tensor))
      }
      add("Tensor.squeeze(_: Int...)") {
        .tensor($0.tensor(0).squeeze(($0.wholes(1).isEmpty ? nil : $0.wholes(1)), file: $0.file, line: $0.line))
      }
      add("Tensor.squeeze(_: [Int]?)") { .tensor($0.tensor(0).squeeze(($0.has(1) ? $0.wholes(1) : nil), file: $0.file, line: $0.line)) }
      add("Tensor.std(axes: [Int]? = nil, correction: Int = 0, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).std(
            axes: ($0.has(1) ? $0.wholes(1) : nil), correction: ($0.has(2) ? $0.whole(2) : 0), keepDims: ($0.has(3) ? $0.flag(3) : false),
            file: $0.file, line: $0.line))
      }
      add("Tensor.std(axis: Int, correction: Int = 0, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).std(
            axis: $0.whole(1), correction: ($0.has(2) ? $0.whole(2) : 0), keepDims: ($0.has(3) ? $0.flag(3) : false), file: $0.file,
            line: $0.line))
      }
      add("Tensor.sum(axes: [Int]? = nil, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).sum(axes: ($0.has(1) ? $0.wholes(1) : nil), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line)
        )
      }
      add("Tensor.sum(axis: Int, keepDims: Bool = false)") {
        .tensor($0.tensor(0).sum(axis: $0.whole(1), keepDims: ($0.has(2) ? $0.flag(2) : false), file: $0.file, line: $0.line))
      }
      add("Tensor.svd(full: Bool = false)") {
        .parts($0.tensor(0).svd(full: ($0.has(1) ? $0.flag(1) : false), file: $0.file, line: $0.line)) {
          [("u", .tensor($0.u)), ("s", .tensor($0.s)), ("vt", .tensor($0.vt))]
        }
      }
      add("Tensor.takeAlong(_: Tensor, axis: Int = -1)") {
        .tensor($0.tensor(0).takeAlong($0.tensor(1), axis: ($0.has(2) ? $0.whole(2) : -1), file: $0.file, line: $0.line))
      }
      add("Tensor.tensordot(_: Tensor, axes: Int = 2)") {
        .tensor($0.tensor(0).tensordot($0.tensor(1), axes: ($0.has(2) ? $0.whole(2) : 2), file: $0.file, line: $0.line))
      }
      add("Tensor.tile(_: [Dimension])") { .tensor($0.tensor(0).tile($0.dimensions(1), file: $0.file, line: $0.line)) }
      add("Tensor.tile(_: [Int])") { .tensor($0.tensor(0).tile($0.wholes(1), file: $0.file, line: $0.line)) }
      add("Tensor.topK(_: Int, axis: Int = -1, largest: Bool = true)") {
        .parts(
          $0.tensor(0).topK(
            $0.whole(1), axis: ($0.has(2) ? $0.whole(2) : -1), largest: ($0.has(3) ? $0.flag(3) : true), file: $0.file, line: $0.line)
        ) { [("values", .tensor($0.values)), ("indices", .tensor($0.indices))] }
      }
      add("Tensor.trace(offset: Int = 0)") {
        .tensor($0.tensor(0).trace(offset: ($0.has(1) ? $0.whole(1) : 0), file: $0.file, line: $0.line))
      }
      add("Tensor.transpose(_: Int = -2, _: Int = -1)") {
        .tensor($0.tensor(0).transpose(($0.has(1) ? $0.whole(1) : -2), ($0.has(2) ? $0.whole(2) : -1), file: $0.file, line: $0.line))
      }
      add("Tensor.unfold(_: Int, size: Dimension, step: Int = 1, dilation: Int = 1)") {
        .tensor(
          $0.tensor(0).unfold(
            $0.whole(1), size: $0.dimension(2), step: ($0.has(3) ? $0.whole(3) : 1), dilation: ($0.has(4) ? $0.whole(4) : 1), file: $0.file,
            line: $0.line))
      }
      add("RandomKey.uniform(_: Shape, low: Double = 0, high: Double = 1, dtype: DType = .float32)") {
        .tensor(
          $0.key(0).uniform(
            $0.shape(1), low: ($0.has(2) ? $0.number(2) : 0), high: ($0.has(3) ? $0.number(3) : 1),
            dtype: ($0.has(4) ? $0.dtype(4) : .float32), file: $0.file, line: $0.line))
      }
      add("Tensor.unnamed()") { .tensor($0.tensor(0).unnamed()) }
      add("Tensor.upperTriangle(_: Int = 0)") {
        .tensor($0.tensor(0).upperTriangle(($0.has(1) ? $0.whole(1) : 0), file: $0.file, line: $0.line))
      }
      add("Tensor.variance(axes: [Int]? = nil, correction: Int = 0, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).variance(
            axes: ($0.has(1) ? $0.wholes(1) : nil), correction: ($0.has(2) ? $0.whole(2) : 0), keepDims: ($0.has(3) ? $0.flag(3) : false),
            file: $0.file, line: $0.line))
      }
      add("Tensor.variance(axis: Int, correction: Int = 0, keepDims: Bool = false)") {
        .tensor(
          $0.tensor(0).variance(
            axis: $0.whole(1), correction: ($0.has(2) ? $0.whole(2) : 0), keepDims: ($0.has(3) ? $0.flag(3) : false), file: $0.file,
            line: $0.line))
      }
    }

    /// All 233 functions.
    mutating func addAll() {
      add0()
      add1()
      add2()
      add3()
      add4()
      add5()
    }
  }
#endif
