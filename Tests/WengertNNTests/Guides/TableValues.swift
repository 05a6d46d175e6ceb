import WengertNN

/// The values of expressions in a page's tables, by their code.
final class TableValues {
  private(set) var values: [String: [Tensor]] = [:]

  /// The tensors among the values of one cell, with those of its arrays and tuples.
  func callAsFunction(_ code: String, _ all: Any...) {
    values[code] = all.flatMap { value -> [Tensor] in
      (value as? Tensor).map { [$0] } ?? value as? [Tensor] ?? Mirror(reflecting: value).children.compactMap { $0.value as? Tensor }
    }
  }
}
