import Testing
import Wengert

@testable import WengertCore

/// What tells a call's arguments from those of another structure, without making their names.
@Suite("Structures of a compiled function's arguments")
struct StructureTests {
  private struct Two: ParameterTree {
    var a: Tensor?
    var b: Tensor?
    static let fields: [Field<Self>] = [.init("a", \.a), .init("b", \.b)]
  }

  @Test("tensors of equal types in other places are another program, and known ones are used again")
  func places() {
    let f = compile { (x: Two) in x.a.map { $0 + 1 } ?? x.b! * 10 }
    let x = Tensor([3.0])
    for _ in 0..<2 {
      #expect(f(Two(a: x)).item() == 4)
      #expect(f(Two(b: x)).item() == 30)
    }
    #expect(f.statistics.compilations == 2)

    let g = compile { (x: [Tensor], y: [Tensor]) in x.count == 2 ? x[0] - x[1] + y[0] : x[0] * y[0] * y[1] }
    let y = Tensor([2.0])
    for _ in 0..<2 {
      #expect(g([x, y], [y]).item() == 3)
      #expect(g([x], [y, y]).item() == 12)
    }
    #expect(g.statistics.compilations == 2)

    let h = compile { (x: [String: Tensor]) in x["left"] ?? -x["right"]! }
    #expect(h(["left": x]).item() == 3)
    #expect(h(["right": x]).item() == -3)
    #expect(h.statistics.compilations == 2)
  }

  @Test("numbers of names differ where the names do, and are short enough to take no memory")
  func hashes() {
    var known: [String: String] = [:]
    func add(_ name: String, _ hash: String) {
      #expect(hash.utf8.count <= 15)
      let other = known.updateValue(name, forKey: hash)
      #expect(other == nil, "\(name) and \(other ?? "")")
    }
    for i in 0..<40 {
      let outer = HashedName.below(HashedName.root, "\(i)")
      add("\(i)", outer)
      for name in ["a", "b", "ab", "weight", "bias", "encoder.weight", "a rather long name of a parameter"] {
        let middle = dotted(outer, name)
        add("\(i).\(name)", middle)
        for j in 0..<10 { add("\(i).\(name).\(j)", dotted(middle, "\(j)")) }
      }
    }
    #expect(known.count == 40 * (1 + 7 * 11))
    #expect(dotted("", "a") == "a")
    #expect(dotted("a", "b") == "a.b")
  }
}
