extension Configuration {
  /// How documents and labels are held.
  public enum DataManager: String, ConfigurationChoice {
    case twoTower = "two-tower"
  }

  /// When text becomes token ids: once, into a file, or batch by batch.
  public enum Tokenization: String, ConfigurationChoice {
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
    case bfloat16, float16
  }

  /// What the loss is computed from.
  public enum LossFamily: String, ConfigurationChoice {
    case similarity = "sim-loss"
  }

  /// The loss on the similarity matrix.
  public enum LossCriterion: String, ConfigurationChoice {
    case decoupledSoftmax = "decoupled-softmax"
    case topk, softmax, bce
  }

  /// Whether the documents' losses are averaged or added.
  public enum LossReduction: String, ConfigurationChoice {
    case mean, sum
  }

  /// Where a document's negatives come from.
  public enum NegativeType: String, ConfigurationChoice {
    case none, shorty
    case inBatch = "in-batch"
    /// Every label: what the nets other than `dist-de-hnm` do anyway.
    case all
  }

  /// How parameters are divided among optimizers.
  public enum OptimizerBundle: String, ConfigurationChoice {
    case base
  }

  /// The rule of a parameter update.
  public enum OptimizerName: String, ConfigurationChoice {
    case adamw, adam, sgd
  }

  /// The measure that chooses the best model.
  public enum Metric: String, ConfigurationChoice {
    case precision1 = "P@1"
    case precision3 = "P@3"
    case precision5 = "P@5"
    case nDCG1 = "nDCG@1"
    case nDCG3 = "nDCG@3"
    case nDCG5 = "nDCG@5"
    case meanReciprocalRank10 = "MRR@10"
    case propensityScored1 = "PSP@1"
    case propensityScored3 = "PSP@3"
    case propensityScored5 = "PSP@5"
    case recall10 = "R@10"
    case recall50 = "R@50"
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
