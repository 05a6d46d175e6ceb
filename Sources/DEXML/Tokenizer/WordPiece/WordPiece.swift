import WengertNN

/// The tokenizer's engine: text as UTF-8 in, ids without [CLS] and [SEP] out. Immutable, shared by all threads.
final class WordPiece: Sendable {
  /// The pieces by which a word may begin, and, without their prefix, those by which it may go on.
  private let beginnings: ByteTrie
  private let continuations: ByteTrie
  private let unknownID: Int32
  private let longestWord: Int
  private let table: CharacterTable
  private let rawTokens: AddedTokenMatcher
  private let rawIDs: [Int32]
  private let normalizedTokens: AddedTokenMatcher
  private let normalizedIDs: [Int32]
  /// Scratches that no thread uses just now.
  private let free = Locked<[Scratch]>([])

  /// Text is normalized in stretches of at least so many bytes that end before a space, so that a limit on the number of tokens
  /// also limits the work.
  private static let stretch = 2048

  init(
    vocabulary: [(token: [UInt8], id: Int32)], unknownID: Int32, prefix: [UInt8], longestWord: Int, normalizer: BertNormalizer,
    added: [(token: AddedToken, id: Int32)]
  ) {
    var beginnings = ByteTrie()
    var continuations = ByteTrie()
    for (token, id) in vocabulary {
      beginnings.insert(token, id)
      if token.starts(with: prefix) { continuations.insert(token.dropFirst(prefix.count), id) }
    }
    self.beginnings = beginnings
    self.continuations = continuations
    self.unknownID = unknownID
    self.longestWord = longestWord
    let table = CharacterTable(normalizer: normalizer)
    self.table = table
    let raw = added.filter { !$0.token.normalized }
    rawTokens = AddedTokenMatcher(raw.map(\.token), contents: raw.map(\.token.content))
    rawIDs = raw.map(\.id)
    let normalized = added.filter(\.token.normalized)
    normalizedTokens = AddedTokenMatcher(
      normalized.map(\.token),
      contents: normalized.map { $0.token.content.withUnsafeBufferPointer { table.normalizeByDefinition($0[...]) } })
    normalizedIDs = normalized.map(\.id)
  }

  /// Appends the ids of a text until `limit` of them have been appended.
  func encode(_ text: UnsafeBufferPointer<UInt8>, limit: Int, with scratch: Scratch, into ids: inout [Int32]) {
    let end = limit < Int.max - ids.count ? ids.count + limit : Int.max
    split(text, by: rawTokens, rawIDs, end, into: &ids) { part, ids in
      var position = 0
      while position < part.count, ids.count < end {
        let stop = stretchEnd(part, from: position)
        normalize(part, from: position, to: stop, with: scratch)
        split(scratch.text, by: normalizedTokens, normalizedIDs, end, into: &ids) { words, ids in
          encodeWords(words, end, scratch.words, into: &ids)
        }
        position = stop
      }
    }
    if ids.count > end { ids.removeLast(ids.count - end) }
  }

  /// Gives the stretches between added tokens to `body`, and appends the added tokens' ids.
  @inline(__always)
  private func split(
    _ text: UnsafeBufferPointer<UInt8>, by matcher: AddedTokenMatcher, _ matcherIDs: [Int32], _ end: Int, into ids: inout [Int32],
    _ body: (UnsafeBufferPointer<UInt8>, inout [Int32]) -> Void
  ) {
    if matcher.isEmpty { return body(text, &ids) }
    var taken = 0
    var position = 0
    while ids.count < end, let match = matcher.next(text, from: &position, taken: taken) {
      if taken < match.start { body(UnsafeBufferPointer(rebasing: text[taken..<match.start]), &ids) }
      ids.append(matcherIDs[match.token])
      taken = match.end
    }
    if taken < text.count, ids.count < end { body(UnsafeBufferPointer(rebasing: text[taken...]), &ids) }
  }

  /// Where a stretch that begins at `start` may end: before a space, as nothing is normalized, or matched, across one.
  private func stretchEnd(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    guard normalizedTokens.isEmpty, text.count - start > Self.stretch else { return text.count }
    var end = start + Self.stretch
    while end < text.count, text[end] != 0x20 { end += 1 }
    return end
  }

