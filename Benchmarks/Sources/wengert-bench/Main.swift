import Foundation

@main struct Bench {
  private static let commands: [String: @Sendable (inout Arguments, _ threads: Int) throws -> Void] = [
    "rows": RowTable.run,
    "encoder": EncoderBench.run,
    "encoders": EncoderTable.run,
    "calls": { arguments, _ in Calls.run(&arguments) },
    "programs": Programs.run,
    "losses": LossBench.run,
    "search": SearchBench.run,
    "tokenize": TokenizeBench.run,
    "embed": EmbedBench.run,
  ]

  static func main() throws {
    var arguments = Arguments(Array(CommandLine.arguments.dropFirst()))
    if arguments.flag("--help") || arguments.flag("-h") { return print(Options.usage) }
    if let level = arguments.choice("--level", of: Level.allCases.map(\.rawValue)) { Level(rawValue: level)!.enter() }
    let threads = arguments.count("--threads") ?? 2
    Machine.pin(to: threads)
    let command = arguments.command(of: commands.keys.sorted()) ?? "rows"
    try commands[command]!(&arguments, threads)
  }
}

/// Prints a line at once, also into a pipe.
func show(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
