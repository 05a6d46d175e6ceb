extension Configuration {
  /// How documents and labels are held.
  public enum DataManager: String, ConfigurationChoice {
    /// Both as rows of token ids.
    case twoTower = "two-tower"
  }

  /// When text becomes token ids: once, into a file, or batch by batch.
  public enum Tokenization: String, ConfigurationChoice {
    /// Offline: once, into a file; online: batch by batch.
    case offline, online
  }

  /// Which labels a document is compared with, and what represents a label.
  public enum Net: String, ConfigurationChoice {
    /// A label encoder; every label is in every step.
    case allLabels = "dist-de-all"
    /// A label encoder; positives and mined hard negatives of the batch.
    case hardNegatives = "dist-de-hnm"
    /// One weight row and a bias for each label.
    case classifier = "dist-clf-net"
  }

  /// The dtype of products in mixed precision.
  public enum HalfType: String, ConfigurationChoice {
    /// The format of this name; the loss is scaled with `float16`.
    case bfloat16, float16
  }

  /// What the loss is computed from.
  public enum LossFamily: String, ConfigurationChoice {
    /// The similarities of documents and labels.
    case similarity = "sim-loss"
  }

  /// The loss on the similarity matrix.
  public enum LossCriterion: String, ConfigurationChoice {
    /// Softmax in whose denominator a positive meets the negatives alone.
    case decoupledSoftmax = "decoupled-softmax"
    /// SoftTop-k, softmax over all labels, or binary cross-entropy of each pair; see `SimilarityLoss`.
    case topk, softmax, bce
  }

  /// Whether the documents' losses are averaged or added.
  public enum LossReduction: String, ConfigurationChoice {
    /// The mean, or the sum.
    case mean, sum
  }

  /// Where a document's negatives come from.
  public enum NegativeType: String, ConfigurationChoice {
    /// None, or labels near to the document, mined between epochs (`shorty`).
    case none, shorty
    /// The other labels of the batch.
    case inBatch = "in-batch"
    /// Every label: what the nets other than `dist-de-hnm` do anyway.
    case all
  }

  /// How parameters are divided among optimizers.
  public enum OptimizerBundle: String, ConfigurationChoice {
    /// One optimizer for all.
    case base
  }

  /// The rule of a parameter update.
  public enum OptimizerName: String, ConfigurationChoice {
    /// AdamW, Adam with the decay in the gradient, or stochastic gradient descent.
    case adamw, adam, sgd
  }

  /// The measure that chooses the best model.
  public enum Metric: String, ConfigurationChoice {
    /// The share of documents whose best label is right.
    case precision1 = "P@1"
    /// The share of right labels among a document's best 3.
    case precision3 = "P@3"
    /// The share of right labels among a document's best 5.
    case precision5 = "P@5"
    /// Normalized discounted cumulative gain of the best label.
    case nDCG1 = "nDCG@1"
    /// Normalized discounted cumulative gain of the best 3 labels.
    case nDCG3 = "nDCG@3"
    /// Normalized discounted cumulative gain of the best 5 labels.
    case nDCG5 = "nDCG@5"
    /// The mean of 1 over the rank of the first right label, 0 if it is not among the best 10.
    case meanReciprocalRank10 = "MRR@10"
    /// Precision of the best label, rare labels counting for more.
    case propensityScored1 = "PSP@1"
    /// Precision of the best 3 labels, rare labels counting for more.
    case propensityScored3 = "PSP@3"
    /// Precision of the best 5 labels, rare labels counting for more.
    case propensityScored5 = "PSP@5"
    /// The share of a document's right labels that are among its best 10.
    case recall10 = "R@10"
    /// The share of a document's right labels that are among its best 50.
    case recall50 = "R@50"
    /// The share of a document's right labels that are among its best 100.
    case recall100 = "R@100"

    /// The number of ranks it looks at: the figure behind the `@`.
    public var cutoff: Int { Int(rawValue.drop { $0 != "@" }.dropFirst())! }
  }

  /// K of the SoftTop-k loss.
  public enum TopK: ConfigurationValue {
    /// The same K for every document.
    case labels(Int)
    /// Each document's own number of positives.
    case numPos

    public static var expectation: String { "a whole number of at least 1, or num_pos" }

    public init?(configurationText text: String) {
      if text == "num_pos" {
        self = .numPos
      } else if let count = Int(configurationText: text), count >= 1 {
        self = .labels(count)
      } else {
        return nil
      }
    }

    public var configurationText: String {
      switch self {
      case .labels(let count): String(count)
      case .numPos: "num_pos"
      }
    }
  }
}
