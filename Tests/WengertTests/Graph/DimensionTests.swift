import Testing
import Wengert
import WengertTestSupport

@testable import WengertCore

@Suite("Dimensions")
struct DimensionTests {
  private let a: Dimension = "a"
  private let b: Dimension = "b"

  @Test("expressions have one normal form, whatever the order in which they are written")
  func normalForm() {
    #expect((a + b) == b + a)
    #expect((a * b + 2 * a) == a * (b + 2))
    #expect(((a + b) * (a - b)) == a * a - b * b)
    #expect((a - a).number == 0)
    #expect((a + 3 - a).number == 3)
    #expect((2 * a * b + 1).description == "2·a·b + 1")
    #expect((a - b - 1).description == "a - b - 1")
    #expect((0 - a).description == "-a")
    #expect((a * b).symbols == ["a", "b"])
  }

  @Test("a name is one symbol everywhere")
  func names() {
    #expect(Dimension(symbol: "batch") == "batch")
    #expect(Dimension(symbol: "batch").equals("tokens") == nil)
  }

  @Test("division is exact or none")
  func division() {
    #expect((a * b).divided(exactlyBy: b) == a)
    #expect((2 * a * b + 4 * a).divided(exactlyBy: 2 * a) == b + 2)
    #expect((a * a - b * b).divided(exactlyBy: a - b) == a + b)
    #expect((a + 1).divided(exactlyBy: a) == nil)
    #expect((3 * a).divided(exactlyBy: 2) == nil)
    #expect(Dimension(12).divided(exactlyBy: 4)?.number == 3)
    #expect(Dimension(12).divided(exactlyBy: 0) == nil)
    #expect(a.divided(exactlyBy: 0) == nil)
  }

  @Test("a product divided by one factor is the other, for random polynomials")
  func randomDivision() {
    for seed in 0..<200 as Range<UInt64> {
      var generator = SplitMix64(seed: seed)
      func polynomial() -> Dimension {
        (0..<3).reduce(1) { (sum: Dimension, _) in
          let symbols: [Dimension] = ["a", "b", "c", 1]
          let term = (0..<2).reduce(Dimension(Int.random(in: -3...3, using: &generator))) { product, _ in
            product * symbols.randomElement(using: &generator)!
          }
          return sum + term
        }
      }
      let (p, q) = (polynomial(), polynomial())
      if q.number == 0 { continue }
      let quotient = (p * q).divided(exactlyBy: q)
      #expect(quotient == p, "seed \(seed): (\(p)) · (\(q))")
    }
  }

  @Test("values follow from the symbols'")
  func values() {
    #expect((2 * a * b + 1).value(["a": 3, "b": 5]) == 31)
    #expect(a.value(["b": 1]) == nil)
    #expect(Dimension(7).value([:]) == 7)
  }

  @Test("equal for all values of the symbols, for none, or for some")
  func equality() {
    #expect((a + b).equals(b + a) == true)
    #expect(a.equals(a + 1) == false)
    #expect((a + 1).equals(1) == false)
    #expect(a.equals(1) == nil)
    #expect(a.equals(b) == nil)
    #expect(a.equals(0) == false)
    #expect((a + b).equals(1) == false)
  }

  @Test("as keys, dimensions are those of their normal forms: what is equal for some values only is another one")
  func identity() {
    #expect(a + 1 == 1 + a)
    #expect(a != a + 1)
    #expect(Set([a * 2, a + a, 2 * a, b, Dimension(3), 3]).count == 3)
    #expect([a, 4] != [b, 4])
    #expect(Set([Shape(dimensions: [a, 4]), Shape(dimensions: [b, 4]), Shape(dimensions: [a, 4])]).count == 2)
  }

  @Test("shapes are equal for all values of the symbols, for none, or for some")
  func shapes() {
    #expect(Shape(dimensions: [a, 4]) == Shape(dimensions: [a, 4]))
    #expect(Shape(dimensions: [a, 4]) != Shape(dimensions: [b, 5]))
    #expect(Shape(dimensions: [a, 4]) != [4])
    #expect(Shape(dimensions: [a, 4]).equals(Shape(dimensions: [b, 4])) == nil)
  }

  @Test("comparisons that symbols of at least one decide")
  func order() {
    #expect(a > 0)
    #expect(a < a + 1)
    #expect(a + b > 1)
    #expect(a * b + 1 > 1)
    #expect(!(a < 1))
    #expect(!(a + b < 2))
    #expect(0 - a < 0)
  }

  @Test("quotients round down, and are simpler where a number divides")
  func quotients() {
    #expect((2 * a + 3).divided(by: 2) == a + 1)
    #expect((a + 1).divided(by: 2).value(["a": 4]) == 2)
    #expect((0 - a).divided(by: 2).value(["a": 3]) == -2)
    #expect(a.divided(by: a + 1).number == 0)
    #expect((a + 1).divided(by: 2).description == "⌊(a + 1)/2⌋")
    #expect((a - 5).remainder(dividingBy: 3).value(["a": 4]) == 2)
    #expect((0 - 1 as Dimension).remainder(dividingBy: a) == a - 1)
    #expect((3 * a).remainder(dividingBy: 3).number == 0)
    #expect(Dimension(7).remainder(dividingBy: -3).number == -2)
    #expect(a.remainder(dividingBy: b).value(["a": 7, "b": 4]) == 3)
    #expect(Dimension(5).divided(by: 0).number == 0)
  }

