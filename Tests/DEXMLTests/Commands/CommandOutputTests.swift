import DEXML
import Foundation
import Testing
import WengertNN
import WengertTestSupport

private let model = Fixtures.url("encoder/bert").path
private let isWritable =
  FileManager.default.isExecutableFile(atPath: executable.path) && FileManager.default.fileExists(atPath: "/dev/full")

@Suite("What commands write", .enabled(if: isWritable))
struct CommandOutputTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("Y.txt", "cat\nmat\n")
    try folder.write("x.txt", (0..<2000).map { "the cat \($0)\n" }.joined())
  }

  /// The arguments of a command that prints or writes into `output`.
  private func predict(_ format: String, to output: String? = nil) -> [String] {
    ["predict", "--model", model, "--labels", "Y.txt", "--input", "x.txt", "--format", format] + (output.map { ["--output", $0] } ?? [])
  }

  @Test(
    "a full device behind standard output is an error of every command that prints", arguments: ["text", "json", "tsv", "help", "dump"])
  func full(what: String) throws {
    let full = URL(fileURLWithPath: "/dev/full")
    let arguments =
      switch what {
      case "help": ["train", "--help"]
      case "dump": ["--experimental-dump-help"]
      default: predict(what)
      }
    let run = try CommandRun(arguments, in: folder.url, output: full)
    #expect(run.code == 1 && !run.wasKilled)
    #expect(
      run.errors.hasSuffix("dexml: error: standard output: writing: No space left on device; make room on the disk\n"), "\(run.errors)")
  }

  @Test("standard output that is closed is an error, and no file takes its place")
  func closed() throws {
    let line = predict("json").map { "'\($0)'" }.joined(separator: " ")
    let run = try CommandRun.shell("\"$DEXML\" \(line) >&-", in: folder.url)
    #expect(run.code == 1 && run.errors.contains("standard output: writing: Bad file descriptor"), "\(run.errors)")
  }

  @Test("a reader that has gone ends a command without a word")
  func closedPipe() throws {
    for format in ["text", "json", "tsv"] {
      let line = predict(format).map { "'\($0)'" }.joined(separator: " ")
      let run = try CommandRun.shell("(\"$DEXML\" \(line); echo $? >code) | head -n 1 >first", in: folder.url)
      #expect(run.code == 0)
      #expect(!run.errors.contains("dexml: error") && !run.errors.lowercased().contains("fatal"), "\(run.errors)")
      #expect(try String(contentsOf: folder.url.appendingPathComponent("code"), encoding: .utf8) == "\(128 + SIGPIPE)\n")
    }
  }

  @Test(
    "a full device that is named as output stays a device, and is an error", arguments: ["text", "json", "tsv", "npz", "embed", "report"])
  func device(what: String) throws {
    let arguments: [String]
    let link: String
    switch what {
    case "embed":
      link = "out.npy"
      arguments = ["embed", "--model", model, "--input", "x.txt", "--output", link]
    case "report":
      var task = try TinyTask()
      task.configuration.numEpochs = 1
      try Trainer.run(task.configuration)
      link = "out.html"
      arguments = ["report", task.results.path, "--output", folder.url.appendingPathComponent(link).path]
      try write(arguments, to: link)
      return
    default:
      link = "out"
      arguments = predict(what, to: link)
    }
    try write(arguments, to: link)
  }

  /// Runs a command whose output is a link to a full device.
  private func write(_ arguments: [String], to link: String) throws {
    let place = folder.url.appendingPathComponent(link).path
    try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: "/dev/full")
    let run = try CommandRun(arguments, in: folder.url)
    #expect(run.code == 1 && run.errors.contains("/dev/full: writing: No space left on device"), "\(run.errors)")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: place) == "/dev/full")
    var status = stat()
    #expect(stat("/dev/full", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test("a file that may grow no further is an error that says so", arguments: ["npz", "tsv", "embed", "train"])
  func sizeLimit(what: String) throws {
    var arguments: [String]
    switch what {
    case "embed": arguments = ["embed", "--model", model, "--input", "x.txt", "--output", "out.npy"]
    case "train":
      var task = try TinyTask()
      task.configuration.numEpochs = 1
      arguments = ["train", try task.folder.write("s.yaml", task.configuration.yaml()).path]
      let line = arguments.map { "'\($0)'" }.joined(separator: " ")
      let run = try CommandRun.shell("ulimit -f 16; \"$DEXML\" \(line)", in: folder.url)
      #expect(
        run.code == 1 && run.errors.contains("File too large; the limit on the size of files is reached"), "\(run.code) \(run.errors)")
      #expect(try task.text("log.txt").contains("File too large"))
      return
    default: arguments = predict(what, to: "out")
    }
    let line = arguments.map { "'\($0)'" }.joined(separator: " ")
    let run = try CommandRun.shell("ulimit -f \(what == "npz" ? 1 : 8); \"$DEXML\" \(line)", in: folder.url)
    #expect(
      run.code == 1 && run.errors.contains("File too large; the limit on the size of files is reached: raise it (ulimit -f)"),
      "\(run.code) \(run.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() == ["Y.txt", "x.txt"])
  }

  @Test("an output goes through a pipe and through the system's names for open files as into a file")
  func pipes() throws {
    let embed = ["embed", "--model", model, "--input", "x.txt", "--output"]
    try #require(try CommandRun(embed + ["a.npy"], in: folder.url).code == 0)
    let expected = try Data(contentsOf: folder.url.appendingPathComponent("a.npy"))
    let line = embed.map { "'\($0)'" }.joined(separator: " ")
    // The extension says what is written: a link gives the pipe one.
    var run = try CommandRun.shell(
      "mkfifo pipe && ln -s pipe p.npy && (cat pipe >b.npy & \"$DEXML\" \(line) p.npy; code=$?; wait; exit $code)", in: folder.url)
    #expect(run.code == 0, "\(run.errors)")
    #expect(try Data(contentsOf: folder.url.appendingPathComponent("b.npy")) == expected)
    run = try CommandRun.shell(
      "ln -s /dev/stdout o.npy && \"$DEXML\" \(line) o.npy | cat >c.npy && echo before >d.npy && \"$DEXML\" \(line) o.npy >>d.npy",
      in: folder.url)
    #expect(run.code == 0, "\(run.errors)")
    #expect(try Data(contentsOf: folder.url.appendingPathComponent("c.npy")) == expected)
    #expect(try Data(contentsOf: folder.url.appendingPathComponent("d.npy")) == Data("before\n".utf8) + expected)
  }

  @Test("training goes on where nobody hears what it says")
  func silence() throws {
    var task = try TinyTask()
    task.configuration.numEpochs = 2
    let settings = try task.folder.write("s.yaml", task.configuration.yaml()).path
    for place in ["2>/dev/full", "2>&-", "2>&1 | true"] {
      let run = try CommandRun.shell("\"$DEXML\" train '\(settings)' \(place)", in: folder.url)
      #expect(run.code == 0, "\(place)")
      #expect(try task.text("log.txt").contains("epoch 2/2: loss"), "\(place)")
      // What should have been heard is in no file that was opened in the place of standard error.
      _ = try Checkpoint(contentsOf: task.checkpoint)
      try FileManager.default.removeItem(at: task.results)
    }
  }
}

