import Wengert

extension Row {
  private static let square: Shape = [4096, 4096]
  private static let shape: Shape = [1024, 2048]

  static let reductions: [Row] = joined(
    [
      memory("sum-first", "4096x4096", elements: square.elementCount, { [normal(square)] }) { [$0[0].sum(axes: [0])] },
      memory("sum-last", "4096x4096", elements: square.elementCount, { [normal(square)] }) { [$0[0].sum(axes: [-1])] },
      memory("cumulative-sum", "4096x4096", elements: 2 * square.elementCount, { [normal(square)] }) { [$0[0].cumulativeSum(axis: -1)] },
    ],
    memory(
      "1024x2048", elements: shape.elementCount, { [normal(shape)] },
      [
        "sum": { [$0[0].sum()] }, "mean-first": { [$0[0].mean(axes: [0])] }, "mean-last": { [$0[0].mean(axes: [-1])] },
        "amax": { [$0[0].max()] }, "amax-first": { [$0[0].max(axes: [0])] }, "amax-last": { [$0[0].max(axes: [-1])] },
        "amin-last": { [$0[0].min(axes: [-1])] }, "prod-last": { [$0[0].prod(axes: [-1])] },
        "variance": { [$0[0].variance()] }, "variance-first": { [$0[0].variance(axes: [0])] },
        "variance-last": { [$0[0].variance(axes: [-1])] }, "std-last": { [$0[0].std(axis: -1)] },
        "norm": { [$0[0].norm()] }, "norm-last": { [$0[0].norm(axes: [-1])] }, "norm-1-last": { [$0[0].norm(1, axes: [-1])] },
        "norm-3-last": { [$0[0].norm(3, axes: [-1])] }, "norm-inf-last": { [$0[0].norm(.infinity, axes: [-1])] },
        "log-sum-exp-first": { [$0[0].logSumExp(axes: [0])] }, "log-sum-exp-last": { [$0[0].logSumExp(axes: [-1])] },
        "any-last": { [$0[0].any(axes: [-1])] }, "all-first": { [$0[0].all(axes: [0])] }, "arg-min": { [$0[0].argMin(axis: -1)] },
        "median": { [$0[0].median(axis: -1)] }, "quantile": { [$0[0].quantile([0.1, 0.5, 0.9], axis: -1)] },
      ]),
    memory(
      "1024x2048", elements: 2 * shape.elementCount, { [uniform(shape, 0.9...1.1)] },
      [
        "cumulative-product": { [$0[0].cumulativeProduct()] }, "cumulative-sum-first": { [$0[0].cumulativeSum(axis: 0)] },
        "log-cumulative-sum-exp": { [$0[0].logCumulativeSumExp()] },
        "cumulative-max": {
          let (values, indices) = $0[0].cumulativeMax()
          return [values, indices]
        },
        "cumulative-min-first": {
          let (values, indices) = $0[0].cumulativeMin(axis: 0)
          return [values, indices]
        },
      ]))
}
