import Wengert

extension Row {
  private static let scores: Shape = [512, 131_072]
  private static let rows: Shape = [256, 2048]

  static let sorting: [Row] = joined(
    [
      memory("top-100", "512x131072", elements: scores.elementCount, { [normal(scores)] }) {
        let (values, indices) = $0[0].topK(100)
        return [values, indices]
      },
      memory("arg-max", "512x131072", elements: scores.elementCount, { [normal(scores)] }) { [$0[0].argMax(axis: -1)] },
    ],
    memory(
      "256x2048", elements: 2 * rows.elementCount, { [normal(rows)] },
      [
        "sort": { [$0[0].sorted()] }, "sort-first": { [$0[0].sorted(axis: 0, descending: true)] }, "arg-sort": { [$0[0].argSort()] },
      ]),
    memory(
      "524288 in 16384", elements: 3 * rows.elementCount, { [normal([16384]).sorted(), normal(rows, seed: 2)] },
      ["search-sorted": { [$0[0].searchSorted($0[1])] }]),
    memory(
      "256x2048 in 256x1024", elements: 3 * rows.elementCount, { [normal([256, 1024]).sorted(), normal(rows, seed: 2)] },
      ["search-sorted-rows": { [$0[0].searchSorted($0[1])] }]),
    memory(
      "256x2048", elements: rows.elementCount, { [normal(rows), RandomKey(9).integers(0..<1000, rows)] },
      [
        "histogram": { [$0[0].histogram(bins: 100, range: -3...3).counts] }, "bincount": { [$0[1].bincount(extent: 1000)] },
        "bincount-weighted": { [$0[1].bincount(extent: 1000, weights: $0[0])] },
      ]))
}
