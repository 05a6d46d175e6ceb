import WengertGraphTool
import WengertNN

/// A tool whose functions have mistakes of all kinds: WengertGraphToolTests runs it.
@main struct MistakenGraphs: FinishedGraphs {
  /// A thread that stops at this mistake leaves the constant half made, for which others would wait for ever.
  static let table = Tensor.zeros([3, 4]).sum(axis: 9)

  @Sendable static func first(_ x: Tensor) -> Tensor { x + table }
  @Sendable static func second(_ x: Tensor) -> Tensor { x * table }

  /// Two mistakes, and what only follows from the first.
  @Sendable static func several(_ x: Tensor, _ w: Tensor) -> Tensor {
    let hidden = x.matmul(w, file: "MistakenGraphs/MistakenGraphs.swift", line: 1)
    let shifted = hidden + Tensor.ones([5])
    return (shifted.sum() + x.reshape([7, 7], file: "MistakenGraphs/MistakenGraphs.swift", line: 2).sum())
  }

  /// One of Swift's own.
  @Sendable static func trapping(_ x: Tensor) -> Tensor { [x][x.rank + 1] }

  static var graphs: [FinishedGraph] {
    let x = tensor(["b", 4])
    return [
      .function("first", first, x), .function("second", second, x), .gradient("several", of: several, x, tensor([5, 3])),
      .function("trapping", trapping, x), .function("behind", first, x),
    ]
  }
}
