import WengertNN

/// The expressions in the tables of Documentation/PyTorchOperations.md with their values, to the letter.
struct PyTorchOperationsGuide {
  let x = Tensor([[1, 5, 2], [4, 3, 6]]), y = Tensor([[3, 1, 2], [4, 6, 5]])
  let s = Tensor([[1, -1, 1], [-1, 1, 1]]), u = Tensor([[-1.5, 0.5, 2.25], [0.75, -0.25, -2.75]])
  let p = Tensor([[0.2, 0.5, 0.9], [0.7, 0.1, 0.4]]), n = Tensor([[.nan, 1, 4], [2, .nan, 0.5]])
  let g = Tensor([[1, 2, 2], [3, 3, 1]]), m = Tensor([[0, 1, 1], [1, 0, 0]]) .> 0
  let j = Tensor([2, 0, 1, 1, 2, 0], shape: [2, 3]), l = Tensor([0, -1, -1, 2, 1, -1], shape: [2, 3])
  let v = Tensor([1.0, 2.0, 3.0]), t = Tensor([1.0, 0.0, -1.0]), b = Tensor([1.0, 2.0, 3.0]), i = Tensor([1, 0])
  let a = Tensor([[4, 1, 0], [1, 3, 1], [0, 1, 2]])
  let z = Tensor.iota(24).reshape([2, 3, 4]).cast(to: .float32), q = Tensor.iota(24).reshape([1, 4, 2, 3]).cast(to: .float32)
  let r = sin(Tensor.iota(64)).reshape([2, 2, 4, 4]), k = cos(Tensor.iota(36)).reshape([2, 2, 3, 3])
  let key = RandomKey(0)
  let attention: MultiHeadAttention

  init() {
    var attention = MultiHeadAttention(width: 4, heads: 2, key: key)
    let weights = sin(Tensor.iota(64)).reshape([16, 4]).split(into: 4)
    (attention.query.weight, attention.key.weight) = (weights[0], weights[1])
    (attention.value.weight, attention.output.weight) = (weights[2], weights[3])
    self.attention = attention
  }

  func f(_ a: Tensor, _ b: Tensor) -> Tensor { abs(a - b).sum(axis: 1) }

  /// The values of all tables, by the code of the last column.
  func values() -> [String: [Tensor]] {
    let row = TableValues()
    for table in [elements, shapes, indices, reductions, products, activations, losses, layers, randomNumbers] { table(row) }
    return row.values
  }
}
