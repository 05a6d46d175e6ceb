import DEXML
import Foundation
import Testing
import WengertTestSupport

private let model = Fixtures.url("encoder/bert").path
private let labels = ["cat", "mat\twith a tab", "dogs \\ \"quoted\"", "sleep", "the cat sat"]

@Suite("dexml predict", .enabled(if: FileManager.default.isExecutableFile(atPath: executable.path)))
struct PredictCommandTests {
  private let folder: TemporaryFolder
  private let labelFile: String

  init() throws {
    folder = try TemporaryFolder()
    labelFile = try folder.write("Y.txt", labels.joined(separator: "\n") + "\n").path
    try folder.write("a.txt", "the cat\ndogs\trun\n\n")
    try folder.write("b.txt", "sleep")
  }

  private func predict(_ arguments: String..., input: String = "") throws -> CommandRun {
    try CommandRun(["predict", "--model", model, "--labels", labelFile] + arguments, in: folder.url, input: input)
  }

  /// What the texts should get, by the library.
  private func expected(_ texts: [String], topK: Int) throws -> [[Prediction]] {
    try Predictor(model: Fixtures.url("encoder/bert"), labelTexts: labels).predict(texts, topK: topK)
  }

  /// Whether scores are those, to rounding: texts are computed together in other groups.
  private func areNear(_ scores: [Float], _ expected: [Prediction]) -> Bool {
    scores.count == expected.count && zip(scores, expected).allSatisfy { abs($0 - $1.score) < 1e-5 }
  }

  @Test("text is each text with its labels below, from files one after the other and from standard input")
  func text() throws {
    let texts = ["the cat", "dogs\trun", "", "sleep", "a", "b"]
    let lines = zip(texts, try expected(texts, topK: 2)).map { text, found in
      text + "\n" + found.map { String(format: "  %.4f\t", $0.score) + $0.label + "\n" }.joined()
    }
    for arguments in [["--input", "a.txt", "b.txt", "-"], ["--input", "a.txt", "--input", "b.txt", "--input", "-", "--format", "text"]] {
      let run = try CommandRun(
        ["predict", "--model", model, "--labels", labelFile, "--top-k", "2"] + arguments, in: folder.url, input: "a\r\nb")
      #expect(run.code == 0 && run.output == lines.joined(), "\(run.errors)")
    }
  }

  @Test("json is one list of objects: file, line, text, and predictions with label, its number and score")
  func json() throws {
    struct Row: Decodable {
      struct Label: Decodable { var index: Int, label: String, score: Float }
      var file: String, line: Int, text: String, predictions: [Label]
    }
    let run = try predict("--input", "a.txt", "-", "--format", "json", "--top-k", "3", input: "x\n")
    #expect(run.code == 0)
    let rows = try JSONDecoder().decode([Row].self, from: Data(run.output.utf8))
    #expect(rows.map(\.file) == ["a.txt", "a.txt", "a.txt", "-"] && rows.map(\.line) == [1, 2, 3, 1])
    #expect(rows.map(\.text) == ["the cat", "dogs\trun", "", "x"])
    let expected = try expected(rows.map(\.text), topK: 3)
    for (row, found) in zip(rows, expected) {
      #expect(row.predictions.map(\.label) == found.map(\.label) && areNear(row.predictions.map(\.score), found))
      #expect(row.predictions.allSatisfy { labels[$0.index] == $0.label })
    }
    // A list also where there is nothing.
    let empty = try predict("--input", "-", "--format", "json")
    #expect(try JSONDecoder().decode([Row].self, from: Data(empty.output.utf8)).isEmpty)
  }

  @Test("tsv has a line for each text and label, in which tabs and backslashes are escaped")
  func tsv() throws {
    let run = try predict("--input", "a.txt", "b.txt", "--format", "tsv", "--top-k", "99")
    let lines = run.output.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
    #expect(run.code == 0 && lines[0] == ["file", "line", "text", "rank", "index", "label", "score"])
    #expect(lines.count == 1 + 4 * 5 && lines.allSatisfy { $0.count == 7 })
    #expect(lines[6][..<4] == ["a.txt", "2", "dogs\\trun", "1"] && lines[16][..<4] == ["b.txt", "1", "sleep", "1"])
    #expect(Set(lines[1...5].map { $0[5] }) == ["cat", "mat\\twith a tab", "dogs \\\\ \"quoted\"", "sleep", "the cat sat"])
    let found = try expected(["the cat"], topK: 5)[0]
    #expect(areNear(lines[1...5].compactMap { Float($0[6]) }, found) && lines[1...5].map { $0[4] } == found.map { "\($0.index)" })
  }

