import Foundation

/// How well numbers fit a distribution, as standard normal deviates: beyond 4.5 once in 150,000 for right ones. Seeds being fixed, a test either fails or does not.
public enum GoodnessOfFit {
  /// Pearson's χ² of counts against probabilities that sum to one, as a deviate (Wilson & Hilferty 1931). What has no probability must have no count: infinite else.
  public static func chiSquare(_ counts: [Int], _ probabilities: [Double]) -> Double {
    let total = Double(counts.reduce(0, +))
    var statistic = 0.0, degrees = -1.0
    for (count, p) in zip(counts, probabilities) {
      if p == 0 {
        if count > 0 { return .infinity }
        continue
      }
      let expected = total * p
      statistic += (Double(count) - expected) * (Double(count) - expected) / expected
      degrees += 1
    }
    let spread = 2 / (9 * degrees)
    return (Foundation.pow(statistic / degrees, 1.0 / 3) - (1 - spread)) / spread.squareRoot()
  }

  /// The same for numbers sorted into bins by their bounds, of which the distribution function is known: P(x < bound).
  public static func chiSquare(_ numbers: [Double], bounds: [Double], below: (Double) -> Double) -> Double {
    var counts = [Int](repeating: 0, count: bounds.count + 1)
    for x in numbers {
      // The number of bounds ≤ x.
      var low = 0, high = bounds.count
      while low < high {
        let middle = (low + high) / 2
        if bounds[middle] <= x { low = middle + 1 } else { high = middle }
      }
      counts[low] += 1
    }
    let cumulative = [0] + bounds.map(below) + [1]
    return chiSquare(counts, zip(cumulative.dropFirst(), cumulative).map { $0 - $1 })
  }

  /// Kolmogorov and Smirnov's √n · sup |Fₙ − F|: beyond 2.4 once in 50,000.
  public static func kolmogorov(_ numbers: [Double], below: (Double) -> Double) -> Double {
    let sorted = numbers.sorted(), n = Double(numbers.count)
    var distance = 0.0
    for (i, x) in sorted.enumerated() {
      let p = below(x)
      distance = max(distance, p - Double(i) / n, Double(i + 1) / n - p)
    }
    return distance * n.squareRoot()
  }

  /// √n times the correlation of two lists.
  public static func correlation(_ a: some Collection<Double>, _ b: some Collection<Double>) -> Double {
    let n = Double(a.count), meanA = a.reduce(0, +) / n, meanB = b.reduce(0, +) / n
    var product = 0.0, squareA = 0.0, squareB = 0.0
    for (x, y) in zip(a, b) {
      product += (x - meanA) * (y - meanB)
      squareA += (x - meanA) * (x - meanA)
      squareB += (y - meanB) * (y - meanB)
    }
    return product / (squareA * squareB).squareRoot() * n.squareRoot()
  }

  /// How many standard errors the mean of the numbers lies from an expected one.
  public static func mean(_ numbers: [Double], _ expected: Double, deviation: Double) -> Double {
    (numbers.reduce(0, +) / Double(numbers.count) - expected) / deviation * Double(numbers.count).squareRoot()
  }
}
