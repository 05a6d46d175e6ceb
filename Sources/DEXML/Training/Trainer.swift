import Collectives
import Foundation
import Logging
import WengertNN

/// Trains a dual encoder by gradient caching over both towers, with all labels as negatives, or those of the batch and mined ones; or an encoder and a classifier.
///
/// Several workers train together: each takes its part of every batch, which is `bsz` times their number, and of the labels; the first of them writes what is left.
public struct Trainer {
  let configuration: Configuration
  let results: ResultsFolder
  /// Keeps others out of the folder; the first worker's.
  private let lock: ResultsLock?
  let log: Logger
  private let tokenizer: Tokenizer
  private let prompts: Prompts
  private let maximumLength: Int
  let task: DatasetTask
  private let loss: SimilarityLoss
  /// All labels' tokens, if all are negatives.
  private let labelChunks: [PackedTokens]
  let workers: any Workers
  /// Mined negatives, from `hard_neg_start` on if the configuration asks for them.
  private var shortlist: Shortlist?
  var model: DualEncoder
  var optimizer: AnyOptimizer
  private let cache: GradientCache<TextEncoder>
  /// Moves the model against a gradient, at a learning rate; the gradient's norm.
  private let update: CompiledUpdate<Pair<DualEncoder, AnyOptimizer>, DualEncoder, Tensor, Tensor>
  private let events: RunEvents?
  private let profiler: Profiler?
  private let schedule: any Schedule
  private let keys: Keys
  /// How far the run is; with model and optimizer it is all that the next step depends on, for random numbers are derived from the seed, the epoch and the step.
  var position = Checkpoint.Position()
  /// What must be the same for a checkpoint to be this run's.
  let identity: Checkpoint.Identity
  private var hasLoggedPrograms = false

  /// Independent streams of random numbers under the seed.
  private struct Keys {
    let order: RandomKey, sampling: RandomKey, dropout: RandomKey, start: RandomKey, negatives: RandomKey

    init(seed: Int) {
      let root = RandomKey(seed)
      // What the host draws it draws itself: a device would have to be waited for.
      let host = Device.with(.cpu) { RandomKey(seed) }
      order = host.fold(0)
      sampling = host.fold(1)
      dropout = root.fold(2)
      start = root.fold(3)
      negatives = host.fold(4)
    }
  }

  /// Trains as the configuration says; the best model by the tracked metric, metrics and the log are left in the results folder.
  ///
  /// - Parameters:
  ///   - configuration: all settings of the run.
  ///   - resumes: whether the run goes on from the checkpoint in its results folder, if there is one.
  ///   - profiles: whether every kernel is timed; the table goes to the log and the kernels in time to `profile.json` in the results folder.
  ///   - workers: those that train together, all with the same configuration and the same files.
  /// - Throws: `FileError` if settings, model, data set or checkpoint cannot be used, or a file cannot be written; `FolderInUse` if another process has the
  ///   results folder; `TrainingDiverged` if a loss is not finite.
  public static func run(
    _ configuration: Configuration, resumes: Bool = false, profiles: Bool = false, workers: any Workers = OneWorker()
  ) throws {
    try run(configuration, resumes: resumes, profiles: profiles, workers: workers) { _, _ in }
  }

  /// The same; `observe` is called with the number and the loss of each step, and ends the run by an error.
  package static func run(
    _ configuration: Configuration, resumes: Bool, profiles: Bool = false, workers: any Workers = OneWorker(),
    observe: (_ step: Int, _ loss: Double) throws -> Void
  ) throws {
    try ResultsFolder.recordingErrors(configuration, workers) {
      var trainer = try Trainer(configuration, profiles: profiles, workers: workers)
      try trainer.start(resumes: resumes)
      try trainer.train(observe)
      workers.barrier()
    }
  }

