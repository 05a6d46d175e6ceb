extension TensorTree {
  /// What the tree holds besides its tensors, as text: types, and the numbers, words and flags in them, `Block{attention: Attention{headCount: 12, query: Linear}}`. Two trees whose
  /// tensors and settings are the same give one graph. Functions and other objects than trees count by their types alone.
  package var settings: String { settingsText(of: self) }
}

/// - Parameter depth: objects may hold one another; nobody's model is deeper than this.
func settingsText(of value: Any, depth: Int = 0) -> String {
  // What most settings are.
  switch value {
  case let number as Double: return "\(number)"
  case let number as Int: return "\(number)"
  case let flag as Bool: return "\(flag)"
  case let text as String: return text.debugDescription
  case is Tensor, is [Tensor], is [String: [Tensor]]: return ""
  default: break
  }
  if depth == 64 { return "…" }
  let mirror = Mirror(reflecting: value), type = typeName(Swift.type(of: value))
  func text(_ value: Any) -> String { settingsText(of: value, depth: depth + 1) }
  // What writes itself as a whole, whatever it is made of inside.
  if value is Dimension || value is Shape || value is DType { return "\(value)" }
  switch mirror.displayStyle {
  case .optional: return mirror.children.first.map { text($0.value) } ?? "nil"
  case .collection: return runs(mirror.children.map { text($0.value) })
  case .set, .dictionary: return "[\(mirror.children.map { text($0.value) }.sorted().joined(separator: ", "))]"
  case .enum:
    guard let payload = mirror.children.first else { return (value as? any RawRepresentable).map { "\($0.rawValue)" } ?? "\(value)" }
    return "\(payload.label ?? type)(\(text(payload.value)))"
  case .class where !(value is any TensorTree): return type
  case .struct, .class, .tuple:
    var parts: [String] = [], level: Mirror? = mirror
    while let current = level {
      parts += current.children.compactMap { label, part in
        let text = text(part)
        return text.isEmpty ? nil : "\(label ?? ""): \(text)"
      }
      level = current.superclassMirror
    }
    return (mirror.displayStyle == .tuple ? "" : type) + (parts.isEmpty ? "" : "{\(parts.joined(separator: ", "))}")
  default: return value is any StringProtocol ? "\(value)".debugDescription : "\(value)"
  }
}

/// The whole name, since two types may end alike: but for places in a file that only one process knows.
private func typeName(_ type: Any.Type) -> String {
  let name = String(reflecting: type)
  if !name.contains("(") { return name }
  return name.replacing(/\((unknown context at|\w+ in) \$[0-9a-f]+\)\.?/) { match in
    match.output.0.contains("unknown") ? "" : "\(match.output.0.dropFirst().prefix { $0 != " " })"
  }
}

/// A list in which equal neighbors are counted, since the blocks of a model are mostly alike; nothing if its parts have no settings.
private func runs(_ parts: [String]) -> String {
  var runs: [(count: Int, text: String)] = []
  for part in parts {
    if let last = runs.last, last.text == part { runs[runs.count - 1].count += 1 } else { runs.append((1, part)) }
  }
  if runs.allSatisfy({ $0.text.isEmpty }) { return "" }
  return "[\(runs.map { $0.count == 1 ? $0.text : "\($0.count) × \($0.text)" }.joined(separator: ", "))]"
}
