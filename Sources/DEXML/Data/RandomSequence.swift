/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers everywhere, so that everybody's held-out rows and demo are the same.
struct RandomSequence: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number from 0 to below `count`.
  mutating func index(below count: Int) -> Int { Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(count)).high) }

  /// A number from 0 to below 1.
  mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

  mutating func element<Element>(of choices: [Element]) -> Element { choices[index(below: choices.count)] }

  mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var result = elements
    for i in result.indices.dropFirst().reversed() { result.swapAt(i, index(below: i + 1)) }
    return result
  }
}
