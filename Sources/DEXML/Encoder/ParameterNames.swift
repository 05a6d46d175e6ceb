/// Parameter names here and in the files of Hugging Face.
enum ParameterNames {
  /// Ours, BERT's, DistilBERT's; # is a block's number.
  private static let table: [(ours: String, bert: String, distilbert: String?)] = [
    ("wordEmbeddings", "embeddings.word_embeddings", "embeddings.word_embeddings"),
    ("positionEmbeddings", "embeddings.position_embeddings", "embeddings.position_embeddings"),
    ("typeEmbeddings", "embeddings.token_type_embeddings", nil),
    ("embeddingNorm", "embeddings.LayerNorm", "embeddings.LayerNorm"),
    ("blocks.#.attention.query", "encoder.layer.#.attention.self.query", "transformer.layer.#.attention.q_lin"),
    ("blocks.#.attention.key", "encoder.layer.#.attention.self.key", "transformer.layer.#.attention.k_lin"),
    ("blocks.#.attention.value", "encoder.layer.#.attention.self.value", "transformer.layer.#.attention.v_lin"),
    ("blocks.#.attention.output", "encoder.layer.#.attention.output.dense", "transformer.layer.#.attention.out_lin"),
    ("blocks.#.attentionNorm", "encoder.layer.#.attention.output.LayerNorm", "transformer.layer.#.sa_layer_norm"),
    ("blocks.#.intermediate", "encoder.layer.#.intermediate.dense", "transformer.layer.#.ffn.lin1"),
    ("blocks.#.output", "encoder.layer.#.output.dense", "transformer.layer.#.ffn.lin2"),
    ("blocks.#.outputNorm", "encoder.layer.#.output.LayerNorm", "transformer.layer.#.output_layer_norm"),
    ("pooler", "pooler.dense", nil),
  ]

  /// The file's name of our parameter `blocks.3.attention.query.weight`.
  static func inFile(_ name: String, _ architecture: BertConfiguration.Architecture) -> String {
    let parts = name.split(separator: ".").map(String.init)
    let number = parts.count > 1 && parts[0] == "blocks" ? parts[1] : nil
    var place = parts.dropLast()
    if number != nil { place[1] = "#" }
    let key = place.joined(separator: ".")
    guard let row = table.first(where: { $0.ours == key }), let theirs = architecture == .bert ? row.bert : row.distilbert else {
      unreachable("\(name) has no name in the files of \(architecture)")
    }
    let prefix = theirs.split(separator: "#", omittingEmptySubsequences: false).joined(separator: number ?? "")
    return "\(prefix).\(parts.last!)"
  }

  /// Where a file may have the parameter: under its own name, behind the model's prefix, or as older files call the parameters of norms.
  static func candidates(_ name: String, _ architecture: BertConfiguration.Architecture) -> [String] {
    let plain = inFile(name, architecture)
    let old =
      plain.contains("LayerNorm.weight")
      ? plain.replacing("LayerNorm.weight", with: "LayerNorm.gamma")
      : plain.replacing("LayerNorm.bias", with: "LayerNorm.beta")
    return [plain, "\(architecture.rawValue).\(plain)", old, "\(architecture.rawValue).\(old)"]
  }
}
