/// Everything that defines a BERT tokenizer, as read from a folder or given by a vocabulary.
struct TokenizerSettings: Sendable {
  /// The model's own pieces; added tokens that are not among them are in `added` only.
  var vocabulary: [(token: [UInt8], id: Int32)] = []
  var added: [(token: AddedToken, id: Int32)] = []
  var cleanText = true
  var handleChinese = true
  var lowercase = true
  /// Nil strips accents if letters are lower-cased.
  var stripAccents: Bool?
  var prefix = Array("##".utf8)
  var longestWord = 100
  var names = SpecialNames()

  var normalizer: BertNormalizer {
    BertNormalizer(
      cleanText: cleanText, handleChinese: handleChinese, stripAccents: stripAccents ?? lowercase, lowercase: lowercase)
  }

  /// The largest id an added or ordinary token may have.
  static let largestID = 1 << 24 - 1
  /// The bytes of all added tokens: normalized they may be several times longer, and still fit a trie.
  static let mostAddedBytes = 1 << 20

  /// The id of a token, the model's or an added one.
  func id(_ content: [UInt8]) -> Int32? {
    vocabulary.last { $0.token == content }?.id ?? added.last { $0.token.content == content }?.id
  }

  /// Adds a token as Hugging Face does: with the id it has in the vocabulary, or else the first one after all others.
  mutating func add(_ token: AddedToken) {
    guard !token.content.isEmpty else { return }
    if let index = added.firstIndex(where: { $0.token.content == token.content }) {
      added[index].token = token
    } else {
      added.append((token, id(token.content) ?? nextID))
    }
  }

  private var nextID: Int32 { (vocabulary.lazy.map(\.id).max() ?? -1).max(with: added.lazy.map(\.id).max()) + 1 }

  /// Makes sure that the five special tokens exist and stay whole in the text.
  mutating func addSpecialTokens() {
    for name in [names.unk, names.sep, names.pad, names.cls, names.mask] where !added.contains(where: { $0.token.content == name }) {
      add(AddedToken(content: name, special: true))
    }
  }
}

/// The texts of the special tokens.
struct SpecialNames: Equatable, Sendable {
  var pad = Array("[PAD]".utf8)
  var unk = Array("[UNK]".utf8)
  var cls = Array("[CLS]".utf8)
  var sep = Array("[SEP]".utf8)
  var mask = Array("[MASK]".utf8)

  /// The names' keys in Hugging Face's files.
  static let keys: [(key: String, path: WritableKeyPath<SpecialNames, [UInt8]> & Sendable)] = [
    ("unk_token", \.unk), ("sep_token", \.sep), ("pad_token", \.pad), ("cls_token", \.cls), ("mask_token", \.mask),
  ]
}

extension Int32 {
  fileprivate func max(with other: Int32?) -> Int32 { Swift.max(self, other ?? self) }
}
