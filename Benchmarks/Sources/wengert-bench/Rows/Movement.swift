import Wengert

extension Row {
  // With a sum, since a compiled copy may be the view that it is a copy of.
  static let movement = [
    memory("transposed-add", "x^T + y, 4096x4096", elements: 3 * 4096 * 4096, { [normal([4096, 4096]), normal([4096, 4096], seed: 2)] }) {
      [$0[0].transpose() + $0[1]]
    }
  ]
}
