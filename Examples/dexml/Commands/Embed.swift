import ArgumentParser
import DEXML
import Foundation

/// The poolings that need nothing but the encoder.
enum PoolingOption: String, CaseIterable, ExpressibleByArgument {
  case cls, mean

  var pooling: Pooling {
    switch self {
    case .cls: .cls
    case .mean: .mean
    }
  }
}

struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Write one L2-normalised embedding for each line of a text file.")

  @Option(help: ArgumentHelp("Folder of the encoder.", valueName: "dir"))
  var model: String

  @Option(help: ArgumentHelp("Text file, one text on each line.", valueName: "file"))
  var input: String

  @Option(help: ArgumentHelp("Where the float32 rows go: .npy, or .safetensors (tensor embeddings).", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("Most tokens of a text, [CLS] and [SEP] included (default: the model's own limit).", valueName: "n"))
  var maxLen: Int?

  @Option(help: "First token, or mean over tokens (default: what the model folder says).")
  var pooling: PoolingOption?

  func validate() throws {
    guard maxLen ?? 2 >= 2 else { throw ValidationError("--max-len must be at least 2, for [CLS] and [SEP]; it is \(maxLen!).") }
  }

  func run() throws {
    try Embedder.run(
      model: URL(fileURLWithPath: model), input: URL(fileURLWithPath: input), output: URL(fileURLWithPath: output), maxLength: maxLen,
      pooling: pooling?.pooling)
  }
}
