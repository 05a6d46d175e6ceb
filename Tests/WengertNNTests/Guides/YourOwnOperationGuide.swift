import WengertNN

// The code of Documentation/YourOwnOperation.md, to the letter.

func swish(_ x: Tensor, sharpness: Tensor) -> Tensor { x * sigmoid(sharpness * x) }

func rounded(_ x: Tensor) -> Tensor {
  customDerivative(
    [x],
    forward: { inputs in round(inputs[0]) },
    vjp: { inputs, result, cotangent in [cotangent] },
    jvp: { inputs, tangents in tangents[0] })
}

func cubeRoot(_ x: Tensor) -> Tensor {
  customDerivative(
    [x],
    forward: { inputs in
      var y = Tensor.ones(inputs[0].shape, dtype: inputs[0].dtype)
      for _ in 0..<40 { y = (2 * y + inputs[0] / square(y)) / 3 }
      return y
    },
    vjp: { inputs, y, cotangent in [cotangent / (3 * square(y))] })
}

func differenceQuotient(at x: Tensor, along t: Tensor, _ f: (Tensor) -> Tensor) -> Tensor {
  let h = 1e-5
  return (f(x + h * t) - f(x - h * t)) / (2 * h)
}

struct Scale: Layer, ParameterTree {
  var weight: Tensor
  var rate: Double
  static let fields: [Field<Self>] = [.init("weight", \.weight), .setting(\.rate)]

  init(_ width: Int, dropout: Double) { (weight, rate) = (.ones([width]), dropout) }

  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    let y = x * weight
    return mode.keys.map { y.dropout(rate, key: $0) } ?? y
  }
}

struct SignDescent: Optimizer {
  var weightDecay = 0.0
  var groups: [ParameterGroup] = []
  var state = OptimizerState(bufferNames: ["momentum"])

  func updated(
    _ parameter: Tensor, _ buffers: [Tensor], gradient: Tensor, scalars: [Tensor], weightDecay: Double
  ) -> (parameter: Tensor, buffers: [Tensor]) {
    let momentum = 0.9 * buffers[0] + 0.1 * gradient
    return (parameter - scalars[0] * (sign(momentum) + weightDecay * parameter), [momentum])
  }

  func scalars(step: Tensor, learningRate: Tensor, weightDecay: Double) -> [Tensor] { [learningRate] }
}

func yourOwnOperation(print: Printed) {
  let x = Tensor([-1.0, 0.0, 2.0])
  let slopes = gradient(at: [x, Tensor(1)]) { swish($0[0], sharpness: $0[1]).sum() }
  print(slopes[0])
  print(slopes[1])
  print(vmap { (x: Tensor) in gradient(at: x) { swish($0, sharpness: Tensor(1)) } }(x))

  let w = Tensor([0.4, 1.6])
  print(gradient(at: w) { round($0).sum() }, gradient(at: w) { rounded($0).sum() })

  let a = Tensor([8.0, 27.0], dtype: .float64)
  print(cubeRoot(a))
  print(gradient(at: a) { cubeRoot($0).sum() })
  print(gradient(at: a) { a in gradient(at: a) { cubeRoot($0).sum() }.sum() })
  print(compile { (a: Tensor) in gradient(at: a) { cubeRoot($0).sum() } }(a))

  let t = Tensor([1.0, -2.0], dtype: .float64)
  let (value, pullback) = vjp(at: a) { cubeRoot($0) }
  let error = abs((pullback(.ones(value.shape, dtype: .float64)) * t).sum() - differenceQuotient(at: a, along: t) { cubeRoot($0) }.sum())
  print(error.item() < 1e-8)

  let model = Sequential(Linear(3, 4, key: RandomKey(1)), Scale(4, dropout: 0.5), Linear(4, 1, key: RandomKey(2)))
  print(model.namedTensors.map { $0.name })

  var point = Tensor([3.0, -2.0])
  var optimizer = SignDescent()
  for _ in 0..<100 {
    let slope = gradient(at: point) { square($0).sum() }
    optimizer.update(&point, slope, learningRate: 0.05)
  }
  print(abs(point).max().item() < 0.3)
}
