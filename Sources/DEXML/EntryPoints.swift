import Foundation

// What the commands of the trainer call.

public enum Demo {
  /// Makes the demo data set and an untrained encoder, trains it, evaluates it and shows predictions.
  public static func run(_ configuration: Configuration) throws { throw missing("demo") }
}

public enum TokenizeCommand {
  /// Writes the token ids of a text file's lines beside it.
  public static func run(text: URL, tokenizer: URL, maxLength: Int) throws {
    let tokenizer = try Tokenizer(folder: tokenizer)
    let target = TokenFile.location(texts: text, tokenizer: tokenizer.name, maxLength: maxLength)
    let file = try TokenFile.write(texts: text, tokenizer: tokenizer, maxLength: maxLength, to: target, progress: nil)
    Console.standardError.line("\(target.path): \(file.rows) rows of \(file.columns) tokens")
  }
}

public enum Trainer {
  /// Trains as the configuration says.
  public static func run(_ configuration: Configuration) throws { throw missing("train") }
}

public enum Evaluator {
  /// Evaluates the encoder of a configuration on a part of its data set.
  public static func run(_ configuration: Configuration, split: EvaluationSplit) throws { throw missing("evaluate") }
}

public enum Embedder {
  /// Writes one normalised embedding for each line of a text file; without a length or a pooler the model folder's own.
  public static func run(model: URL, input: URL, output: URL, maxLength: Int?, pooler: Configuration.Pooler?) throws {
    throw missing("embed")
  }
}

public enum Predictor {
  /// Prints the nearest labels of each line of a text file, or of standard input where `input` is nil.
  public static func run(model: URL, labels: URL, input: URL?, topK: Int) throws { throw missing("predict") }
}

/// The documents that are evaluated.
public enum EvaluationSplit: String, CaseIterable, Sendable {
  /// Training documents held out.
  case val
  /// The test set.
  case tst
}

private func missing(_ command: String) -> ConfigurationError { ConfigurationError("\(command) is not part of this build") }
