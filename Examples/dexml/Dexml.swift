import ArgumentParser

@main
struct Dexml: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Dual encoders for extreme multi-label classification.", subcommands: [Tokenize.self])
}