@Suite("Files that are written")
struct WrittenFileTests {
  private func write(_ text: String, to url: URL) throws {
    let file = try FileBeingWritten(url)
    try file.append(Data(text.utf8))
    try file.commit()
  }

  private func text(_ url: URL) throws -> String { try String(contentsOf: url, encoding: .utf8) }

  @Test("a link stays a link, and what it points to is written, also where that is not there yet, or another link")
  func links() throws {
    let folder = try TemporaryFolder(), files = FileManager.default
    func url(_ name: String) -> URL { folder.url.appendingPathComponent(name) }
    try folder.write("real/old.txt", "old")
    for (link, target) in [
      ("a", "real/old.txt"), ("b", "a"), ("c", "real/new.txt"), ("real/d", "../other.txt"), ("round", "trip"), ("trip", "round"),
    ] {
      try files.createSymbolicLink(atPath: url(link).path, withDestinationPath: target)
    }
    try write("1", to: url("b"))
    #expect(try text(url("real/old.txt")) == "1" && files.destinationOfSymbolicLink(atPath: url("a").path) == "real/old.txt")
    try write("2", to: url("c"))
    #expect(try text(url("real/new.txt")) == "2")
    try write("3", to: url("real/d"))
    #expect(try text(url("other.txt")) == "3" && files.destinationOfSymbolicLink(atPath: url("real/d").path) == "../other.txt")
    #expect(message { try write("4", to: url("round")) }.contains("go round in a circle"))
    #expect(message { try write("5", to: url("real")) }.contains("a folder; name a file"))
    #expect(message { try write("6", to: url("nowhere/x")) }.contains("check that the folder exists"))
    #expect(try files.contentsOfDirectory(atPath: url("real").path).sorted() == ["d", "new.txt", "old.txt"])
  }

  @Test("a file keeps who may read it")
  func permissions() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("secret.txt", "1")
    chmod(file.path, 0o600)
    try write("2", to: file)
    let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
    #expect(try text(file) == "2" && mode == 0o600)
  }

  @Test("a device is written to and stays one")
  func devices() throws {
    let folder = try TemporaryFolder()
    let link = folder.url.appendingPathComponent("null")
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "/dev/null")
    try write("gone", to: link)
    try NPY.write(HostArray([1, 2] as [Float]), to: link)
    var status = stat()
    #expect(stat(link.path, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["null"])
  }
}
