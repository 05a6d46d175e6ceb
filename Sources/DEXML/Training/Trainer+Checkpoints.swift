import Collectives
import Foundation
import WengertNN

extension Trainer {
  /// Goes to where the run starts: the checkpoint to resume from, or the first step.
  mutating func start(resumes: Bool) throws {
    try RankingMetrics.checkTable(metricsPrefix, evalTopK: configuration.evalTopk)
    if isFirst { try results.removePartialFiles() }
    if let file = try checkpointToResume(resumes) {
      let checkpoint = try Checkpoint(contentsOf: file)
      try checkpoint.check(identity)
      let steps = Self.stepsPerEpoch(task, batch), read = checkpoint.position
      guard read.stepInEpoch <= steps, read.step / max(steps, 1) <= read.epoch else {
        throw FileError(
          file: file.path, field: "step", value: "\(read.step), \(read.stepInEpoch) of them in epoch \(read.epoch)",
          advice: "an epoch has \(steps) steps: the file is damaged, use another checkpoint")
      }
      model = try checkpoint.restored(model, "model")
      optimizer = try checkpoint.restored(optimizer, "optimizer")
      // A run in another precision than the one before has its own scale, or none.
      let scale = position.lossScale
      position = checkpoint.position
      position.lossScale = scale.map { position.lossScale ?? $0 }
      try readNegatives(besides: file)
      // All have read it before it is renamed.
      workers.barrier()
      log.info("resumed from \(file.path): epoch \(position.epoch), step \(position.step)")
      if position.epoch > configuration.numEpochs { log.info("the run is complete: nothing is left to train") }
      guard isFirst else { return }
      if isSame(file, results.checkpoint) {
        try RankingMetrics.removeRows(after: position.step, below: position.metricsLines, of: metricsPrefix)
      } else if configuration.save {
        if !isSame(file, results.previousCheckpoint) { try results.setCheckpointAside() }
        try keepNegatives()
        if !isSame(file.deletingLastPathComponent(), results.url) {
          try bringAlong(from: file)
          try bringNegatives(from: file)
          // From here on the folder has all that the run needs.
          try saveCheckpoint()
        }
      }
    } else {
      if resumes { log.notice("no checkpoint in \(results.url.path) yet: training starts from the first step") }
      workers.barrier()
      guard isFirst else { return }
      if configuration.save { try results.setCheckpointAside() }
    }
    try results.write(configuration)
  }

  /// Brings what the run has left so far from the folder of a checkpoint elsewhere: the best model with its scores, and the metrics table.
  private func bringAlong(from checkpoint: URL) throws {
    // The folder of the file, or of what it is a link to.
    let folders = [checkpoint, checkpoint.resolvingSymlinksInPath()].map { ResultsFolder($0.deletingLastPathComponent()) }
    let source = folders.first { FileManager.default.fileExists(atPath: $0.model.path) } ?? folders[1]
    guard checkpoint.lastPathComponent == results.checkpoint.lastPathComponent, position.best != nil else {
      if position.best != nil {
        log.notice("the best model so far stays where it is: \(checkpoint.path) is not its folder's newest checkpoint")
      }
      return
    }
    let files = FileManager.default, scores = source.scores(split.rawValue)
    guard files.fileExists(atPath: source.model.path) else {
      log.notice("no model in \(source.url.path): this folder gets one when an evaluation is better than \(position.best!)")
      return
    }
    try results.takeModel(from: source)
    if files.fileExists(atPath: scores.path) { try FileBeingWritten.write(mapFile(scores), to: results.scores(split.rawValue)) }
    let table = results.metrics(split.rawValue)
    if !files.fileExists(atPath: table.path), files.fileExists(atPath: source.metrics(split.rawValue).path) {
      try FileBeingWritten.write(mapFile(source.metrics(split.rawValue)), to: table)
      try RankingMetrics.removeRows(after: position.step, below: position.metricsLines, of: metricsPrefix)
    }
    log.info("the best model so far comes along from \(source.url.path)")
  }

  /// Brings the lists of a run that is complete, which needs them no more; others' are there by now, or will be mined.
  private func bringNegatives(from checkpoint: URL) throws {
    guard configuration.negType == .shorty, position.epoch > configuration.numEpochs, configuration.numEpochs > configuration.hardNegStart
    else { return }
    let mined: SparseMatrix
    do {
      mined = try ResumedNegatives(besides: checkpoint, checksum: position.negatives).read(like: task.pairs.relevance)
    } catch {
      log.notice("the mined negatives do not come along: \(oneLine(error))")
      return
    }
    try mined.write(to: results.shortlist)
  }

