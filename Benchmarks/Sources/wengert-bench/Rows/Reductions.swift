import Wengert

extension Row {
  private static let square: Shape = [4096, 4096]

  static let reductions = [
    memory("sum-first", "4096x4096", elements: square.elementCount, { [normal(square)] }) { [$0[0].sum(axes: [0])] },
    memory("sum-last", "4096x4096", elements: square.elementCount, { [normal(square)] }) { [$0[0].sum(axes: [-1])] },
    memory("cumulative-sum", "4096x4096", elements: 2 * square.elementCount, { [normal(square)] }) { [$0[0].cumulativeSum(axis: -1)] },
  ]
}
