import WengertGraph

/// A classifier with one hidden layer, for any number of classes C.
@Graph
struct Classifier {
  static let inputs = 64
  static let hidden = 32

  @Axes("inputs, hidden") var weight: Tensor
  @Axes("hidden") var bias: Tensor
  @Axes("hidden, C") var output: Tensor

  @Graph("x: [B, inputs] -> [B, C]", wrt: [])
  func logits(_ x: Tensor) -> Tensor {
    gelu(x.matmul(weight) + bias).matmul(output)
  }

  /// The mean cross-entropy of the examples' classes.
  @Graph("x: [B, inputs], classes: int64 [B] -> []")
  func loss(_ x: Tensor, _ classes: Tensor) -> Tensor {
    -logits(x).logSoftmax(axis: 1).takeAlong(classes.expandDims(1), axis: 1).mean()
  }
}
