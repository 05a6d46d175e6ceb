import Foundation
import Testing
import WengertNN
import WengertTestSupport

@testable import DEXML

/// Scores and truth of six documents and ten labels; the labels' training frequencies fall from 10 to 1, but that label 9 is the most frequent.
private func predictions() throws -> RunPredictions {
  let folder = try TemporaryFolder()
  let ranked: [[Int32]] = [[0, 1, 2], [1, 0, 3], [9, 0, 1], [4, 9, 5], [0, 5, 4], [2, 3, 4]]
  let truth: [[Int32]] = [[0], [0, 1], [9], [5, 9], [4], []]
  func matrix(_ rows: [[Int32]], _ value: (Int) -> Float) throws -> SparseMatrix {
    try SparseMatrix(
      rows: rows.count, columns: 10, rowOffsets: rows.reduce(into: [0]) { $0.append($0.last! + $1.count) }, indices: rows.flatMap(\.self),
      values: rows.flatMap { $0.indices.map(value) })
  }
  return try RunPredictions(
    split: .tst, dataset: DatasetFolder(folder.url), scores: matrix(ranked) { 1 / Float($0 + 1) }, truth: matrix(truth) { _ in 1 },
    frequencies: [10, 9, 8, 7, 6, 5, 4, 3, 2, 11], trainingDocuments: 30, lines: Array(0..<6), evalTopK: 10)
}

@Suite("The report's numbers")
struct ReportNumberTests {
  @Test("deciles are ten groups by falling frequency, of equal size to one, equal frequencies in their order")
  func groups() {
    #expect(LabelDecile.groups([10, 9, 8, 7, 6, 5, 4, 3, 2, 11]) == [[9], [0], [1], [2], [3], [4], [5], [6], [7], [8]])
    let groups = LabelDecile.groups([1, 0, 1, 1, 0, 1, 2, 1, 1, 1, 1, 1, 1])
    #expect(groups.map(\.count) == [1, 1, 1, 2, 1, 1, 2, 1, 1, 2])
    #expect(groups.flatMap(\.self) == [6, 0, 2, 3, 5, 7, 8, 9, 10, 11, 12, 1, 4])
    #expect(LabelDecile.groups([5, 5]).map(\.count).reduce(0, +) == 2)
    #expect(LabelDecile.groups([]) == [[Int]](repeating: [], count: 10))
  }

  @Test("a decile's metrics are those computed by hand, and the P@5 add up to that of all labels")
  func deciles() throws {
    let predictions = try predictions()
    let deciles = try LabelDecile.all(predictions)
    // Label 9: documents 2 (first) and 3 (second); five documents have labels.
    #expect(deciles[0].documents == 2 && deciles[0].labels == 1 && deciles[0].frequencies == 11...11)
    #expect(deciles[0].metrics["R@10"] == 100)
    #expect(abs(deciles[0].metrics["P@5"]! - 100 * 2 / 25) < 0.01)
    #expect(abs(deciles[0].metrics["nDCG@5"]! - 50 * (1 + 1 / log2(3))) < 0.01)
    // Label 4: document 4 has it third.
    #expect(deciles[5].documents == 1 && abs(deciles[5].metrics["nDCG@5"]! - 50) < 0.01)
    // Label 2 is never true.
    #expect(deciles[3].documents == 0 && deciles[3].metrics.isEmpty)
    let all = try RankingMetrics(
      predictions: predictions.scores, truth: predictions.truth, trainingFrequencies: predictions.frequencies, trainingDocuments: 30,
      dataset: "X", evalTopK: 10)
    #expect(abs(deciles.compactMap { $0.metrics["P@5"] }.reduce(0, +) - all["P@5"]!) < 0.05)
  }

