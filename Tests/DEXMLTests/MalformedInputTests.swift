import DEXML
import Foundation
import Testing
import WengertNN
import WengertTestSupport

/// What may have happened to a file.
private enum Damage: String, CaseIterable {
  case empty, folder, truncated, noise, utf16, zeros

  func apply(to file: URL) throws {
    let whole = (try? Data(contentsOf: file)) ?? Data()
    try? FileManager.default.removeItem(at: file)
    switch self {
    case .empty: try Data().write(to: file)
    case .folder: try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
    case .truncated: try whole.prefix(whole.count / 2).write(to: file)
    case .noise:
      var random = SplitMix64(seed: 5)
      try Data((0..<400).map { _ in UInt8(random.below(256)) }).write(to: file)
    case .utf16: try Data([0xFF, 0xFE] + "some text\n".utf8.flatMap { [$0, 0] }).write(to: file)
    case .zeros: try Data(count: 300).write(to: file)
    }
  }
}

@Suite("Files that are not what they should be", .serialized)
struct MalformedInputTests {
  /// A run that has everything: held-out rows, filters, mined negatives, a checkpoint.
  private func task() throws -> TinyTask {
    var task = try TinyTask()
    try task.useNewEncoder()
    task.configuration.net = .hardNegatives
    task.configuration.negType = .shorty
    task.configuration.hardNegStart = 1
    task.configuration.hardNegTopk = 3
    task.configuration.numEpochs = 2
    task.configuration.evalInterval = 2
    task.configuration.numValPoints = 8
    task.configuration.checkpointInterval = 1
    try task.folder.write("Tiny/filter_labels_train.txt", "0 1\n1 2\n")
    _ = try task.train(until: 7)
    return task
  }

  private func outcome(_ name: String, _ damage: Damage) throws -> String {
    let task = try task()
    let folder = task.folder.url
    let file = [folder.appendingPathComponent("Tiny"), folder.appendingPathComponent("encoder"), task.results]
      .map { $0.appendingPathComponent(name) }.first { FileManager.default.fileExists(atPath: $0.path) }
    try damage.apply(to: #require(file, "\(name)"))
    do {
      _ = try task.train(resumes: true)
      return "no error"
    } catch { return oneLine(error) }
  }

  @Test(
    "any damage to a file that a run needs is an error that names it",
    arguments: [
      "Y.trn.npz", "raw/trn_X.txt", "raw/Y.txt", "val_inds_8.npy", "config.json", "model.safetensors", "tokenizer.json",
      "checkpoint.safetensors",
      "trn_shorty.npz",
    ])
  func needed(name: String) throws {
    for damage in Damage.allCases {
      let text = try outcome(name, damage)
      #expect(text.contains(name), "\(damage): \(text)")
      #expect(
        text.count < 1000 && !text.contains("Error Domain") && !text.contains("The operation could not be completed"), "\(damage): \(text)")
      if damage == .utf16, name.hasSuffix(".txt") || name == "tokenizer.json" {
        #expect(text.contains("UTF-16; save it as UTF-8"), "\(text)")
      }
    }
  }

  @Test("a filter file that is empty filters nothing; other damage is an error that names it")
  func filter() throws {
    for damage in Damage.allCases {
      let text = try outcome("filter_labels_train.txt", damage)
      // Half of it are its first pair.
      let isFine = damage == .empty || damage == .truncated
      #expect(isFine ? text == "no error" : text.contains("filter_labels_train.txt"), "\(damage): \(text)")
    }
  }

  @Test("token files that are damaged are made anew")
  func tokens() throws {
    let expected = try outcome("raw/trn_X.encoder_8.dat.meta", .noise)
    #expect(expected == "no error")
    for damage in [Damage.empty, .truncated, .noise, .zeros] {
      #expect(try outcome("raw/trn_X.encoder_8.dat", damage) == "no error", "\(damage)")
      #expect(try outcome("raw/trn_X.encoder_8.dat.meta", damage) == "no error", "\(damage)")
    }
  }

