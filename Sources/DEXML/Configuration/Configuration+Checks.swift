extension Configuration {
  /// Throws where two keys, each allowed by itself, do not go together.
  func validate() throws {
    guard trackMetric.cutoff <= evalTopk else {
      throw ConfigurationError("track_metric: \(trackMetric.rawValue) needs eval_topk of at least \(trackMetric.cutoff), not \(evalTopk)")
    }
    guard negType != .shorty || numNegSamples <= hardNegTopk else {
      throw ConfigurationError("num_neg_samples: \(numNegSamples) cannot be drawn from hard_neg_topk \(hardNegTopk) labels")
    }
    guard negType != .all || net != .hardNegatives else {
      throw ConfigurationError(
        "neg_type: 'all' makes every label a negative, which is net \(Net.allLabels.rawValue), not \(net.rawValue); set net to that, or neg_type to none"
      )
    }
    guard negType == .none || negType == .all || net == .hardNegatives else {
      throw ConfigurationError(
        "neg_type: '\(negType.rawValue)' needs net \(Net.hardNegatives.rawValue); with \(net.rawValue) every label is a negative, leave it at none"
      )
    }
    guard net != .classifier || !transposeTrnDataset else {
      throw ConfigurationError(
        "transpose_trn_dataset: true makes documents the candidates, but net \(net.rawValue) has a row for each label; leave it at false, or use \(Net.allLabels.rawValue)"
      )
    }
  }
}
