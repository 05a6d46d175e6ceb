import Testing
import Wengert
import WengertTestSupport

@Suite("Dimensions")
struct DimensionTests {
  private let a: Dimension = "a"
  private let b: Dimension = "b"

  @Test("expressions have one normal form, whatever the order in which they are written")
  func normalForm() {
    #expect((a + b).isIdentical(to: b + a))
    #expect((a * b + 2 * a).isIdentical(to: a * (b + 2)))
    #expect(((a + b) * (a - b)).isIdentical(to: a * a - b * b))
    #expect((a - a).number == 0)
    #expect((a + 3 - a).number == 3)
    #expect((2 * a * b + 1).description == "2·a·b + 1")
    #expect((a - b - 1).description == "a - b - 1")
    #expect((0 - a).description == "-a")
    #expect((a * b).symbols == ["a", "b"])
  }

  @Test("a name is one symbol everywhere")
  func names() {
    #expect(Dimension(symbol: "batch").isIdentical(to: "batch"))
    #expect(!Dimension(symbol: "batch").isIdentical(to: "tokens"))
  }

  @Test("division is exact or none")
  func division() {
    #expect((a * b).divided(exactlyBy: b)?.isIdentical(to: a) == true)
    #expect((2 * a * b + 4 * a).divided(exactlyBy: 2 * a)?.isIdentical(to: b + 2) == true)
    #expect((a * a - b * b).divided(exactlyBy: a - b)?.isIdentical(to: a + b) == true)
    #expect((a + 1).divided(exactlyBy: a) == nil)
    #expect((3 * a).divided(exactlyBy: 2) == nil)
    #expect(Dimension(12).divided(exactlyBy: 4)?.number == 3)
    #expect(Dimension(12).divided(exactlyBy: 0) == nil)
    #expect(a.divided(exactlyBy: 0) == nil)
  }

  @Test("a product divided by one factor is the other, for random polynomials")
  func randomDivision() {
    for seed in 0..<200 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
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
      #expect(quotient?.isIdentical(to: p) == true, "seed \(seed): (\(p)) · (\(q))")
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

  @Test("a comparison that the symbols leave open ends the program and names both sides")
  func undecidable() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Dimension("batch") + 1 == Dimension("tokens") }
      .expectsMessage("whether batch + 1 equals tokens depends on the symbols; give both one symbol, or compile for numbers")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Dimension("batch") < 5 }
      .expectsMessage("whether batch is less than 5 depends on the symbols")
  }
}