  init(_ configuration: Configuration, profiles: Bool = false, workers: any Workers = OneWorker()) throws {
    try configuration.validate()
    self.configuration = configuration
    self.workers = workers
    let folder = try ModelFolder(configuration.encoderFolder())
    maximumLength = try folder.maximumLength(configuration.tfMaxLen)
    tokenizer = try folder.tokenizer()
    prompts = folder.usage.prompts
    keys = Keys(seed: configuration.seed)
    var encoder = try folder.textEncoder(
      pooling: configuration.tfPooler, normalizes: folder.comparesNormalized(configuration.normEmbs), dropout: configuration.dropout)
    if configuration.bottleneckDim > 0 {
      encoder.bottleneck = nil
      encoder.bottleneck = Linear(encoder.width, configuration.bottleneckDim, key: keys.start)
    }
    results = try ResultsFolder(for: configuration)
    lock = workers.rank == 0 ? try ResultsLock(results) : nil
    let log = try Logger.run(in: results, workers)
    self.log = log
    if let dead = lock?.predecessor { log.notice("taken over from \(dead), which has died") }
    events = workers.rank == 0 ? try RunEvents(results, log: log) : nil
    let maximumLength = maximumLength
    // The first makes the files of tokens, and draws the rows that are held out.
    task = try workers.firstAlone { try DatasetTask(configuration, folder, maximumLength: maximumLength, log: log) }
    model = DualEncoder(encoder)
    if configuration.net == .classifier {
      // The bottleneck has the parts 0 and 1 of this key.
      model.classifier = LabelClassifier(labels: task.trainingLabels.columns, width: encoder.width, key: keys.start.fold(2))
    }
    let loss = SimilarityLoss(configuration)
    self.loss = loss
    let programs = EncoderPrograms.current
    let dtype = configuration.encodingDType
    cache = GradientCache(
      encode: { encoder, tokens, key in Autocast.with(dtype) { EncoderPrograms.train(encoder, tokens, key) } }, loss: loss,
      workers: workers, finished: dtype == nil ? (programs.training, programs.pullbacks) : ([], []))
    if dtype == .float16 { position.lossScale = LossScale() }
    update = compileUpdate({ (state: inout Pair<DualEncoder, AnyOptimizer>, gradient: DualEncoder, rate: Tensor) -> Tensor in
      state.second.base.update(&state.first, gradient, learningRate: rate)
      return globalNorm(gradient)
    })
    profiler = profiles ? Profiler() : nil
    labelChunks =
      configuration.net == .allLabels ? Self.labelChunks(of: Array(0..<task.pairs.relevance.columns), task, configuration, workers) : []
    identity = try Self.identity(configuration, task, encoder: encoder, prompts: folder.usage.prompts, workers: workers)
    optimizer = AnyOptimizer(base: configuration.makeOptimizer())
    optimizer.base.state.prepare(for: model)
    let steps = configuration.numEpochs * Self.stepsPerEpoch(task, configuration.bsz * workers.count)
    schedule = LinearSchedule(warmup: Int(configuration.warmup * Double(steps)), total: steps)
  }

  /// The documents that choose the best model.
  var split: EvaluationSplit { configuration.numValPoints > 0 ? .val : .tst }

  static func stepsPerEpoch(_ task: DatasetTask, _ batch: Int) -> Int { (task.pairs.rows.count + batch - 1) / batch }

  /// Whether this worker writes what is left of the run.
  var isFirst: Bool { workers.rank == 0 }

  /// Documents in a batch, all workers' together.
  var batch: Int { configuration.bsz * workers.count }

  /// This worker's part of these candidates.
  private static func labelChunks(
    of candidates: [Int], _ task: DatasetTask, _ configuration: Configuration, _ workers: any Workers
  ) -> [PackedTokens] {
    let part = workers.part(of: candidates.count)
    return PackedTokens.chunks(
      task.candidateTokens(Array(candidates[part])), of: configuration.gcBsz, first: part.lowerBound, skipping: task.skippedCandidateTokens)
  }

  private mutating func train(_ observe: (_ step: Int, _ loss: Double) throws -> Void) throws {
    let evaluated = try workers.firstAlone { [task, split] in try task.evaluated(split) }
    log.info(
      "\(task.folder.name): \(task.pairs.rows.count) training \(task.pairs.name), \(evaluated.tokens.count) to evaluate on (\(split.rawValue)), \(task.labels.count) labels; results in \(results.url.path)"
    )
    if split == .tst && configuration.save {
      log.warning("num_val_points is 0: the best model is chosen on the test set; hold training documents out to choose on them")
    }
    if configuration.ampEncode {
      let precision = configuration.encodingDType.map { "\($0), its parameters are float32" } ?? "float32 on this device"
      log.info("amp_encode: the encoder computes in \(precision)")
    }
    if workers.count > 1 {
      log.info(
        "\(workers.count) workers: \(batch) \(task.pairs.name) in a batch, \(configuration.bsz) of each; learning rate \(configuration.lr * Double(workers.count))"
      )
    }
    defer {
      do { try writeProfile() } catch { log.warning("profile.json: \(oneLine(error))") }
    }
    while position.epoch <= configuration.numEpochs {
      let epoch = position.epoch
      let mean = try trainEpoch(epoch, observe)
      log.info("epoch \(epoch)/\(configuration.numEpochs): loss \(String(format: "%.4f", mean))")
      if epoch % configuration.evalInterval == 0 || epoch == configuration.numEpochs {
        try evaluate(epoch, evaluated)
      }
      position.startEpoch(epoch + 1)
      try saveCheckpoint()
    }
  }

