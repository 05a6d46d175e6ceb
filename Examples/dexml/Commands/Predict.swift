import ArgumentParser
import DEXML
import Foundation

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Print the best labels for each line of a text file.")

  @Option(help: ArgumentHelp("Folder of the encoder.", valueName: "dir"))
  var model: String

  @Option(help: ArgumentHelp("Text file, one label on each line.", valueName: "y.txt"))
  var labels: String

  @Option(help: ArgumentHelp("Text file, one text on each line; - reads standard input.", valueName: "file|-"))
  var input: String

  @Option(help: ArgumentHelp("Labels for each text.", valueName: "k"))
  var topK = 5

  func validate() throws {
    guard topK >= 1 else { throw ValidationError("--top-k must be at least 1; it is \(topK).") }
  }

  func run() throws {
    try Predictor.run(
      model: ModelFolder.require(model), labels: URL(fileURLWithPath: labels),
      input: input == "-" ? nil : URL(fileURLWithPath: input), topK: topK)
  }
}
