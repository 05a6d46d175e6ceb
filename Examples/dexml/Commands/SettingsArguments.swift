import ArgumentParser
import DEXML

/// Configuration files and the settings that override them, as `train` and `evaluate` take them.
struct SettingsArguments: ParsableArguments {
  @Argument(
    parsing: .allUnrecognized,
    help: ArgumentHelp(
      "YAML files, later ones winning, then settings as --key value.", valueName: "config.yaml|--key value"))
  var arguments: [String] = []

  func validate() throws {
    guard arguments.contains(where: { !$0.hasPrefix("-") }) else { throw ValidationError("Name at least one configuration file.") }
  }

  /// The settings that the files and the overrides come to.
  func configuration() throws -> DEXML.Configuration { try DEXML.Configuration(arguments: arguments) }
}
