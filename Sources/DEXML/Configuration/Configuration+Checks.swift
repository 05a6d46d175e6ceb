extension Configuration {
  /// Throws where two keys, each allowed by itself, do not go together.
  func validate() throws {
    guard trackMetric.cutoff <= evalTopk else {
      throw ConfigurationError("track_metric: \(trackMetric.rawValue) needs eval_topk of at least \(trackMetric.cutoff), not \(evalTopk)")
    }
    guard negType != .shorty || numNegSamples <= hardNegTopk else {
      throw ConfigurationError("num_neg_samples: \(numNegSamples) cannot be drawn from hard_neg_topk \(hardNegTopk) labels")
    }
    guard negType == .none || net != .allLabels else {
      throw ConfigurationError(
        "neg_type: '\(negType.rawValue)' needs net \(Net.hardNegatives.rawValue); with \(net.rawValue) every label is a negative, leave it at none"
      )
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
    ("net", { $0.net == .classifier }, "net \(Net.allLabels.rawValue) and \(Net.hardNegatives.rawValue)")
  ]
}
