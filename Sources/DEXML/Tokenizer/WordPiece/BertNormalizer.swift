import Foundation
import Synchronization

/// Cleaning, spaces around ideographs, accent stripping and lower-casing, in this order.
package struct BertNormalizer: Sendable, Equatable {
  package var cleanText = true
  package var handleChinese = true
  package var stripAccents = true
  package var lowercase = true

  package init(cleanText: Bool = true, handleChinese: Bool = true, stripAccents: Bool = true, lowercase: Bool = true) {
    (self.cleanText, self.handleChinese, self.stripAccents, self.lowercase) = (cleanText, handleChinese, stripAccents, lowercase)
  }

  /// The rules, one pass each: the definition that the tables of `CharacterTable` are made from.
  package func normalize(_ text: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
    var text = Array(text)
    if cleanText {
      text = text.filter { !BertCharacters.isDropped($0) }.map { BertCharacters.isWhitespace($0) ? " " : $0 }
    }
    if handleChinese {
      text = text.flatMap { BertCharacters.isIdeograph($0) ? [" ", $0, " "] : [$0] }
    }
    if stripAccents {
      text = Self.decompose(text).filter { !BertCharacters.isNonspacingMark($0) }
    }
    if lowercase {
      text = text.flatMap(BertCharacters.lowercase)
    }
    return text
  }

  /// Canonical decomposition (NFD): every scalar's own, then each run of combining marks sorted by class, equal classes in order.
  static func decompose(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var run: [(class: UInt8, scalar: Unicode.Scalar)] = []
    func flush() {
      let classes = Set(run.map(\.class)).sorted()
      for combiningClass in classes { result += run.lazy.filter { $0.class == combiningClass }.map(\.scalar) }
      run.removeAll()
    }
    for scalar in text.lazy.flatMap(BertCharacters.decomposition) {
      let combiningClass = BertCharacters.combiningClass(scalar)
      if combiningClass == 0 {
        flush()
        result.append(scalar)
      } else {
        run.append((combiningClass, scalar))
      }
    }
    flush()
    return result
  }
}

/// What a normalizer makes of each scalar, and how the result is split: pages of 256 scalars, made when first met.
///
/// Looking at one scalar at a time is right as long as no combining mark that survives the stripping has to change places with
/// another; the few scalars that could (marks of category Mc with a combining class) are flagged, and text that has one takes the
/// way of the definition.
final class CharacterTable: @unchecked Sendable {
  /// One scalar's entry: flags, then the length and the place of its replacement in the page.
  struct Entry {
    var flags: UInt8 = 0
    var length: UInt8 = 0
    var offset: UInt16 = 0

    static let replaced: UInt8 = 1
    static let whitespace: UInt8 = 2
    static let punctuation: UInt8 = 4
    static let reordered: UInt8 = 8
  }

  /// 256 entries and the UTF-8 bytes of their replacements.
  final class Page {
    let entries: [Entry]
    let replacements: [UInt8]

    init(number: Int, normalizer: BertNormalizer) {
      var entries = [Entry](repeating: Entry(), count: 256)
      var replacements: [UInt8] = []
      for index in 0..<256 {
        guard let scalar = Unicode.Scalar(UInt32(number << 8 | index)) else { continue }
        if BertCharacters.isWhitespace(scalar) { entries[index].flags |= Entry.whitespace }
        if BertCharacters.isPunctuation(scalar) { entries[index].flags |= Entry.punctuation }
        let normalized = normalizer.normalize(CollectionOfOne(scalar))
        if normalizer.stripAccents, normalized.contains(where: { BertCharacters.combiningClass($0) != 0 }) {
          entries[index].flags |= Entry.reordered
        }
        if normalized != [scalar] {
          let bytes = normalized.flatMap { Array(UTF8.encode($0)!) }
          entries[index].flags |= Entry.replaced
          entries[index].length = UInt8(bytes.count)
          entries[index].offset = UInt16(replacements.count)
          replacements += bytes
        }
      }
      self.entries = entries
      self.replacements = replacements
    }
  }

  /// How an ASCII byte splits normalized text.
  enum Split {
    static let none: UInt8 = 0
    static let whitespace: UInt8 = 1
    static let punctuation: UInt8 = 2
  }

  /// The most bytes that one scalar's replacement has, over the bytes it replaces.
  static let growth = 6

