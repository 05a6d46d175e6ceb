import Foundation

/// What BERT's text rules say of single Unicode scalars, with the Unicode versions that Hugging Face's `tokenizers` uses.
///
/// That library takes general categories from Unicode 8, decompositions and combining classes from Unicode 9, word characters
/// from Unicode 16, lower case and white space from a current version. Younger scalars are therefore without category, or without
/// decomposition, whatever version this toolchain knows; `age` says so.
package enum BertCharacters {
  /// Scalars whose category in Unicode 8 is not today's.
  private static let olderCategories: [UInt32: Unicode.GeneralCategory] = [
    0x166D: .otherPunctuation, 0x1734: .nonspacingMark, 0x1885: .otherLetter, 0x1886: .otherLetter, 0xA9BD: .spacingMark,
    0x111C9: .otherPunctuation, 0x1171E: .nonspacingMark,
  ]

  static func category(_ scalar: Unicode.Scalar) -> Unicode.GeneralCategory {
    if let category = olderCategories[scalar.value] { return category }
    guard let age = scalar.properties.age, age.major <= 8 else { return .unassigned }
    return scalar.properties.generalCategory
  }

  /// Removed by the cleaning: controls, format and private-use characters, U+0000 and the replacement character.
  static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D: return false
    case 0x00, 0xFFFD: return true
    default: return [.control, .format, .privateUse].contains(category(scalar))
    }
  }

  package static func isWhitespace(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace }

  /// A token of its own: the ASCII symbols and Unicode's categories P*.
  package static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
    case 0..<0x80: return false
    default: break
    }
    switch category(scalar) {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
      .otherPunctuation:
      return true
    default: return false
    }
  }

  /// In one of the blocks of ideographs that get spaces around them.
  static func isIdeograph(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B81F, 0x2B920...0x2CEAF,
      0x2F800...0x2FA1F:
      return true
    default: return false
    }
  }

  static func isNonspacingMark(_ scalar: Unicode.Scalar) -> Bool { category(scalar) == .nonspacingMark }

  /// Canonical combining class, 0 for starters.
  static func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
    guard let age = scalar.properties.age, age.major <= 9 else { return 0 }
    return scalar.properties.canonicalCombiningClass.rawValue
  }

  /// The full canonical decomposition of one scalar.
  static func decomposition(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    guard scalar.value >= 0xC0, let age = scalar.properties.age, age.major <= 9 else { return [scalar] }
    return Array(String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars)
  }

  /// Lower case of one scalar by itself: no rule that looks at neighbors, such as the final sigma's.
  static func lowercase(_ scalar: Unicode.Scalar) -> String.UnicodeScalarView { scalar.properties.lowercaseMapping.unicodeScalars }

  /// Part of a word in the sense of `\w`, which decides where an added token stands alone.
  static func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    guard let age = properties.age, age.major <= 16 else { return false }
    if properties.isAlphabetic || properties.isJoinControl { return true }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
    default: return false
    }
  }
}
