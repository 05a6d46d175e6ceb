import Foundation
import Testing

@Suite("What Swift says of wrong functions")
struct DiagnosticsTests {
  /// With the files' names for their paths. Files of Diagnostics are made anew with WENGERT_RECORD=1.
  private func expect(_ said: String, _ name: String) throws {
    let text = said.replacing(/\/[^\s:]*\//, with: ""), file = Built.tests.appendingPathComponent("Diagnostics/\(name).txt")
    if ProcessInfo.processInfo.environment["WENGERT_RECORD"] != nil { try text.write(to: file, atomically: true, encoding: .utf8) }
    let expected = try String(contentsOf: file, encoding: .utf8)
    #expect(text == expected)
  }

  @Test(
    "all mistakes at once, each at its expression, with where its axes are from and what would help",
    arguments: ["functions", "operations", "signatures", "types", "constants", "limits"])
  func verbatim(_ name: String) throws {
    try expect(Built.diagnostics([Built.tests.appendingPathComponent("Wrong/\(name).swift")]), name)
  }

  @Test("nothing of right ones")
  func right() throws {
    let files = ["Functions.swift", "Encoder.swift"].map { Built.tests.appendingPathComponent($0) }
    #expect(try Built.diagnostics(files, ["-parse-as-library", "-module-name", "GraphTests"]) == "")
  }

  @Test("the example's mistakes are said when they are asked for, and the page shows them")
  func example() throws {
    let folder = Built.root.appendingPathComponent("Examples/CompileTimeShapes/Sources/CompileTimeShapes")
    let files = ["Classifier", "Mistakes"].map { folder.appendingPathComponent("\($0).swift") }
    #expect(try Built.diagnostics(files) == "")
    let said = try Built.diagnostics(files, ["-D", "Mistakes"])
    try expect(said, "example")
    let page = try String(contentsOf: Built.root.appendingPathComponent("Documentation/CompileTimeGraphs.md"), encoding: .utf8)
    let source = try String(contentsOf: files[0], encoding: .utf8)
    let type = try #require(source.firstRange(of: "@Graph\n")).lowerBound
    #expect(page.contains(source[type...]))
    for line in said.split(separator: "\n") where line.contains(": error: ") {
      let text = String(line).replacing(/\/[^\s:]*\//, with: "")
      #expect(page.contains(text), "\(text)")
    }
  }
}

@Suite("The table of operations")
struct OperationTableTests {
  @Test("is what the symbol graph of the core gives: otherwise, run make operations")
  func generated() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let target = try Built.run("uname", ["-m"]).output.trimmingCharacters(in: .whitespacesAndNewlines)
    let extracted = try Built.run(
      "swift",
      ["symbolgraph-extract", "-module-name", "WengertCore", "-target", "\(target)-unknown-linux-gnu", "-minimum-access-level", "public"]
        + ["-output-dir", folder.path, "-I", Built.folder.appendingPathComponent("Modules").path])
    #expect(extracted.status == 0, "\(extracted.output)")
    let sources = Built.root.appendingPathComponent("Sources/WengertGraphMacros/Operations"),
      made = folder.appendingPathComponent("Made.swift")
    let generated = try Built.run(
      "python3",
      [sources.appendingPathComponent("generate.py").path, folder.appendingPathComponent("WengertCore.symbols.json").path, made.path])
    #expect(generated.status == 0, "\(generated.output)")
    let known = try String(contentsOf: sources.appendingPathComponent("GeneratedOperations.swift"), encoding: .utf8)
    #expect(try String(contentsOf: made, encoding: .utf8) == known)
  }
}
