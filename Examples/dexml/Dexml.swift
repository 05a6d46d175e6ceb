import ArgumentParser
import DEXML
import Foundation

/// The command tree.
struct Dexml: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dexml",
    abstract: "Train dual encoders for extreme multi-label classification, and use them.",
    subcommands: [
      DemoCommand.self, Tokenize.self, Train.self, Evaluate.self, Embed.self, Predict.self, Serve.self, ReportCommand.self, Convert.self,
      Devices.self,
    ])
}

@main
enum Main {
  /// Runs a command; any error becomes one line and exit code 1, a wrong command line the parser's own message and code 64.
  static func main() async {
    // What was closed must not become a file that is opened next, into which messages would go.
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 { _ = open("/dev/null", O_RDONLY) }
    // A file that may grow no further, and a reader that has gone, are errors of the write, which says so.
    for number in [SIGXFSZ, SIGPIPE] { signal(number, SIG_IGN) }
    EncoderPrograms.current = EncoderPrograms(
      evaluation: EncoderGraphs.evaluation, training: EncoderGraphs.training, pullbacks: EncoderGraphs.pullbacks)
    do {
      var command = try Dexml.parseAsRoot()
      if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
    } catch {
      end(error)
    }
  }

  private static func end(_ error: any Error) -> Never {
    switch Dexml.exitCode(for: error) {
    case .failure:
      Console.standardError.line("dexml: error: \(oneLine(error))")
      exit(1)
    case .success:
      // Help, and what else the parser prints.
      do { try StandardOutput.write(Dexml.fullMessage(for: error) + "\n") } catch { end(error) }
      exit(0)
    default:
      Dexml.exit(withError: error)
    }
  }
}
