extension Configuration {
  /// Every key, in the order in which they are printed. Reading, defaults, messages and the documented file all come from here.
  public static let keys: [Key] = [
    Key("Run", "project", \.project, "first folder below results_root", .folderName),
    Key("Run", "expname", \.expname, "name of the run: results go to results_root/project/dataset/expname", .folderName),
    Key("Run", "desc", \.desc, "a note to yourself, kept with the results"),
    Key("Run", "save", \.save, "keep the best model, its scores, and checkpoints"),
    Key("Run", "resume_path", \.resumePath, "checkpoint to continue from, or a results folder with one"),
    Key(
      "Run", "checkpoint_interval", \.checkpointInterval, "steps between checkpoints within an epoch; 0: only at the end of each epoch",
      .atLeast(0)),
    Key("Run", "seed", \.seed, "start of all random numbers: the same seed repeats the run", .atLeast(0)),
    Key("Run", "data_root", \.dataRoot, "folder with the data sets"),
    Key("Run", "results_root", \.resultsRoot, "folder for the results"),

    Key("Data", "dataset", \.dataset, "name of the data set, a folder below data_root", .folderNameOrNothing),
    Key("Data", "data_manager", \.dataManager, "how documents and labels are held"),
    Key("Data", "data_tokenization", \.dataTokenization, "token ids from a file made once, or batch by batch"),
    Key(
      "Data", "num_val_points", \.numValPoints, "training documents held out to choose the best model; 0: the test set chooses",
      .atLeast(0)
    ),
    Key("Data", "transpose_trn_dataset", \.transposeTrnDataset, "train from labels to documents"),
    Key(
      "Data", "expand_multilabel_dataset", \.expandMultilabelDataset,
      "one training row for each document and label instead of each document"),

    Key("Encoder", "net", \.net, "all labels as negatives, mined hard negatives, or a classifier row for each label"),
    Key("Encoder", "tf", \.tf, "folder of the pretrained encoder (config.json, weights, tokenizer)"),
    Key("Encoder", "tf_pooler", \.tfPooler, "how tokens become one vector; auto: as the folder of tf says, or its first token"),
    Key("Encoder", "tf_max_len", \.tfMaxLen, "most tokens of a text, [CLS] and [SEP] included", .atLeast(2)),
    Key("Encoder", "bottleneck_dim", \.bottleneckDim, "width of a linear layer after pooling; 0: none", .atLeast(0)),
    Key("Encoder", "dropout", \.dropout, "dropout on the embedding", .within(0..<1)),
    Key("Encoder", "norm_embs", \.normEmbs, "scale embeddings to length one; auto: as the folder of tf compares them, or true"),
    Key("Encoder", "amp_encode", \.ampEncode, "encode in mixed precision on a GPU; parameters and the loss stay float32"),
    Key("Encoder", "amp_dtype", \.ampDtype, "the dtype of products in mixed precision; with float16 the loss is scaled"),

    Key("Loss", "loss", \.loss, "what the loss is computed from"),
    Key("Loss", "loss_criterion", \.lossCriterion, "the loss on the similarity matrix"),
    Key("Loss", "loss_sample", \.lossSample, "draw positives by their relevance in each step instead of taking all"),
    Key("Loss", "loss_reduction", \.lossReduction, "average the documents' losses, or add them"),
    Key("Loss", "loss_weighted", \.lossWeighted, "weigh each positive by its relevance"),
    Key("Loss", "tau", \.tau, "temperature: similarities are divided by it", .above(0)),
    Key("Loss", "topk_K", \.topkK, "topk: K, or each document's own number of positives"),
    Key("Loss", "topk_alpha", \.topkAlpha, "topk: steepness of the soft threshold", .above(0)),
    Key("Loss", "topk_n_iter", \.topkNIter, "topk: read and not used; the search for the threshold ends when it is exact", .atLeast(1)),

    Key(
      "Negatives", "neg_type", \.negType,
      "none beyond the net's own, mined lists, the labels of the batch, or all labels, as the other nets have them"),
    Key("Negatives", "hard_neg_start", \.hardNegStart, "epochs before negatives are first mined", .atLeast(0)),
    Key("Negatives", "hard_neg_topk", \.hardNegTopk, "nearest labels searched for each document", .atLeast(1)),
    Key("Negatives", "num_neg_samples", \.numNegSamples, "negatives drawn for each document", .atLeast(1)),
    Key("Negatives", "num_pos_samples", \.numPosSamples, "positives drawn for each document", .atLeast(1)),

    Key("Optimization", "optim_bundle", \.optimBundle, "how parameters are divided among optimizers"),
    Key("Optimization", "optim", \.optim, "the optimizer"),
    Key("Optimization", "lr", \.lr, "largest learning rate; several workers multiply it by their number", .above(0)),
    Key(
      "Optimization", "weight_decay", \.weightDecay, "decay of weights, decoupled with adamw; biases and layer norms have none", .atLeast(0)
    ),
    Key("Optimization", "warmup", \.warmup, "share of all steps in which the rate rises from 0", .within(0...1)),
    Key("Optimization", "num_epochs", \.numEpochs, "passes over the training documents", .atLeast(1)),
    Key("Optimization", "bsz", \.bsz, "documents in a step, of each worker", .atLeast(1)),
    Key("Optimization", "gc_bsz", \.gcBsz, "texts encoded at once by each worker: bounds memory, changes no result", .atLeast(1)),

    Key("Evaluation", "eval_interval", \.evalInterval, "epochs between evaluations", .atLeast(1)),
    Key("Evaluation", "eval_topk", \.evalTopk, "labels ranked for each document", .atLeast(1)),
    Key("Evaluation", "track_metric", \.trackMetric, "measure that chooses the best model"),
  ]

  static let keysByName = Dictionary(uniqueKeysWithValues: keys.map { ($0.name, $0) })

  /// The known key whose name needs the fewest edits to become `name`.
  public static func nearestKey(to name: String) -> String {
    // A long name costs time and is near to none.
    let wanted = name.prefix(64).lowercased()
    return keys.map { (name: $0.name, edits: editDistance($0.name.lowercased(), wanted)) }.min { $0.edits < $1.edits }!.name
  }
}

/// The least number of insertions, deletions and replacements of characters that turns one text into the other (Levenshtein).
package func editDistance(_ first: String, _ second: String) -> Int {
  let second = Array(second)
  var row = Array(0...second.count)
  for (i, character) in first.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in second.enumerated() {
      let substitution = diagonal + (character == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = Swift.min(substitution, row[j] + 1, diagonal + 1)
    }
  }
  return row[second.count]
}
