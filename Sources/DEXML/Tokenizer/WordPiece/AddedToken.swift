/// A token outside the word pieces: found in the text before anything else and never split.
struct AddedToken: Equatable, Sendable {
  var content: [UInt8]
  /// Not counted as text when ids are read back.
  var special = false
  /// Looked for in the normalized text, as its own normalized form, instead of in the text as it came.
  var normalized = false
  /// Takes the white space before it along.
  var lstrip = false
  /// Takes the white space after it along.
  var rstrip = false
  /// Only if no word character touches it.
  var singleWord = false
}

/// Finds a set of added tokens in text: of those that begin first, the longest.
struct AddedTokenMatcher: Sendable {
  /// A token's place, including the white space it takes along, and its number in the list given.
  struct Match {
    var start: Int
    var end: Int
    var token: Int
  }

  private let tokens: [AddedToken]
  private var trie = ByteTrie()
  private var starts = [Bool](repeating: false, count: 256)

  var isEmpty: Bool { trie.isEmpty }

  /// - Parameter contents: what to look for, one byte string for each token; of equal ones the first counts.
  init(_ tokens: [AddedToken], contents: [[UInt8]]) {
    self.tokens = tokens
    for (index, content) in contents.enumerated() where !content.isEmpty {
      trie.insert(content, Int32(index), replacing: false)
      starts[Int(content[0])] = true
    }
  }

  /// The first match that begins at `position` or later; `taken` is where the text not yet given to a match begins.
  func next(_ text: UnsafeBufferPointer<UInt8>, from position: inout Int, taken: Int) -> Match? {
    starts.withUnsafeBufferPointer { starts in
      while position < text.count {
        guard starts[Int(text[position])], let found = trie.longestMatch(text, from: position, to: text.count) else {
          position += 1
          continue
        }
        var match = Match(start: position, end: found.end, token: Int(found.value))
        let token = tokens[match.token]
        position = found.end
        if token.singleWord, touchesWord(text, match) { continue }
        if token.lstrip {
          while match.start > 0, let space = scalar(endingAt: match.start, text), BertCharacters.isWhitespace(space.scalar) {
            match.start -= space.length
          }
        }
        match.start = max(match.start, taken)
        if token.rstrip {
          while match.end < text.count, let space = scalar(at: match.end, text), BertCharacters.isWhitespace(space.scalar) {
            match.end += space.length
          }
        }
        match.end = max(match.end, taken)
        return match
      }
      return nil
    }
  }

  private func touchesWord(_ text: UnsafeBufferPointer<UInt8>, _ match: Match) -> Bool {
    if match.start > 0, let before = scalar(endingAt: match.start, text), BertCharacters.isWordCharacter(before.scalar) { return true }
    if match.end < text.count, let after = scalar(at: match.end, text), BertCharacters.isWordCharacter(after.scalar) { return true }
    return false
  }

  private func scalar(at position: Int, _ text: UnsafeBufferPointer<UInt8>) -> (scalar: Unicode.Scalar, length: Int)? {
    let decoded = decodeScalar(text, at: position)
    return Unicode.Scalar(decoded.scalar).map { ($0, decoded.length) }
  }

  private func scalar(endingAt position: Int, _ text: UnsafeBufferPointer<UInt8>) -> (scalar: Unicode.Scalar, length: Int)? {
    var start = position - 1
    while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
    return scalar(at: start, text)
  }
}
