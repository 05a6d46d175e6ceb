/// How a model reads texts of one use: its tokenizer with that use's prompt, and how many of the prompt's tokens the pooling leaves out.
public struct TextReader: Sendable {
  /// The tokenizer with the prompt of the use.
  public let tokenizer: Tokenizer
  /// The number of tokens at the start of each text that the pooling leaves out.
  public let skipped: Int
}

extension ModelFolder {
  /// How the model reads texts of this use, of at most `maximumLength` tokens.
  ///
  /// - Throws: `FileError` as `tokenizer(for:)`, or if a prompt that the pooling leaves out fills the whole length.
  public func reader(for use: Prompts.Use, maximumLength: Int) throws -> TextReader {
    let tokenizer = try tokenizer(for: use)
    return TextReader(tokenizer: tokenizer, skipped: try skippedTokens(tokenizer, maximumLength: maximumLength))
  }
}
