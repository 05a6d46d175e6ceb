import WengertNN

extension PyTorchOperationsGuide {
  /// Activations.
  func activations(_ row: TableValues) {
    row(#"select(u .> 0, u, 2 * expm1(clip(u, -.infinity, 0) / 2))"#, select(u .> 0, u, 2 * expm1(clip(u, -.infinity, 0) / 2)))
    row(#"select(u .> 0, u, expm1(clip(u, -.infinity, 0)))"#, select(u .> 0, u, expm1(clip(u, -.infinity, 0))))
    row(#"gelu(u), geluTanh(u)"#, gelu(u), geluTanh(u))
    do {
      let c = z.split(into: 2, axis: -1)
      row(#"let c = z.split(into: 2, axis: -1); c[0] * sigmoid(c[1])"#, c[0] * sigmoid(c[1]))
    }
    row(#"select(abs(u) .> 0.5, u, Tensor(0))"#, select(abs(u) .> 0.5, u, Tensor(0)))
    row(#"relu6(u + 3) / 6"#, relu6(u + 3) / 6)
    row(#"u * relu6(u + 3) / 6"#, u * relu6(u + 3) / 6)
    row(#"clip(u, -1, 1)"#, clip(u, -1, 1))
    row(#"select(u .> 0, u, 0.01 * u)"#, select(u .> 0, u, 0.01 * u))
    row(#"-softplus(-u)"#, -softplus(-u))
    row(#"u * tanh(softplus(u))"#, u * tanh(softplus(u)))
    row(#"select(u .> 0, u, p[0] * u)"#, select(u .> 0, u, p[0] * u))
    row(#"relu(u)"#, relu(u))
    row(#"relu6(3 * u)"#, relu6(3 * u))
    row(
      #"1.05070098 * select(u .> 0, u, 1.67326324 * expm1(clip(u, -.infinity, 0)))"#,
      1.05070098 * select(u .> 0, u, 1.67326324 * expm1(clip(u, -.infinity, 0))))
    row(#"silu(u)"#, silu(u))
    row(#"softplus(u)"#, softplus(u))
    row(#"u - clip(u, -0.5, 0.5)"#, u - clip(u, -0.5, 0.5))
    row(#"u / (1 + abs(u))"#, u / (1 + abs(u)))
    row(#"u - tanh(u)"#, u - tanh(u))
    row(#"select(u .> 0.5, u, Tensor(9))"#, select(u .> 0.5, u, Tensor(9)))
  }

  /// Losses.
  func losses(_ row: TableValues) {
    row(#"binaryCrossEntropy(p, m.cast(to: .float32))"#, binaryCrossEntropy(p, m.cast(to: .float32)))
    row(#"binaryCrossEntropyWithLogits(u, p)"#, binaryCrossEntropyWithLogits(u, p))
    row(#"cosineEmbeddingLoss(x, y, s[0..., 0])"#, cosineEmbeddingLoss(x, y, s[0..., 0]))
    row(#"crossEntropy(x, i)"#, crossEntropy(x, i))
    row(
      #"ctcLoss(r[0].transpose(0, 1).logSoftmax(), j[0..., 1...] + 1, inputLengths: i + 3, targetLengths: i + 1)"#,
      ctcLoss(r[0].transpose(0, 1).logSoftmax(), j[0..., 1...] + 1, inputLengths: i + 3, targetLengths: i + 1))
    row(#"gaussianNLLLoss(x, y, variance: p)"#, gaussianNLLLoss(x, y, variance: p))
    row(#"select(s .> 0, p, relu(1 - p)).mean()"#, select(s .> 0, p, relu(1 - p)).mean())
    row(#"huberLoss(x, y)"#, huberLoss(x, y))
    row(#"klDivergence(u.logSoftmax(), p, reduction: .sum)"#, klDivergence(u.logSoftmax(), p, reduction: .sum))
    row(#"meanAbsoluteError(x, y)"#, meanAbsoluteError(x, y))
    row(#"crossEntropy(Linear(weight: a)(x), i)"#, crossEntropy(Linear(weight: a)(x), i))
    row(#"marginRankingLoss(x, y, s)"#, marginRankingLoss(x, y, s))
    row(#"meanSquaredError(x, y)"#, meanSquaredError(x, y))
    row(
      #"(relu(1 + u - u.takeAlong(i.expandDims(1))).sum(axis: 1) - 1).mean() / 3"#,
      (relu(1 + u - u.takeAlong(i.expandDims(1))).sum(axis: 1) - 1).mean() / 3)
    do {
      let c = (l.expandDims(2) .== Tensor.iota(3)).any(axis: 1).cast(to: .float32)
      row(
        #"let c = (l.expandDims(2) .== Tensor.iota(3)).any(axis: 1).cast(to: .float32); (relu(1 - u.expandDims(2) + u.expandDims(1)) * c.expandDims(2) * (1 - c).expandDims(1)).sum(axes: [1, 2]).mean() / 3"#,
        (relu(1 - u.expandDims(2) + u.expandDims(1)) * c.expandDims(2) * (1 - c).expandDims(1)).sum(axes: [1, 2]).mean() / 3)
    }
    row(#"binaryCrossEntropyWithLogits(u, m.cast(to: .float32))"#, binaryCrossEntropyWithLogits(u, m.cast(to: .float32)))
    row(#"negativeLogLikelihood(x.logSoftmax(), i)"#, negativeLogLikelihood(x.logSoftmax(), i))
    row(#"poissonNLLLoss(u, y)"#, poissonNLLLoss(u, y))
    row(#"smoothL1Loss(x, y)"#, smoothL1Loss(x, y))
    row(#"softplus(-s * u).mean()"#, softplus(-s * u).mean())
    row(#"tripletMarginLoss(x, y, u)"#, tripletMarginLoss(x, y, u))
    row(#"relu(f(x, y) - f(x, u) + 1).mean()"#, relu(f(x, y) - f(x, u) + 1).mean())
  }

  /// Layers.
  func layers(_ row: TableValues) {
    row(#"r.adaptiveAveragePool(3)"#, r.adaptiveAveragePool(3))
    row(#"r.adaptiveMaxPool(3)"#, r.adaptiveMaxPool(3))
    row(#"r.averagePool(2)"#, r.averagePool(2))
    row(#"BatchNorm(2)(r, .training(key))"#, BatchNorm(2)(r, .training(key)))
    row(#"einsum("ni,oij,nj->no", x, z[0..., 0..., 0..<3], y)"#, einsum("ni,oij,nj->no", x, z[0..., 0..., 0..<3], y))
    row(#"r.convolution(k, padding: 1)"#, r.convolution(k, padding: 1))
    row(#"r.transposedConvolution(k, stride: 2)"#, r.transposedConvolution(k, stride: 2))
    row(#"EmbeddingBag(weight: a)(j)"#, EmbeddingBag(weight: a)(j))
    row(#"GroupNorm(groups: 2, 4)(q)"#, GroupNorm(groups: 2, 4)(q))
    row(#"InstanceNorm(2)(r)"#, InstanceNorm(2)(r))
    row(#"r.interpolate([6, 3]), r.interpolate([6, 3], .linear())"#, r.interpolate([6, 3]), r.interpolate([6, 3], .linear()))
    row(#"x.layerNorm(gain: v, bias: t)"#, x.layerNorm(gain: v, bias: t))
    row(#"Linear(weight: a, bias: b)(x)"#, Linear(weight: a, bias: b)(x))
    do {
      let c = square(q).pad([(0, 0), (1, 1), (0, 0), (0, 0)]).unfold(1, size: 3).mean(axis: -1)
      row(
        #"let c = square(q).pad([(0, 0), (1, 1), (0, 0), (0, 0)]).unfold(1, size: 3).mean(axis: -1); q / pow(1 + 1e-4 * c, 0.75)"#,
        q / pow(1 + 1e-4 * c, 0.75))
    }
    row(#"r.maxPool(2)"#, r.maxPool(2))
    row(
      #"Tensor.zeros([2, 6]).scatterAlong(x, at: j).reshape([1, 2, 2, 3])"#,
      Tensor.zeros([2, 6]).scatterAlong(x, at: j).reshape([1, 2, 2, 3]))
    row(#"attention(z)"#, attention(z))
    row(#"RMSNorm(weight: v)(x)"#, RMSNorm(weight: v)(x))
    row(#"dotProductAttention(query: r, key: r, value: r)"#, dotProductAttention(query: r, key: r, value: r))
  }

  /// Random numbers.
  func randomNumbers(_ row: TableValues) {
    row(#"(key.uniform(p.shape) .< p).cast(to: .float32)"#, (key.uniform(p.shape) .< p).cast(to: .float32))
    row(
      #"0.886405 * select(key.uniform(x.shape) .< 0.5, x, Tensor(-1.758099)) + 0.779194"#,
      0.886405 * select(key.uniform(x.shape) .< 0.5, x, Tensor(-1.758099)) + 0.779194)
    row(#"x.dropout(0.1, key: key)"#, x.dropout(0.1, key: key))
    row(#"r * Tensor.ones([2, 2, 1, 1]).dropout(0.1, key: key)"#, r * Tensor.ones([2, 2, 1, 1]).dropout(0.1, key: key))
    row(
      #"0.886405 * select(key.uniform([2, 2, 1, 1]) .< 0.5, r, Tensor(-1.758099)) + 0.779194"#,
      0.886405 * select(key.uniform([2, 2, 1, 1]) .< 0.5, r, Tensor(-1.758099)) + 0.779194)
    row(
      #"select(u .> 0, u, key.uniform(u.shape, low: 1 / 8, high: 1 / 3) * u)"#,
      select(u .> 0, u, key.uniform(u.shape, low: 1 / 8, high: 1 / 3) * u))
    row(#"x + y * key.normal(x.shape)"#, x + y * key.normal(x.shape))
    do {
      let c = (a - a.mean(axis: 0)).svd()
      row(
        #"let c = (a - a.mean(axis: 0)).svd(); c.u[0..., 0..<2], c.s[0..<2], c.vt[0..<2].transpose()"#, c.u[0..., 0..<2], c.s[0..<2],
        c.vt[0..<2].transpose())
    }
    do {
      let c = a.svd()
      row(#"let c = a.svd(); c.u[0..., 0..<2], c.s[0..<2], c.vt[0..<2].transpose()"#, c.u[0..., 0..<2], c.s[0..<2], c.vt[0..<2].transpose())
    }
  }
}
