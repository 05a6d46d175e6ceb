import Foundation

/// What `dexml tokenize` does.
package enum TokenizeCommand {
  /// Writes the token ids of a text file's lines beside it.
  ///
  /// - Throws: `FileError` as `Tokenizer(folder:)` and `TokenFile.write`.
  public static func run(text: URL, tokenizer: URL, maxLength: Int) throws {
    let tokenizer = try Tokenizer(folder: tokenizer)
    let target = TokenFile.location(texts: text, tokenizer: tokenizer.name, maxLength: maxLength)
    var bar = ProgressBar("tokenizing", total: try TextLines.count(of: text))
    let file = try TokenFile.write(texts: text, tokenizer: tokenizer, maxLength: maxLength, to: target) {
      bar.update(step: $0, documents: $0)
    }
    bar.finish()
    Console.standardError.line("\(target.path): \(file.rows) rows of \(file.columns) tokens")
  }
}
