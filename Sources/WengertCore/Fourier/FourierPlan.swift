/// How a length is divided into short transforms.
enum FourierPlan {
  /// The largest radix: a prime factor above it has no plan.
  static let largestRadix = 128
  /// What a step costs beside the products, in rows of its matrix.
  static let stepCost = 60

  /// Radices whose product is n, largest first, so that products and steps together cost least; nil if a prime factor of n is too large.
  static func radices(_ n: Int) -> [Int]? {
    if n == 1 { return [1] }
    return plans.value(for: n) { best(n, atMost: largestRadix)?.radices }
  }

  /// The least even number from n on whose prime factors are 2, 3 and 5.
  static func quickLength(_ n: Int) -> Int {
    var length = n + n % 2
    while true {
      var rest = length
      for factor in [2, 3, 5] { while rest % factor == 0 { rest /= factor } }
      if rest == 1 { return length }
      length += 2
    }
  }

  private static let plans = Cache<Int, [Int]?>(capacity: 1024)

  private static func best(_ n: Int, atMost limit: Int) -> (radices: [Int], cost: Int)? {
    if n == 1 { return ([], 0) }
    var result: (radices: [Int], cost: Int)?
    for r in stride(from: Swift.min(n, limit), to: 1, by: -1) where n % r == 0 {
      guard let rest = best(n / r, atMost: r) else { continue }
      let cost = rest.cost + r + stepCost
      if cost < result?.cost ?? .max { result = ([r] + rest.radices, cost) }
    }
    return result
  }
}
