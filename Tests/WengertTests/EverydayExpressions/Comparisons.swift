import Wengert

/// Conditions and what is chosen by them.
enum Comparisons {
  static func leaky(_ x: Tensor) -> Tensor { select(x .> 0, x, 0.01 * x) }
  static func band(_ x: Tensor, low: Double, high: Double) -> Tensor { (x .>= low) .& (x .< high) .| (x .> 2 * high - 1) }
  static func huber(_ a: Tensor, _ b: Tensor, delta: Double = 1) -> Tensor {
    let d = abs(a - b)
    return select(d .<= delta, 0.5 * d * d, delta * (d - 0.5 * delta)).mean()
  }
  static func accuracy(_ logits: Tensor, _ classes: Tensor) -> Tensor { (logits.argMax(axis: -1) .== classes).cast(to: .float32).mean() }
  static func masked(_ x: Tensor, _ mask: Tensor) -> Tensor { (x * mask).sum(axes: [-1]) / (mask.sum(axes: [-1]) + 1e-9) }
  static func selu(_ x: Tensor) -> Tensor { 1.0507 * select(x .> 0, x, 1.67326 * (exp(minimum(x, 0 * x)) - 1)) }
  static func hinge(_ scores: Tensor, _ labels: Tensor) -> Tensor { relu(1 - (2 * labels - 1) * scores).mean() }
  static func f1(_ p: Tensor, _ t: Tensor) -> Tensor {
    2 * (p * t).sum() / ((p * t).sum() * 2 + (p * (1 - t)).sum() + ((1 - p) * t).sum() + 1e-12)
  }
  static func notEqual(_ x: Tensor) -> Tensor { select((x .!= 0) .& .!(x .== 1), 1 / x, x * x - 2) }
}

/// Losses written out.
enum Losses {
  static func meanSquare(_ w: Tensor, _ b: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor { square(x.matmul(w) + b - y).mean() }
  static func ridge(_ w: Tensor, _ x: Tensor, _ y: Tensor, weight: Double) -> Tensor {
    square(x.matmul(w) - y).sum() / Double(x.shape[0]) + 0.5 * weight * (w * w).sum()
  }
  static func logistic(_ x: Tensor, _ y: Tensor) -> Tensor { -(y * log(sigmoid(x) + 1e-9) + (1 - y) * log(1 - sigmoid(x) + 1e-9)).mean() }
  static func softmaxByHand(_ x: Tensor) -> Tensor {
    exp(x - x.max(axes: [-1], keepDims: true)) / exp(x - x.max(axes: [-1], keepDims: true)).sum(axes: [-1], keepDims: true)
  }
  static func crossEntropyByHand(_ logits: Tensor, _ classes: Tensor) -> Tensor {
    -((logits - logits.logSumExp(axes: [-1], keepDims: true)) * classes.oneHot(logits.shape[1])).sum(axes: [-1]).mean()
  }
  static func contrastive(_ a: Tensor, _ b: Tensor, temperature: Double = 0.07) -> Tensor {
    let s = a.l2Normalize().matmul(b.l2Normalize().transpose()) / temperature
    return (s.logSumExp(axes: [1]) - s.diagonal()).mean() / 2 + (s.logSumExp(axes: [0]) - s.diagonal()).mean() / 2
  }
  static func divergence(_ mean: Tensor, _ logVariance: Tensor) -> Tensor {
    -0.5 * (1 + logVariance - square(mean) - exp(logVariance)).sum(axes: [-1]).mean()
  }
  static func gaussian(_ x: Tensor, _ mean: Tensor, _ sigma: Tensor) -> Tensor {
    (0.5 * square((x - mean) / sigma) + log(sigma) + 0.5 * 1.8378770664).sum() / Double(x.count)
  }
  static func focal(_ p: Tensor, _ t: Tensor, gamma: Double = 2) -> Tensor {
    -(t * pow(1 - p, gamma) * log(p + 1e-7) + (1 - t) * pow(p, gamma) * log(1 - p + 1e-7)).mean()
  }
}

/// Attention, normalization and gates by hand.
enum Networks {
  static func attention(_ q: Tensor, _ k: Tensor, _ v: Tensor) -> Tensor {
    (q.matmul(k.transpose()) / Double(q.shape[-1 + q.rank]).squareRoot()).softmax().matmul(v)
  }
  static func causal(_ q: Tensor, _ k: Tensor, _ v: Tensor, _ mask: Tensor) -> Tensor {
    (q.matmul(k.transpose(-1, -2)) / 8 + (1 - mask) * -1e9).softmax(axis: -1).matmul(v) + 0.1 * v
  }
  static func layerNorm(_ x: Tensor, _ gain: Tensor, _ bias: Tensor) -> Tensor {
    (x - x.mean(axes: [-1], keepDims: true)) / sqrt(x.variance(axes: [-1], keepDims: true) + 1e-5) * gain + bias
  }
  static func rootMeanSquare(_ x: Tensor, _ gain: Tensor) -> Tensor { x * rsqrt((x * x).mean(axes: [-1], keepDims: true) + 1e-6) * gain }
  static func gruCell(_ x: Tensor, _ h: Tensor, _ z: Tensor, _ r: Tensor, _ u: Tensor) -> Tensor {
    let gate = sigmoid(x.matmul(z) + h.matmul(z))
    return (1 - gate) * h + gate * tanh(x.matmul(u) + sigmoid(x.matmul(r) + h.matmul(r)) * h.matmul(u))
  }
  static func geluByHand(_ x: Tensor) -> Tensor { 0.5 * x * (1 + tanh(0.7978845608 * (x + 0.044715 * x * x * x))) }
  static func swiglu(_ x: Tensor, _ a: Tensor, _ b: Tensor, _ c: Tensor) -> Tensor { (silu(x.matmul(a)) * x.matmul(b)).matmul(c) + x }
  static func rotary(_ x: Tensor, _ angle: Tensor) -> Tensor {
    let half = x.shape[1] / 2
    return concatenate(
      [x[0..., ..<half] * cos(angle) - x[0..., half...] * sin(angle), x[0..., ..<half] * sin(angle) + x[0..., half...] * cos(angle)],
      axis: 1)
  }
  static func adam(_ w: Tensor, _ g: Tensor, _ m: Tensor, _ v: Tensor, step: Int, rate: Double = 1e-3) -> Tensor {
    w - rate * ((0.9 * m + 0.1 * g) / (1 - 0.9 * Double(step))) / (sqrt((0.999 * v + 0.001 * g * g) / (1 - 0.999 * Double(step))) + 1e-8)
  }
  static func mlp(_ x: Tensor, _ w: [Tensor], _ b: [Tensor]) -> Tensor {
    tanh(tanh(x.matmul(w[0]) + b[0]).matmul(w[1]) + b[1]).matmul(w[2]) + b[2]
  }
}
