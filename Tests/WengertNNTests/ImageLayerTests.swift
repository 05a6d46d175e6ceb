import Testing
import WengertNN
import WengertTestSupport

@Suite("Layers of images agree with PyTorch in value and gradient")
struct ImageLayerTests {
  let golden = try! Golden("images")
  let key = RandomKey(1)

  private func expect<Model: Layer>(_ name: String, _ layer: Model, _ mode: Mode = .evaluation) throws -> Model {
    var layer = layer
    try layer.load(golden.file, strict: false) { "\(name)/\($0)" }
    try golden.expectValueAndGradients(name, layer) { $0($1, mode) }
    return layer
  }

  @Test("convolutions of one to three axes") func convolutions() throws {
    _ = try expect("conv1d", Convolution(3, 4, kernel: [3], stride: 2, padding: 1, key: key, dtype: .float64))
    _ = try expect("conv2d", Convolution(4, 6, kernel: [3, 2], padding: [1, 0], dilation: [1, 2], groups: 2, key: key, dtype: .float64))
    _ = try expect("conv3d", Convolution(2, 3, kernel: [2, 2, 2], bias: false, key: key, dtype: .float64))
  }

  @Test("a transposed convolution") func transposed() throws {
    _ = try expect(
      "transposed",
      TransposedConvolution(4, 6, kernel: [3, 3], stride: 2, padding: 1, outputPadding: 1, groups: 2, key: key, dtype: .float64))
  }

  @Test("batch normalization in training and evaluation, and its running statistics") func batchNorm() throws {
    let layer = try expect("batchNorm", BatchNorm(3, dtype: .float64), .training(key))
    let updated = layer.updated(by: try golden.tensor("batchNorm/x"))
    try golden.expect(updated.runningMean, "batchNorm/updated/running_mean")
    try golden.expect(updated.runningVariance, "batchNorm/updated/running_var")
    _ = try expect("batchNormEvaluated", BatchNorm(3, dtype: .float64))
  }

  @Test("group, instance and root mean square normalization") func others() throws {
    _ = try expect("groupNorm", GroupNorm(groups: 2, 6, dtype: .float64))
    _ = try expect("instanceNorm", InstanceNorm(3, affine: true, dtype: .float64))
    _ = try expect("rmsNorm", RMSNorm(5, dtype: .float64))
  }

  @Test("batch normalization compiled for any batch is that of numbers") func symbolic() {
    let layer = BatchNorm(3)
    let step = compile(
      { (x: Tensor) in [layer(x, .training(RandomKey(1))), layer.updated(by: x).runningVariance] },
      CompileOptions(shapes: ["0": ["batch", -1, -1]]))
    for batch in [4, 7] {
      let x = RandomKey(2).normal([batch, 3, 5])
      for (a, b) in zip(step(x), [layer(x, .training(key)), layer.updated(by: x).runningVariance]) {
        #expect(zip(a.doubles, b.doubles).allSatisfy { abs($0 - $1) < 1e-5 })
      }
    }
    #expect(step.statistics.compilations == 1)
  }
}
