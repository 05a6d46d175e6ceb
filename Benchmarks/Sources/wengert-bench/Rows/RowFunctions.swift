import Wengert
import WengertNN

extension Row {
  private static func softmax(_ name: String, _ text: String, _ shape: Shape) -> [Row] {
    [
      memory(name, text, elements: 2 * shape.elementCount, { [normal(shape)] }) { [$0[0].softmax()] },
      memory("\(name)-gradient", text, elements: 4 * shape.elementCount, { [normal(shape), normal(shape, seed: 2)] }) {
        withPullback($0) { $0.softmax() }
      },
    ]
  }

  private static let hidden: Shape = [4096, 768]

  static let rowwise: [Row] = joined(
    softmax("softmax-4096", "4096x4096", [4096, 4096]) + softmax("softmax-128", "1536x128x128", [1536, 128, 128]) + [
      memory(
        "layer-norm", "4096x768", elements: 2 * hidden.elementCount, { [normal(hidden), normal([768], seed: 2), normal([768], seed: 3)] }
      ) { [$0[0].layerNorm(gain: $0[1], bias: $0[2])] },
      memory(
        "layer-norm-gradient", "4096x768", elements: 4 * hidden.elementCount,
        { [normal(hidden), normal([768], seed: 2), normal([768], seed: 3), normal(hidden, seed: 4)] }
      ) { x in
        withPullbacks(x, of: 3) { $0[0].layerNorm(gain: $0[1], bias: $0[2]) }
      },
    ],
    others.flatMap { name, f in
      [
        memory(name, "4096x768", elements: 2 * hidden.elementCount, { [normal(hidden)] }) { [f($0[0])] },
        memory("\(name)-gradient", "4096x768", elements: 4 * hidden.elementCount, { [normal(hidden), normal(hidden, seed: 2)] }) {
          withPullback($0, f)
        },
      ]
    },
    [
      memory("batch-norm-gradient", "\(images)", elements: 4 * images.elementCount, { [normal(images), normal(images, seed: 2)] }) {
        withPullback($0) { BatchNorm(64)($0, Mode(dropoutKey: RandomKey(1))) }
      },
      memory("group-norm-gradient", "\(images)", elements: 4 * images.elementCount, { [normal(images), normal(images, seed: 2)] }) {
        withPullback($0) { GroupNorm(groups: 8, 64)($0) }
      },
    ])

  private static let images: Shape = [16, 64, 28, 28]
  private static let others: KeyValuePairs<String, @Sendable (Tensor) -> Tensor> = [
    "log-softmax": { $0.logSoftmax() }, "softmax-first": { $0.softmax(axis: 0) }, "l2-normalize": { $0.l2Normalize() },
    "rms-norm": { RMSNorm(768)($0) },
  ]
}
