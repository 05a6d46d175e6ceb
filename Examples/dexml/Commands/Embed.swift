import ArgumentParser
import DEXML
import Foundation

extension Pooling: ExpressibleByArgument {
  public init?(argument: String) { self.init(configurationText: argument) }
}

struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Write one embedding for each line of a text file.")

  @Option(help: ArgumentHelp("Folder of the encoder, or the name of a model in Hugging Face's cache.", valueName: "dir"))
  var model: String

  @Option(help: ArgumentHelp("Text file, one text on each line.", valueName: "file"))
  var input: String

  @Option(help: ArgumentHelp("Where the float32 rows go: .npy, or .safetensors (tensor embeddings).", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("Most tokens of a text, [CLS] and [SEP] included (default: the model's own limit).", valueName: "n"))
  var maxLen: Int?

  @Option(help: ArgumentHelp("\(Pooling.expectation) (default: what the model folder says).", valueName: "pooling"))
  var pooling: Pooling?

  @Option(help: ArgumentHelp("Scale to length one (default: what the model folder says).", valueName: "true|false"))
  var normalize: Bool?

  @Option(
    help: ArgumentHelp(
      "Name of the model's prompt that goes before each text: query, document or another (default: the one that the folder names).",
      valueName: "name"))
  var prompt: String?

  @OptionGroup var device: DeviceOption

  func validate() throws {
    guard maxLen ?? 2 >= 2 else { throw ValidationError("--max-len must be at least 2, for [CLS] and [SEP]; it is \(maxLen!).") }
  }

  func run() throws {
    try device.use()
    try Embedder.run(
      model: ModelFolder.require(model), input: URL(fileURLWithPath: input), output: URL(fileURLWithPath: output), maxLength: maxLen,
      pooling: pooling, normalizes: normalize, prompt: prompt.map { .named($0) } ?? .text)
  }
}
