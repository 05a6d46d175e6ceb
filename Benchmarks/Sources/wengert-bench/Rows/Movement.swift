import Wengert

extension Row {
  private static let cube: Shape = [64, 128, 256]
  private static let count = cube.elementCount

  // With a sum, since a compiled copy may be the view that it is a copy of.
  static let movement: [Row] = joined(
    [
      memory(
        "transposed-add", "x^T + y, 4096x4096", elements: 3 * 4096 * 4096, { [normal([4096, 4096]), normal([4096, 4096], seed: 2)] }
      ) {
        [$0[0].transpose() + $0[1]]
      }
    ],
    memory(
      "\(cube)", elements: 2 * count, { [normal(cube)] },
      [
        "permute": { [$0[0].permute([2, 0, 1]) + 1] }, "transpose": { [$0[0].transpose().contiguous() + 1] },
        "moveaxis": { [$0[0].moveAxis(0, to: -1) + 1] },
        "views": { [$0[0].flatten().reshape([1, 64, 32768]).squeeze(0).expandDims(1) + 1] }, "flip": { [$0[0].flip() + 1] },
        "flip-last": { [$0[0].flip(-1) + 1] }, "roll": { [$0[0].roll(77, axis: -1)] }, "roll-first": { [$0[0].roll(-7, axis: 0)] },
        "pad": { [$0[0].pad([(0, 0), (2, 4), (3, 5)])] }, "pad-number": { [$0[0].pad([(0, 0), (2, 4), (3, 5)], fill: 1.5)] },
        "pad-reflect": { [$0[0].pad([(0, 0), (2, 4), (3, 5)], mode: .reflect)] },
        "pad-symmetric": { [$0[0].pad([(0, 0), (2, 4), (3, 5)], mode: .symmetric)] },
        "pad-replicate": { [$0[0].pad([(0, 0), (2, 4), (3, 5)], mode: .replicate)] },
        "pad-wrap": { [$0[0].pad([(0, 0), (2, 4), (3, 5)], mode: .wrap)] }, "split": { $0[0].split(into: 4, axis: 1).map { $0 + 1 } },
      ]),
    memory(
      "\(cube)", elements: count, { [normal(cube)] },
      [
        "slice": { [$0[0][1..., Axis.all, Axis.range(by: 2)] + 1] }, "slice-reversed": { [$0[0][Axis.range(by: -2)] + 1] },
        "slice-first": { [$0[0].narrow(0, from: 3, count: 32) + 1] },
        "slice-at": { [$0[0].narrow(0, from: $0[0][0, 0, 0].cast(to: .int64) * 0 + 3, count: 32) + 1] },
      ]),
    memory(
      "[16, 128, 256] four times", elements: count * 5 / 4, { [normal([16, 128, 256])] },
      [
        "tile": { [$0[0].tile([4, 1, 1])] }, "repeat-interleave": { [$0[0].repeated(4, axis: 1)] },
        "expand": { [$0[0].expandDims(0).expand([4, -1, -1, -1]) + 1] }, "broadcast": { [$0[0].broadcast(to: [4, 16, 128, 256]) + 1] },
      ]),
    memory(
      "[8, 512, 512]", elements: 2 * count, { [normal([8, 512, 512])] },
      ["tril": { [$0[0].lowerTriangle()] }, "triu": { [$0[0].upperTriangle(1)] }]),
    memory(
      "[32, 128, 256] twice", elements: 2 * count, { [normal([32, 128, 256]), normal([32, 128, 256], seed: 2)] },
      [
        "concatenate": { [concatenate([$0[0], $0[1]])] }, "concatenate-last": { [concatenate([$0[0], $0[1]], axis: -1)] },
        "stack": { [stack([$0[0], $0[1]])] }, "stack-last": { [stack([$0[0], $0[1]], axis: -1)] },
      ]),
    memory(
      "[64, 128, 256], [32, 128, 256]", elements: 2 * count, { [normal(cube), normal([32, 128, 256], seed: 2)] },
      [
        "slice-set": { x in
          var y = x[0]
          y[3..<35] = x[1]
          return [y]
        },
        "slice-set-strided": { x in
          var y = x[0]
          y[Axis.range(by: 2)] = x[1]
          return [y]
        },
        "slice-set-at": { [$0[0].replacing(0, from: $0[0][0, 0, 0].cast(to: .int64) * 0 + 3, with: $0[1])] },
      ]))
}
