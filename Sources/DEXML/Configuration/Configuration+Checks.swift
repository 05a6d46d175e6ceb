extension Configuration {
  /// Throws where two keys, each allowed by itself, do not go together.
  func validate() throws {
    guard trackMetric.cutoff <= evalTopk else {
      throw ConfigurationError("track_metric: \(trackMetric.rawValue) needs eval_topk of at least \(trackMetric.cutoff), not \(evalTopk)")
    }
    guard negType != .shorty || numNegSamples <= hardNegTopk else {
      throw ConfigurationError("num_neg_samples: \(numNegSamples) cannot be drawn from hard_neg_topk \(hardNegTopk) labels")
    }
  }

  /// Throws, naming the key, where a setting asks for what this release does not bring.
  public func checkSupported() throws {
    for option in Self.laterOptions where option.isAsked(self) {
      throw ConfigurationError(
        "\(option.key): '\(Self.keysByName[option.key]!.text(self))' comes with a later release; this one runs \(option.supported)")
    }
  }

  private static let laterOptions: [(key: String, isAsked: @Sendable (Configuration) -> Bool, supported: String)] = [
    ("net", { $0.net != .allLabels }, "net \(Net.allLabels.rawValue)"),
    ("neg_type", { $0.negType != .none }, "neg_type none"),
    ("transpose_trn_dataset", { $0.transposeTrnDataset }, "transpose_trn_dataset false"),
    ("expand_multilabel_dataset", { $0.expandMultilabelDataset }, "expand_multilabel_dataset false"),
  ]
}
