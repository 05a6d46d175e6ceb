import Testing
import Wengert
import WengertTestSupport

// The README's example, to the letter.
struct Line: ParameterTree {
  var slope = Tensor(0), offset = Tensor(0)
  static let fields: [Field<Self>] = [.init("slope", \.slope), .init("offset", \.offset)]
}

@Suite("The README")
struct ReadmeTests {
  @Test("its first gradient is the one that it shows")
  func firstLines() {
    let x = Tensor([[1, 2], [3, 4]]), w = Tensor([0.5, -1.0])
    let slope = gradient(at: w) { w in square(x.matmul(w)).mean() }
    #expect(slope.description == "[ -9.0, -13.0]  float32[2]")
  }

  @Test("its example finds the line")
  func example() {
    let x = Tensor.linspace(-1, 1, count: 50), y = 3 * x + 0.5
    var line = Line()
    for _ in 0..<200 {
      let slope = gradient(at: line) { square($0.slope * x + $0.offset - y).mean() }  // has the model's own structure
      line = line - 0.5 * slope
    }
    #expect(line.slope.description == "3.0" && line.offset.description == "0.5")
  }

  @Test("its compiled step learns, in place")
  func compiled() {
    let x = Tensor.linspace(-1, 1, count: 50), y = 3 * x + 0.5
    var line = Line()
    let step = compileUpdate { (line: inout Line, x: Tensor, y: Tensor) in
      let (loss, slope) = valueAndGradient(at: line) { square($0.slope * x + $0.offset - y).mean() }
      line = line - 0.5 * slope
      return loss
    }
    for _ in 0..<200 { _ = step(&line, x, y) }
    #expect(line.slope.description == "3.0" && line.offset.description == "0.5")
    #expect(step.statistics.compilations == 1)
  }

  @Test("every line of its examples stands in this file, or in the macro's tests")
  func text() throws {
    let readme = try MarkdownFile("README.md")
    #expect(readme.blocks.count { $0.language == "swift" } == 4)
    let functions = Fixtures.url("").deletingLastPathComponent().appendingPathComponent("Graphs/Tests/GraphTests/Functions.swift").path
    let elsewhere = Set(try readme.linesMissing(in: functions))
    #expect(try readme.linesMissing(in: #filePath).filter { elsewhere.contains($0) } == [])
  }
}
