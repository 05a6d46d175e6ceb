import Testing
import Wengert

@_spi(Backend) @testable import WengertCore

/// Settings of every kind.
private struct Kinds: ParameterTree {
  enum Way { case up, down }
  enum Amount { case none, some(Int) }
  struct Inner {
    var rate = 1.0
    var count = 2
  }
  final class Reference {}

  var w = Tensor([2.0])
  var flag = false
  var small: Int8 = 1
  var float: Float = 1
  var word = "a rather long word that takes memory"
  var way = Way.up
  var amount = Amount.none
  var inner = Inner()
  var optional: Double?
  var list = [1.0, 2.0]
  var inners: [Inner]? = [Inner()]
  var pair = (1, 2)
  var table = ["a": 1]
  weak var weak: Reference?
  let function: @Sendable (Double) -> Double = { $0 }

  static let fields: [Field<Self>] = [.init("w", \.w)]
}

/// Settings that are listed.
private struct Listed: ParameterTree {
  enum Way { case up, down }
  var w = Tensor([2.0])
  var factor = 1.0
  var way = Way.up
  let word: String?
  static let fields: [Field<Self>] = [.init("w", \.w), .setting(\.factor), .setting(\.way), .setting(\.word)]
}

/// A setting that is none.
private struct Hidden: ParameterTree {
  struct Key: Hashable, TensorTree {
    mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {}
  }
  var w = Tensor([2.0])
  var key = Key()
  static let fields: [Field<Self>] = [.init("w", \.w), .setting(\.key)]
}

/// A tree that visits and reads its tensors itself, and one setting of two.
private struct Own: ParameterTree {
  var a: Tensor
  var b: Tensor
  var factor: Double
  var note = 0
  static let fields: [Field<Self>] = [.init("a", \.a), .init("b", \.b)]

  mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
    b.visit(Self.name("b", below: prefix), body)
    a.visit(Self.name("a", below: prefix), body)
  }

  func read(into contents: inout TreeContents) {
    contents.add(b)
    contents.add(a)
    contents.add(setting: factor)
  }
}

/// A tree whose `read` forgets what its `visit` does.
private struct Mistaken: TensorTree {
  enum Way { case swapped, shorter }
  var a: Tensor
  var b: Tensor
  var way: Way
  mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
    a.visit(Self.name("a", below: prefix), body)
    b.visit(Self.name("b", below: prefix), body)
  }
  func read(into contents: inout TreeContents) {
    contents.add(b)
    if way == .swapped { contents.add(a) }
  }
}

/// A tensor that is made each time it is asked for.
private struct Computed: ParameterTree {
  var half: Tensor
  var whole: Tensor {
    get { half + half }
    set { half = newValue / 2 }
  }
  static let fields: [Field<Self>] = [.init("whole", \.whole), .init("half", \.half)]
}

