/// Texts that a model wants before each text, by their names, as sentence-transformers keeps them.
public struct Prompts: Sendable, Equatable {
  /// The prompts by their names.
  public var texts: [String: String]
  /// The one that a text gets that is neither query nor candidate.
  public var defaultName: String?

  /// These prompts, of which `defaultName` names the default.
  public init(_ texts: [String: String] = [:], defaultName: String? = nil) {
    self.texts = texts
    self.defaultName = defaultName
  }

  /// What a text is encoded for.
  public enum Use: Sendable, Equatable {
    /// By itself, as `encode` does.
    case text
    /// To be compared with candidates, as `encode_query` does: the documents of a data set.
    case query
    /// To be found by queries, as `encode_document` does: labels.
    case candidate
    /// By the prompt of this name.
    case named(String)
  }

  /// The prompt of a use; empty if there is none, nil for a name that does not exist.
  public func text(for use: Use) -> String? {
    switch use {
    case .text: defaultName.map { texts[$0] ?? "" } ?? ""
    case .query: texts["query"] ?? ""
    case .candidate: texts["document"] ?? ""
    case .named(let name): texts[name] ?? (["query", "document"].contains(name) ? "" : nil)
    }
  }
}

/// How a model's embeddings are meant to be compared.
public enum Similarity: String, Sendable, CaseIterable {
  /// The cosine of the angle, the inner product, or minus the Euclidean or the Manhattan distance.
  case cosine, dot, euclidean, manhattan
}
