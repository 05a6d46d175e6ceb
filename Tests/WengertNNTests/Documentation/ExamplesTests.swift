import Foundation
import Testing
import WengertTestSupport

@Suite("Examples/Programs")
struct ExamplesTests {
  /// What the built program prints, which lies beside the tests, and the pictures that it draws.
  private func run(_ arguments: String...) throws -> (code: Int32, output: String, pictures: [String]) {
    try Fixtures.withTemporaryFolder { folder in
      let process = Process(), output = folder.appending(path: "output")
      try Data().write(to: output)
      process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "examples")
      process.arguments = arguments
      process.currentDirectoryURL = folder
      process.standardOutput = try FileHandle(forWritingTo: output)
      try process.run()
      process.waitUntilExit()
      let pictures = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        .filter { $0.pathExtension == "svg" }.map { try String(contentsOf: $0, encoding: .utf8) }
      return (process.terminationStatus, try String(contentsOf: output, encoding: .utf8), pictures)
    }
  }

  /// The numbers behind a word, line by line.
  private func numbers(_ word: String, in output: String) -> [Double] {
    output.split(separator: "\n").compactMap { line in
      line.firstRange(of: word).flatMap {
        Double(line[$0.upperBound...].drop { $0 == " " }.prefix { $0.isNumber || $0 == "." || $0 == "-" })
      }
    }
  }

  @Test(
    "each that learns has a lower loss at the end than at the start",
    arguments: [
      "linear-regression", "logistic-regression", "digits", "convolutional-network", "character-transformer", "variational-autoencoder",
      "gru", "simulation", "word-vectors",
    ])
  func learning(_ name: String) throws {
    let (code, output, pictures) = try run(name, "--tiny")
    #expect(code == 0 && pictures.count == (name == "character-transformer" ? 0 : 1), "\(output)")
    let losses = numbers("loss", in: output)
    #expect(losses.count >= 2 && losses.allSatisfy(\.isFinite) && losses.last! < losses.first! * 0.99, "\(output)")
  }

  @Test("a line is found by tensors, by a layer and by the normal equations")
  func line() throws {
    let lines = try run("linear-regression", "--tiny").output.split(separator: "\n").filter { $0.contains("y =") }
    #expect(lines.count == 3 && Set(lines.map { $0.suffix(18) }).count == 1)
  }

  @Test("a Gaussian process is likelier with the numbers that were found")
  func gaussianProcess() throws {
    let (code, output, pictures) = try run("gaussian-process", "--tiny")
    let before = numbers("likelihood:", in: output), after = numbers("start,", in: output)
    #expect(code == 0 && pictures.count == 1 && before.count == 1 && after.count == 1 && after[0] < before[0], "\(output)")
  }

  @Test("fits without one example each are where one solve with the Hessian said")
  func perExampleGradients() throws {
    let (code, output, pictures) = try run("per-example-gradients", "--tiny")
    let error = numbers("but for", in: output)
    #expect(code == 0 && pictures.count == 1 && error.count == 1 && error[0] > 0 && error[0] < 30, "\(output)")
  }

  @Test("a training that goes on from a file has the bits of one without a pause")
  func saveAndResume() throws {
    let (code, output, _) = try run("save-and-resume", "--tiny")
    let losses = output.split(separator: "\n").filter { $0.contains("loss") }
    #expect(code == 0 && output.contains("the same bits: true") && losses.count == 11, "\(output)")
    #expect(losses[2...4] == losses[8...10], "\(output)")
  }

  @Test("the custom operation's derivatives are those of finite differences")
  func customOperation() throws {
    let (code, output, pictures) = try run("custom-operation", "--tiny")
    let results = output.split(separator: "\n").filter { $0.contains("below") || $0.contains("finite differences") }
    #expect(code == 0 && pictures.count == 1 && results.count == 7 && results.allSatisfy { $0.hasSuffix(": true") }, "\(output)")
  }

  @Test("the custom backend runs fewer kernels of a compiled step")
  func customBackend() throws {
    let (code, output, _) = try run("custom-backend", "--tiny")
    let eager = numbers("eager:", in: output), compiled = numbers("compiled:", in: output), losses = numbers("then", in: output)
    #expect(
      code == 0 && eager.count == 1 && compiled.count == 1 && compiled[0] > 0 && compiled[0] < eager[0] && losses.count == 1, "\(output)")
  }

  @Test("a file of one's own is read instead of made data")
  func files() throws {
    try Fixtures.withTemporaryFolder { folder in
      let text = folder.appending(path: "text.txt")
      try String(repeating: "the cat sat on the mat\n", count: 50).write(to: text, atomically: true, encoding: .utf8)
      #expect(try run("character-transformer", text.path, "--tiny").output.contains("1150 letters"))
      #expect(try run("word-vectors", text.path, "--tiny").output.contains("the: "))
    }
  }

  @Test("Examples/README.md has each, as long as it is")
  func page() throws {
    let folder = Fixtures.package.appending(path: "Examples/Programs")
    let rows = try MarkdownFile("Examples/README.md").rows(under: "The programs")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") && $0 != "main.swift" }
    #expect(Set(rows.map { $0[1].prefix { $0 != "]" }.dropFirst().description }) == Set(files))
    for row in rows {
      let text = try String(contentsOf: folder.appending(path: row[1].prefix { $0 != "]" }.dropFirst().description), encoding: .utf8)
      #expect(row[2] == "\(text.split(separator: "\n", omittingEmptySubsequences: false).count - 1)", "\(row[0])")
    }
    #expect(try run().output.split(separator: "\n").dropFirst().map { $0.dropFirst(2) } == rows.map { $0[0][...] })
  }
  /// Lines of code, and characters that are not spaces, without what draws.
  private func size(_ link: String) throws -> [String] {
    let path = link.drop { $0 != "(" }.dropFirst().dropLast(), file = Fixtures.package.appending(path: "Examples/\(path)")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { $0.filter { !$0.isWhitespace } }.filter { line in
      !line.isEmpty && !line.hasPrefix("//") && !line.hasPrefix("#") && !line.lowercased().contains("chart") && !line.contains("run.draw")
    }
    return ["\(lines.count)", "\(lines.map(\.count).reduce(0, +))"]
  }

  @Test("Examples/README.md has the lengths of ten programs beside PyTorch's")
  func lengths() throws {
    let rows = try MarkdownFile("Examples/README.md").rows(under: "Beside PyTorch")
    #expect(rows.count == 10)
    for row in rows {
      let ours = try size(row[0]), theirs = try size(row[1])
      #expect(row[2...] == [ours[0], theirs[0], ours[1], theirs[1]], "\(row[0])")
    }
  }
}