  /// One pass over the training documents in random order, or the rest of it; the mean loss.
  private mutating func trainEpoch(_ epoch: Int, _ observe: (_ step: Int, _ loss: Double) throws -> Void) throws -> Double {
    if mines(epoch) && position.stepInEpoch == 0 { try mine(epoch) }
    let order = keys.order.fold(epoch).permutation(task.pairs.rows.count).array(of: Int.self)
    let total = Self.stepsPerEpoch(task, batch)
    var bar = ProgressBar("epoch \(epoch)/\(configuration.numEpochs)", total: total, isShown: isFirst)
    let skipped = position.stepInEpoch * batch
    // A device that computes by itself goes on with the next step while a step's results are read.
    let lag = Device.current.isAsynchronous ? 1 : 0
    var unread: [Outcome] = [], start = ContinuousClock.now
    for number in position.stepInEpoch..<total {
      let rows = order[number * batch..<min((number + 1) * batch, order.count)].map { task.pairs.rows[$0] }
      unread.append(try trainStep(rows))
      position.stepInEpoch += 1
      let isLast = number + 1 == total
      // The last step's is the one after the evaluation.
      let isDue = configuration.checkpointInterval > 0 && position.step % configuration.checkpointInterval == 0 && !isLast
      var read: [(step: Int, loss: Double)] = []
      while unread.count > (isDue || isLast ? 0 : lag) {
        let outcome = unread.removeFirst(), end = number + 1 - unread.count
        read.append((outcome.step, try self.read(outcome, since: &start)))
        bar.update(step: end, documents: min(end * batch, order.count) - skipped, loss: position.lossSum / Double(end))
      }
      if isDue { try saveCheckpoint() }
      for (step, loss) in read { try observe(step, loss) }
    }
    bar.finish()
    return position.lossSum / Double(max(total, 1))
  }

  /// What a step has asked the device for.
  private struct Outcome {
    let step: Int, documents: Int, rate: Double
    let loss: HostCopy<Double>, gradientNorm: HostCopy<Double>
  }

  /// Waits for a step's loss and writes down what there is to know of the step, which took the time since the last one that was read.
  private mutating func read(_ outcome: Outcome, since start: inout ContinuousClock.Instant) throws -> Double {
    let loss = outcome.loss.item(), norm = outcome.gradientNorm.item(), now = ContinuousClock.now
    events?.step(
      outcome.step, loss: loss, learningRate: outcome.rate, gradientNorm: norm, documents: outcome.documents,
      seconds: (now - start) / .seconds(1))
    start = now
    guard loss.isFinite else { throw TrainingDiverged(step: outcome.step, loss: loss) }
    position.lossSum += loss
    return loss
  }

  /// One step of the optimizer on these training documents.
  private mutating func trainStep(_ rows: [Int]) throws -> Outcome {
    let (targets, labels) = try targets(of: rows)
    let part = workers.part(of: rows.count)
    let documents = PackedTokens.chunks(
      task.queryTokens(Array(rows[part])), of: configuration.gcBsz, first: part.lowerBound, skipping: task.skippedQueryTokens)
    for (_, program) in programs where profiler != nil { program.profiler = profiler }
    cache.lossScale = position.lossScale?.value ?? 1
    let (loss, gradient) = valueAndGradient(documents, labels, targets)
    // A batch is as many times larger (Goyal et al. 2017).
    let rate = configuration.lr * Double(workers.count) * schedule.factor(position.step)
    let norm = try step(gradient, rate: rate)
    if !hasLoggedPrograms { logPrograms() }
    hasLoggedPrograms = true
    position.step += 1
    return Outcome(step: position.step, documents: rows.count, rate: rate, loss: loss.hostCopy(), gradientNorm: norm.hostCopy())
  }

