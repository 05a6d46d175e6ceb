import DEXML
import Foundation
import Testing
import WengertTestSupport

@Suite("Text lines and token files") struct TokenizerFileTests {
  let tokenizer = Tokenizer(vocabulary: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"])

  @Test(
    "lines end with LF or CR LF, the last perhaps with nothing",
    arguments: [
      ("", []), ("\n", [""]), ("a", ["a"]), ("a\n", ["a"]), ("a\r\nb\r\n", ["a", "b"]), ("a\n\nb", ["a", "", "b"]), ("a\rb\n", ["a\rb"]),
      ("a\u{2028}b\n", ["a\u{2028}b"]), ("a\n\n", ["a", ""]), ("a\r", ["a\r"]),
    ] as [(String, [String])])
  func lines(text: String, expected: [String]) throws {
    let folder = try TokenizerScratch(["x.txt": text])
    #expect(try TextLines.all(of: folder.url.appendingPathComponent("x.txt")) == expected)
  }

  @Test("lines longer than the reading block stay whole")
  func longLines() throws {
    let lines = [String(repeating: "\u{E4}", count: 1_200_001), "short", String(repeating: "b", count: 3_000_000)]
    let folder = try TokenizerScratch(["x.txt": lines.joined(separator: "\n")])
    #expect(try TextLines.all(of: folder.url.appendingPathComponent("x.txt")) == lines)
  }

  @Test("invalid UTF-8 is an error with its line's number")
  func invalidLine() throws {
    let folder = try TokenizerScratch()
    try folder.write("x.txt", Data([0x61, 0x0A, 0x62, 0x0A, 0x80, 0x0A]))
    let error = #expect(throws: FileError.self) { try TextLines.all(of: folder.url.appendingPathComponent("x.txt")) }
    #expect(error?.field == "line 3")
  }

  @Test("a missing file and a folder are errors")
  func missingFile() throws {
    let folder = try TokenizerScratch()
    #expect(throws: FileError.self) { try TextLines(contentsOf: folder.url.appendingPathComponent("x.txt")) }
    #expect(throws: FileError.self) { try TextLines(contentsOf: folder.url) }
  }

  @Test("a token file holds each line's ids, padded, as int64")
  func tokenFile() throws {
    let folder = try TokenizerScratch(["trn_X.txt": "a b c\n\nb\n"])
    let texts = folder.url.appendingPathComponent("trn_X.txt")
    let file = TokenFile.location(texts: texts, tokenizer: "tiny", maxLength: 4)
    #expect(file.lastPathComponent == "trn_X.tiny_4.dat")
    let tokens = try TokenFile.write(texts: texts, tokenizer: tokenizer, maxLength: 4, to: file)
    #expect(tokens.rows == 3)
    #expect(tokens.columns == 4)
    #expect((0..<3).map { tokens.row($0, padID: 0) } == [[2, 5, 6, 3], [2, 3], [2, 6, 3]])
    #expect(try String(contentsOf: file.appendingPathExtension("meta"), encoding: .utf8) == "3 4 int64\n")
    let ids = [2, 5, 6, 3, 2, 3, 0, 0, 2, 6, 3, 0] as [Int64]
    #expect(try Data(contentsOf: file) == ids.withUnsafeBytes { Data($0) })
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 3)
  }

  @Test("many lines come in order, with progress")
  func manyLines() throws {
    let folder = try TokenizerScratch(["x.txt": (0..<40_000).map { "a\($0 % 2 == 0 ? " b" : "")\n" }.joined()])
    let texts = folder.url.appendingPathComponent("x.txt")
    var counts: [Int] = []
    let tokens = try TokenFile.write(
      texts: texts, tokenizer: tokenizer, maxLength: 8, to: folder.url.appendingPathComponent("x.dat")
    ) { counts.append($0) }
    #expect(counts.last == 40_000)
    #expect((0..<40_000).allSatisfy { tokens.row($0, padID: 0) == ($0 % 2 == 0 ? [2, 5, 6, 3] : [2, 5, 3]) })
  }

  @Test("an invalid text leaves an earlier token file as it was")
  func failedWriting() throws {
    let folder = try TokenizerScratch(["x.txt": "a\n"])
    let texts = folder.url.appendingPathComponent("x.txt")
    let file = folder.url.appendingPathComponent("x.dat")
    _ = try TokenFile.write(texts: texts, tokenizer: tokenizer, maxLength: 4, to: file)
    try folder.write("x.txt", Data([0x61, 0x0A, 0xFF, 0x0A]))
    #expect(throws: FileError.self) { try TokenFile.write(texts: texts, tokenizer: tokenizer, maxLength: 4, to: file) }
    #expect(try TokenFile(contentsOf: file).row(0, padID: 0) == [2, 5, 3])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 3)
  }

  @Test("a length that leaves no room is an error", arguments: [-1, 0, 1, 1 << 40])
  func wrongLength(length: Int) throws {
    let folder = try TokenizerScratch(["x.txt": "a\n"])
    #expect(throws: FileError.self) {
      try TokenFile.write(
        texts: folder.url.appendingPathComponent("x.txt"), tokenizer: tokenizer, maxLength: length,
        to: folder.url.appendingPathComponent("x.dat"))
    }
  }

  @Test("a tokenizer that pads with its separator makes no token file, whose rows would lose their ends")
  func separatorAsPadding() throws {
    let folder = try TokenizerScratch([
      "vocab.txt": "[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n", "tokenizer_config.json": #"{"pad_token": "[SEP]"}"#, "x.txt": "a\n",
    ])
    let tokenizer = try Tokenizer(folder: folder.url), file = folder.url.appendingPathComponent("x.dat")
    #expect(tokenizer.padID == tokenizer.sepID && tokenizer.encode("a") == [1, 4, 2])
    let error = #expect(throws: FileError.self) {
      try TokenFile.write(texts: folder.url.appendingPathComponent("x.txt"), tokenizer: tokenizer, maxLength: 4, to: file)
    }
    #expect(error?.field == "pad_token" && error?.advice.contains("data_tokenization: online") == true)
    #expect(!FileManager.default.fileExists(atPath: file.path))
  }

  @Test("mutated .dat.meta files parse to the right size or throw")
  func fuzz() throws {
    let folder = try TokenizerScratch(["x.txt": "a\nb\nc\n"])
    let file = folder.url.appendingPathComponent("x.dat")
    _ = try TokenFile.write(texts: folder.url.appendingPathComponent("x.txt"), tokenizer: tokenizer, maxLength: 4, to: file)
    for meta in [
      "", "3", "3 4", "3 4 int32", "-3 -4 int64", "9223372036854775807 9223372036854775807 int64",
      "1099511627776 1048576 int64", "549755813888 1048576 int64", "3 4 int64 x", "4 4 int64",
    ] {
      try folder.write("x.dat.meta", Data(meta.utf8))
      #expect(throws: FileError.self, "\(meta)") { try TokenFile(contentsOf: file) }
    }
    for seed in UInt64(0)..<2000 {
      var generator = SplitMix64(seed: seed)
      try folder.write("x.dat.meta", Data(generator.mutation(of: Array("3 4 int64\n".utf8))))
      do {
        let tokens = try TokenFile(contentsOf: file)
        #expect(tokens.rows * tokens.columns == 12, "seed \(seed)")
        for row in 0..<tokens.rows { _ = tokens.row(row, padID: 0) }
      } catch {
        #expect(error is FileError, "seed \(seed): \(error)")
      }
    }
  }
}
