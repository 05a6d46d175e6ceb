import WengertGraph

let outsideWidth = 8

@Graph
struct Model {
  static let width = 8
  @Axes("width, C") var weight: Tensor
  @Axes("C, 2*") var bias: Tensor
  @Axes("width") var blocks: [Block]
  var plain: Tensor

  struct Block: TensorTree {
    @Axes("width, width") var weight: Tensor
    mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) { weight.visit(prefix, body) }
  }

  @Graph("x: [B, width] -> [B, C]")
  func callAsFunction(_ x: Tensor) -> Tensor { x.matmul(weight) }
}

@Graph
struct Head {
  static let width = 8
  @Axes("width, C") var weight: Tensor
  @Axes(count: 2) var layers: [Layer]

  @Graph
  struct Layer {
    @Axes("width, width") var weight: Tensor
    func callAsFunction(_ x: Tensor) -> Tensor { gelu(x.matmul(weight)) + x.transpose() }
  }

  @Graph("x: [B, width] -> [B, C]")
  func callAsFunction(_ x: Tensor) -> Tensor {
    var x = x
    for layer in layers { x = layer(x) }
    return x.matmul(weight)
  }

  @Graph("x: [B, width] -> [B]")
  func total(_ x: Tensor) -> Tensor { x.matmul(weight).sun(axis: 1) * Double(outsideWidth) }
}
