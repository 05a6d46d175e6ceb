import Foundation
import WengertNN

/// The folder in which Hugging Face's libraries keep what they have downloaded. It is only read.
struct HubCache {
  let folder: URL

  /// As the environment says: `HF_HUB_CACHE`, or `hub` below `HF_HOME`, or below `huggingface` in `XDG_CACHE_HOME` or `~/.cache`.
  init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
    func folder(_ name: String) -> URL? {
      guard let path = environment[name], !path.isEmpty else { return nil }
      return URL(fileURLWithPath: (path as NSString).expandingTildeInPath)
    }
    let home = environment["HOME"].map { URL(fileURLWithPath: $0) } ?? FileManager.default.homeDirectoryForCurrentUser
    let caches = folder("XDG_CACHE_HOME") ?? home.appendingPathComponent(".cache")
    self.folder =
      folder("HF_HUB_CACHE") ?? folder("HUGGINGFACE_HUB_CACHE")
      ?? (folder("HF_HOME") ?? caches.appendingPathComponent("huggingface")).appendingPathComponent("hub")
  }

  /// Those who publish models that are known by a name alone.
  private static let publishers = ["sentence-transformers", "google-bert", "distilbert"]

  /// The newest version of the model `name` (`sentence-transformers/all-MiniLM-L6-v2`, `bert-base-uncased`) that was downloaded; nil if there is none.
  func model(_ name: String) -> URL? {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") && !$0.contains("--") }) else { return nil }
    let names = [parts] + (parts.count == 1 ? Self.publishers.map { [$0] + parts } : [])
    return names.lazy.compactMap { snapshot("models--" + $0.joined(separator: "--")) }.first
  }

  private func snapshot(_ model: String) -> URL? {
    let folder = folder.appendingPathComponent(model), snapshots = folder.appendingPathComponent("snapshots")
    let files = FileManager.default
    if let main = try? String(contentsOf: folder.appendingPathComponent("refs/main"), encoding: .utf8) {
      let name = main.trimmingCharacters(in: .whitespacesAndNewlines), snapshot = snapshots.appendingPathComponent(name)
      return !name.isEmpty && !name.contains("/") && !name.hasPrefix(".") && files.fileExists(atPath: snapshot.path) ? snapshot : nil
    }
    // A version that was asked for by its number has no name.
    let all = ((try? files.contentsOfDirectory(atPath: snapshots.path)) ?? []).filter { !$0.hasPrefix(".") }
    return all.count == 1 ? snapshots.appendingPathComponent(all[0]) : nil
  }
}

extension ModelFolder {
  /// The folder that `name` means: a path, or the name of a model that Hugging Face's libraries have downloaded; nil if there is neither.
  public static func find(_ name: String, environment: [String: String] = ProcessInfo.processInfo.environment) -> URL? {
    let folder = URL(fileURLWithPath: name)
    if !name.isEmpty, folder.isFolder { return folder }
    return HubCache(environment).model(name)
  }

  /// The folder that `name` means, as `find`; the error says what to put where.
  ///
  /// - Throws: `FileError` if there is neither.
  public static func require(_ name: String, environment: [String: String] = ProcessInfo.processInfo.environment) throws -> URL {
    if let folder = find(name, environment: environment) { return folder }
    throw FileError(
      file: name, field: "model", value: "no such folder, and no model of this name in \(HubCache(environment).folder.path)",
      advice:
        "put config.json, model.safetensors and vocab.txt or tokenizer.json of a \(BertConfiguration.Architecture.names.replacing(" and ", with: " or ")) into a folder and name it; nothing is downloaded"
    )
  }
}
