import Foundation

/// A model's folder of safetensors files: `model.safetensors`, or several shards with `model.safetensors.index.json`, which says in which file each array is. All are memory-mapped.
///
/// Opening checks that the index and the shards agree: every file is there and inside of the folder, holds the arrays that the index has in it and no others, and all take
/// `total_size` bytes, if the index tells it.
///
/// ```swift
/// try ShardedSafeTensors.write([("a", HostArray([1.5, 2.5])), ("b", HostArray([3.5]))], largestShard: 16, to: folder)
/// let b = try ShardedSafeTensors(contentsOf: folder).array("b")?.doubles()  // [3.5], of the second of two shards
/// ```
public struct ShardedSafeTensors: NamedArrays, Sendable {
  /// The names, shard by shard in the order of the shards' names.
  public let names: [String]
  /// The path of the index or of the only file, for errors.
  public let file: String
  /// The free texts of the files' headers.
  public let metadata: [String: String]
  private let shards: [SafeTensors]
  /// In which of the shards an array is.
  private let places: [String: Int]

  static let wholeName = "model.safetensors"
  static let indexName = "model.safetensors.index.json"

  /// Opens the folder at `folder`. Where there are both, `model.safetensors` is the model, as for transformers.
  ///
  /// - Throws: `FileError` if neither is there, a file cannot be read, or index and shards do not agree.
  public init(contentsOf folder: URL) throws {
    let whole = folder.appendingPathComponent(Self.wholeName), index = folder.appendingPathComponent(Self.indexName)
    if FileManager.default.fileExists(atPath: whole.path) {
      try self.init([SafeTensors(contentsOf: whole)], file: whole.path)
      return
    }
    guard FileManager.default.fileExists(atPath: index.path) else {
      throw FileError(
        file: folder.path, field: "folder", value: "has neither \(Self.wholeName) nor \(Self.indexName)",
        advice: "name the folder of a model in safetensors files")
    }
    let listed = try Index(mapFile(index), file: index.path)
    let files = Set(listed.weightMap.values).sorted()
    for name in files where name.isEmpty || name.hasPrefix(".") || name.contains("/") || name.contains("\0") {
      throw FileError(
        file: index.path, field: "weight_map", value: name.debugDescription,
        advice: "the name of a file in the same folder is expected: do not use this index")
    }
    try self.init(files.map { try SafeTensors(contentsOf: folder.appendingPathComponent($0)) }, file: index.path)
    try requireAgreement(with: listed, files)
  }

  private init(_ shards: [SafeTensors], file: String) throws {
    var places: [String: Int] = [:], metadata: [String: String] = [:]
    for (number, shard) in shards.enumerated() {
      for name in shard.names where places.updateValue(number, forKey: name) != nil {
        throw FileError(
          file: file, field: "shards", value: "\(name.debugDescription) is in two of them", advice: "use another copy of the model")
      }
      metadata.merge(shard.metadata) { first, _ in first }
    }
    (self.shards, self.places, self.metadata, self.file) = (shards, places, metadata, file)
    names = shards.flatMap(\.names)
  }

  private func requireAgreement(with index: Index, _ files: [String]) throws {
    func wrong(_ field: String, _ value: String) -> FileError {
      FileError(file: file, field: field, value: value, advice: "index and shards are not of one model: use another copy")
    }
    for (name, listed) in index.weightMap.sorted(by: { $0.key < $1.key }) {
      guard let place = places[name] else { throw wrong("weight_map", "\(name.debugDescription) is not in \(listed)") }
      guard files[place] == listed else { throw wrong("weight_map", "\(name.debugDescription) is in \(files[place]), not in \(listed)") }
    }
    if let other = names.first(where: { index.weightMap[$0] == nil }) {
      throw wrong("weight_map", "\(other.debugDescription) of \(files[places[other]!]) is missing")
    }
    if let size = index.totalSize, size != Double(byteCount) {
      throw wrong("total_size", "\(Int(exactly: size).map(String.init) ?? "\(size)"); the shards' arrays take \(byteCount) bytes")
    }
  }

  /// How many bytes the arrays take.
  public var byteCount: Int { shards.reduce(0) { $0 + $1.byteCount } }

  public func type(of name: String) -> (dtype: DType, shape: [Int])? { places[name].flatMap { shards[$0].type(of: name) } }

  /// The array of this name, if there is one.
  public func array(_ name: String) -> HostArray? { places[name].flatMap { shards[$0][name] } }

