import Foundation
import WengertNN

/// What one results folder holds.
struct RunRecord {
  let folder: URL
  /// What the run is called in the report.
  var name: String
  let configuration: Configuration
  /// Nil without event files.
  let curves: RunCurves?
  let histories: [EvaluationSplit: MetricsHistory]
  let predictions: PredictionReader.Outcome

  init(_ folder: URL, dataRoot: String?, _ reader: inout PredictionReader) throws {
    let results = try ResultsFolder(existing: folder)
    self.folder = folder
    configuration = try Configuration(files: [results.configuration])
    name = configuration.expname
    curves = try RunCurves.read(folder)
    var histories: [EvaluationSplit: MetricsHistory] = [:]
    for split in EvaluationSplit.allCases where FileManager.default.fileExists(atPath: results.metrics(split.rawValue).path) {
      histories[split] = try MetricsHistory(contentsOf: results.metrics(split.rawValue))
    }
    self.histories = histories
    predictions = try reader.read(results, configuration, dataRoot: dataRoot)
  }

  /// The runs in these folders, each with a name of its own.
  static func read(_ folders: [URL], dataRoot: String?) throws -> [RunRecord] {
    var reader = PredictionReader()
    var runs = try folders.map { try RunRecord($0, dataRoot: dataRoot, &reader) }
    let counts = Dictionary(runs.map { ($0.name, 1) }, uniquingKeysWith: +)
    let repeated = runs.indices.filter { counts[runs[$0].name]! > 1 }
    for i in repeated {
      let path = runs[i].folder.standardizedFileURL.pathComponents
      runs[i].name = "\(runs[i].name) (\(path.suffix(3).joined(separator: "/")))"
    }
    // Folders that agree in their last three parts too are told apart by their place.
    let names = runs.map(\.name)
    for i in repeated where names.firstIndex(of: names[i]) != i { runs[i].name += " #\(i + 1)" }
    return runs
  }

  /// What was predicted, if that is known.
  var found: RunPredictions? {
    if case .found(let predictions) = predictions { predictions } else { nil }
  }
}

extension ResultsFolder {
  /// A folder that a run left; an error if it holds no settings.
  init(existing url: URL) throws {
    self.init(url)
    guard FileManager.default.fileExists(atPath: configuration.path) else {
      throw FileError(
        file: url.path, field: "config.yaml", value: "no such file",
        advice: "name a folder of results that dexml train made, Results/<project>/<dataset>/<expname>")
    }
  }
}
