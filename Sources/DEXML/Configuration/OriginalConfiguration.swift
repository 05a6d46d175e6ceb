/// What is special about configuration files of the published PyTorch code.
enum OriginalConfiguration {
  /// Keys that its code reads and that are not here: what to do instead.
  static let translations = [
    "only_keep_trn_labels": "leave labels without documents out of Y.txt and the matrices instead",
    "trn_shorty": "mined lists are made by the run itself, with net dist-de-hnm and neg_type shorty, and are found again with --resume",
    "tst_shorty": "the test set is searched exactly, in all labels",
    "embed_id": "data_manager 'xmc-embed' trains on embeddings, dexml on texts",
  ]

  /// The `config.yaml` that its training leaves in a results folder: all keys of the run, and those that the code made itself. Later runs in the folder add
  /// what is different below a line `# New experiment`.
  struct Dump {
    static let derivedKeys: Set<String> = [
      "device", "amp", "num_gpu", "use_grad_scaler", "hostname", "exp_start_time", "embs_dim", "DATA_DIR", "OUT_DIR", "numy", "nnz",
      "tf_token_type",
      "wandb_id",
    ]

    /// The settings of the first run and the differences of later ones, each with the number of lines before it.
    let parts: [(text: String, line: Int)]
    /// Those of the derived keys that are there, and the dependencies, which the file makes superfluous.
    let found: [String]

    var derivedKeys: Set<String> { Self.derivedKeys.union([ConfigurationFiles.dependencyKey]) }

    /// Nil if the text is not one.
    init?(_ text: String) {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      func hasKey(_ key: String) -> Bool { lines.contains { $0.hasPrefix(key + ":") } }
      guard ["OUT_DIR", "exp_start_time", "DATA_DIR"].allSatisfy(hasKey) else { return nil }
      var parts: [(text: String, line: Int)] = []
      var start = 0
      for (number, line) in lines.enumerated() where line.hasPrefix("# New experiment") {
        parts.append((lines[start..<number].joined(separator: "\n"), start))
        start = number
      }
      parts.append((lines[start...].joined(separator: "\n"), start))
      self.parts = parts
      found = (Self.derivedKeys.sorted() + [ConfigurationFiles.dependencyKey]).filter(hasKey)
    }
  }
}
