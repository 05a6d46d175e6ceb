import Wengert

extension Row {
  private static let words = 30522, tokens = 16384, width = 768
  private static func positions() -> Tensor { RandomKey(9).integers(0..<words, [tokens]) }

  static let indexing =
    [
      memory("gather", "30522x768 by 16384", elements: 2 * tokens * width, { [normal([words, width]), positions()] }) {
        [$0[0].gather($0[1])]
      },
      memory("scatter-add", "16384x768 to 30522", elements: (tokens + words) * width, { [normal([tokens, width]), positions()] }) {
        [$0[0].scatterAdd($0[1], extent: words)]
      },
    ] + ScatterMode.allCases.flatMap(writing) + elements + selections

  private static let table: Shape = [8192, 256]
  private static let count = table.elementCount

  /// Rows of one table written at places of another, and elements at places of their own row.
  private static func writing(_ mode: ScatterMode) -> [Row] {
    [
      memory(
        "scatter-\(mode)-rows", "\(table) twice", elements: 3 * count,
        { [normal(table), normal(table, seed: 2), RandomKey(9).integers(0..<8192, [8192])] }
      ) { [$0[0].scatter($0[1], at: $0[2], mode: mode)] },
      memory(
        "scatter-\(mode)-along", "\(table) twice", elements: 5 * count,
        { [normal(table), normal(table, seed: 2), RandomKey(9).integers(0..<256, table)] }
      ) { [$0[0].scatterAlong($0[1], at: $0[2], mode: mode)] },
    ]
  }

  private static let elements: [Row] = joined(
    memory(
      "\(table)", elements: 4 * count, { [normal(table), RandomKey(9).integers(0..<256, table)] },
      ["take-along": { [$0[0].takeAlong($0[1])] }, "scatter-sum-along": { [$0[0].scatterAddAlong($0[1], extent: 256)] }]),
    memory(
      "\(table) by 1048576 pairs", elements: 6 << 20,
      { [normal(table), RandomKey(9).integers(0..<8192, [1 << 20]), RandomKey(8).integers(0..<256, [1 << 20])] },
      ["index-pairs": { [$0[0][$0[1], $0[2]]] }]),
    memory(
      "\(table) by 4096", elements: 2 * count,
      { [normal(table), normal([4096, 256], seed: 2), RandomKey(9).integers(0..<8192, [4096])] },
      [
        "gather-columns": { [$0[0].gather($0[2].narrow(0, from: 0, count: 256) % 256, axis: 1)] },
        "index-set": { x in
          var y = x[0]
          y[x[2]] = x[1]
          return [y]
        },
        "index-add": { x in
          var y = x[0]
          y[x[2]] += x[1]
          return [y]
        },
      ]),
    memory(
      "\(table)", elements: count * 9 / 4, { [normal(table), normal([256], seed: 2), normal(table, seed: 3) .> 0] },
      [
        "mask-set": { x in
          var y = x[0]
          y[x[2]] = x[1]
          return [y]
        }
      ]),
    memory("16384 of 128", elements: 16384 * 130, { [RandomKey(9).integers(0..<128, [16384])] }, ["one-hot": { [$0[0].oneHot(128)] }]))

  /// How much they give is in the data; so they are in no compiled function.
  private static let selections = [
    selection("masked-select", { normal(table) }) { $0.maskedSelect($0 .> 0) },
    selection("nonzero", { normal(table) .> 0 }) { $0.nonzero() },
    selection("unique", { RandomKey(9).integers(0..<1000, [1 << 20]) }) { $0.unique().values },
  ]

  private static func selection(_ name: String, _ input: @escaping @Sendable () -> Tensor, _ f: @escaping @Sendable (Tensor) -> Tensor)
    -> Row
  {
    Row(
      name: name, shape: name == "unique" ? "1048576 of 1000" : "\(table)", cost: .bytes(Double(count)),
      body: .step {
        let x = input()
        return { withExtendedLifetime(f(x)) {} }
      })
  }
}