  private func normalize(_ text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int, with scratch: Scratch) {
    scratch.reserve((end - start) * CharacterTable.growth)
    if let count = table.normalize(text, from: start, to: end, into: scratch.bytes) {
      scratch.count = count
    } else {
      let bytes = table.normalizeByDefinition(text[start..<end])
      scratch.reserve(bytes.count)
      for (index, byte) in bytes.enumerated() { scratch.bytes[index] = byte }
      scratch.count = bytes.count
    }
  }

  /// Splits normalized text, which is in a scratch, at white space and punctuation, and every word into pieces.
  private func encodeWords(_ text: UnsafeBufferPointer<UInt8>, _ end: Int, _ cache: WordCache, into ids: inout [Int32]) {
    table.asciiSplit.withUnsafeBufferPointer { ascii in
      var wordStart = 0
      var position = 0
      while position < text.count {
        let byte = text[position]
        var length = 1
        var split: UInt8
        if byte < 0x80 {
          split = ascii[Int(byte)]
        } else {
          let decoded = decodeScalar(text, at: position)
          length = decoded.length
          let flags = table.entry(decoded.scalar).flags
          split = CharacterTable.Split.none
          if flags & CharacterTable.Entry.whitespace != 0 { split = CharacterTable.Split.whitespace }
          if flags & CharacterTable.Entry.punctuation != 0 { split = CharacterTable.Split.punctuation }
        }
        if split != CharacterTable.Split.none {
          if wordStart < position { encodeWord(text, wordStart, position, cache, into: &ids) }
          if split == CharacterTable.Split.punctuation { encodeWord(text, position, position + length, cache, into: &ids) }
          if ids.count >= end { return }
          wordStart = position + length
        }
        position += length
      }
      if wordStart < text.count { encodeWord(text, wordStart, text.count, cache, into: &ids) }
    }
  }

  /// The ids of one word, from the cache if it is short and was met lately.
  @inline(__always)
  private func encodeWord(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, _ cache: WordCache, into ids: inout [Int32]) {
    guard let word = WordCache.Word(text, from: start, to: end) else { return splitWord(text, start, end, into: &ids) }
    if cache.append(word, to: &ids) { return }
    let count = ids.count
    splitWord(text, start, end, into: &ids)
    cache.keep(word, ids[count...])
  }

  /// The longest piece that begins the word, then the longest that goes on, to the word's end; one unknown token if that fails.
  private func splitWord(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, into ids: inout [Int32]) {
    let count = ids.count
    if end - start <= longestWord || text[start..<end].count(where: { $0 & 0xC0 != 0x80 }) <= longestWord {
      guard var match = beginnings.longestMatch(text, from: start, to: end) else { return ids.append(unknownID) }
      ids.append(match.value)
      while match.end < end {
        guard let next = continuations.longestMatch(text, from: match.end, to: end) else {
          ids.removeLast(ids.count - count)
          return ids.append(unknownID)
        }
        ids.append(next.value)
        match = next
      }
    } else {
      ids.append(unknownID)
    }
  }

  /// Calls `body` with a scratch that no other thread uses meanwhile.
  func withScratch<Result>(_ body: (Scratch) throws -> Result) rethrows -> Result {
    let scratch = free.withLock { $0.popLast() } ?? Scratch()
    defer { if scratch.isSmall { free.withLock { $0.append(scratch) } } }
    return try body(scratch)
  }

  /// What one thread at a time needs while it encodes: room for normalized text and for ids, and the words met lately.
  final class Scratch: @unchecked Sendable {
    /// Room for the ids of one text.
    var ids: [Int32] = []
    fileprivate let words = WordCache()
    fileprivate var bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: Scratch.usual)
    private var capacity = Scratch.usual
    fileprivate var count = 0
    private static let usual = 16_384

    fileprivate var text: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: bytes, count: count) }

    /// Whether it is worth keeping: a very long text leaves no memory behind.
    fileprivate var isSmall: Bool { capacity + 4 * ids.capacity <= 1 << 20 }

    fileprivate func reserve(_ text: Int) {
      let needed = text + WordCache.Word.longest
      guard needed > capacity else { return }
      bytes.deallocate()
      bytes = .allocate(capacity: needed)
      capacity = needed
    }

    deinit { bytes.deallocate() }
  }
}
