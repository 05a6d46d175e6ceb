/// The settings of one run: every key of a configuration file as a typed property that starts with the key's default.
///
/// `Configuration.keys` says what each key means and allows; `Configuration(files:overrides:)` reads files and the command line.
public struct Configuration: Sendable, Equatable {
  /// `project`: first folder below results_root.
  public var project = "DEXML"
  /// `expname`: name of the run: results go to results_root/project/dataset/expname.
  public var expname = "dexml-exp"
  /// `desc`: a note to yourself, kept with the results.
  public var desc = ""
  /// `save`: keep the best model, its scores, and checkpoints.
  public var save = true
  /// `resume_path`: checkpoint to continue from, or a results folder with one.
  public var resumePath = ""
  /// `checkpoint_interval`: steps between checkpoints within an epoch; 0: only at the end of each epoch.
  public var checkpointInterval = 0
  /// `seed`: start of all random numbers: the same seed repeats the run.
  public var seed = 42
  /// `data_root`: folder with the data sets.
  public var dataRoot = "Datasets"
  /// `results_root`: folder for the results.
  public var resultsRoot = "Results"

  /// `dataset`: name of the data set, a folder below data_root.
  public var dataset = ""
  /// `data_manager`: how documents and labels are held.
  public var dataManager = DataManager.twoTower
  /// `data_tokenization`: token ids from a file made once, or batch by batch.
  public var dataTokenization = Tokenization.offline
  /// `num_val_points`: training documents held out to choose the best model; 0: the test set chooses.
  public var numValPoints = 0
  /// `transpose_trn_dataset`: train from labels to documents.
  public var transposeTrnDataset = false
  /// `expand_multilabel_dataset`: one training row for each document and label instead of each document.
  public var expandMultilabelDataset = false

  /// `net`: all labels as negatives, mined hard negatives, or a classifier row for each label.
  public var net = Net.allLabels
  /// `tf`: folder of the pretrained encoder (config.json, weights, tokenizer).
  public var tf = "distilbert-base-uncased"
  /// Nil: the folder's own.
  public var tfPooler: Pooling?
  /// `tf_max_len`: most tokens of a text, [CLS] and [SEP] included.
  public var tfMaxLen = 32
  /// `bottleneck_dim`: width of a linear layer after pooling; 0: none.
  public var bottleneckDim = 0
  /// `dropout`: dropout on the embedding.
  public var dropout = 0.0
  /// Nil: as the folder compares embeddings.
  public var normEmbs: Bool?
  /// `amp_encode`: encode in mixed precision on a GPU; parameters and the loss stay float32.
  public var ampEncode = true
  /// `amp_dtype`: the dtype of products in mixed precision; with float16 the loss is scaled.
  public var ampDtype = HalfType.bfloat16

  /// `loss`: what the loss is computed from.
  public var loss = LossFamily.similarity
  /// `loss_criterion`: the loss on the similarity matrix.
  public var lossCriterion = LossCriterion.decoupledSoftmax
  /// `loss_sample`: draw positives by their relevance in each step instead of taking all.
  public var lossSample = true
  /// `loss_reduction`: average the documents' losses, or add them.
  public var lossReduction = LossReduction.mean
  /// `loss_weighted`: weigh each positive by its relevance.
  public var lossWeighted = false
  /// `tau`: temperature: similarities are divided by it.
  public var tau = 0.05
  /// `topk_K`: of the loss topk, K, or each document's own number of positives.
  public var topkK = TopK.labels(5)
  /// `topk_alpha`: of the loss topk, steepness of the soft threshold.
  public var topkAlpha = 2.0
  /// `topk_n_iter`: of the loss topk, read and not used; the search for the threshold ends when it is exact.
  public var topkNIter = 32

  /// `neg_type`: none beyond the net's own, mined lists, the labels of the batch, or all labels, as the other nets have them.
  public var negType = NegativeType.none
  /// `hard_neg_start`: epochs before negatives are first mined.
  public var hardNegStart = 1000
  /// `hard_neg_topk`: nearest labels searched for each document.
  public var hardNegTopk = 100
  /// `num_neg_samples`: negatives drawn for each document.
  public var numNegSamples = 1
  /// `num_pos_samples`: positives drawn for each document.
  public var numPosSamples = 1

  /// `optim_bundle`: how parameters are divided among optimizers.
  public var optimBundle = OptimizerBundle.base
  /// `optim`: the optimizer.
  public var optim = OptimizerName.adamw
  /// `lr`: largest learning rate; several workers multiply it by their number.
  public var lr = 1e-4
  /// `weight_decay`: decay of weights, decoupled with adamw; biases and layer norms have none.
  public var weightDecay = 0.01
  /// `warmup`: share of all steps in which the rate rises from 0.
  public var warmup = 0.1
  /// `num_epochs`: passes over the training documents.
  public var numEpochs = 100
  /// `bsz`: documents in a step, of each worker.
  public var bsz = 1000
  /// `gc_bsz`: texts encoded at once by each worker: bounds memory, changes no result.
  public var gcBsz = 1000

  /// `eval_interval`: epochs between evaluations.
  public var evalInterval = 5
  /// `eval_topk`: labels ranked for each document.
  public var evalTopk = 100
  /// `track_metric`: measure that chooses the best model.
  public var trackMetric = Metric.nDCG5

  /// Every key at its default.
  public init() {}
}
