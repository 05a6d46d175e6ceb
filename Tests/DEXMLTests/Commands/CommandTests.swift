import Foundation
import Testing

@Suite("The dexml command line", .enabled(if: FileManager.default.isExecutableFile(atPath: executable.path)))
struct CommandTests {
  /// The exit code and standard error of a command.
  private func run(_ arguments: String...) throws -> (code: Int32, errors: String) {
    let run = try CommandRun(arguments)
    return (run.code, run.errors)
  }

  private let eurlex = "Examples/dexml/configs/eurlex-4k.yaml"

  @Test("a wrong setting is one line and exit code 1")
  func wrongSetting() throws {
    var result = try run("train", eurlex, "--num_epoch", "3")
    #expect(result.code == 1)
    #expect(result.errors == "dexml: error: command line: unknown key 'num_epoch'; the nearest known key is 'num_epochs'\n")
    result = try run("evaluate", "--lr", "-1", eurlex, "--split", "val", "--bsz=3")
    #expect(result.code == 1)
    #expect(result.errors == "dexml: error: command line: lr: '-1' is not allowed; expected a number above 0\n")
    result = try run("report", "Examples/dexml", "--data-root", "Datasets")
    #expect(result.code == 1)
    #expect(result.errors.contains("Examples/dexml: config.yaml: no such file; name a folder of results"))
    result = try run("serve", "--model", "none", "--labels", "none.txt")
    #expect(result.code == 1 && result.errors.hasPrefix("dexml: error: none: model: no such folder"))
    result = try run("train", "none.yaml")
    #expect(result.code == 1)
    #expect(result.errors == "dexml: error: none.yaml: no such configuration file\n")
  }

  @Test("a wrong command line is exit code 64 and says what is missing")
  func usage() throws {
    #expect(try run("train").code == 64)
    #expect(try run("embed", "--model", "m").errors.contains("--input"))
    #expect(try run("evaluate", eurlex, "--split", "dev").errors.contains("'val' and 'tst'"))
    #expect(try run("predict", "--model", "m", "--labels", "y", "--input", "-", "--top-k", "0").code == 64)
    #expect(try run("tokenize", "--data-path", "x", "--tokenizer", "t", "--tf-max-len", "1").code == 64)
    #expect(try run("serve", "--model", "m", "--labels", "y", "--port", "65536").code == 64)
    #expect(
      try run("serve", "--model", "m", "--labels", "y", "--max-batch", "0").errors.contains("--max-batch must be at least 1; it is 0."))
    #expect(try run("report").code == 64)
    #expect(try run("nothing").code == 64)
  }

  @Test(
    "every command explains itself", arguments: ["demo", "tokenize", "train", "evaluate", "embed", "predict", "serve", "report", "convert"])
  func help(command: String) throws {
    #expect(try run(command, "--help").code == 0)
  }
}
