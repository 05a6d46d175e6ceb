import ArgumentParser
import DEXML

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Make a small data set, train a small encoder on it from scratch, and show predictions.")

  func run() throws { try Demo.run(.demo) }
}