  /// The results folder's own checkpoint if the run resumes and there is one, else `resume_path`; nil: from the first step.
  private func checkpointToResume(_ resumes: Bool) throws -> URL? {
    if resumes, FileManager.default.fileExists(atPath: results.checkpoint.path) { return results.checkpoint }
    guard !configuration.resumePath.isEmpty else { return nil }
    let path = URL(fileURLWithPath: configuration.resumePath)
    guard !["pt", "pth", "bin"].contains(path.pathExtension) else {
      throw FileError(
        field: "resume_path", value: "\(path.path) is a file of PyTorch, from which the original takes the weights alone",
        advice: "make a model folder of it and start a new run with --tf FOLDER")
    }
    guard path.exists else {
      throw FileError(field: "resume_path", value: "nothing at \(path.path)", advice: "name a checkpoint, or a results folder with one")
    }
    let file = path.isFolder ? path.appendingPathComponent(results.checkpoint.lastPathComponent) : path
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw FileError(
        field: "resume_path", value: "no \(file.lastPathComponent) in \(path.path)",
        advice: "name a checkpoint, or a results folder with one")
    }
    return file
  }

  private func isSame(_ first: URL, _ second: URL) -> Bool {
    first.standardizedFileURL.resolvingSymlinksInPath() == second.standardizedFileURL.resolvingSymlinksInPath()
  }

  private var metricsPrefix: URL { results.url.appendingPathComponent(split.rawValue) }

  /// Keeps how far the run is, unless nothing is to be kept.
  mutating func saveCheckpoint() throws {
    guard configuration.save && isFirst else { return }
    position.metricsLines = try RankingMetrics.lineCount(of: metricsPrefix)
    try Checkpoint.write(position, identity, model: model, optimizer: optimizer, to: results.checkpoint)
  }

  /// What a checkpoint must have been made with: every setting that a step depends on, the data, and the weights at the start.
  static func identity(
    _ configuration: Configuration, _ task: DatasetTask, encoder: TextEncoder, prompts: Prompts, workers: any Workers
  ) throws -> Checkpoint.Identity {
    // Mining goes by eval_interval.
    let free = Configuration.keysFreeOnResume.subtracting(configuration.negType == .shorty ? ["eval_interval"] : [])
    let settings = Configuration.keys.filter { !free.contains($0.name) }
      .map { (name: $0.name, value: $0.text(configuration)) }
    let matrix = task.trainingLabels
    let relevance = [bytes(matrix.rowOffsets), bytes(matrix.indices), bytes(matrix.values)]
    let weights = encoder.tensors.lazy.map(\.hostArray.data)
    let texts = task.folder.textFile(.train)
    var heldOut: Checkpoint.Identity = []
    if configuration.numValPoints > 0 {
      // Drawn from the seed only where no file of an earlier run's has them.
      let rows = try task.folder.heldOutRows(
        configuration.numValPoints, of: matrix.rows, seed: UInt64(bitPattern: Int64(configuration.seed)))
      heldOut = [("checksum of \(task.folder.heldOutFile(configuration.numValPoints).lastPathComponent)", checksum([bytes(rows.sorted())]))]
    }
    return settings + heldOut + [
      // What auto comes to.
      ("pooling", encoder.pooling.configurationText),
      ("normalized", "\(encoder.normalizes)"),
      ("prompt of documents", prompts.text(for: .query) ?? ""),
      ("workers", "\(workers.count)"),
      ("training documents", "\(matrix.rows)"),
      ("labels", "\(matrix.columns)"),
      ("checksum of \(task.folder.labelMatrixFile(.train).lastPathComponent)", checksum(relevance)),
      ("checksum of \(texts.lastPathComponent)", checksum([try mapFile(texts)])),
      ("checksum of the labels' tokens", checksum(task.labels.all().map(bytes))),
      ("checksum of the weights in tf", checksum(weights)),
    ]
  }

  private static func checksum(_ parts: some Sequence<Data>) -> String {
    String(parts.reduce(0) { Deflate.checksum($1, after: $0) }, radix: 16)
  }

  private static func bytes<Element: BitwiseCopyable>(_ values: [Element]) -> Data { values.withUnsafeBytes { Data($0) } }
}

extension Configuration {
  /// The keys that may change when a run is resumed: where things are, what is kept and how often it is measured. All others decide what a step computes,
  /// `num_epochs` among them, for the learning rate follows it.
  public static let keysFreeOnResume: Set<String> = [
    "project", "expname", "desc", "save", "resume_path", "checkpoint_interval", "data_root", "results_root", "data_tokenization", "tf",
    "amp_dtype", "eval_interval", "eval_topk",
  ]
}
