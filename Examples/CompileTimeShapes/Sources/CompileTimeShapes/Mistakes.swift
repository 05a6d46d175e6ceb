#if Mistakes
  import WengertGraph

  @Graph
  struct Wrong {
    static let inputs = 64

    @Axes("inputs, H") var weight: Tensor
    @Axes("K") var bias: Tensor
    @Axes("C, H") var output: Tensor

    @Graph("x: [B, inputs] -> [B, C]")
    func logits(_ x: Tensor) -> Tensor {
      let hidden = gelu(x.matmul(weight) + bias)
      let scale = 1 / Double(weight.shape[1]).squareRoot()
      return tanh(x.matmul(weight)).matmul(output) + hidden.sum(axis: 2) * scale
    }

    @Graph("x: [B, inputs] -> [B]")
    func best(_ x: Tensor) -> Tensor {
      x.matmul(weight).argMax(axis: 1).cast(to: .float32) + x.summ(axis: 1)
    }

    @Graph("x: [B, inputs] -> [B, inputs]")
    func features(_ x: Tensor) -> Tensor { x.matmul(weight) }
  }
#endif
