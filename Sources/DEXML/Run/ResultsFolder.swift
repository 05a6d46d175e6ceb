import Foundation
import WengertNN

/// The folder of a run's results, `results_root/project/dataset/expname`, and the names of the files in it.
public struct ResultsFolder: Sendable, Equatable {
  /// The folder.
  public let url: URL

  init(_ url: URL) { self.url = url }

  /// The folder for a configuration, made if it is missing.
  ///
  /// - Throws: `FileError` if the folder cannot be made.
  public init(for configuration: Configuration) throws {
    url = Self.location(for: configuration)
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw FileError(field: "results_root", value: "cannot make the folder \(url.path): \(oneLine(error))")
    }
  }

  /// Where the folder for a configuration is.
  static func location(for configuration: Configuration) -> URL {
    [configuration.project, configuration.dataset, configuration.expname].filter { !$0.isEmpty }
      .reduce(URL(fileURLWithPath: configuration.resultsRoot)) { $0.appendingPathComponent($1) }
  }

  /// What the runs said; each run adds to it.
  public var log: URL { url.appendingPathComponent("log.txt") }
  /// The settings of the newest run.
  public var configuration: URL { url.appendingPathComponent("config.yaml") }
  /// The best model, a Hugging Face folder.
  public var model: URL { url.appendingPathComponent("model") }
  /// How far the run is, to go on from.
  public var checkpoint: URL { url.appendingPathComponent("checkpoint.safetensors") }
  /// The checkpoint of the run before, which a new run in the same folder sets aside.
  public var previousCheckpoint: URL { url.appendingPathComponent("checkpoint.previous.safetensors") }
  /// One row of measures for each evaluation.
  public func metrics(_ prefix: String) -> URL { url.appendingPathComponent("\(prefix)_metrics.tsv") }
  /// The negatives mined last, with their similarities.
  public var shortlist: URL { url.appendingPathComponent("trn_shorty.npz") }
  /// The negatives that go with the checkpoint of the run before.
  public var previousShortlist: URL { url.appendingPathComponent("trn_shorty.previous.npz") }
  /// The scores of the labels ranked for each document.
  public func scores(_ prefix: String) -> URL { url.appendingPathComponent("\(prefix)_score_mat.npz") }

  /// Writes `config.yaml`; an existing one with other settings is kept as `config.1.yaml`, `config.2.yaml` and so on.
  ///
  /// - Throws: `FileError` if the file cannot be written; the system's error if the one before cannot be renamed.
  public func write(_ settings: Configuration) throws {
    let text = settings.yaml()
    let files = FileManager.default
    if files.fileExists(atPath: configuration.path) {
      if let old = try? String(contentsOf: configuration, encoding: .utf8), old == text { return }
      var number = 1
      while files.fileExists(atPath: kept(number).path) { number += 1 }
      try files.moveItem(at: configuration, to: kept(number))
    }
    try FileBeingWritten.write(Data(text.utf8), to: configuration)
  }

  /// Renames the checkpoint of an earlier run and its negatives, so that a new run in the same folder does not write over them.
  func setCheckpointAside() throws {
    guard FileManager.default.fileExists(atPath: checkpoint.path) else { return }
    try setAside(checkpoint, as: previousCheckpoint)
    if FileManager.default.fileExists(atPath: shortlist.path) {
      try setAside(shortlist, as: previousShortlist)
    } else {
      unlink(previousShortlist.path)
    }
  }

  /// Renames a file. Where it is a link, that stays one: what it points to is renamed beside itself, and `place` becomes a link to it.
  private func setAside(_ file: URL, as place: URL) throws {
    let target = try linked(file)
    guard target != file else { return try rename(file, to: place) }
    let name = target.deletingPathExtension().lastPathComponent, ending = target.pathExtension
    let kept = target.deletingLastPathComponent().appendingPathComponent(name + ".previous" + (ending.isEmpty ? "" : ".\(ending)"))
    try rename(target, to: kept)
    if kept.path == place.path { return }
    let link = url.appendingPathComponent(".\(place.lastPathComponent).partial")
    unlink(link.path)
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: kept.path)
    try rename(link, to: place)
  }

  /// Copies the best model of another folder, aside first.
  func takeModel(from other: ResultsFolder) throws {
    try ModelFolder.replace(model) { aside in
      // The folder itself, also where it is reached by a link.
      try FileManager.default.copyItem(at: other.model.resolvingSymlinksInPath(), to: aside)
    }
  }

  private func rename(_ file: URL, to place: URL) throws {
    guard Foundation.rename(file.path, place.path) == 0 else {
      throw FileError(file: file.path, value: "cannot be renamed: \(String(cString: strerror(errno)))")
    }
  }

  /// Removes what a run that was killed while writing left beside its files.
  func removePartialFiles() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: url.path) where name.hasPrefix(".") && name.hasSuffix(".partial") {
      try? FileManager.default.removeItem(at: url.appendingPathComponent(name))
    }
  }

  private func kept(_ number: Int) -> URL { url.appendingPathComponent("config.\(number).yaml") }
}
