import Foundation
import WengertNN

/// The main job on the built-in data set: makes it, trains a small BERT from scratch, evaluates it before and after, and shows predictions.
public enum Demo {
  /// Makes the data set and the encoder, evaluates, trains, evaluates again and prints predictions.
  ///
  /// - Throws: the errors of `Evaluator.run` and `Trainer.run`, and the system's if the data set cannot be written.
  public static func run(_ configuration: Configuration) throws {
    let console = Console.standardError
    let folder = URL(fileURLWithPath: configuration.dataRoot).appendingPathComponent(configuration.dataset)
    let data = DemoDataset()
    try write(data, to: folder)
    console.line(
      "\(folder.path): \(data.trainTexts.count) training and \(data.testTexts.count) test documents, \(data.labelTexts.count) labels, \(data.unseenLabels.count) of them never seen in training"
    )
    try writeEncoder(data, to: URL(fileURLWithPath: configuration.tf), configuration)
    console.line("Before training:")
    try Evaluator.run(configuration, split: .tst)
    console.line("Training a BERT of 2 layers and width 128 from scratch:")
    try Trainer.run(configuration)

    let results = try ResultsFolder(for: configuration)
    let predictor = try Predictor(model: results.model, labelTexts: data.labelTexts)
    console.line("The three nearest labels of texts it has never seen:")
    try predictor.show(DemoDataset.exampleSentences, 3)
    console.line("Model, scores, metrics and log are in \(results.url.path)")
  }

  private static func write(_ data: DemoDataset, to folder: URL) throws {
    let raw = folder.appendingPathComponent("raw")
    try FileManager.default.createDirectory(at: raw, withIntermediateDirectories: true)
    for (name, lines) in [("trn_X", data.trainTexts), ("tst_X", data.testTexts), ("Y", data.labelTexts)] {
      let text = Data(lines.map { $0 + "\n" }.joined().utf8)
      let file = raw.appendingPathComponent("\(name).txt")
      // An unchanged file keeps its date, and so its tokens.
      if (try? Data(contentsOf: file)) != text { try text.write(to: file, options: .atomic) }
    }
    for (name, rows) in [("trn", data.trainLabels), ("tst", data.testLabels)] {
      let offsets = rows.reduce(into: [0]) { $0.append($0.last! + $1.count) }
      let indices = rows.flatMap { $0.sorted().map(Int32.init) }
      let matrix = try SparseMatrix(
        rows: rows.count, columns: data.labelTexts.count, rowOffsets: offsets, indices: indices,
        values: [Float](repeating: 1, count: indices.count))
      try matrix.write(to: folder.appendingPathComponent("Y.\(name).npz"))
    }
  }

  private static func writeEncoder(_ data: DemoDataset, to folder: URL, _ configuration: Configuration) throws {
    let vocabulary = DemoVocabulary.lines(texts: data.trainTexts + data.labelTexts)
    var shape = BertConfiguration(vocabularySize: vocabulary.count, hiddenSize: 128, layers: 2, heads: 4, intermediateSize: 512)
    shape.maximumPositions = 64
    let encoder = BertEncoder(shape, key: RandomKey(configuration.seed))
    try ModelFolder.save(
      TextEncoder(encoder, pooling: configuration.tfPooler ?? .cls, normalizes: configuration.normEmbs ?? true),
      tokenizer: Tokenizer(vocabulary: vocabulary),
      maximumLength: configuration.tfMaxLen, to: folder)
  }
}