  @Test("npz is a matrix of scores as evaluate writes one, texts by labels, best first in each row")
  func npz() throws {
    let run = try predict("--input", "a.txt", "b.txt", "--format", "npz", "--output", "scores.npz", "--top-k", "3")
    #expect(run.code == 0 && run.output.isEmpty, "\(run.errors)")
    let matrix = try SparseMatrix(contentsOf: folder.url.appendingPathComponent("scores.npz"))
    #expect(matrix.rows == 4 && matrix.columns == 5)
    for (i, found) in try expected(["the cat", "dogs\trun", "", "sleep"], topK: 3).enumerated() {
      #expect(Array(matrix.row(i).indices) == found.map { Int32($0.index) } && areNear(Array(matrix.row(i).values), found))
    }
    #expect(try predict("--input", "a.txt", "--format", "npz").code == 64)
    #expect(try predict("--input", "a.txt", "--format", "xml").errors.contains("'text', 'json', 'tsv' or 'npz'"))
  }

  @Test("every format goes into a file too, which is not there when something fails")
  func output() throws {
    for format in ["text", "json", "tsv"] {
      let file = folder.url.appendingPathComponent("out.\(format)")
      #expect(try predict("--input", "a.txt", "--format", format, "--output", file.path).code == 0)
      #expect(try String(contentsOf: file, encoding: .utf8) == predict("--input", "a.txt", "--format", format).output)
      try FileManager.default.removeItem(at: file)
      try folder.write("bad.txt", Data([0x61, 0x0A, 0xFF]))
      let run = try predict("--input", "a.txt", "bad.txt", "--format", format, "--output", file.path)
      #expect(run.code == 1 && run.errors.contains("bad.txt: line 2: is not valid UTF-8"), "\(run.errors)")
      #expect(!FileManager.default.fileExists(atPath: file.path))
    }
  }

  @Test("an output that is an input, the labels or a file of the model, by whatever name, is refused before anything is replaced")
  func sameFile() throws {
    let files = FileManager.default, link = folder.url.appendingPathComponent("link.txt"),
      hard = folder.url.appendingPathComponent("hard.txt")
    try files.createSymbolicLink(at: link, withDestinationURL: folder.url.appendingPathComponent("a.txt"))
    try files.linkItem(at: folder.url.appendingPathComponent("a.txt"), to: hard)
    for (output, input) in [("a.txt", "a.txt"), ("./b.txt", "b.txt"), ("link.txt", "a.txt"), ("hard.txt", "a.txt"), ("Y.txt", "Y.txt")] {
      let before = try Data(contentsOf: folder.url.appendingPathComponent(output))
      let run = try predict("--input", "a.txt", "b.txt", "--output", output)
      #expect(run.code == 1 && run.errors.contains("output: the same file as the input "), "\(output): \(run.errors)")
      #expect(run.errors.contains("\(input); it would be replaced: name another output"), "\(output): \(run.errors)")
      #expect(try Data(contentsOf: folder.url.appendingPathComponent(output)) == before, "\(output)")
    }
    let run = try CommandRun.shell(
      "\"$DEXML\" predict --model \(model) --labels \(labelFile) --input - --output a.txt <a.txt", in: folder.url)
    #expect(run.code == 1 && run.errors.contains("the same file as the input on standard input"), "\(run.errors)")
    // Another file that is there is replaced.
    try folder.write("c.txt", "old")
    #expect(try predict("--input", "a.txt", "--output", "c.txt").code == 0)
  }

  @Test("what cannot be read is told before anything is computed")
  func unreadable() throws {
    var run = try predict("--input", "a.txt", "none.txt")
    #expect(run.code == 1 && run.output.isEmpty && run.errors.contains("none.txt: file: does not exist"), "\(run.errors)")
    run = try predict("--input", "-", "-")
    #expect(run.code == 64)
    run = try CommandRun(["predict", "--model", model, "--labels", folder.write("empty.txt", "").path, "--input", "-"])
    #expect(run.code == 1 && run.errors.contains("empty.txt: lines: none"), "\(run.errors)")
    run = try CommandRun.shell("printf 'a\\n\\377\\n' | \"$DEXML\" predict --model \(model) --labels \(labelFile) --input -")
    #expect(run.code == 1 && run.errors.contains("standard input: line 2: is not valid UTF-8"), "\(run.errors)")
  }
}
