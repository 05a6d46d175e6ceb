import ArgumentParser
import Collectives
import DEXML

extension EvaluationSplit: ExpressibleByArgument {}

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure an encoder on a data set, one trained here or any other; by several workers under mpirun.",
    discussion: "Example: dexml evaluate configs/eurlex-4k.yaml --split tst --tf Results/DEXML/EURLex-4K/run/model")

  @Option(help: "Held-out training documents, or the test set.")
  var split = EvaluationSplit.tst

  @OptionGroup var settings: SettingsArguments

  func run() throws {
    try Launch.run { workers in
      try Evaluator.run(settings.configuration(), split: split, workers: workers)
    } describe: {
      "dexml: error: \(oneLine($0))"
    }
  }
}
