import ArgumentParser
import DEXML
import Foundation

struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Write the token ids of a text file's lines to a file beside it.")

  @Option(help: ArgumentHelp("Text file, one text on each line.", valueName: "file"))
  var dataPath: String

  @Option(
    name: [.customLong("tokenizer"), .customLong("tf-token-type")],
    help: ArgumentHelp("Folder with vocab.txt or tokenizer.json.", valueName: "dir"))
  var tokenizer: String

  @Option(help: ArgumentHelp("Most tokens of a text, [CLS] and [SEP] included.", valueName: "n"))
  var tfMaxLen: Int

  func validate() throws {
    guard tfMaxLen >= 2 else { throw ValidationError("--tf-max-len must be at least 2, for [CLS] and [SEP]; it is \(tfMaxLen).") }
  }

  func run() throws {
    try TokenizeCommand.run(text: URL(fileURLWithPath: dataPath), tokenizer: ModelFolder.require(tokenizer), maxLength: tfMaxLen)
  }
}
