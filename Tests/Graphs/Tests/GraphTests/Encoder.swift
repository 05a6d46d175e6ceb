import WengertGraph

/// A transformer encoder of packed sequences, written in one type.
@Graph
public struct Encoder {
  static let width = 16
  static let heads = 4
  static let isNormalized = true

  @Axes("V, width") var tokens: Tensor
  @Axes(count: 2) var blocks: [Block]
  var norm: Norm

  @Graph
  public struct Norm {
    @Axes("width") var gain: Tensor
    @Axes("width") var bias: Tensor
    func callAsFunction(_ x: Tensor) -> Tensor { x.layerNorm(gain: gain, bias: bias) }
  }

  @Graph
  public struct Block {
    @Axes("width, 3*width") var qkv: Tensor
    @Axes("width, width", count: 2) var dense: [Tensor]
    var norm: Norm

    func attend(_ x: Tensor, _ offsets: Tensor) -> Tensor {
      let parts = x.matmul(qkv).split(into: 3, axis: 1)
      return attention(query: parts[0], key: parts[1], value: parts[2], offsets: offsets, heads: heads)
    }

    func callAsFunction(_ x: Tensor, offsets: Tensor) -> Tensor {
      var x = x + attend(norm(x), offsets)
      for (place, weight) in dense.enumerated() {
        x += place == 0 ? gelu(x.matmul(weight)) : x.matmul(weight)
      }
      return x
    }
  }

  @Graph("ids: int64 [T], offsets: int64 [S + 1] -> [S, width]", wrt: [])
  func embed(_ ids: Tensor, _ offsets: Tensor) -> Tensor {
    var x = tokens.gather(ids)
    for block in blocks { x = block(x, offsets: offsets) }
    if Self.isNormalized { x = norm(x) }
    return x.gather(offsets[..<(-1)])
  }

  @Graph("ids: int64 [T], offsets: int64 [S + 1], target: [S, width] -> []")
  func loss(_ ids: Tensor, _ offsets: Tensor, _ target: Tensor) -> Tensor { square(embed(ids, offsets) - target).mean() }
}