  /// The loss and its gradient, by the labels' texts or by the classifier.
  private func valueAndGradient(
    _ documents: [PackedTokens], _ labels: [PackedTokens], _ targets: LossTargets
  ) -> (value: Tensor, gradient: DualEncoder) {
    let key = keys.dropout.fold(position.step)
    guard let classifier = model.classifier else {
      let (value, gradient) = cache.valueAndGradient(
        at: model.encoder, documents: documents, labels: labels, key: key, targets: targets)
      return (value, DualEncoder(gradient))
    }
    let (value, gradient, ofClassifier) = cache.valueAndGradient(
      at: model.encoder, documents: documents, classifier: classifier, block: configuration.gcBsz, key: key, targets: targets)
    return (value, DualEncoder(gradient, classifier: ofClassifier))
  }

  /// One step of the optimizer, unless the gradient has overflowed in float16, which is waited for; the gradient's norm.
  private mutating func step(_ gradient: DualEncoder, rate: Double) throws -> Tensor {
    guard var scale = position.lossScale else { return optimize(gradient, rate: rate) }
    let norm = globalNorm(gradient), isSound = scale.accepts(norm: norm.item())
    position.lossScale = scale
    if isSound {
      _ = optimize(gradient, rate: rate)
      return norm
    }
    let number = position.step + 1
    log.info(
      "step \(number): the gradient overflowed in float16, and the step is left out; the loss is scaled by \(scale.value) from now on")
    // No gradient is so large by itself.
    if scale.value < 0x1p-24 {
      throw FileError(
        field: "amp_dtype", value: "float16, in which the gradient of step \(number) is \(norm.item()) however little the loss is scaled",
        advice: "train with amp_dtype bfloat16, which has the range of float32")
    }
    return norm
  }

  /// One step of the optimizer, in place; the gradient's norm.
  private mutating func optimize(_ gradient: DualEncoder, rate: Double) -> Tensor {
    // The state is handed over and taken back, so that nobody else refers to the memory that is written over.
    var state = Pair(model, optimizer)
    model = gradient
    optimizer = AnyOptimizer(base: SGD())
    let norm = update(&state, gradient, Tensor([rate], shape: []))
    (model, optimizer) = state.values
    return norm
  }

  private var programs: [(name: String, program: CompiledHandle)] { cache.programs + [("optimizer", update)] }

  /// What was compiled, and where its memory goes.
  private func logPrograms() {
    for (name, compiled) in programs {
      guard let program = compiled.program else { continue }
      let statistics = compiled.statistics
      func text(_ time: Duration) -> String { time.formatted(.units(allowed: [.milliseconds])) }
      let making =
        statistics.compilations > 0
        ? "compiled in \(text(statistics.compilationTime))" : "finished before, read in \(text(statistics.readingTime))"
      log.info("\(name): \(making), \(program.memoryDescription.split(separator: "\n")[0])")
    }
  }

  /// What the profiler saw, to the log and to `profile.json`.
  private func writeProfile() throws {
    guard let profiler, isFirst else { return }
    log.info("kernels:\n\(profiler.table)")
    try FileBeingWritten.write(Data(profiler.chromeTrace.utf8), to: results.url.appendingPathComponent("profile.json"))
    log.info("kernels in time: \(results.url.appendingPathComponent("profile.json").path), for chrome://tracing or Perfetto")
  }

  /// What the batch's rows should be near to, and the labels that they are scored against.
  private func targets(of rows: [Int]) throws -> (LossTargets, [PackedTokens]) {
    let positives = task.pairs.relevance.selecting(rows: rows)
    var drawn: [[Int]]?
    if configuration.lossSample {
      let most = (0..<positives.rows).map { positives.row($0).indices.count }.max() ?? 0
      let count = loss.drawCount(mostPositives: most)
      drawn = PositiveSampler.draw(
        configuration.net == .hardNegatives ? max(count, configuration.numPosSamples) : count, from: positives,
        key: keys.sampling.fold(position.step))
    }
    guard configuration.net == .hardNegatives else {
      let targets = LossTargets(positives: positives, drawn: drawn, weighted: configuration.lossWeighted)
      try loss.validate(targets)
      return (targets, labelChunks)
    }
    let negatives = shortlist?.draw(configuration.numNegSamples, rows: rows, key: keys.negatives.fold(position.step)) ?? []
    let batch = try BatchLabels(positives: positives, drawn: drawn, negatives: negatives)
    let targets = LossTargets(positives: batch.positives, drawn: batch.drawn, weighted: configuration.lossWeighted)
    try loss.validate(targets)
    return (targets, Self.labelChunks(of: batch.labels, task, configuration, workers))
  }

