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

  /// What a peer has for an expression; of random numbers the shape alone.
  private struct Value: Decodable {
    let shape: [Int], values: [Double]
  }

  private func peer(_ file: String) throws -> [String: [Value]] {
    try JSONDecoder().decode([String: [Value]].self, from: Data(contentsOf: Fixtures.url(file)))
  }

  private func source(_ file: String) throws -> String {
    try String(contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: file), encoding: .utf8)
  }

  /// Expects the peer's shapes and values, or, where signs are free, their sizes.
  private func expect(_ ours: [Tensor]?, of code: String, are theirs: [Value], of peersCode: String, upToSigns: Bool = false) throws {
    let ours = try #require(ours, "\(code)")
    func comparable(_ value: Double) -> Double { upToSigns ? Swift.abs(value) : value }
    let fits =
      ours.count == theirs.count
      && zip(ours, theirs).allSatisfy { ours, theirs in
        Array(ours.shape) == theirs.shape
          && zip(ours.array(of: Double.self), theirs.values).allSatisfy { abs(comparable($0) - comparable($1)) <= 1e-4 * max(1, abs($1)) }
      }
    #expect(fits, "\(code) is \(ours), in PyTorch \(peersCode) is \(theirs)")
  }

  @Test("what FromPyTorch.md calls equal has PyTorch's values")
  func table() throws {
    let page = try MarkdownFile("Documentation/FromPyTorch.md"), source = try self.source("FromPyTorchGuide.swift")
    let peer = try self.peer("from_pytorch.json")
    let values = try Fixtures.withTemporaryFolder { try equivalents(folder: $0) }
    var compared = 0
    for heading in [
      "Tensors", "Shapes and parts", "Functions", "Linear algebra", "Loops", "Random numbers", "Derivatives", "Models and training",
    ] {
      let rows = page.rows(under: heading)
      #expect(!rows.isEmpty)
      for row in rows {
        let isWords = row[2].hasPrefix("nothing"), isName = ["customDerivative", "struct Model: ParameterTree"].contains(row[2])
        // Once as text, once as code.
        let isCode = source.contains("row(#\"\(row[2])\"#, \(row[2]))") || source.contains("  \(row[2])\n") || source.contains("\(row[2]),")
        #expect(isWords || isName || isCode, "\(row[2])")
        guard let theirs = peer[row[0]] else { continue }
        try expect(values[row[2]], of: row[2], are: theirs, of: row[0])
        compared += 1
      }
    }
    #expect(compared == peer.count)
  }

  @Test("what PyTorchOperations.md has for PyTorch's operations has their values, and no name is left out")
  func operations() throws {
    let page = try MarkdownFile("Documentation/PyTorchOperations.md"), peer = try self.peer("pytorch_operations.json")
    func plain(_ text: String) -> String { text.filter { !$0.isWhitespace } }
    let source = try ["Elements", "Shapes", "Products", "Layers"].map { plain(try self.source("PyTorchOperationsGuide+\($0).swift")) }
      .joined()
    let headings = [
      "Element by element", "Shapes", "Indices", "Reductions and order", "Products and matrices", "Activations", "Losses", "Layers",
      "Random numbers",
    ]
    let rows = headings.flatMap { page.rows(under: $0) }, missing = page.rows(under: "Not here").map { $0[0] }
    let values = PyTorchOperationsGuide().values()
    for row in rows {
      // Once as text, once as code, of which all lines but the last stand before it.
      let code = row[2], lines = code.split(separator: "; ")
      let before = lines.count == 1 ? "" : "do{" + lines.dropLast().joined()
      let isCode = source.contains(plain("\(before)row(#\"\(code)\"#,\(lines.last!))"))
      #expect(isCode, "\(code)")
      // Signs of columns are the library's choice in these.
      let hasFreeSigns = ["linalg.eigh", "linalg.qr", "linalg.svd"].contains(row[0])
      try expect(values[code], of: code, are: peer[row[0]] ?? [], of: row[1], upToSigns: hasFreeSigns)
    }
    #expect(Set(values.keys) == Set(rows.map { $0[2] }))
    let names = rows.map { $0[0] } + missing
    #expect(names.count == peer.count && Set(names) == Set(peer.keys))
    #expect(missing.allSatisfy { peer[$0] == nil || peer[$0]!.isEmpty })
    #expect(Double(rows.count) >= 0.95 * Double(peer.count))
    let text = try String(contentsOf: Fixtures.url("../../Documentation/PyTorchOperations.md"), encoding: .utf8)
    #expect(text.contains("\(rows.count) of \(peer.count) have it"))
  }
}
