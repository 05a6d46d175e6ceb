import ArgumentParser
import DEXML
import Foundation

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write one HTML page about runs: curves, metrics by label frequency, best and worst labels, examples, settings.",
    discussion: "Example: dexml report Results/DEXML/EURLex-4K/* --output report.html")

  @Argument(help: ArgumentHelp("Folders of results, one for each run, in the order of the page.", valueName: "results"))
  var results: [String]

  @Option(help: ArgumentHelp("Where the page goes.", valueName: "file.html"))
  var output = "report.html"

  @Option(
    name: [.customLong("data_root"), .customLong("data-root")],
    help: ArgumentHelp("Folder with the data sets (default: the one that each run was trained with).", valueName: "dir"))
  var dataRoot: String?

  func run() throws {
    try Report.run(results: results.map { URL(fileURLWithPath: $0) }, output: URL(fileURLWithPath: output), dataRoot: dataRoot)
  }
}
