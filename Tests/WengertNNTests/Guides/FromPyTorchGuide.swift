import Foundation
import WengertNN

/// The expressions in the tables of Documentation/FromPyTorch.md with their values, to the letter.
func equivalents(folder: URL) throws -> [String: [Tensor]] {
  let row = TableValues()

  let x = Tensor([[1, 5, 2], [4, 3, 6]]), y = Tensor([[3, 1, 2], [4, 6, 5]]), p = y / 6
  let v = Tensor([1.0, 2.0, 3.0]), t = Tensor([1.0, 0.0, -1.0])
  let z = Tensor.iota(24).reshape([2, 3, 4]).cast(to: .float32)
  let i = Tensor([1, 0]), j = Tensor([2, 0, 1, 1, 1, 0], shape: [2, 3])
  let a = Tensor([[4, 1, 0], [1, 3, 1], [0, 1, 2]]), b = Tensor([1.0, 2.0, 3.0])
  let images = z[0..., 0..<2].reshape([2, 1, 2, 4])
  let q = (z / 24).expandDims(0), k = (z / 12).expandDims(0), w = z.expandDims(0)
  func f(_ v: Tensor) -> Tensor { (v * v * v).sum() }
  func g(_ v: Tensor) -> Tensor { sin(v) * v.sum() }
  let key = RandomKey(0), step = 3, device = Device.cpu
  var model = Sequential(Linear(3, 2, key: key)), optimizer = AdamW()
  let slope = gradient(at: model) { model in model(x).sum() }
  let file = folder.appendingPathComponent("model.safetensors")

  // Tensors
  row(#"Tensor([[1, 2], [3, 4]])"#, Tensor([[1, 2], [3, 4]]))
  row(#"Tensor([2, 0])"#, Tensor([2, 0]))
  row(#"Tensor.zeros([2, 3])"#, Tensor.zeros([2, 3]))
  row(#"Tensor.full(0.5, [2, 3])"#, Tensor.full(0.5, [2, 3]))
  row(#"Tensor.iota(4)"#, Tensor.iota(4))
  row(#"Tensor.linspace(0, 1, count: 5)"#, Tensor.linspace(0, 1, count: 5))
  row(#"Tensor.eye(3)"#, Tensor.eye(3))
  row(#"x.shape, x.dtype, x.rank, x.count"#, x.shape, x.dtype, x.rank, x.count)
  row(#"x.cast(to: .float64)"#, x.cast(to: .float64))
  row(#"x.sum().item()"#, x.sum().item())
  row(#"x.array(of: Double.self)"#, x.array(of: Double.self))
  row(#"x.to(device)"#, x.to(device))
  // Shapes and parts
  row(#"x.reshape([3, 2])"#, x.reshape([3, 2]))
  row(#"x.flatten()"#, x.flatten())
  row(#"z.flatten(from: 1)"#, z.flatten(from: 1))
  row(#"z.flatten(from: 0, to: 1)"#, z.flatten(from: 0, to: 1))
  row(#"x.transpose()"#, x.transpose())
  row(#"z.permute(2, 0, 1)"#, z.permute(2, 0, 1))
  row(#"x.expandDims(0)"#, x.expandDims(0))
  row(#"x.expandDims(0).squeeze(0)"#, x.expandDims(0).squeeze(0))
  row(#"v.broadcast(to: [2, 3])"#, v.broadcast(to: [2, 3]))
  row(#"concatenate([x, y], axis: 1)"#, concatenate([x, y], axis: 1))
  row(#"stack([x, y])"#, stack([x, y]))
  row(#"x.split(into: 3, axis: 1)"#, x.split(into: 3, axis: 1))
  row(#"x.split([1, 2], axis: 1)"#, x.split([1, 2], axis: 1))
  row(#"x.tile([2, 1])"#, x.tile([2, 1]))
  row(#"x.repeated(2, axis: 0)"#, x.repeated(2, axis: 0))
  row(#"x.flip(1)"#, x.flip(1))
  row(#"x.roll(1, axis: 1)"#, x.roll(1, axis: 1))
  row(#"x.pad([(0, 0), (1, 2)])"#, x.pad([(0, 0), (1, 2)]))
  row(#"x[0]"#, x[0])
  row(#"x[0..., 1...]"#, x[0..., 1...])
  row(#"x[0..., ..<(-1)]"#, x[0..., ..<(-1)])
  row(#"x[0..., -1]"#, x[0..., -1])
  row(#"x[0..., Axis.range(by: 2)]"#, x[0..., Axis.range(by: 2)])
  row(#"x.gather(i)"#, x.gather(i))
  row(#"x.takeAlong(j, axis: 1)"#, x.takeAlong(j, axis: 1))
  row(#"v.maskedSelect(v .> 2)"#, v.maskedSelect(v .> 2))
  row(#"x.maskedFill(x .> 2, 0)"#, x.maskedFill(x .> 2, 0))
  row(#"x.scatter(y, at: i, mode: .add)"#, x.scatter(y, at: i, mode: .add))
  row(#"x.lowerTriangle()"#, x.lowerTriangle())
  // Functions
  row(#"x + y, x * y"#, x + y, x * y)
  row(#"x.matmul(x.transpose())"#, x.matmul(x.transpose()))
  row(#"einsum("ij,kj->ik", x, y)"#, einsum("ij,kj->ik", x, y))
  row(#"x .> y, x .== y"#, x .> y, x .== y)
  row(#"(x .== y).all()"#, (x .== y).all())
  row(#"select(x .> y, x, y)"#, select(x .> y, x, y))
  row(#"exp(x), pow(x, 2)"#, exp(x), pow(x, 2))
  row(#"clip(x, 1, 4)"#, clip(x, 1, 4))
  row(#"x.sum(), x.sum(axis: 1)"#, x.sum(), x.sum(axis: 1))
  row(#"x.mean(axes: [0, 1], keepDims: true)"#, x.mean(axes: [0, 1], keepDims: true))
  row(#"x.variance(axis: 1, correction: 1)"#, x.variance(axis: 1, correction: 1))
  row(#"x.std(axis: 1, correction: 1)"#, x.std(axis: 1, correction: 1))
  row(#"x.max(), x.max(axis: 1)"#, x.max(), x.max(axis: 1))
  row(#"x.argMax(axis: 1)"#, x.argMax(axis: 1))
  row(#"x.softmax()"#, x.softmax())
  row(#"x.logSumExp(axis: 1)"#, x.logSumExp(axis: 1))
  row(#"x.cumulativeSum(axis: 1)"#, x.cumulativeSum(axis: 1))
  row(#"x.sorted(axis: 1)"#, x.sorted(axis: 1))
  row(#"x.topK(2)"#, x.topK(2))
  row(#"x.norm()"#, x.norm())
  row(#"i.oneHot(4)"#, i.oneHot(4))
  row(#"relu(x), gelu(x)"#, relu(x), gelu(x))
  row(#"x.cdist(y)"#, x.cdist(y))
  // Linear algebra
  row(#"a.cholesky()"#, a.cholesky())
  row(#"solve(a, b)"#, solve(a, b))
  row(#"solveTriangular(a, b)"#, solveTriangular(a, b))
  row(#"a.inverse()"#, a.inverse())
  row(#"a.determinant()"#, a.determinant())
  row(#"a.signAndLogDeterminant()"#, a.signAndLogDeterminant())
  row(#"a.lu()"#, a.lu())
  row(#"a.qr()"#, a.qr())
  row(#"x.singularValues()"#, x.singularValues())
  row(#"a.eigh().values"#, a.eigh().values)
  row(#"x.pseudoInverse()"#, x.pseudoInverse())
  row(#"leastSquares(x.transpose(), b)"#, leastSquares(x.transpose(), b))
  row(#"a.matrixPower(3)"#, a.matrixPower(3))
  row(#"a.matrixExponential()"#, a.matrixExponential())
  row(#"x.matrixNorm(.two)"#, x.matrixNorm(.two))
  row(#"a.conditionNumber()"#, a.conditionNumber())
  row(#"x.matrixRank()"#, x.matrixRank())
  // Loops
  row(#"scan(Tensor(0), over: v) { c, e in (c + e, c + e) }.outputs"#, scan(Tensor(0), over: v) { c, e in (c + e, c + e) }.outputs)
  row(#"forLoop(v, count: 4) { i, c in c * 2 }"#, forLoop(v, count: 4) { i, c in c * 2 })
  row(#"whileLoop(v, while: { $0.sum() .< 50 }) { $0 * 2 }"#, whileLoop(v, while: { $0.sum() .< 50 }) { $0 * 2 })
  // As in the table, on one line.
  // swift-format-ignore
  row(#"cond(v.sum() .> 0) { v * 2 } otherwise: { v }"#, cond(v.sum() .> 0) { v * 2 } otherwise: { v })
  // Random numbers
  row(#"key.split(2)"#, key.split(2))
  row(#"key.fold(step)"#, key.fold(step))
  row(#"key.normal([2, 3])"#, key.normal([2, 3]))
  row(#"key.uniform([2, 3])"#, key.uniform([2, 3]))
  row(#"key.integers(0..<9, [4])"#, key.integers(0..<9, [4]))
  row(#"key.permutation(5)"#, key.permutation(5))
  row(#"key.categorical(x)"#, key.categorical(x))
  row(#"x.dropout(0.1, key: key)"#, x.dropout(0.1, key: key))
  // Derivatives
  row(#"gradient(at: v) { f($0) }"#, gradient(at: v) { f($0) })
  row(#"valueAndGradient(at: v) { f($0) }"#, valueAndGradient(at: v) { f($0) })
  row(#"vjp(at: v) { g($0) }"#, vjp(at: v) { g($0) })
  row(#"jvp(at: v, along: t) { g($0) }"#, jvp(at: v, along: t) { g($0) })
  row(#"jacobian(at: v) { g($0) }"#, jacobian(at: v) { g($0) })
  row(#"hessian(at: v) { f($0) }"#, hessian(at: v) { f($0) })
  row(#"vmap { (v: Tensor) in f(v) }(x)"#, vmap { (v: Tensor) in f(v) }(x))
  row(#"stopGradient(x)"#, stopGradient(x))
  row(#"checkpoint(v) { g($0) }"#, checkpoint(v) { g($0) })
  // Models and training
  row(#"Sequential(Linear(2, 3, key: key), Activation(relu))"#, Sequential(Linear(2, 3, key: key), Activation(relu)))
  row(#"Embedding(10, 4, key: key)"#, Embedding(10, 4, key: key))
  row(#"Convolution(1, 8, kernel: [3, 3], padding: 1, key: key)"#, Convolution(1, 8, kernel: [3, 3], padding: 1, key: key))
  row(#"LayerNorm(3), BatchNorm(8)"#, LayerNorm(3), BatchNorm(8))
  row(#"LSTM(3, 4, key: key), GRU(3, 4, key: key)"#, LSTM(3, 4, key: key), GRU(3, 4, key: key))
  row(#"images.maxPool(2)"#, images.maxPool(2))
  row(#"dotProductAttention(query: q, key: k, value: w)"#, dotProductAttention(query: q, key: k, value: w))
  row(#"model(x, .training(key)), model(x)"#, model(x, .training(key)), model(x))
  row(#"crossEntropy(x, i)"#, crossEntropy(x, i))
  row(#"meanSquaredError(x, y)"#, meanSquaredError(x, y))
  row(#"binaryCrossEntropyWithLogits(x, p)"#, binaryCrossEntropyWithLogits(x, p))
  row(#"AdamW(weightDecay: 0.01)"#, AdamW(weightDecay: 0.01))
  row(#"LBFGS().minimize(v) { square($0 - t).sum() }"#, LBFGS().minimize(v) { square($0 - t).sum() })
  row(#"StepSchedule(every: 10, decay: 0.1).factor(step)"#, StepSchedule(every: 10, decay: 0.1).factor(step))
  optimizer.update(&model, slope, learningRate: 1e-3)
  row(#"clippedByGlobalNorm(slope, 1)"#, clippedByGlobalNorm(slope, 1))
  row(#"compile(f)"#, compile(f))
  row(#"Autocast.with(.bfloat16) { model(x) }"#, Autocast.with(.bfloat16) { model(x) })
  row(#"model.namedTensors"#, model.namedTensors)
  try model.save(to: file)
  try model.load(SafeTensors(contentsOf: file))
  try TrainingState(model, optimizer, key: key, steps: step).save(to: file)
  let loader = DataLoader(count: 64, batchSize: 32, key: key) { rows in images.gather(Tensor(rows)) }
  precondition(loader.batchesPerEpoch == 2)
  return row.values
}

/// Its training loop: the losses step by step, and the model that the compiled one ends with beside that of the loop.
func trainingLoop(x: Tensor, y: Tensor) -> (losses: [Double], model: Sequential, compiled: Sequential) {
  var losses: [Double] = []

  var model = Sequential(Linear(2, 16, key: RandomKey(1)), Activation(tanh), Linear(16, 1, key: RandomKey(2)))
  var optimizer = Adam()
  for _ in 0..<200 {
    let (loss, slope) = valueAndGradient(at: model) { model in meanSquaredError(model(x), y) }
    optimizer.update(&model, slope, learningRate: 0.02)
    losses.append(loss.item())
  }

  let loop = model
  model = Sequential(Linear(2, 16, key: RandomKey(1)), Activation(tanh), Linear(16, 1, key: RandomKey(2)))
  let training = TrainingStep(model, Adam()) { (model: Sequential, batch: Pair<Tensor, Tensor>, _) in
    meanSquaredError(model(batch.first), batch.second)
  }
  for _ in 0..<200 { training(Pair(x, y), learningRate: 0.02) }

  return (losses, loop, training.model)
}
