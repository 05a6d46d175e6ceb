/// A pattern of dotted names: `*` stands for any characters of one part, `**` for any parts.
struct NamePattern: Sendable {
  private let parts: [[Character]]

  init(_ pattern: String) { parts = pattern.split(separator: ".", omittingEmptySubsequences: false).map(Array.init) }

  func matches(_ name: String) -> Bool {
    Self.match(parts[...], name.split(separator: ".", omittingEmptySubsequences: false).map(Array.init)[...], any: ["*", "*"]) {
      part, text in
      Self.match(part[...], text[...], any: "*", ==)
    }
  }

  /// Whether a list fits a pattern, in which `any` stands for any part of a list.
  private static func match<Element: Equatable>(
    _ pattern: ArraySlice<Element>, _ list: ArraySlice<Element>, any: Element, _ fits: (Element, Element) -> Bool
  ) -> Bool {
    guard let first = pattern.first else { return list.isEmpty }
    if first == any {
      return (list.startIndex...list.endIndex).contains { match(pattern.dropFirst(), list[$0...], any: any, fits) }
    }
    guard let next = list.first else { return false }
    return fits(first, next) && match(pattern.dropFirst(), list.dropFirst(), any: any, fits)
  }
}
