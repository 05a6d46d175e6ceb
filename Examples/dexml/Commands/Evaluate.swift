import ArgumentParser
import Collectives
import DEXML
import Foundation

extension EvaluationSplit: ExpressibleByArgument {}

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure an encoder on a data set, one trained here or any other; by several workers under mpirun.",
    discussion: """
      Example: dexml evaluate configs/eurlex-4k.yaml --split tst --tf Results/DEXML/EURLex-4K/run/model
      The original's form, dexml evaluate tst config.yaml, measures the model in the results folder of the settings.
      """)

  @Option(help: "Held-out training documents, or the test set.")
  var split = EvaluationSplit.tst

  @OptionGroup var device: DeviceOption

  @OptionGroup var settings: SettingsArguments

  /// The original's first word, if it is there: the documents to evaluate on.
  private var word: String? {
    settings.arguments.first.flatMap { ["trn", "val", "tst"].contains($0) && !FileManager.default.fileExists(atPath: $0) ? $0 : nil }
  }

  func validate() throws {
    guard let word else { return }
    guard let named = EvaluationSplit(rawValue: word) else {
      throw ValidationError(
        "'trn' are the documents that are trained on; hold some of them out with num_val_points and evaluate 'val', or evaluate 'tst'.")
    }
    guard split == .tst || named == split else { throw ValidationError("'\(word)' and --split \(split.rawValue) contradict each other.") }
    try SettingsArguments.validate(settings.arguments.dropFirst())
  }

  func run() throws {
    try Launch.run { workers in
      let workers = try device.use(workers)
      if let named = word.flatMap({ EvaluationSplit(rawValue: $0) }) {
        let arguments = Array(settings.arguments.dropFirst())
        let namesEncoder = arguments.contains { $0 == "--tf" || $0.hasPrefix("--tf=") }
        try Evaluator.run(
          SettingsArguments.configuration(arguments, workers), split: named, ofRunsModel: !namesEncoder, workers: workers)
      } else {
        try Evaluator.run(settings.configuration(workers), split: split, workers: workers)
      }
    } describe: {
      "dexml: error: \(oneLine($0))"
    }
  }
}
