import WengertNN

extension Configuration {
  /// Throws if two keys, each allowed by itself, do not go together.
  func validate() throws {
    guard trackMetric.cutoff <= evalTopk else {
      throw FileError(
        field: "track_metric", value: "\(trackMetric.rawValue) needs eval_topk of at least \(trackMetric.cutoff), not \(evalTopk)")
    }
    guard negType != .shorty || numNegSamples <= hardNegTopk else {
      throw FileError(field: "num_neg_samples", value: "\(numNegSamples) cannot be drawn from hard_neg_topk \(hardNegTopk) labels")
    }
    guard negType != .all || net != .hardNegatives else {
      throw FileError(
        field: "neg_type", value: "'all' makes every label a negative, which is net \(Net.allLabels.rawValue), not \(net.rawValue)",
        advice: "set net to that, or neg_type to none")
    }
    guard negType == .none || negType == .all || net == .hardNegatives else {
      throw FileError(
        field: "neg_type", value: "'\(negType.rawValue)' needs net \(Net.hardNegatives.rawValue)",
        advice: "with \(net.rawValue) every label is a negative, leave it at none")
    }
    guard net != .classifier || !transposeTrnDataset else {
      throw FileError(
        field: "transpose_trn_dataset", value: "true makes documents the candidates, but net \(net.rawValue) has a row for each label",
        advice: "leave it at false, or use \(Net.allLabels.rawValue)")
    }
  }
}
