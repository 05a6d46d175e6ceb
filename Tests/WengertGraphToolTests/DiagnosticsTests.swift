import Testing
import WengertNN
import WengertTestSupport

@testable import WengertCore
@testable import WengertGraphTool

/// Where the tools are.
private let file = "\(#filePath)".replacing("DiagnosticsTests.swift", with: "Tools.swift")

/// What is printed for a tool.
private func told(_ tool: any FinishedGraphs.Type) -> [String] {
  var diagnostics = Diagnostics(sources: SourceFiles(["WengertGraphToolTests=\(file)"]))
  _ = GeneratedFile(tool, &diagnostics)
  return diagnostics.list
}

@Suite("Mistakes while a package is built")
struct DiagnosticsTests {
  @Test("those of each function that has some, at their lines, and once if two graphs have the same")
  func collected() async {
    // Places are looked up in a process of its own, where no other test runs.
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      for fault in told(Wrong.self) { Failure.say(fault) }
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    let lines = text.split(separator: "\n").filter { $0.contains(": error: ") }
    #expect(lines.count == 5, "\(text)")
    #expect(
      text.contains("\(file):\(Wrong.productLine):") && text.contains(": note: in wider: matmul: inner extents differ: [2, 9] · [2, 9]"),
      "\(text)")
    for (line, part) in zip(
      [Wrong.productLine, Wrong.sumLine, Wrong.axisLine, Wrong.lossLine, Wrong.lossLine + 1],
      [
        "error: matmul: inner extents differ", "error: add: shapes", "error: sum: axis 7",
        "error: matmul: inner extents differ: [2, 3] · [4, 5]",
        "error: reshape: [2, 3] has 6 elements, [4, 4] has 16",
      ])
    {
      #expect(lines.contains { $0.hasPrefix("\(file):\(line):") && $0.contains(part) }, "\(part) at \(line)")
    }
  }

  @Test("a model that looks at its numbers is one, as are shapes that do not fit it")
  func model() async {
    await #expect(processExitsWith: .success) {
      enum Looking: FinishedGraphs {
        static var graphs: [FinishedGraph] {
          [
            .function("looking", { (x: Tensor) in x }, tree { Tensor.full(RandomKey(0).normal([1]).item(), [2]) }),
            .function("unknown", { (x: Linear) in x.weight }, tree(shapes: ["wait": [1]]) { Linear(3, 2, key: RandomKey(0)) }),
            .function("rank", { (x: Linear) in x.weight }, tree(shapes: ["weight": ["n"]]) { Linear(3, 2, key: RandomKey(0)) }),
          ]
        }
      }
      let faults = told(Looking.self)
      let parts = ["tree: a number of the model is read", "tree: `shapes` names \"wait\"", "tree: weight has the shape [2, 3]"]
      ensure(faults.count == 3, "\(faults)")
      for (fault, part) in zip(faults, parts) { ensure(fault.contains(part), fault) }
    }
  }

  @Test("what cannot be written as Swift is told where it is listed")
  func unwritable() {
    let faults = told(Unwritable.self)
    let wanted = [
      (1, "two graphs are called f"), (2, "\"not a name\" is not a name"), (3, "\"class\" is not a name"),
      (4, "names a type of WengertGraphToolTests itself"),
      (5, "structure: the result is a Linear"),
      (7, "mixed lists graphs of different types, CompiledFunction<Wengert.Tensor, Wengert.Tensor> and"),
      (10, "Wengert is a type or a module"), (11, "open: no argument gives a a number"),
      (12, "bare: there is no tensor among the arguments"),
      (13, "changed: the result is a LayerNorm"),
      (8, "a graph and a list are called one"), (9, "\"not a name\" is not a name"),
    ]
    #expect(faults.count == wanted.count)
    for (fault, (place, text)) in zip(faults, wanted) {
      #expect(fault.hasPrefix("\(file):\(Unwritable.firstLine + place):1: error: ") && fault.contains(text), "\(fault)")
    }
  }

  @Test("a tool without graphs is told")
  func empty() { #expect(told(Empty.self) == ["error: WengertGraphToolTests.Empty.graphs lists nothing that could be finished"]) }

  @Test("a place is the one that was found, then that of the caller's file, then that where the graph is listed")
  func places() {
    var diagnostics = Diagnostics(sources: SourceFiles(["Models=/home/Sources/Models/Model.swift", "nothing"]))
    let graph = FinishedGraph.function("f", { (x: Tensor) in x }, Fine.tensor([2]), path: "/home/Graphs.swift", line: 3)
    func add(_ file: StaticString, _ place: String?) {
      let mistake = Mistake(operation: "matmul", message: "one\ntwo", caller: Caller(file, 7), note: nil, place: place)
      diagnostics.add(mistake, in: graph)
      diagnostics.add(mistake, in: graph)
    }
    add("Models/Model.swift", "/home/Sources/Models/Model.swift:7:19")
    add("Models/Model.swift", nil)
    add("Other/Other.swift", nil)
    add("WengertCore/Operators.swift", nil)
    #expect(
      diagnostics.list == [
        "/home/Sources/Models/Model.swift:7:19: error: matmul: one; two", "/home/Sources/Models/Model.swift:7:1: error: matmul: one; two",
        "/home/Graphs.swift:3:1: error: f: matmul: one; two (at Other/Other.swift:7)", "/home/Graphs.swift:3:1: error: f: matmul: one; two",
      ])
  }
}
