import Testing
import Wengert
import WengertTestSupport

/// Mistakes that show while a function with symbols is traced, or when the symbols get their numbers, and their lines.
private enum SymbolMistakes {
  static func run(_ f: @escaping @Sendable (Tensor) -> Tensor, _ n: Int = 4, shape: [Dimension] = ["n"]) {
    _ = compile(f, CompileOptions(shapes: ["0": shape]))(Tensor.ones(Shape([n] + shape.dropFirst().map { _ in 3 })))
  }

  static func number() { run { Tensor.ones([2]) * Double($0.shape[0]) } }
  static let numberLine = #line - 1
  static func values() { run { $0 * $0.sum().item() } }
  static let valuesLine = #line - 1
  static func comparison() { run { $0.shape[dim: 0] < 3 ? $0 : -$0 } }
  static let comparisonLine = #line - 1
  static func sum() { run { $0 + Tensor.ones([4]) } }
  static let sumLine = #line - 1
  static func product() { run({ $0.matmul(Tensor.ones([5])) }) }
  static let productLine = #line - 1
  static func reshape() { run { $0.reshape([3]) } }
  static let reshapeLine = #line - 1
  static func place() { run { $0[5] } }
  static let placeLine = #line - 1
  static func range() { run { $0.narrow(0, from: 1, count: 6) } }
  static let rangeLine = #line - 1
  static func bounds() { run { $0[Axis.range(from: 1, to: $0.shape[dim: 0] - 5)] } }
  static let boundsLine = #line - 1
  static func parts() { run { $0.split(into: 3)[0] } }
  static let partsLine = #line - 1
  static func top() { run { $0.topK(5).values } }
  static let topLine = #line - 1
  static func squeeze() { run { $0.squeeze(0) } }
  static let squeezeLine = #line - 1
  static func rank() { run { $0.reshape(Shape(repeating: 1, count: 9)) } }
  static let rankLine = #line - 1
  static func heads() {
    let f: @Sendable (Tensor) -> Tensor = {
      attention(query: $0, key: $0, value: $0, offsets: Tensor([0, 4] as [Int]), heads: 2)
    }
    run(f, 4, shape: [4, "width"])
  }
  static let headsLine = #line - 4
}

/// What cannot be compiled for symbols says so with the operation, the shapes and the line; so does what does not fit the numbers that come.
@Suite("Messages about symbols")
struct SymbolMessageTests {
  private static let file = "SymbolMessageTests.swift"

  @Test("an extent asked for as a number")
  func number() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { SymbolMistakes.number() } }
      .expectsMessage(
        "\(Self.file):\(SymbolMistakes.numberLine)", "axis 0 of [n] is not a number while the graph is traced; use shape[dim: 0]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { SymbolMistakes.values() } }
      .expectsMessage("\(Self.file):\(SymbolMistakes.valuesLine)", "reading a tensor's values is not possible while a graph is traced")
  }

  @Test("shapes for an argument that there is not")
  func unknownArgument() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = compile({ (x: Tensor) in x * 2 }, CompileOptions(shapes: ["7": ["n"]]))(Tensor.ones([3]))
    }
    .expectsMessage("CompileOptions.shapes names \"7\", which no argument is called; there are 0")
  }

  @Test("an order, and extents that must be equal, that the symbols leave open")
  func comparisons() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { SymbolMistakes.comparison() } }
      .expectsMessage("\(Self.file):\(SymbolMistakes.comparisonLine)", "whether n is less than 3 depends on the symbols")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { SymbolMistakes.sum() } }
      .expectsMessage(
        "\(Self.file):\(SymbolMistakes.sumLine)", "add: shapes [n] and [4] do not broadcast", "whether n equals 4 depends on the symbols")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { SymbolMistakes.product() }
      .expectsMessage(
        "\(Self.file):\(SymbolMistakes.productLine)", "matmul: inner extents differ: [n] · [5]", "whether n equals 5 depends on the symbols"
      )
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { SymbolMistakes.reshape() }
      .expectsMessage(
        "\(Self.file):\(SymbolMistakes.reshapeLine)", "reshape: [n] has n elements, [3] has 3; whether 3 equals n depends on the symbols")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { SymbolMistakes.squeeze() }
      .expectsMessage("\(Self.file):\(SymbolMistakes.squeezeLine)", "squeeze: axis 0 of [n] is not of extent one")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { SymbolMistakes.rank() } }
      .expectsMessage("\(Self.file):\(SymbolMistakes.rankLine)", "a tensor has at most 8 axes")
  }

  @Test("what the numbers do not fit when they come")
  func binding() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { SymbolMistakes.place() }
      .expectsMessage("\(Self.file):\(SymbolMistakes.placeLine)", "subscript: index 5 is out of range for axis 0 of [n], with n = 4")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { SymbolMistakes.range() }
      .expectsMessage("\(Self.file):\(SymbolMistakes.rangeLine)", "narrow: 6 elements from 1 are not inside axis 0 of [n], with n = 4")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { SymbolMistakes.bounds() }
      .expectsMessage(
        "\(Self.file):\(SymbolMistakes.boundsLine)", "subscript: the range from 1 to n - 5 by 1 is not inside axis 0 of [n], with n = 4")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { SymbolMistakes.parts() }
      .expectsMessage(
        "\(Self.file):\(SymbolMistakes.partsLine)", "split: axis 0 of [n] does not divide into 3 equal parts, with n = 4")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { SymbolMistakes.top() }
      .expectsMessage("\(Self.file):\(SymbolMistakes.topLine)", "topK: cannot take 5 of the n elements of axis 0 of [n], with n = 4")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { SymbolMistakes.heads() }
      .expectsMessage(
        "\(Self.file):\(SymbolMistakes.headsLine)", "attention: the width width does not divide into 2 heads, with width = 3")
  }

  @Test("symbols outside a compiled function")
  func outside() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = Tensor.ones(Shape(dimensions: ["n"])) }
      .expectsMessage("float32[n] has symbols, which have numbers only in calls of a compiled function")
  }
}
