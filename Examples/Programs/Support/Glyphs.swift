import WengertNN

/// Digits of 5 × 7 dots at random places in images of size × size, or in their middle, with random ink and noise: [count, size, size], and which digit each is, int64 [count].
func drawnDigits(_ count: Int, size: Int, moves: Bool = true, key: RandomKey) -> (images: Tensor, labels: Tensor) {
  let keys = key.split(5)
  let labels = keys[0].integers(0..<10, [count])
  func places(_ room: Int, _ key: RandomKey) -> [Int] {
    moves ? key.integers(0..<room + 1, [count]).array() : [Int](repeating: room / 2, count: count)
  }
  let rows = places(size - 7, keys[1]), columns = places(size - 5, keys[2])
  let ink = keys[3].uniform([count], low: 0.6, high: 1).array(of: Float.self)
  var dots = [Float](repeating: 0, count: count * size * size)
  for (i, label) in labels.array(of: Int.self).enumerated() {
    for (row, line) in glyphs[label].split(separator: " ").enumerated() {
      for (column, dot) in line.enumerated() where dot == "1" {
        dots[(i * size + rows[i] + row) * size + columns[i] + column] = ink[i]
      }
    }
  }
  return (Tensor(dots, shape: [count, size, size]) + keys[4].normal([count, size, size], standardDeviation: 0.15), labels)
}

private let glyphs = [
  "01110 10001 10011 10101 11001 10001 01110", "00100 01100 00100 00100 00100 00100 01110", "01110 10001 00001 00110 01000 10000 11111",
  "11110 00001 00001 01110 00001 00001 11110", "00010 00110 01010 10010 11111 00010 00010", "11111 10000 11110 00001 00001 10001 01110",
  "00110 01000 10000 11110 10001 10001 01110", "11111 00001 00010 00100 01000 01000 01000", "01110 10001 10001 01110 10001 10001 01110",
  "01110 10001 10001 01111 00001 00010 01100",
]
