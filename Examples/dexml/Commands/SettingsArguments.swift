import ArgumentParser
import Collectives
import DEXML

/// Configuration files and the settings that override them, as `train` and `evaluate` take them.
struct SettingsArguments: ParsableArguments {
  @Argument(
    parsing: .allUnrecognized,
    help: ArgumentHelp(
      "YAML files, later ones winning, then settings as --key value.", valueName: "config.yaml|--key value"))
  var arguments: [String] = []

  func validate() throws { try Self.validate(arguments) }

  static func validate(_ arguments: some Sequence<String>) throws {
    guard arguments.contains(where: { !$0.hasPrefix("-") }) else { throw ValidationError("Name at least one configuration file.") }
  }

  /// The settings that the files and the overrides come to.
  func configuration(_ workers: any Workers) throws -> DEXML.Configuration { try Self.configuration(arguments, workers) }

  static func configuration(_ arguments: [String], _ workers: any Workers) throws -> DEXML.Configuration {
    var notes: [String] = []
    let configuration = try DEXML.Configuration(arguments: arguments, notes: &notes)
    if workers.rank == 0 { for note in notes { Console.standardError.line(note) } }
    return configuration
  }
}