  @Test(
    "a folder in the place of a file that is written is an error that names it",
    arguments: ["log.txt", "config.yaml", "run.lock", "checkpoint.safetensors"])
  func folders(name: String) throws {
    var task = try TinyTask()
    task.configuration.numEpochs = 1
    try FileManager.default.createDirectory(at: task.results.appendingPathComponent("\(name)/x"), withIntermediateDirectories: true)
    do {
      _ = try task.train(resumes: true)
      #expect(name == "config.yaml")
      // Set aside like other settings.
      #expect(FileManager.default.fileExists(atPath: task.results.appendingPathComponent("config.1.yaml/x").path))
    } catch {
      #expect(oneLine(error).contains(name), "\(oneLine(error))")
    }
  }

  @Test(
    "commands name the file that is wrong, and leave no output",
    .enabled(if: FileManager.default.isExecutableFile(atPath: executable.path)), arguments: ["predict", "embed", "tokenize", "serve"])
  func commands(command: String) throws {
    let folder = try TemporaryFolder(), model = Fixtures.url("encoder/bert").path
    try folder.write("good.txt", "cat\nmat\n")
    for damage in Damage.allCases where damage != .truncated && damage != .zeros {
      let bad = try folder.write("bad.txt", "")
      try damage.apply(to: bad)
      defer { try? FileManager.default.removeItem(at: bad) }
      let cases: [[String]] =
        switch command {
        case "predict":
          [
            ["--model", model, "--labels", "bad.txt", "--input", "good.txt", "--output", "out"],
            ["--model", model, "--labels", "good.txt", "--input", "bad.txt", "--output", "out"],
            ["--model", "bad.txt", "--labels", "good.txt", "--input", "good.txt", "--output", "out"],
          ]
        case "embed":
          [
            ["--model", model, "--input", "bad.txt", "--output", "out.npy"],
            ["--model", "bad.txt", "--input", "good.txt", "--output", "out.npy"],
          ]
        case "tokenize":
          [
            ["--tokenizer", model, "--data-path", "bad.txt", "--tf-max-len", "4"],
            ["--tokenizer", "bad.txt", "--data-path", "good.txt", "--tf-max-len", "4"],
          ]
        default:
          [["--model", model, "--labels", "bad.txt", "--port", "0"], ["--model", "bad.txt", "--labels", "good.txt", "--port", "0"]]
        }
      for arguments in cases {
        // No lines are no mistake, but no labels are.
        if damage == .empty, arguments.firstIndex(of: "bad.txt") == arguments.firstIndex(of: "--input").map({ $0 + 1 }) { continue }
        if damage == .empty, command == "tokenize", arguments[3] == "bad.txt" { continue }
        let run = try CommandRun([command] + arguments, in: folder.url)
        #expect(run.code == 1 && !run.wasKilled, "\(damage), \(arguments): \(run.errors)")
        #expect(run.errors.split(separator: "\n").last?.contains("bad.txt") == true, "\(damage), \(arguments): \(run.errors)")
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).filter { $0 != "good.txt" && $0 != "bad.txt" }
        #expect(left.isEmpty, "\(damage), \(arguments): \(left)")
      }
    }
  }
}

@Suite("Text files of any making")
struct TextMarkTests {
  private let texts = ["the cat", "dogs é", "", "sleep"]

  private func encoded(_ text: String, _ encoding: String) -> Data {
    switch encoding {
    case "UTF-8": Data(text.utf8)
    case "UTF-8 with a mark": Data([0xEF, 0xBB, 0xBF]) + Data(text.utf8)
    case "UTF-16LE": Data([0xFF, 0xFE]) + text.data(using: .utf16LittleEndian)!
    case "UTF-16BE": Data([0xFE, 0xFF]) + text.data(using: .utf16BigEndian)!
    case "UTF-16LE without a mark": text.data(using: .utf16LittleEndian)!
    case "UTF-16BE without a mark": text.data(using: .utf16BigEndian)!
    case "UTF-32LE": Data([0xFF, 0xFE, 0, 0]) + text.data(using: .utf32LittleEndian)!
    default: Data(text.unicodeScalars.map { UInt8($0.value) })
    }
  }

