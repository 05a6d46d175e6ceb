import ArgumentParser
import Collectives
import DEXML

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train an encoder on a data set; by several workers under mpirun.",
    discussion: "Example: dexml train configs/eurlex-4k.yaml configs/topk.yaml --tf Models/distilbert --num_epochs 20")

  @Flag(help: "Time every kernel; the table goes to the log, a trace for Chrome or Perfetto to profile.json in the results folder.")
  var profile = false

  @Flag(
    help: "Continue from the checkpoint in the results folder; where there is none, from resume_path, or from the start.")
  var resume = false

  @OptionGroup var device: DeviceOption

  @OptionGroup var settings: SettingsArguments

  func run() throws {
    try Launch.run { workers in
      let workers = try device.use(workers)
      try Trainer.run(settings.configuration(workers), resumes: resume, profiles: profile, workers: workers)
    } describe: {
      "dexml: error: \(oneLine($0))"
    }
  }
}
