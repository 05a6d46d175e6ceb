import Foundation
import WengertNN

/// A model's weights by name, whichever files hold them.
enum WeightFile {
  case safetensors(SafeTensors)
  /// Several files, and which of them has a name.
  case shards(index: String, [String: SafeTensors])
  case torch(TorchFile)

  static let name = "model.safetensors", indexName = "model.safetensors.index.json"
  static let torchName = "pytorch_model.bin", torchIndexName = "pytorch_model.bin.index.json"

  /// The weights of an encoder's folder: one safetensors file, or the parts that an index names.
  init(ofEncoder folder: URL) throws {
    let files = FileManager.default, single = folder.appendingPathComponent(Self.name)
    if files.fileExists(atPath: single.path) {
      self = .safetensors(try SafeTensors(contentsOf: single))
    } else if let index = try SettingsFile(folder.appendingPathComponent(Self.indexName)) {
      self = .shards(index: index.file, try Self.shards(index, folder))
    } else {
      let other = [Self.torchName, Self.torchIndexName, "tf_model.h5", "flax_model.msgpack"].first {
        files.fileExists(atPath: folder.appendingPathComponent($0).path)
      }
      let advice =
        switch other {
        case nil: "copy it there: a model folder needs its weights"
        case Self.torchName, Self.torchIndexName:
          "the weights are in \(other!): write a folder that can be opened with dexml convert \(folder.path) --output FOLDER"
        default: "the weights are in \(other!), which cannot be opened: open the model in transformers and save it again"
        }
      throw FileError(file: single.path, field: "file", value: "not there", advice: advice)
    }
  }

  /// The weights of a small module's folder, safetensors or PyTorch's.
  init(ofModule folder: URL) throws {
    let files = FileManager.default, single = folder.appendingPathComponent(Self.name),
      torch = folder.appendingPathComponent(Self.torchName)
    if files.fileExists(atPath: single.path) {
      self = .safetensors(try SafeTensors(contentsOf: single))
    } else if files.fileExists(atPath: torch.path) {
      self = .torch(try TorchFile(contentsOf: torch))
    } else {
      throw FileError(file: single.path, field: "file", value: "not there", advice: "nor is \(Self.torchName): copy the folder again")
    }
  }

  private static func shards(_ index: SettingsFile, _ folder: URL) throws -> [String: SafeTensors] {
    guard let map = try index.object("weight_map") else {
      throw index.wrong("weight_map", "missing", "an object of names and files is expected")
    }
    var opened: [String: SafeTensors] = [:], places: [String: SafeTensors] = [:]
    for name in map.keys {
      guard let part = try map.text(name), !part.contains("/") else {
        throw map.wrong(name, map.value(name)?.summary ?? "", "the name of a file in this folder is expected")
      }
      if opened[part] == nil { opened[part] = try SafeTensors(contentsOf: folder.appendingPathComponent(part)) }
      guard opened[part]?[name] != nil else {
        throw map.wrong(
          name, part.debugDescription, "the file has no such tensor: the parts are of different models, or a download was cut off")
      }
      places[name] = opened[part]
    }
    return places
  }

  /// The file, for errors.
  var path: String {
    switch self {
    case .safetensors(let file): file.file
    case .shards(let index, _): index
    case .torch(let file): file.file
    }
  }

  /// Bytes of all tensors.
  var byteCount: Int {
    get throws {
      switch self {
      case .safetensors(let file): file.byteCount
      case .shards(_, let places):
        Dictionary(places.values.map { ($0.file, $0.byteCount) }, uniquingKeysWith: { a, _ in a }).values.reduce(0, +)
      case .torch(let file): try file.names.reduce(0) { try $0 + (file.array($1)?.data.count ?? 0) }
      }
    }
  }

  var names: [String] {
    switch self {
    case .safetensors(let file): file.names
    case .shards(_, let places): places.keys.sorted()
    case .torch(let file): file.names
    }
  }

  func array(_ name: String) throws -> HostArray? {
    switch self {
    case .safetensors(let file): file[name]
    case .shards(_, let places): places[name]?[name]
    case .torch(let file): try file.array(name)
    }
  }
}
