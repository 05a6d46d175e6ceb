import ArgumentParser
import DEXML

/// The command tree.
struct Dexml: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dexml",
    abstract: "Train dual encoders for extreme multi-label classification, and use them.",
    subcommands: [
      DemoCommand.self, Tokenize.self, Train.self, Evaluate.self, Embed.self, Predict.self, Serve.self, ReportCommand.self, Convert.self,
    ])
}

@main
enum Main {
  /// Runs a command; any error becomes one line and exit code 1, a wrong command line the parser's own message and code 64.
  static func main() async {
    do {
      var command = try Dexml.parseAsRoot()
      do {
        if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
      } catch  where Dexml.exitCode(for: error) == .failure {
        Console.standardError.line("dexml: error: \(oneLine(error))")
        throw ExitCode.failure
      }
    } catch {
      Dexml.exit(withError: error)
    }
  }
}
