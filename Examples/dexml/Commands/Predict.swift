import ArgumentParser
import DEXML
import Foundation

extension PredictCommand.Format: ExpressibleByArgument {}

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Write the best labels for each line of text files.")

  @Option(help: ArgumentHelp("Folder of the encoder.", valueName: "dir"))
  var model: String

  @Option(help: ArgumentHelp("Text file, one label on each line.", valueName: "y.txt"))
  var labels: String

  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Text files, one text on each line; - reads standard input.", valueName: "file|-"))
  var input: [String]

  @Option(help: ArgumentHelp("Labels for each text.", valueName: "k"))
  var topK = 5

  @Option(help: "For people, or for programs: a JSON list, a table, or a matrix of scores for SciPy, which needs --output.")
  var format = PredictCommand.Format.text

  @Option(help: ArgumentHelp("Where the predictions go (default: standard output).", valueName: "file"))
  var output: String?

  @OptionGroup var device: DeviceOption

  func validate() throws {
    guard topK >= 1 else { throw ValidationError("--top-k must be at least 1; it is \(topK).") }
    guard format != .npz || output != nil else { throw ValidationError("--format npz is a file of bytes: name it with --output FILE.npz.") }
    guard input.count(where: { $0 == "-" }) <= 1 else { throw ValidationError("--input - reads standard input, which can be read once.") }
  }

  func run() throws {
    try device.use()
    try PredictCommand.run(
      model: ModelFolder.require(model), labels: URL(fileURLWithPath: labels), inputs: input, format: format,
      output: output.map { URL(fileURLWithPath: $0) }, topK: topK)
  }
}
