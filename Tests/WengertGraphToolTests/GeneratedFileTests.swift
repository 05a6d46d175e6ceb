import Foundation
import Testing
import WengertNN
import WengertTestSupport

@testable import WengertCore
@testable import WengertGraphTool

@Suite("The Swift of finished graphs")
struct GeneratedFileTests {
  /// The text for a tool, and what is wrong with it.
  private static func generate(_ tool: any FinishedGraphs.Type) -> (text: String, faults: [String]) {
    var diagnostics = Diagnostics(sources: SourceFiles([]))
    let file = GeneratedFile(tool, &diagnostics)
    return (file.text, diagnostics.list)
  }

  /// The program of a declaration in a text.
  private static func program(_ name: String, in text: String) throws -> FinishedProgram {
    let start = try #require(text.range(of: "static let \(name) = ")).upperBound
    let begin = try #require(text.range(of: "FinishedProgram(\"", range: start..<text.endIndex)).upperBound
    let end = try #require(text.range(of: "\")", range: begin..<text.endIndex)).lowerBound
    return try FinishedProgram(code: Base64.bytes(String(text[begin..<end])), device: .cpu)
  }

  @Test("each graph is a compiled function of the arguments' types, below its printed graph, in an enumeration called as the tool")
  func declarations() {
    let (text, faults) = Self.generate(Fine.self)
    #expect(faults == [])
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.filter { $0.hasPrefix("import ") } == ["import Wengert", "import WengertNN"])
    #expect(lines.contains("enum Fine {"))
    #expect(
      lines.filter { $0.hasPrefix("  static let ") } == [
        "  static let value = CompiledFunction<WengertNN.Linear, Wengert.Tensor, Wengert.Tensor>(",
        "  static let twice = CompiledFunction<WengertNN.Linear, Wengert.Tensor, Wengert.Tensor>(",
        "  static let slope = CompiledFunction<WengertNN.Linear, Wengert.Tensor, Wengert.Pair<Wengert.Tensor, WengertNN.Linear>>(",
        "  static let step = CompiledUpdate<Wengert.Tensor, Wengert.Tensor, Wengert.Tensor>(",
        "  static let lists = CompiledFunction<Wengert.Tensor, Wengert.RandomKey, Wengert.Pair<Swift.Array<Wengert.Tensor>, Swift.Dictionary<Swift.String, Wengert.Tensor>>>(",
        "  static let values = [value, twice]",
      ])
    let structures = lines.filter { $0.contains("finished: ") }.map { String($0.split(separator: "\")", maxSplits: 1)[1]) }
    #expect(
      structures == [
        ")", ")", ") { (a0: WengertNN.Linear, a1: Wengert.Tensor) in Wengert.Pair(a1, a0) }",
        ") { (a0: Wengert.Tensor, a1: Wengert.Tensor) in a0 }",
        ") { (a0: Wengert.Tensor, a1: Wengert.RandomKey) in Wengert.Pair([a0, a0], [\"noise\": a0]) }",
      ])
    #expect(lines.contains { $0.hasPrefix("  // graph(%0 \"0.weight\": float32[2, 3]") && $0.contains("\"1\": float32[rows, 3]") })
  }

  @Test("the same tool gives the same text each time")
  func repeated() { #expect(Self.generate(Fine.self).text == Self.generate(Fine.self).text) }

  @Test("the program of a gradient gives the loss and the gradient, for every number of rows")
  func gradient() throws {
    let program = try Self.program("slope", in: Self.generate(Fine.self).text)
    let finished = CompiledFunction<Linear, Tensor, Pair<Tensor, Linear>>(finished: program) { layer, x in Pair(x, layer) }
    let layer = Linear(3, 2, key: RandomKey(5))
    for rows in [1, 4] {
      let x = RandomKey(rows).normal([rows, 3])
      let (value, gradient) = valueAndGradient(at: layer) { squared($0, x) }
      let found = finished(layer, x)
      #expect(
        zip(found.tensors, [value] + gradient.tensors).allSatisfy { a, b in abs(a - b).array(of: Float.self).allSatisfy { $0 < 1e-4 } })
      #expect(found.tensors.count == 3)
    }
  }

  @Test("the program of an update changes its first argument")
  func update() throws {
    let program = try Self.program("step", in: Self.generate(Fine.self).text)
    let step = CompiledUpdate<Tensor, Tensor, Tensor>(finished: program) { weight, _ in weight }
    var weight = Tensor([1.0, 2.0])
    let sum = step(&weight, Tensor([2.0, 2.0]))
    #expect(weight.array(of: Float.self) == [0, 1] && sum.item() == 1)
  }

  @Test("a model is made without numbers: one of a terabyte takes no memory")
  func shapes() {
    let argument = Fine.tree { Linear(1 << 20, 1 << 18, bias: false, key: RandomKey(0)) }
    #expect(argument.make().types == [TensorType(shape: [1 << 18, 1 << 20], dtype: .float32)])
  }

  @Test("extents of a tree may be symbols, and those not given stay")
  func symbols() {
    let argument = Fine.tree(shapes: ["weight": ["outputs", -1], "bias": ["outputs"]]) { Linear(3, 2, key: RandomKey(0)) }
    #expect(
      argument.make().types == [
        TensorType(shape: Shape(dimensions: ["outputs", 3]), dtype: .float32),
        TensorType(shape: Shape(dimensions: ["outputs"]), dtype: .float32),
      ])
  }

  @Test("a file that has the text already is left as it is")
  func unchanged() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("Graphs.swift").path, past = Date(timeIntervalSince1970: 1_000_000)
      func date() throws -> Date? { try FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date }
      #expect(GeneratedFile.write("one", to: file) == nil)
      try FileManager.default.setAttributes([.modificationDate: past], ofItemAtPath: file)
      #expect(GeneratedFile.write("one", to: file) == nil)
      #expect(try date() == past)
      #expect(GeneratedFile.write("other", to: file) == nil)
      #expect(try date() != past)
      #expect(try String(contentsOfFile: file, encoding: .utf8) == "other")
      #expect(GeneratedFile.write("one", to: folder.appendingPathComponent("none/Graphs.swift").path) != nil)
    }
  }

  @Test("types are named by modules that their users can import; those without a name outside are refused")
  func types() throws {
    let name = try TypeName(reflecting: "WengertCore.Pair<Swift.Array<Models.Encoder.Block>, WengertNN.AdamW>")
    #expect(name.text == "Wengert.Pair<Swift.Array<Models.Encoder.Block>, WengertNN.AdamW>")
    #expect(name.modules == ["Wengert", "Models", "WengertNN"])
    #expect(throws: DeclarationError.self) { try TypeName(reflecting: "Models.(Hidden in $10f2c8)") }
  }

  @Test("the tool on the page is that of the example, and so are the functions")
  func page() throws {
    let folder = Fixtures.url("").deletingLastPathComponent().deletingLastPathComponent()
    let tool = try String(
      contentsOf: folder.appendingPathComponent("Examples/FinishedModels/Sources/ModelGraphs/Graphs.swift"), encoding: .utf8)
    let models = try String(
      contentsOf: folder.appendingPathComponent("Examples/FinishedModels/Sources/Models/Classifier.swift"), encoding: .utf8)
    let blocks = try MarkdownFile("Documentation/CompileTimeGraphs.md").blocks
    #expect(blocks.contains { $0.lines.count > 20 && models.hasSuffix($0.lines.joined(separator: "\n") + "\n") })
    let lines = tool.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    #expect(blocks.contains { $0.lines == lines })
  }
}