  @Test("line ends of any system, a missing last one and a byte order mark make no difference", arguments: ["UTF-8", "UTF-8 with a mark"])
  func same(encoding: String) throws {
    for (end, last) in [("\n", ""), ("\n", "\n"), ("\r\n", ""), ("\r\n", "\r\n")] {
      var task = try TinyTask()
      let dataset = try DatasetFolder(task.folder.url.appendingPathComponent("Tiny"))
      try task.folder.write("Tiny/raw/Y.txt", encoded(["cat", "mat", "dogs", "sleep"].joined(separator: end) + last, encoding))
      try task.folder.write("Tiny/raw/tst_X.txt", encoded((0..<12).map { "the cat \($0)" }.joined(separator: end) + last, encoding))
      try task.folder.write("Tiny/filter_labels_test.txt", encoded(["0 1", "3 2"].joined(separator: end) + last, encoding))
      #expect(try TextLines.all(of: dataset.labelTextFile) == ["cat", "mat", "dogs", "sleep"])
      #expect(try dataset.readFilter(.test, documents: 12, labels: 4)?.row(0).indices.map { $0 } == [1])
      #expect(try dataset.readFilter(.test, documents: 12, labels: 4)?.row(3).indices.map { $0 } == [2])
      let settings = try task.folder.write("s.yaml", encoded("seed: 3\(end)bsz: 4\(last)", encoding))
      #expect(try Configuration(files: [settings]).seed == 3 && Configuration(files: [settings]).bsz == 4)
      let words = try task.folder.write(
        "words/vocab.txt", encoded(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cat"].joined(separator: end) + last, encoding))
      #expect(try Tokenizer(folder: words.deletingLastPathComponent()).encode("cat x", maxLength: 8) == [2, 5, 1, 3])
      task.configuration.numEpochs = 1
      try Trainer.run(task.configuration)
    }
  }

  @Test(
    "another encoding is said by name, with the way to UTF-8",
    arguments: ["UTF-16LE", "UTF-16BE", "UTF-16LE without a mark", "UTF-16BE without a mark", "UTF-32LE", "Latin-1"])
  func others(encoding: String) throws {
    let folder = try TemporaryFolder()
    func text(_ body: () throws -> Void) -> String {
      do {
        try body()
        return "no error"
      } catch { return oneLine(error) }
    }
    let file = try folder.write(
      "x.txt", encoded(["the dog é", "0 1 2 3", "and more text", "sleep"].joined(separator: "\n") + "\n", encoding))
    let expected: String
    switch encoding {
    case "Latin-1": expected = "UTF-8"
    case "UTF-32LE": expected = "is UTF-32; save it as UTF-8, for instance with iconv -f UTF-32 -t UTF-8"
    case let name where name.hasSuffix("mark"):
      expected = "is UTF-16 without a byte order mark; save it as UTF-8, for instance with iconv -f \(name.prefix(8)) -t UTF-8"
    default: expected = "is UTF-16; save it as UTF-8, for instance with iconv -f UTF-16 -t UTF-8"
    }
    #expect(text { _ = try TextLines.all(of: file) }.contains(expected))
    if encoding != "Latin-1" { #expect(text { _ = try TextLines.count(of: file) }.contains(expected)) }
    #expect(text { _ = try Configuration(files: [file]) }.contains(expected))
    try folder.write("words/vocab.txt", try Data(contentsOf: file))
    #expect(text { _ = try Tokenizer(folder: folder.url.appendingPathComponent("words")) }.contains(expected))
    try folder.write("Set/raw/Y.txt", "a\nb\n")
    try folder.write("Set/filter_labels_test.txt", try Data(contentsOf: file))
    let filter = text { _ = try DatasetFolder(folder.url.appendingPathComponent("Set")).readFilter(.test, documents: 9, labels: 9) }
    #expect(filter.contains(encoding == "Latin-1" ? "filter_labels_test.txt: line 1: 3 words" : expected))
  }

  @Test("lines that end with CR alone are told apart from too few lines")
  func oldLineEnds() throws {
    let task = try TinyTask()
    try task.folder.write("Tiny/raw/Y.txt", "cat\rmat\rdogs\rsleep\r")
    let text = message { _ = try DatasetFolder(task.folder.url.appendingPathComponent("Tiny")).readLabels(.train) }
    #expect(
      text.contains("Y.txt: lines: 1; Y.trn.npz has 4 columns: they must be equal; its lines end with CR alone, save it with LF"), "\(text)"
    )
  }
}