  @Test("labels are ranked by recall, then precision, then support; those that no document has are left out")
  func labels() throws {
    let ranked = LabelStatistic.ranked(try predictions())
    #expect(Set(ranked.map(\.label)) == [0, 1, 4, 5, 9])
    let zero = try #require(ranked.first { $0.label == 0 })
    #expect(zero.support == 2 && zero.found == 2 && zero.recall == 100)
    #expect(zero.predicted == 4 && zero.right == 2 && zero.precision == 50)
    #expect(ranked.map(\.label) == [9, 0, 4, 5, 1])
    #expect(LabelStatistic.worst(ranked).map(\.label) == [1, 0, 4, 5, 9])
  }

  @Test("the smoothed curve of a constant is the constant, passes over what is no number, and follows a step")
  func smoothing() {
    let flat = (0..<200).map { LineChart.Point(step: $0, value: $0 == 50 ? .nan : 2) }
    #expect(LineChart.smoothed(flat).allSatisfy { abs($0.value - 2) < 1e-12 } && LineChart.smoothed(flat).count == 199)
    let jump = LineChart.smoothed((0..<400).map { .init(step: $0, value: $0 < 200 ? 0 : 1) })
    #expect(jump[210].value > 0.5 && jump[399].value > 0.999)
  }

  @Test("an axis holds its values between round marks")
  func axis() {
    for values in [[0.0, 1], [3.2, 3.9], [-5, 12], [1e-6, 5e-5], [7, 7], [0, 0], [12_345, 99_999], [1e99, -1e99], [1e-300, 0]] {
      let axis = ChartAxis(values, ticks: 4)
      #expect(axis.range.lowerBound <= values.min()! && axis.range.upperBound >= values.max()! && (2...12).contains(axis.ticks.count))
      #expect(Set(axis.ticks.map(axis.text)).count == axis.ticks.count, "\(axis.ticks.map(axis.text))")
    }
    #expect(ChartAxis([0.0, 1], ticks: 4).ticks.map(ChartAxis([0.0, 1], ticks: 4).text) == ["0", "0.5", "1.0"])
  }

  @Test("the metrics table keeps the newest training, and what is wrong names line and column")
  func history() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "tst_metrics.tsv",
      "epoch\tstep\tP@1\n0\t0\t1.00\n1\t5\t10.00\n2\t10\t20.00\n1\t5\t12.00\n2\t1\n3\t15\t30.00\n0\t0\t99.00\n4\t20\t25.00\n")
    let history = try MetricsHistory(contentsOf: file)
    #expect(history.points("P@1").map(\.step) == [0, 5, 15, 20] && history.points("P@1").map(\.value) == [1, 12, 30, 25])
    #expect(history.cutLines == 1 && history.best(by: "P@1")?.epoch == 3 && history.best(by: "none")?.epoch == 4)
    try folder.write("tst_metrics.tsv", "epoch\tstep\tP@1\n1\t5\tmuch\n")
    #expect(message { _ = try MetricsHistory(contentsOf: file) }.contains("tst_metrics.tsv: line 2, P@1: \"much\"; a number is expected"))
    try folder.write("tst_metrics.tsv", "hello\n")
    #expect(message { _ = try MetricsHistory(contentsOf: file) }.contains("header: \"hello\""))
  }

  @Test("where steps begin anew, the curves of the earlier training end")
  func curves() throws {
    let folder = try TemporaryFolder()
    #expect(try RunCurves.read(folder.url) == nil)
    func write(_ time: Double, _ steps: ClosedRange<Int>, _ value: Float) throws {
      let file = try EventFile(in: folder.url, time: time)
      for step in steps {
        try file.append(Event(time: time + Double(step - steps.lowerBound + 1), step: step, scalars: [.init("train/loss", value)]))
      }
    }
    try write(1000, 1...10, 1)
    try write(2000, 6...8, 2)
    var curves = try #require(try RunCurves.read(folder.url))
    #expect(curves.points["train/loss"]?.map(\.step) == Array(1...8))
    #expect(curves.points["train/loss"]?.map(\.value) == [1, 1, 1, 1, 1, 2, 2, 2])
    #expect(curves.seconds == 13 && curves.damage.isEmpty)
    try write(3000, 1...2, 3)
    try folder.write("events.out.tfevents.4000.x.1", Data([1, 2, 3]))
    curves = try #require(try RunCurves.read(folder.url))
    #expect(curves.points["train/loss"]?.map(\.value) == [3, 3] && curves.seconds == 2 && curves.damage.count == 1)
  }

  @Test("text cannot leave its place on the page")
  func escaping() {
    let hostile = "<script>alert(1)</script> \" onload='x' & \u{0}\u{1B}\u{202E}\n]]>"
    let piece: Markup = "<td title=\"\(hostile)\">\(hostile)</td>"
    #expect(
      piece.html.dropFirst(11).hasPrefix(
        "&lt;script&gt;alert(1)&lt;/script&gt; &quot; onload=&#39;x&#39; &amp; \u{FFFD}\u{FFFD}\u{202E} ]]&gt;\">"))
    #expect(piece.html.filter { $0 == "<" }.count == 2)
    let outer: Markup = "\([piece, piece])\(1)\(-0.04)\(12.34)\(-3.96)"
    #expect(outer.html == piece.html + "\n" + piece.html + "1012.3-4")
  }
}

