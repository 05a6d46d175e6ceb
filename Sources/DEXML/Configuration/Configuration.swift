/// The settings of one run: every key of a configuration file as a typed property that starts with the key's default.
///
/// `Configuration.keys` says what each key means and allows; `Configuration(files:overrides:)` reads files and the command line.
public struct Configuration: Sendable, Equatable {
  public var project = "DEXML"
  public var expname = "dexml-exp"
  public var desc = ""
  public var save = true
  public var resumePath = ""
  public var checkpointInterval = 0
  public var seed = 42
  public var dataRoot = "Datasets"
  public var resultsRoot = "Results"

  public var dataset = ""
  public var dataManager = DataManager.twoTower
  public var dataTokenization = Tokenization.offline
  public var numValPoints = 0
  public var transposeTrnDataset = false
  public var expandMultilabelDataset = false

  public var net = Net.allLabels
  public var tf = "distilbert-base-uncased"
  /// Nil: the folder's own.
  public var tfPooler: Pooling?
  public var tfMaxLen = 32
  public var bottleneckDim = 0
  public var dropout = 0.0
  /// Nil: as the folder compares embeddings.
  public var normEmbs: Bool?
  public var ampEncode = true
  public var ampDtype = HalfType.bfloat16

  public var loss = LossFamily.similarity
  public var lossCriterion = LossCriterion.decoupledSoftmax
  public var lossSample = true
  public var lossReduction = LossReduction.mean
  public var lossWeighted = false
  public var tau = 0.05
  public var topkK = TopK.labels(5)
  public var topkAlpha = 2.0
  public var topkNIter = 32

  public var negType = NegativeType.none
  public var hardNegStart = 1000
  public var hardNegTopk = 100
  public var numNegSamples = 1
  public var numPosSamples = 1

  public var optimBundle = OptimizerBundle.base
  public var optim = OptimizerName.adamw
  public var lr = 1e-4
  public var weightDecay = 0.01
  public var warmup = 0.1
  public var numEpochs = 100
  public var bsz = 1000
  public var gcBsz = 1000

  public var evalInterval = 5
  public var evalTopk = 100
  public var trackMetric = Metric.nDCG5

  /// Every key at its default.
  public init() {}
}