  /// Whether negatives are mined before this epoch (counted from 1).
  private func mines(_ epoch: Int) -> Bool {
    let since = epoch - 1 - configuration.hardNegStart
    return configuration.negType == .shorty && since >= 0 && since % configuration.evalInterval == 0
  }

  /// Reads the negatives that go with the checkpoint from which the run goes on, if it needs them.
  mutating func readNegatives(besides checkpoint: URL) throws {
    let epoch = position.epoch
    guard configuration.negType == .shorty, epoch > configuration.hardNegStart, epoch <= configuration.numEpochs,
      !(mines(epoch) && position.stepInEpoch == 0)
    else { return }
    let mined = try ResumedNegatives(besides: checkpoint, checksum: position.negatives).read(like: task.pairs.relevance)
    shortlist = Shortlist(mined)
    position.negatives = ResumedNegatives.checksum(mined)
  }

  /// Leaves the negatives in `trn_shorty.npz`.
  func keepNegatives() throws {
    if configuration.save && isFirst { try shortlist?.negatives.write(to: results.shortlist) }
  }

  /// Mines negatives for every row with the model as it is, and leaves them in `trn_shorty.npz`.
  private mutating func mine(_ epoch: Int) throws {
    let task = task, relevance = task.pairs.relevance
    let search = SharedSearch(model, configuration, workers: workers)
    let nearest = search.nearest(
      (relevance.rows, "training documents", task.skippedQueryTokens, { task.queryTokens(Array($0)) }),
      (relevance.columns, "labels", task.skippedCandidateTokens, { task.candidateTokens(Array($0)) }), topK: configuration.hardNegTopk)
    let mined = try Shortlist(nearest, truth: relevance)
    shortlist = mined
    position.negatives = ResumedNegatives.checksum(mined.negatives)
    try keepNegatives()
    log.info("epoch \(epoch): \(mined.negatives.count) negatives mined among the \(configuration.hardNegTopk) nearest labels of each row")
  }

  private mutating func evaluate(_ epoch: Int, _ documents: DatasetTask.Evaluated) throws {
    let outcome = try Evaluator.evaluate(model, task, documents, configuration, workers: workers)
    let prefix = documents.split.rawValue
    guard isFirst else { return }
    try outcome.metrics.append(to: results.url.appendingPathComponent(prefix), epoch: epoch, step: position.step)
    events?.evaluation(position.step, outcome.metrics, documents.split)
    Evaluator.report(outcome.metrics, documents.split, log)
    guard configuration.save, let value = outcome.metrics[configuration.trackMetric.rawValue], value > position.best ?? -1 else { return }
    position.best = value
    try ModelFolder.save(
      model.encoder, classifier: model.classifier, tokenizer: tokenizer, maximumLength: maximumLength, prompts: prompts,
      to: results.model)
    try outcome.scores.write(to: results.scores(prefix))
    log.info("best \(configuration.trackMetric.rawValue) so far, \(String(format: "%.2f", value)): model in \(results.model.path)")
  }
}

/// An optimizer of any kind as a tree of tensors.
struct AnyOptimizer: TensorTree, Sendable {
  var base: any Optimizer

  mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) { base.visit(prefix, body) }

  func read(into contents: inout TreeContents) {
    contents.add(type: type(of: base))
    contents.add(base)
  }
}

extension Configuration {
  /// The optimizer, without decay on biases and norms.
  func makeOptimizer() -> any Optimizer {
    let groups = [ParameterGroup.noDecayOnBiasesAndNorms]
    return switch optim {
    case .adamw: AdamW(weightDecay: weightDecay, groups: groups)
    case .adam: Adam(weightDecay: weightDecay, groups: groups)
    case .sgd: SGD(weightDecay: weightDecay, groups: groups)
    }
  }
}

extension SimilarityLoss {
  init(_ configuration: Configuration) {
    let criterion: Criterion =
      switch configuration.lossCriterion {
      case .softmax: .softmax
      case .decoupledSoftmax: .decoupledSoftmax
      case .bce: .bce
      case .topk:
        switch configuration.topkK {
        case .labels(let k): .topK(.fixed(k), alpha: configuration.topkAlpha)
        case .numPos: .topK(.numberOfPositives, alpha: configuration.topkAlpha)
        }
      }
    self.init(criterion, temperature: configuration.tau, reduction: configuration.lossReduction == .mean ? .mean : .sum)
  }
}