@Suite("The report of runs", .serialized)
struct ReportTests {
  private func report(_ folders: [URL], _ task: TinyTask, dataRoot: String? = nil) throws -> String {
    let output = task.folder.url.appendingPathComponent("report.html")
    try Report.run(results: folders, output: output, dataRoot: dataRoot)
    return try String(contentsOf: output, encoding: .utf8)
  }

  /// The page as a tree, which only well-formed HTML gives here: every element closed, every attribute quoted.
  private func check(_ page: String) throws {
    #expect(page.hasPrefix("<!DOCTYPE html>\n<html"))
    // Elements without an end, and tags that are closed in the same place.
    let void: Set<String> = ["meta", "br", "wbr"]
    var open: [String] = []
    for match in page.matches(of: /<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:"[^"]*"|[^">])*)>/) {
      let name = String(match.2)
      if match.1 == "/" {
        #expect(open.popLast() == name)
      } else if !void.contains(name), !match.3.hasSuffix("/") {
        open.append(name)
      }
    }
    #expect(open.isEmpty, "\(open)")
    for outside in ["<script", "http:", "https:", "url(", "@import", "src="] { #expect(!page.contains(outside), "\(outside)") }
  }

  @Test("a run's page has every section, nothing from elsewhere, and no text that was not escaped")
  func one() throws {
    var task = try TinyTask()
    try task.folder.write("Tiny/raw/Y.txt", "cat <script>alert('cat')</script>\nmat & \"mat\"\n</td></table>dogs\nsleep\n")
    task.configuration.desc = "<b>hostile</b>"
    try Trainer.run(task.configuration)
    let page = try report([task.results], task)
    try check(page)
    for heading in ["Summary", "Training", "Metrics", "Metrics by label frequency", "Worst and best labels", "Examples", "Configuration"] {
      #expect(page.contains("<h2>\(heading)</h2>"), "\(heading)")
    }
    #expect(page.contains("cat &lt;script&gt;alert(&#39;cat&#39;)&lt;/script&gt;") && page.contains("&lt;/td&gt;&lt;/table&gt;dogs"))
    #expect(page.contains("&lt;b&gt;hostile&lt;/b&gt;") && !page.contains("<b>hostile"))
    for title in ["Loss", "Gradient norm", "Learning rate", "Documents per second", "P@1", "nDCG@5 by decile"] {
      #expect(page.contains("<figcaption>\(title)</figcaption>"), "\(title)")
    }
    #expect(page.contains("<span class=\"changed\"><code>0.005</code></span>"))
    #expect(!page.contains("class=\"note\"") && !page.contains("class=\"differs\""))
    #expect(page.contains("class=\"hit\"><b>✓</b>") || page.contains("class=\"miss\"><b>✗</b>"))
    // The same results make the same page.
    #expect(try report([task.results], task) == page)
  }

  @Test("two runs stand side by side, with a legend and their differences marked")
  func two() throws {
    var task = try TinyTask()
    try Trainer.run(task.configuration)
    let first = task.results
    let other = task.folder.url.appendingPathComponent("Results/DEXML/Tiny/other/dexml-exp")
    task.configuration.lr = 1e-3
    task.configuration.expname = "other/dexml-exp"
    try Trainer.run(task.configuration)
    var page = try report([first, other], task)
    try check(page)
    #expect(page.contains("<h1>2 runs of dexml</h1>") && page.contains("<ul class=\"legend\">"))
    #expect(page.contains("<span class=\"differs\" title=\"the runs differ\">lr</span>"))
    #expect(page.contains("<code>0.005</code>") && page.contains("<code>0.001</code>"))
    #expect(page.contains("class=\"curve s0") && page.contains("class=\"curve s1") && page.contains("class=\"bar s1"))
    #expect(page.contains("<strong>"))
    // The same folder twice is two runs with names of their own.
    page = try report([first, first], task)
    try check(page)
    #expect(page.contains("dexml-exp (DEXML/Tiny/dexml-exp)</") && page.contains("dexml-exp (DEXML/Tiny/dexml-exp) #2</"))
  }

  @Test("held-out documents are shown where the run was evaluated on them")
  func heldOut() throws {
    var task = try TinyTask()
    task.configuration.numValPoints = 8
    try Trainer.run(task.configuration)
    let page = try report([task.results], task)
    try check(page)
    #expect(page.contains("Held-out documents (val), percent") && page.contains("<h3>Tiny (val)</h3>"))
    let held = try DatasetFolder(task.folder.url.appendingPathComponent("Tiny")).heldOutRows(8, of: 40, seed: 0)
    let texts = try TextLines.all(of: task.folder.url.appendingPathComponent("Tiny/raw/trn_X.txt"))
    for row in held { #expect(page.contains("<p class=\"document text\">\(texts[row])</p>")) }
  }

  @Test("what is missing is left out with a sentence, what is wrong is an error that names file and field")
  func missing() throws {
    var task = try TinyTask()
    task.configuration.numEpochs = 1
    try Trainer.run(task.configuration)
    let files = FileManager.default
    let scores = task.results.appendingPathComponent("tst_score_mat.npz")
    let whole = try Data(contentsOf: scores)

    let moved = task.folder.url.appendingPathComponent("Moved")
    try files.createDirectory(at: moved, withIntermediateDirectories: true)
    try files.moveItem(at: task.folder.url.appendingPathComponent("Tiny"), to: moved.appendingPathComponent("Tiny"))
    #expect(try report([task.results], task).contains("the data set is not there"))
    let found = try report([task.results], task, dataRoot: moved.path)
    #expect(!found.contains("class=\"note\""))
    #expect(throws: (any Error).self) { try report([task.results], task, dataRoot: "/no/such/folder") }

    try SparseMatrix.dense([[1, 0], [0, 1]]).write(to: scores)
    #expect(message { _ = try report([task.results], task, dataRoot: moved.path) }.contains("tst_score_mat.npz: shape: [2, 2]; "))
    try whole.prefix(whole.count / 2).write(to: scores)
    #expect(message { _ = try report([task.results], task, dataRoot: moved.path) }.contains("tst_score_mat.npz"))

    try files.removeItem(at: scores)
    for file in try EventFile.files(in: task.results) { try files.removeItem(at: file) }
    try files.removeItem(at: task.results.appendingPathComponent("tst_metrics.tsv"))
    let page = try report([task.results], task)
    try check(page)
    for sentence in ["no score matrix", "no event file", "no evaluations"] { #expect(page.contains(sentence)) }

    try "lrr: 1\n".write(to: task.results.appendingPathComponent("config.yaml"), atomically: true, encoding: .utf8)
    #expect(throws: FileError.self) { try report([task.results], task) }
    #expect(message { _ = try report([task.folder.url], task) }.contains("config.yaml: no such file; name a folder of results"))
  }
}
