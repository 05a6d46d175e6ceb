import ArgumentParser
import DEXML

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train an encoder on a data set.",
    discussion: "Example: dexml train configs/eurlex-4k.yaml configs/topk.yaml --tf Models/distilbert --num_epochs 20")

  @OptionGroup var settings: SettingsArguments

  func run() throws { try Trainer.run(settings.configuration()) }
}