  let normalizer: BertNormalizer
  /// What an ASCII byte becomes; 0xFF if it is dropped.
  let asciiReplacement: [UInt8]
  let asciiSplit: [UInt8]
  private let pages: UnsafeMutablePointer<Atomic<UnsafeRawPointer?>>
  private static let pageCount = 0x110000 >> 8

  init(normalizer: BertNormalizer) {
    self.normalizer = normalizer
    let ascii = (0..<128).map { Unicode.Scalar(UInt8($0)) }
    asciiReplacement = ascii.map { normalizer.normalize(CollectionOfOne($0)).first.map { UInt8($0.value) } ?? 0xFF }
    asciiSplit = ascii.map {
      BertCharacters.isWhitespace($0) ? Split.whitespace : BertCharacters.isPunctuation($0) ? Split.punctuation : Split.none
    }
    pages = .allocate(capacity: Self.pageCount)
    for index in 0..<Self.pageCount { (pages + index).initialize(to: Atomic(nil)) }
  }

  deinit {
    for index in 0..<Self.pageCount {
      if let page = pages[index].load(ordering: .relaxed) { Unmanaged<Page>.fromOpaque(page).release() }
    }
    pages.deinitialize(count: Self.pageCount)
    pages.deallocate()
  }

  /// The page of a scalar; two threads that miss it at once both make it, and one of the two equal pages is kept.
  @inline(__always)
  func page(_ scalar: UInt32) -> Unmanaged<Page> {
    let slot = pages + Int(scalar >> 8)
    if let page = slot.pointee.load(ordering: .acquiring) { return Unmanaged.fromOpaque(page) }
    return makePage(Int(scalar >> 8))
  }

  private func makePage(_ number: Int) -> Unmanaged<Page> {
    let made = Unmanaged.passRetained(Page(number: number, normalizer: normalizer))
    let (exchanged, original) = pages[number].compareExchange(
      expected: nil, desired: UnsafeRawPointer(made.toOpaque()), ordering: .acquiringAndReleasing)
    if exchanged { return made }
    made.release()
    return Unmanaged.fromOpaque(original!)
  }

  /// The entry of one scalar.
  @inline(__always)
  func entry(_ scalar: UInt32) -> Entry {
    page(scalar)._withUnsafeGuaranteedRef { $0.entries[Int(scalar & 0xFF)] }
  }

  /// Writes the normalized text into `output`, which has room for `growth` bytes per byte of text; returns their number, or nil
  /// if the text has marks that may have to change places.
  func normalize(_ text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int, into output: UnsafeMutablePointer<UInt8>) -> Int? {
    asciiReplacement.withUnsafeBufferPointer { ascii in
      var position = start
      var written = 0
      while position < end {
        let byte = text[position]
        if byte < 0x80 {
          let replacement = ascii[Int(byte)]
          output[written] = replacement
          written += replacement == 0xFF ? 0 : 1
          position += 1
          continue
        }
        let (scalar, length) = decodeScalar(text, at: position)
        let reordered = page(scalar)._withUnsafeGuaranteedRef { page -> Bool in
          let entry = page.entries[Int(scalar & 0xFF)]
          if entry.flags & Entry.replaced == 0 {
            for index in 0..<length { output[written + index] = text[position + index] }
            written += length
          } else {
            for index in 0..<Int(entry.length) { output[written + index] = page.replacements[Int(entry.offset) + index] }
            written += Int(entry.length)
          }
          return entry.flags & Entry.reordered != 0
        }
        if reordered { return nil }
        position += length
      }
      return written
    }
  }

  /// The normalized text by the definition, for text in which marks may have to change places.
  func normalizeByDefinition(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> [UInt8] {
    normalizer.normalize(String(decoding: text, as: UTF8.self).unicodeScalars).flatMap { Array(UTF8.encode($0)!) }
  }
}

/// The scalar that starts at `position` of valid UTF-8, and its length in bytes.
@inline(__always)
func decodeScalar(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> (scalar: UInt32, length: Int) {
  let first = UInt32(text[position])
  if first < 0x80 { return (first, 1) }
  let second = UInt32(text[position + 1]) & 0x3F
  if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
  let third = UInt32(text[position + 2]) & 0x3F
  if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
  return ((first & 0x07) << 18 | second << 12 | third << 6 | UInt32(text[position + 3]) & 0x3F, 4)
}
