import Foundation
import Testing
import WengertNN
import WengertTestSupport

@Suite("The guides of Documentation")
struct GuidesTests {
  /// Compares a page with the source of its code, block by block, and all that it shows as output with what the code prints.
  private func check(_ page: String, _ source: String, blocks count: Int, _ run: (Printed) throws -> Void) throws {
    let blocks = try MarkdownFile("Documentation/\(page).md").blocks
    func trimmed(_ lines: [String]) -> [String] { lines.map { $0.trimmingCharacters(in: .whitespaces) } }
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let lines = trimmed(
      try String(contentsOf: folder.appending(path: source), encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
        .map(String.init))
    let code = blocks.filter { $0.language == "swift" && $0.name.isEmpty }
    #expect(code.count == count)
    for block in code {
      let wanted = trimmed(block.lines)
      let isThere = lines.indices.contains { lines[$0...].starts(with: wanted) }
      #expect(isThere, "\(page) has code that \(source) has not:\n\(block.lines.joined(separator: "\n"))")
    }
    let printed = Printed()
    try run(printed)
    let shown = blocks.filter { $0.language == "text" && $0.name.isEmpty }.flatMap(\.lines).map { "\($0)\n" }.joined()
    #expect(shown == printed.text)
  }

  @Test("FirstModel.md prints what it says, and trains")
  func firstModelPage() throws {
    try Fixtures.withTemporaryFolder { folder in
      try check("FirstModel", "FirstModelGuide.swift", blocks: 10) { try firstModel(print: $0, folder: folder) }
    }
  }

  @Test("YourOwnOperation.md prints what it says")
  func ownOperationPage() throws {
    try check("YourOwnOperation", "YourOwnOperationGuide.swift", blocks: 12) { yourOwnOperation(print: $0) }
  }

  @Test("SymbolsAndCompile.md prints what it says")
  func compilePage() throws {
    try check("SymbolsAndCompile", "SymbolsAndCompileGuide.swift", blocks: 7) { symbolsAndCompile(print: $0) }
  }

  @Test("the training loops of FromPyTorch.md are the same steps")
  func loops() throws {
    let x = RandomKey(7).uniform([64, 2], low: -1, high: 1), y = (x[0..., 0] * x[0..., 1]).expandDims(1)
    try check("FromPyTorch", "FromPyTorchGuide.swift", blocks: 2) { _ in }
    let (losses, model, compiled) = trainingLoop(x: x, y: y)
    #expect(losses.last! < losses[0] / 20)
    let distance = zip(model.tensors, compiled.tensors).map { abs($0 - $1).max().item() }.max()!
    #expect(distance < 1e-3)
  }

  private struct Value: Decodable {
    let shape: [Int], values: [Double]
  }

  @Test("what FromPyTorch.md calls equal has PyTorch's values")
  func table() throws {
    let page = try MarkdownFile("Documentation/FromPyTorch.md")
    let peer = try JSONDecoder().decode([String: [Value]].self, from: Data(contentsOf: Fixtures.url("from_pytorch.json")))
    let source = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "FromPyTorchGuide.swift"), encoding: .utf8)
    let values = try Fixtures.withTemporaryFolder { try equivalents(folder: $0) }
    var compared = 0
    for heading in ["Tensors", "Shapes and parts", "Functions", "Linear algebra", "Loops", "Random numbers", "Derivatives", "Models and training"] {
      let rows = page.rows(under: heading)
      #expect(!rows.isEmpty)
      for row in rows {
        let isWords = row[2].hasPrefix("nothing"), isName = ["customDerivative", "struct Model: ParameterTree"].contains(row[2])
        // Once as text, once as code.
        let isCode = source.contains("row(#\"\(row[2])\"#, \(row[2]))") || source.contains("  \(row[2])\n") || source.contains("\(row[2]),")
        #expect(isWords || isName || isCode, "\(row[2])")
        guard let theirs = peer[row[0]] else { continue }
        let ours = try #require(values[row[2]], "\(row[2])")
        let fits =
          ours.count == theirs.count
          && zip(ours, theirs).allSatisfy { ours, theirs in
            Array(ours.shape) == theirs.shape
              && zip(ours.array(of: Double.self), theirs.values).allSatisfy { abs($0 - $1) <= 1e-4 * max(1, abs($1)) }
          }
        #expect(fits, "\(row[2]) is \(ours), in PyTorch \(row[0]) is \(theirs)")
        compared += 1
      }
    }
    #expect(compared == peer.count)
  }
}
