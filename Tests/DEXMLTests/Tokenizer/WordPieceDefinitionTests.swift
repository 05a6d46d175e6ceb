import Testing
import WengertTestSupport

@testable import DEXML

@Suite("WordPiece by its definition") struct WordPieceDefinitionTests {
  /// Ids without [CLS] and [SEP]: the rules, one after the other, for text without added tokens.
  private func ids(_ text: String, _ vocabulary: [[UInt8]: Int32], unknown: Int32, _ normalizer: BertNormalizer) -> [Int32] {
    var words: [[Unicode.Scalar]] = [[]]
    for scalar in normalizer.normalize(text.unicodeScalars) {
      if BertCharacters.isWhitespace(scalar) {
        words.append([])
      } else if BertCharacters.isPunctuation(scalar) {
        words += [[scalar], []]
      } else {
        words[words.count - 1].append(scalar)
      }
    }
    return words.filter { !$0.isEmpty }.flatMap { word -> [Int32] in
      var pieces: [Int32] = []
      var start = 0
      while start < word.count, word.count <= 100 {
        let prefix = Array(start > 0 ? "##".utf8 : "".utf8)
        let found = (start + 1...word.count).reversed().lazy
          .compactMap { end in vocabulary[prefix + word[start..<end].flatMap { Array(UTF8.encode($0)!) }].map { ($0, end) } }.first
        guard let found else { return [unknown] }
        pieces.append(found.0)
        start = found.1
      }
      return pieces.isEmpty ? [unknown] : pieces
    }
  }

  /// Any scalar but `[`, with which special tokens begin.
  private func scalar(_ generator: inout SplitMix64) -> Unicode.Scalar {
    let highest = [UInt32(0x7F), 0x7F, 0x250, 0x3100, 0xFFFF, 0x10FFFF].randomElement(using: &generator)!
    let scalar = Unicode.Scalar(UInt32.random(in: 0...highest, using: &generator)) ?? "\u{E9}"
    return scalar == "[" ? "]" : scalar
  }

  @Test("ids are those of the definition on random texts, whatever words were met before", arguments: [true, false])
  func definition(lowercase: Bool) {
    let fixture = TokenizerFixture.shared
    let tokenizer = Tokenizer(vocabulary: fixture.vocabulary, lowercase: lowercase)
    var vocabulary: [[UInt8]: Int32] = [:]
    for (id, token) in fixture.vocabulary.enumerated() { vocabulary[Array(token.utf8)] = Int32(id) }
    let normalizer = BertNormalizer(stripAccents: lowercase, lowercase: lowercase)
    let fragments = fixture.vocabulary.filter { !$0.contains("[") }.map { $0.replacing("##", with: "") }
    for seed in UInt64(0)..<3000 {
      var generator = SplitMix64(seed: seed)
      var text = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0...12, using: &generator) {
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: text.append(contentsOf: (0..<Int.random(in: 1...20, using: &generator)).map { _ in scalar(&generator) })
        case 1:
          let length = [14, 15, 16, 17, 18, 99, 100, 101].randomElement(using: &generator)!
          text.append(
            contentsOf: [Unicode.Scalar](repeating: ["a", "E", "\u{E9}", "\u{430}"].randomElement(using: &generator)!, count: length))
        default: text.append(contentsOf: fragments.randomElement(using: &generator)!.unicodeScalars)
        }
        if Bool.random(using: &generator) { text.append(" ") }
      }
      let expected = ids(String(text), vocabulary, unknown: tokenizer.unkID, normalizer)
      for _ in 0..<2 {
        #expect(tokenizer.encode(String(text)).dropFirst().dropLast() == expected[...], "seed \(seed)")
      }
    }
  }

  @Test("any number of threads gives the same ids", arguments: [1, 2, 5])
  func threads(count: Int) {
    let fixture = TokenizerFixture.shared
    let tokenizer = Tokenizer(vocabulary: fixture.vocabulary)
    #expect(tokenizer.encode(fixture.texts, maxLength: 16, threads: count) == fixture.texts.map { tokenizer.encode($0, maxLength: 16) })
  }
}
