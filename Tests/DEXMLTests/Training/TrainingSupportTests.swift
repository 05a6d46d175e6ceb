import DEXML
import Foundation
import Logging
import Synchronization
import Testing
import WengertCore

/// What a console wrote.
private final class Written: Sendable {
  private let text = Locked("")
  var value: String { text.withLock { $0 } }
  func console(isTerminal: Bool, width: Int = 200) -> Console {
    Console(isTerminal: isTerminal, width: { width }) { part in self.text.withLock { $0 += part } }
  }
}

private final class Clock {
  var time = 0.0
}

@Suite("Progress, log and results folder")
struct TrainingSupportTests {
  @Test("a progress line shows step, loss, rate and the time left, then the time taken")
  func line() {
    #expect(ProgressBar.line("epoch 1/2", .init(), total: 4) == "epoch 1/2 [....................] 0/4")
    #expect(
      ProgressBar.line("epoch 1/2", .init(step: 1, documents: 640, loss: 3.41234, seconds: 4), total: 4)
        == "epoch 1/2 [#####...............] 1/4 | loss 3.4123 | 160 documents/s | 0:12 left")
    #expect(
      ProgressBar.line("labels", .init(step: 4, documents: 4, seconds: 61), total: 4)
        == "labels [####################] 4/4 | 0.1 documents/s | took 1:01")
    #expect(ProgressBar.line("x", .init(), total: 0) == "x [####################] 0/0 | took 0:00")
    #expect(ProgressBar.line("x", .init(step: 1, documents: 1, loss: .nan), total: 2).hasSuffix("1/2 | loss nan"))
    #expect(ProgressBar.duration(3599.6) == "1:00:00")
    #expect(ProgressBar.duration(.infinity) == "277777:46:40")
  }

  @Test("elsewhere than on a terminal there is a line for each tenth")
  func sparse() {
    let written = Written()
    let clock = Clock()
    var bar = ProgressBar("t", total: 95, console: written.console(isTerminal: false)) { clock.time }
    for step in 1...95 {
      clock.time = Double(step)
      bar.update(step: step, documents: step * 10)
    }
    bar.finish()
    let lines = written.value.split(separator: "\n")
    #expect(lines.count == 10)
    #expect(lines.first?.contains("10/95") == true)
    #expect(lines.last == "t [####################] 95/95 | 10 documents/s | took 1:35")
  }

  @Test("on a terminal one line is drawn over, at most ten times a second, and log lines stay above it")
  func terminal() {
    let written = Written()
    let console = written.console(isTerminal: true, width: 30)
    let clock = Clock()
    var bar = ProgressBar("t", total: 100, console: console) { clock.time }
    for step in 1...100 {
      clock.time = Double(step) / 32
      bar.update(step: step, documents: step)
    }
    #expect(written.value.split(separator: "\r").count == 26)  // steps 1, 5, 9 … 97, and the last
    #expect(written.value.split(separator: "\r").allSatisfy { $0.count <= 3 + 29 })
    #expect(!written.value.contains("\n"))
    console.line("said")
    #expect(written.value.hasSuffix("\r\u{1B}[Ksaid\nt [####################] 100/"))
    bar.finish()
    console.line("after")
    #expect(written.value.hasSuffix("| took 0:03\nafter\n"))
  }

  @Test("the log goes to the console in short and to the file with the time, after what is there")
  func log() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("log.txt", "an earlier run\n")
    let written = Written()
    let log = try LogFile(file)
    var logger = Logger(label: "test") { _ in
      RunLogHandler(console: written.console(isTerminal: false), file: log, now: { Date(timeIntervalSince1970: 0) })
    }
    logger.info("started")
    logger.warning("odd", metadata: ["b": "2", "a": "1"])
    logger.debug("not shown")
    logger[metadataKey: "run"] = "7"
    logger.error("bad")
    #expect(written.value == "started\nwarning: odd a=1 b=2\nerror: bad run=7\n")
    let time = "1970-01-01T00:00:00Z"
    #expect(
      try String(contentsOf: file, encoding: .utf8)
        == "an earlier run\n\(time) info started\n\(time) warning odd a=1 b=2\n\(time) error bad run=7\n")
    #expect(throws: FileError.self) { try LogFile(folder.url) }
  }

  @Test("a results folder keeps the settings of earlier runs")
  func results() throws {
    let folder = try TemporaryFolder()
    var configuration = Configuration()
    configuration.resultsRoot = folder.url.path
    configuration.dataset = "X"
    configuration.expname = "run/one"
    let results = try ResultsFolder(for: configuration)
    #expect(results.url.path == folder.url.path + "/DEXML/X/run/one")
    for seed in [1, 1, 2, 3] {
      configuration.seed = seed
      try results.write(configuration)
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: results.url.path).sorted() == ["config.1.yaml", "config.2.yaml", "config.yaml"])
    #expect(try Configuration(files: [results.configuration]).seed == 3)
    #expect(try Configuration(files: [results.url.appendingPathComponent("config.1.yaml")]).seed == 1)
    #expect(results.metrics("tst").lastPathComponent == "tst_metrics.tsv")
    try folder.write("file", "")
    configuration.resultsRoot = folder.url.path + "/file"
    #expect(throws: FileError.self) { try ResultsFolder(for: configuration) }
  }

  @Test("an error is one line")
  func errors() {
    #expect(oneLine(FileError(value: "a\nb\r\nc")) == "a b c")
    do {
      _ = try Data(contentsOf: URL(fileURLWithPath: "/no/such/file"))
    } catch {
      #expect(oneLine(error).contains("/no/such/file"))
      #expect(!oneLine(error).contains("\n"))
    }
  }
}
