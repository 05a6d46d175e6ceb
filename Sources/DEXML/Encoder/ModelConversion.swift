import Foundation
import WengertNN

/// What `dexml convert` does: a copy of a model folder whose PyTorch files of weights are safetensors.
public enum ModelConversion {
  /// Writes the copy, aside first and then renamed into place, and says what was converted. Files that are not weights are copied; so are those below, link targets included.
  ///
  /// - Throws: `FileError` if `output` exists already or is inside of the model's folder, there is nothing to convert, or a file is damaged; the system's
  ///   errors of copying.
  public static func run(model: URL, output: URL) throws {
    let files = FileManager.default
    // A folder of Hugging Face's cache is made of links.
    let model = model.standardizedFileURL.resolvingSymlinksInPath(), output = output.standardizedFileURL
    guard !files.fileExists(atPath: output.path) else {
      throw FileError(file: output.path, field: "folder", value: "exists already", advice: "name a new one")
    }
    guard !output.path.hasPrefix(model.path + "/") else {
      throw FileError(file: output.path, field: "folder", value: "is inside of the model's", advice: "name one outside")
    }
    let aside = output.deletingLastPathComponent().appendingPathComponent(".\(output.lastPathComponent).partial")
    try? files.removeItem(at: aside)
    defer { try? files.removeItem(at: aside) }
    var lines: [String] = []
    try copy(model, to: aside, depth: 0, &lines)
    guard !lines.isEmpty else {
      throw FileError(
        file: model.path, field: WeightFile.torchName, value: "not there",
        advice: "a folder with PyTorch's weights and no \(WeightFile.name) is expected: there is nothing to convert")
    }
    do { try files.moveItem(at: aside, to: output) } catch {
      throw FileError(
        file: output.path, field: "renaming", value: "\(error.localizedDescription)", advice: "check that the folder above is writable")
    }
    for line in lines { Console.standardError.line("\(output.path): \(line)") }
  }

  private static func copy(_ folder: URL, to target: URL, depth: Int, _ lines: inout [String]) throws {
    let files = FileManager.default
    guard depth < 16 else {
      throw FileError(file: folder.path, field: "folder", value: "more than 16 deep", advice: "name the model's own folder")
    }
    do { try files.createDirectory(at: target, withIntermediateDirectories: true) } catch {
      throw FileError(
        file: target.path, field: "folder", value: "cannot be made", advice: "check that the folder above is there and writable")
    }
    var names = Set(try files.contentsOfDirectory(atPath: folder.path))
    names.remove(".git")
    let parts = try torchFiles(in: folder, names)
    if !parts.isEmpty {
      let count = try convert(parts, to: target.appendingPathComponent(WeightFile.name))
      let place = target.lastPathComponent.hasPrefix(".") ? "" : " of \(target.lastPathComponent)"
      lines.append("\(WeightFile.name)\(place): \(count) tensors from \(parts.map(\.lastPathComponent).joined(separator: ", "))")
      names.subtract(parts.map(\.lastPathComponent) + [WeightFile.torchIndexName])
    }
    for name in names.sorted() {
      let source = folder.appendingPathComponent(name).resolvingSymlinksInPath(), copied = target.appendingPathComponent(name)
      guard source.exists else {
        throw FileError(
          file: folder.appendingPathComponent(name).path, field: "link", value: "leads nowhere", advice: "copy or download the model again")
      }
      if source.isFolder {
        try copy(source, to: copied, depth: depth + 1, &lines)
      } else {
        try files.copyItem(at: source, to: copied)
      }
    }
  }

  /// PyTorch's weights of a folder that has no others: one file, or the parts that an index names.
  private static func torchFiles(in folder: URL, _ names: Set<String>) throws -> [URL] {
    if names.contains(WeightFile.name) || names.contains(WeightFile.indexName) { return [] }
    if names.contains(WeightFile.torchName) { return [folder.appendingPathComponent(WeightFile.torchName)] }
    guard let index = try SettingsFile(folder.appendingPathComponent(WeightFile.torchIndexName)) else { return [] }
    guard let map = try index.object("weight_map") else {
      throw index.wrong("weight_map", "missing", "an object of names and files is expected")
    }
    let parts = Set(try map.keys.compactMap { try map.text($0) }).sorted()
    guard let wrong = parts.first(where: { $0.contains("/") || !names.contains($0) }) else {
      return parts.map { folder.appendingPathComponent($0) }
    }
    throw index.wrong("weight_map", wrong.debugDescription, "a file in this folder is expected: copy or download the model again")
  }

  /// Writes the tensors of all parts into one file; their number.
  private static func convert(_ parts: [URL], to target: URL) throws -> Int {
    var tensors: [(name: String, array: HostArray)] = [], seen: Set<String> = []
    for part in parts {
      let file = try TorchFile(contentsOf: part.resolvingSymlinksInPath())
      for name in file.names {
        guard seen.insert(name).inserted else {
          throw FileError(file: part.path, field: name, value: "is in another part too", advice: "the parts are of different models")
        }
        if let array = try file.array(name) { tensors.append((name, array)) }
      }
    }
    try SafeTensors.write(tensors, metadata: ["format": "pt"], to: target)
    return tensors.count
  }
}