  /// Writes the arrays in their order to `model-00001-of-0000N.safetensors` …, none of which takes more than `largestShard` bytes unless one array does, and the index last; or, if
  /// one file holds all, to `model.safetensors`. What was in the folder as a model of these names is replaced; other files stay. While the files are written the folder has no model,
  /// so that nobody reads parts of two.
  ///
  /// - Parameters:
  ///   - tensors: names and arrays.
  ///   - metadata: free texts, by their names, in every file.
  ///   - largestShard: how many bytes of arrays a file holds at most.
  ///   - folder: is made if it is not there.
  /// - Throws: `FileError` if two arrays have one name, or a file cannot be written.
  public static func write(
    _ tensors: [(name: String, array: HostArray)], metadata: [String: String] = [:], largestShard: Int = 5_000_000_000, to folder: URL
  ) throws {
    var shards: [[(name: String, array: HostArray)]] = [[]], bytes = 0, seen: Set<String> = []
    for tensor in tensors {
      guard seen.insert(tensor.name).inserted else {
        throw FileError(file: folder.path, field: "name", value: tensor.name, advice: "give each array a name of its own")
      }
      if bytes + tensor.array.data.count > largestShard, !shards[shards.count - 1].isEmpty {
        shards.append([])
        bytes = 0
      }
      shards[shards.count - 1].append(tensor)
      bytes += tensor.array.data.count
    }
    let files = FileManager.default
    do { try files.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw FileError(file: folder.path, field: "creating", value: error.localizedDescription, advice: "check the path")
    }
    let whole = folder.appendingPathComponent(wholeName), index = folder.appendingPathComponent(indexName)
    if shards.count == 1 {
      // Renamed over the old one: there is a model at every moment.
      try SafeTensors.write(shards[0], metadata: metadata, to: whole)
      try remove(index)
    } else {
      try remove(index)
      try remove(whole)
    }
    func name(_ number: Int) -> String { "model-\(digits(number + 1))-of-\(digits(shards.count)).safetensors" }
    let written = shards.count == 1 ? [] : shards.indices.map(name)
    for (shard, name) in zip(shards, written) { try SafeTensors.write(shard, metadata: metadata, to: folder.appendingPathComponent(name)) }
    if shards.count > 1 {
      let places = zip(shards, written).flatMap { shard, file in shard.map { (key: $0.name, value: JSONValue.text(file)) } }
      let total = tensors.reduce(0) { $0 + $1.array.data.count }
      let json = JSONValue.object([
        ("metadata", .object([("total_size", .whole(total))])), ("weight_map", .object(places.sorted { $0.key < $1.key })),
      ])
      try FileBeingWritten.write(Data((json.json + "\n").utf8), to: index)
    }
    for old in (try? files.contentsOfDirectory(atPath: folder.path)) ?? []
    where old.wholeMatch(of: /model-\d{5}-of-\d{5}\.safetensors/) != nil && !written.contains(old) {
      try remove(folder.appendingPathComponent(old))
    }
  }

  private static func digits(_ number: Int) -> String { String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)" }

  private static func remove(_ url: URL) throws {
    guard unlink(url.path) == 0 || errno == ENOENT else {
      throw FileError.system(url.path, "removing", "check that the folder is writable")
    }
  }
}

/// `model.safetensors.index.json`.
private struct Index: Decodable {
  var weightMap: [String: String]
  /// Nil if it is not told.
  var totalSize: Double?

  private enum CodingKeys: String, CodingKey {
    case weightMap = "weight_map"
    case metadata
  }
  private struct Metadata: Decodable {
    var totalSize: Double?
    enum CodingKeys: String, CodingKey { case totalSize = "total_size" }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    weightMap = try container.decode([String: String].self, forKey: .weightMap)
    totalSize = try container.decodeIfPresent(Metadata.self, forKey: .metadata)?.totalSize
  }

  init(_ json: Data, file: String) throws {
    guard json.count <= SafeTensors.longestHeader, json.first(where: { !" \t\r\n".utf8.contains($0) }) == UInt8(ascii: "{") else {
      throw FileError(file: file, field: "index", value: "\(json.count) bytes", advice: "a JSON object is expected")
    }
    do {
      self = try JSONDecoder().decode(Index.self, from: json)
    } catch let error as DecodingError {
      let context: DecodingError.Context =
        switch error {
        case .dataCorrupted(let context), .keyNotFound(_, let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
          context
        @unknown default: .init(codingPath: [], debugDescription: "not readable")
        }
      throw FileError(
        file: file, field: (["index"] + context.codingPath.map(\.stringValue)).joined(separator: ", "), value: context.debugDescription,
        advice: "the file is damaged or is no index of safetensors files")
    }
  }
}

extension TensorTree {
  /// Writes all tensors by their dotted names to the safetensors files of a folder, as `ShardedSafeTensors.write` does; `load(ShardedSafeTensors(contentsOf: folder))` reads them.
  ///
  /// - Throws: `FileError` if two tensors have one name, or a file cannot be written.
  public func save(
    toFolder folder: URL, largestShard: Int = 5_000_000_000, metadata: [String: String] = ["format": "pt"],
    fileName: (String) -> String = { $0 }
  ) throws {
    try ShardedSafeTensors.write(
      namedTensors.map { (fileName($0.name), $0.tensor.hostArray) }, metadata: metadata, largestShard: largestShard, to: folder)
  }
}
