import Testing
import WengertTestSupport

@testable import WengertCore

@Suite("Equations of einsum")
struct EinsumEquationTests {
  @Test("an equation comes apart into letters and the places of its dots")
  func parts() throws {
    let equation = try EinsumEquation(parsing: "b...ij , Kj->...b iK")
    #expect(equation.operands == [.init(letters: ["b", "i", "j"], ellipsis: 1), .init(letters: ["K", "j"])])
    #expect(equation.result == .init(letters: ["b", "i", "K"], ellipsis: 0))
    #expect(try EinsumEquation(parsing: "ij").result == nil)
    #expect(try EinsumEquation(parsing: ",->") == EinsumEquation(parsing: " , -> "))
    #expect(try EinsumEquation(parsing: "").operands == [.init()])
  }

  @Test(
    "what is no equation throws",
    arguments: [
      "i.j->ij", "i..->i", ".", "i. ..->i", "......i->i", "...i...->i", "ij->...ij", "i->ii", "i->j", "i->i->i", "i-i", "i- >i", "i>i",
      "->->",
      "i,j->i,j", "i->i,", "i1->i", "i\tj", "i\n", "é->é", "a\u{301}->a", "日->日", "i;j", "i->I", "(i)", "i->...", "\0", "i\u{200B}j",
    ])
  func refused(_ text: String) {
    #expect(throws: EinsumError.self) { try EinsumEquation(parsing: text) }
  }

  @Test("random texts are parsed or refused, and what was parsed says the same when it is written again")
  func fuzz() throws {
    var generator = SplitMix64(seed: 12)
    let alphabet: [Character] = ["i", "j", "K", ",", ".", ".", ".", "-", ">", " ", "…", "1"]
    var parsed = 0
    for _ in 0..<20_000 {
      let count = Int.random(in: 0...9, using: &generator)
      let text = String((0..<count).map { _ in alphabet.randomElement(using: &generator)! })
      guard let equation = try? EinsumEquation(parsing: text) else { continue }
      parsed += 1
      func written(_ term: EinsumEquation.Term) -> String {
        var parts = term.letters.map(String.init)
        if let place = term.ellipsis { parts.insert("...", at: place) }
        return parts.joined()
      }
      let again = equation.operands.map(written).joined(separator: ",") + (equation.result.map { "->" + written($0) } ?? "")
      #expect(try EinsumEquation(parsing: again) == equation, "\(text)")
      #expect(again == text.filter { $0 != " " })
    }
    #expect(parsed > 500)
  }

  @Test("capitals come before small letters in a result that is not named, and dots first")
  func implicitResult() {
    #expect(einsum("aB", .ones([2, 3])).shape == [3, 2])
    #expect(einsum("b...a", .ones([2, 5, 3])).shape == [5, 3, 2])
    #expect(einsum("ii", .ones([3, 3])).item() == 3)
    #expect(einsum(",", Tensor(2), Tensor(3)).item() == 6)
    #expect(einsum("...i->i", .ones([3])).shape == [3])
    #expect(einsum("...,...->...", .ones([2, 3]), .ones([3])).shape == [2, 3])
  }
}