  @Test("the lesser and the greater are the one that is so for all values, or a factor of their own")
  func extremes() {
    #expect(Dimension.minimum(a, a + 1) == a)
    #expect(Dimension.maximum(a, 1) == a)
    #expect(Dimension.minimum(a, 3).description == "min(a, 3)")
    #expect(Dimension.minimum(3, a) == .minimum(a, 3))
    #expect(Dimension.maximum(a - 3, 0).value(["a": 2]) == 0)
    #expect(Dimension.minimum(a, b).symbols == ["a", "b"])
    #expect(Dimension.minimum(.minimum(a, 3), 3) == .minimum(a, 3))
  }

  @Test("bounds of functions decide comparisons")
  func bounds() {
    #expect(a >= .minimum(a, 3))
    #expect(Dimension.minimum(a, 3) > 0)
    #expect(a - .minimum(a, b) >= 0)
    #expect(a.divided(by: 2) < a)
    #expect(a.remainder(dividingBy: b) < b)
    #expect(a.remainder(dividingBy: 4) < 4)
    #expect(a - 4 * a.divided(by: 4) >= 0)
    #expect(Dimension.maximum(a - 3, 0) < a)
    #expect(a * b >= a)
    // Bounds from both sides that meet.
    #expect(a - 1 - .minimum(a - 1, 1) == .maximum(a - 2, 0))
    #expect((a - .minimum(a, 2)).equals(.maximum(a - 3, 0)) == nil)
  }

  @Test("functions have their values in random expressions, and their bounds hold")
  func randomFunctions() {
    for seed in 0..<300 as Range<UInt64> {
      var generator = SplitMix64(seed: seed)
      func expression(_ depth: Int) -> (Dimension, ([Int]) -> Int) {
        if depth == 0 || Int.random(in: 0..<4, using: &generator) == 0 {
          let number = Int.random(in: -2...4, using: &generator)
          return Bool.random(using: &generator)
            ? (a * Dimension(number), { $0[0] * number }) : (b + Dimension(number), { $0[1] + number })
        }
        let (x, f) = expression(depth - 1), (y, g) = expression(depth - 1)
        switch Int.random(in: 0..<7, using: &generator) {
        case 0: return (x + y, { f($0) + g($0) })
        case 1: return (x - y, { f($0) - g($0) })
        case 2: return (.minimum(x, y), { min(f($0), g($0)) })
        case 3: return (.maximum(x, y), { max(f($0), g($0)) })
        case 4: return (x.divided(by: 3), { Int((Double(f($0)) / 3).rounded(.down)) })
        case 5: return (x.remainder(dividingBy: a + 1), { v in f(v) - (v[0] + 1) * Int((Double(f(v)) / Double(v[0] + 1)).rounded(.down)) })
        default: return (x * 2, { f($0) * 2 })
        }
      }
      let (x, f) = expression(3), (y, g) = expression(2)
      for values in [[1, 1], [2, 1], [1, 5], [7, 3], [12, 13]] {
        let symbols = ["a": values[0], "b": values[1]]
        #expect(x.value(symbols) == f(values), "seed \(seed): \(x) at \(values)")
        if let answer = x.isAtMost(y) { #expect(answer == (f(values) <= g(values)), "seed \(seed): \(x) ≤ \(y) at \(values)") }
        if let answer = x.equals(y) { #expect(answer == (f(values) == g(values)), "seed \(seed): \(x) = \(y) at \(values)") }
      }
    }
  }

  @Test("equal parts make up the whole again")
  func shares() {
    let part = a.share(of: 3)
    #expect((part + part + part) == a)
    #expect((6 * part * b) == 2 * a * b)
    #expect((b * part * 2).value(["a": 12, "b": 5]) == 40)
    #expect((6 * a).share(of: 3) == 2 * a)
    #expect(part.description == "a/3")
    #expect((a * b).divided(exactlyBy: part).map { $0 == 3 * b } ?? true)
  }

  @Test("an equality that the symbols leave open ends the program, asked in any way")
  func undecidableEquality() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Dimension("batch") == 5 }
      .expectsMessage("comparison of extents: whether batch equals 5 depends on the symbols")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Dimension("batch") != 5 }
      .expectsMessage("comparison of extents: whether batch equals 5 depends on the symbols")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      switch Dimension("batch") {
      case 5: break
      default: break
      }
    }
    .expectsMessage("comparison of extents: whether 5 equals batch depends on the symbols")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Shape(dimensions: ["batch", 2]) == [5, 2] }
      .expectsMessage("comparison of shapes: [batch, 2] and [5, 2]: whether batch equals 5 depends on the symbols")
  }

  @Test("an order that the symbols leave open ends the program and names both sides")
  func undecidable() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Dimension("batch") < 5 }
      .expectsMessage("whether batch is less than 5 depends on the symbols; give both one symbol, or compile for numbers")
  }
}
