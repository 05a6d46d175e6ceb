import Wengert

extension Row {
  static let movement = [
    memory("transposed-copy", "4096x4096", elements: 2 * 4096 * 4096, { [normal([4096, 4096])] }) { [$0[0].transpose().contiguous()] }
  ]
}
