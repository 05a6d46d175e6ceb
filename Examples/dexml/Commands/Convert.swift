import ArgumentParser
import DEXML
import Foundation

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Write a model folder whose weights are PyTorch's (pytorch_model.bin) as one with model.safetensors. Runs no code of the file.",
    discussion: "Example: dexml convert Models/old --output Models/new")

  @Argument(help: ArgumentHelp("Folder of the model, or the name of one in Hugging Face's cache.", valueName: "model"))
  var model: String

  @Option(help: ArgumentHelp("Folder to write; it must not be there yet.", valueName: "dir"))
  var output: String

  func run() throws { try ModelConversion.run(model: ModelFolder.require(model), output: URL(fileURLWithPath: output)) }
}
