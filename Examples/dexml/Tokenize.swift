import ArgumentParser
import DEXML
import Foundation

/// `dexml tokenize`: makes a text file's token ids once, for training offline.
struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the token ids of a text file, one text per line, beside it.",
    discussion: "FILE.txt becomes FILE.<tokenizer>_<N>.dat (int64 ids, padded rows) and .dat.meta (\"rows columns int64\").")

  @Option(name: .customLong("data-path"), help: ArgumentHelp("The text file.", valueName: "file"))
  var dataPath: String

  @Option(help: ArgumentHelp("A model folder with tokenizer.json or vocab.txt.", valueName: "dir"))
  var tokenizer: String

  @Option(name: .customLong("tf-max-len"), help: ArgumentHelp("Tokens per text, [CLS] and [SEP] included.", valueName: "n"))
  var maxLength: Int = 32

  func run() throws {
    let tokenizer = try Tokenizer(folder: URL(fileURLWithPath: tokenizer))
    let texts = URL(fileURLWithPath: dataPath)
    let output = TokenFile.location(texts: texts, tokenizer: tokenizer.name, maxLength: maxLength)
    let tokens = try TokenFile.write(texts: texts, tokenizer: tokenizer, maxLength: maxLength, to: output) { count in
      FileHandle.standardError.write(Data("\r\(count) lines".utf8))
    }
    FileHandle.standardError.write(Data("\n".utf8))
    print("\(output.path): \(tokens.rows) rows of \(tokens.columns) tokens")
  }
}