/// What is read of a call's arguments, beside what `SettingsTests` and `StructureTests` promise.
@Suite("Reading a call's arguments")
struct ReadingTests {
  @Test("a setting of any kind tells a call from the one before, and equal ones do not")
  func kinds() {
    let changes: [(inout Kinds) -> Void] = [
      { $0.flag = true }, { $0.small = 2 }, { $0.float = 2 }, { $0.word += "." }, { $0.way = .down }, { $0.amount = .some(0) },
      { $0.amount = .some(1) }, { $0.inner.rate = 2 }, { $0.inner.count = 3 }, { $0.optional = 0 }, { $0.optional = 1 },
      { $0.list[1] = 3 }, { $0.list.append(0) }, { $0.inners = nil }, { $0.inners![0].rate = 0 }, { $0.pair.1 = 3 }, { $0.table["b"] = 1 },
    ]
    let f = compile { (model: Kinds, x: Tensor) in model.w * x }
    let nested = compile { (models: Pair<[Kinds], Tensor>) in models.first[0].w * models.second }
    let x = Tensor([3.0])
    for _ in 0..<2 {
      for change in [{ _ in }] + changes {
        var model = Kinds()
        change(&model)
        #expect(f(model, x).item() == 6)
        #expect(nested(Pair([model], x)).item() == 6)
      }
    }
    for handle in [f, nested] as [CompiledHandle] { #expect(handle.statistics.compilations == 1 + changes.count) }
  }

  @Test("one model that changes between calls is another program each time, and the first again when it changes back")
  func changing() {
    let f = compile { (model: Kinds, x: Tensor) in model.w * x * model.inner.rate }
    var model = Kinds()
    for rate in [1.0, 2, 1, 4, 2, 1] {
      model.inner.rate = rate
      #expect(f(model, Tensor([3.0])).item() == 6 * rate)
    }
    #expect(f.statistics.compilations == 3)
  }

  @Test("a type's own visit and settings are kept to")
  func own() {
    let f = compile { (model: Own, x: Tensor) in (model.a - model.b) * x * model.factor }
    let g = compile { (models: [Own], x: Tensor) in (models[0].a - models[0].b) * x * models[0].factor }
    for note in 0..<3 {
      for factor in [1.0, 2] {
        let model = Own(a: Tensor([5.0]), b: Tensor([3.0]), factor: factor, note: note)
        #expect(f(model, Tensor([1.0])).item() == 2 * factor)
        #expect(g([model], Tensor([1.0])).item() == 2 * factor)
      }
    }
    for handle in [f, g] as [CompiledHandle] { #expect(handle.statistics.compilations == 2) }
  }

  @Test("settings that are listed by key path count as those found by reflection do; what holds tensors is no setting")
  func listed() {
    let f = compile { (model: Listed, x: Tensor) in model.w * x }
    let models = [
      Listed(word: nil), Listed(factor: 2, word: nil), Listed(way: .down, word: nil), Listed(word: ""), Listed(word: "a"),
    ]
    for _ in 0..<2 { for model in models { #expect(f(model, Tensor([3.0])).item() == 6) } }
    #expect(f.statistics.compilations == models.count)
    #expect(FieldCheck.missingFields(of: models[0]) == [])
    #expect(FieldCheck.missingFields(of: Hidden()) == ["key"])
  }

  @Test("a `read` of one's own that gives other tensors than `visit`, or in another order, is refused")
  func mistaken() {
    let a = Tensor([5.0]), b = Tensor([3.0])
    let found = collectingMistakes([
      { _ = compile { (x: Mistaken) in x.a - x.b }(Mistaken(a: a, b: b, way: .swapped)) },
      { _ = compile { (x: Mistaken) in x.a - x.b }(Mistaken(a: a, b: b, way: .shorter)) },
    ])
    #expect(
      found.map { $0.message } == [
        "`read` and `visit` of an argument differ in tensor 0, 0.a; they must give the same tensors in the same order",
        "`read` and `visit` of an argument give 1 and 2 tensors; they must give the same tensors in the same order",
      ])
  }

  @Test("lists, dictionaries, pairs and trees read what they visit")
  func same() {
    func reads(_ tree: some TensorTree) -> Bool {
      var contents = TreeContents()
      tree.read(into: &contents)
      return zip(contents.tensors, tree.tensors).allSatisfy { $0.face.storage === $1.face.storage } && contents.count == tree.tensors.count
    }
    #expect(reads([Tensor(1), Tensor(2)]) && reads(["b": Tensor(1), "a": Tensor(2)]) && reads(Pair(Tensor(1), [Tensor(2)])))
    #expect(reads(Kinds()) && reads(Listed(word: nil)) && reads(Own(a: Tensor(1), b: Tensor(2), factor: 1)))
  }

  @Test("tensors that a tree makes for its reader live as long as the call")
  func computed() {
    let f = compile { (model: Computed, x: Tensor) in model.whole + model.half + x }
    for i in 0..<20 { #expect(f(Computed(half: Tensor([Double(i)])), Tensor([1.0])).item() == Double(3 * i + 1)) }
    #expect(f.statistics.compilations == 1)
  }

  @Test("tensors that are not row-major are read as they are, whatever the call before had")
  func strides() {
    let f = compile { (x: [Tensor]) in x[0] + 10 * x[1] }
    let a = Tensor([[1.0, 2.0], [3.0, 4.0]]), b = Tensor([[0.0, 1.0], [2.0, 3.0]])
    for _ in 0..<3 {
      #expect(f([a, b]).array(of: Int.self) == [1, 12, 23, 34])
      #expect(f([a.transpose(), b]).array(of: Int.self) == [1, 13, 22, 34])
      #expect(f([a, b.transpose()]).array(of: Int.self) == [1, 22, 13, 34])
      #expect(f([Tensor([1.0, 2.0]).broadcast(to: [2, 2]), b]).array(of: Int.self) == [1, 12, 21, 32])
    }
    #expect(f.statistics.compilations == 1)
  }

  @Test("results may be arguments, which outlive the call")
  func arguments() {
    let f = compile { (x: Tensor, y: Tensor) in [y, x + 1] }
    for i in 0..<5 {
      let results = f(Tensor([Double(i)]), Tensor([Double(i), 7.0])[1..<2])
      #expect(results[0].item() == 7 && results[1].item() == Double(i + 1))
    }
  }

  @Test("a pullback's arguments live until its cotangent has come")
  func pending() {
    let f = compilePullback { (w: [Tensor], x: Tensor) in square(w[0] * x).sum() }
    var slopes: [Double] = []
    for i in 1...4 {
      let pending = f([Tensor([Double(i)])], Tensor([2.0]))
      let others = (0..<8).map { _ in Tensor([100.0]) }
      var slope = [Tensor.zeros([1])]
      withExtendedLifetime(others) { pending.add(Tensor(1), to: &slope) }
      slopes.append(slope[0].item())
    }
    #expect(slopes == [8, 16, 24, 32])
  }

  @Test("which of the arguments has names of axes counts")
  func names() {
    let f = compile { (x: Tensor, y: Tensor) in [x * 2, y * 2] }
    let plain = Tensor([1.0, 2.0]), named = plain.named("B")
    for _ in 0..<2 {
      #expect(f(plain, plain).map(\.axisNames) == [[nil], [nil]])
      #expect(f(named, plain).map(\.axisNames) == [["B"], [nil]])
      #expect(f(plain, named).map(\.axisNames) == [[nil], ["B"]])
    }
    #expect(f.statistics.compilations == 3)
  }
}
