import Foundation
import Logging
import Testing
import WengertTestSupport

@testable import DEXML

@Suite("Lines of text in memory") struct LinesTests {
  /// The lines of a text by splitting its bytes.
  private func split(_ bytes: [UInt8]) -> [[UInt8]] {
    var parts = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
    let last = parts.removeLast()
    parts = parts.map { $0.last == 0x0D ? $0.dropLast() : $0 }
    return last.isEmpty ? parts : parts + [last]
  }

  /// A text of few different bytes, among them line ends and, where wanted, bytes that are no UTF-8.
  private func text(_ generator: inout SplitMix64, _ pieces: [[UInt8]]) -> [UInt8] {
    (0..<Int.random(in: 0...40, using: &generator)).flatMap { _ in pieces.randomElement(using: &generator)! }
  }

  private static let ends: [[UInt8]] = [[0x0A], [0x0D, 0x0A], [0x0D]]
  private static let valid: [[UInt8]] = ends + ["a", "b c", "\u{E4}", "\u{65E5}", "\u{1F468}", "\0"].map { Array($0.utf8) }
  private static let invalid: [[UInt8]] = valid + [[0x80], [0xC0, 0x80], [0xE4], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF]]

  @Test("mapped lines, lines read block by block, and split bytes are the same", arguments: [1, 2, 7, 64, 1 << 20])
  func sameLines(size: Int) throws {
    let folder = try TokenizerScratch()
    let file = folder.url.appendingPathComponent("x.txt")
    for seed in UInt64(0)..<300 {
      var generator = SplitMix64(seed: seed)
      let bytes = text(&generator, Self.valid)
      try folder.write("x.txt", Data(bytes))
      let expected = split(bytes)
      let mapped = try Lines(mapping: file)
      #expect((0..<mapped.count).map { mapped.withLine($0) { Array($0) } } == expected, "seed \(seed)")
      var blocks = try TextBlocks(contentsOf: file, size: size)
      var read: [[UInt8]] = []
      while let block = try blocks.next() { read += (0..<block.count).map { block.withLine($0) { Array($0) } } }
      #expect(read == expected, "seed \(seed)")
      #expect(blocks.count == expected.count, "seed \(seed)")
      #expect(try TextLines.all(of: file).map { Array($0.utf8) } == expected, "seed \(seed)")
    }
  }

  @Test("the first line that is not UTF-8 is named, however the text is read")
  func invalidLines() throws {
    let folder = try TokenizerScratch()
    let file = folder.url.appendingPathComponent("x.txt")
    let tokenizer = Tokenizer(vocabulary: ["[UNK]", "a"])
    for seed in UInt64(0)..<300 {
      var generator = SplitMix64(seed: seed)
      let bytes = text(&generator, Self.invalid)
      try folder.write("x.txt", Data(bytes))
      let place = split(bytes).firstIndex { String(validating: $0, as: UTF8.self) == nil }
      let expected = place.map { "line \($0 + 1)" }
      func field(_ body: () throws -> Void) -> String? {
        do { try body() } catch { return (error as? FileError)?.field ?? "\(error)" }
        return nil
      }
      #expect(field { _ = try Lines(mapping: file) } == expected, "seed \(seed)")
      #expect(field { _ = try TextLines.all(of: file) } == expected, "seed \(seed)")
      #expect(
        field { _ = try TokenFile.write(texts: file, tokenizer: tokenizer, maxLength: 4, to: folder.url.appendingPathComponent("x.dat")) }
          == expected, "seed \(seed)")
    }
  }

  @Test("lines longer than a block, and texts of several blocks, give each line's row")
  func longFile() throws {
    let tokenizer = Tokenizer(vocabulary: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"])
    var lines = (0..<200_000).map { $0 % 7 == 0 ? "" : $0 % 3 == 0 ? "a b \u{E4}" : "c  a [MASK] [PAD]" }
    lines.insert(String(repeating: "b ", count: 6 << 20), at: 100_000)
    let folder = try TokenizerScratch(["x.txt": lines.joined(separator: "\r\n")])
    let file = folder.url.appendingPathComponent("x.txt")
    let made = folder.url.appendingPathComponent("x.dat")
    let tokens = try TokenFile.write(texts: file, tokenizer: tokenizer, maxLength: 6, to: made)
    let expected = tokenizer.encode(lines, maxLength: 6)
    #expect((0..<tokens.rows).map { tokens.row($0, padID: 0) } == expected)
    try folder.write("x.txt", Data(lines.joined(separator: "\n").utf8) + [0x0A, 0x61, 0x0A, 0xE4, 0x0A, 0xFF])
    let error = #expect(throws: FileError.self) { try TokenFile.write(texts: file, tokenizer: tokenizer, maxLength: 6, to: made) }
    #expect(error?.field == "line \(lines.count + 2)")
  }

  @Test("texts tokenized as they are needed give what the token file gives")
  func sources() throws {
    let tokenizer = Tokenizer(vocabulary: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"])
    let lines = (0..<1000).map { ["a", "b c a b c", "", "x"][$0 % 4] }
    let folder = try TokenizerScratch(["x.txt": lines.joined(separator: "\n")])
    let file = folder.url.appendingPathComponent("x.txt")
    func open(_ mode: Configuration.Tokenization) throws -> TokenSource {
      try TokenSource.open(
        file, tokenizer, maximumLength: 5, mode, rows: 1000, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
    let offline = try open(.offline), online = try open(.online)
    #expect(online.count == 1000)
    #expect(online.all() == offline.all())
    #expect(online.tokens([999, 1, 1]) == offline.tokens([999, 1, 1]))
    #expect(online.tokens([1]) == [tokenizer.encode("b c a b c", maxLength: 5)])
    try folder.write("x.txt", Data([0x61, 0x0A, 0xFF]))
    #expect(#expect(throws: FileError.self) { try open(.online) }?.field == "line 2")
  }

  @Test("a token file of another tokenizer with the same name is made anew, one of the same is not")
  func tokenizers() throws {
    let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"]
    let folder = try TokenizerScratch(["x.txt": "a b\nc\n"])
    let log = try Logger.run(in: ResultsFolder(folder.url))
    func made(_ vocabulary: [String]) throws -> [[Int32]] {
      try TokenSource.open(
        folder.url.appendingPathComponent("x.txt"), Tokenizer(vocabulary: vocabulary), maximumLength: 5, .offline, rows: 2, log: log
      ).all()
    }
    func timesMade() throws -> Int { try TextLines.all(of: folder.url.appendingPathComponent("log.txt")).count { $0.contains("making") } }
    let ids: [[Int32]] = [[2, 5, 6, 3], [2, 7, 3]]
    for _ in 0..<2 { #expect(try made(words) == ids) }
    #expect(try timesMade() == 1)
    #expect(try made(words.dropLast(3) + ["c", "b", "a"]) == [[2, 7, 6, 3], [2, 5, 3]])
    #expect(try timesMade() == 2)
  }
}
