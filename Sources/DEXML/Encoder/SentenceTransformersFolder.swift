import Foundation
import WengertNN

/// A folder of sentence-transformers, as its `modules.json` says: an encoder, a pooling, and what follows it. What is not known here is refused by name.
///
/// Read as version 6 of the package does, and as older ones wrote: their class paths, and `pooling_mode_…` instead of `pooling_mode`.
struct SentenceTransformersFolder {
  /// A layer behind pooling, and the folder that holds it.
  struct Layer: Equatable {
    enum Kind: String { case dense = "Dense", norm = "LayerNorm", normalize = "Normalize" }

    var kind: Kind
    var path: String
  }

  /// The encoder's folder below the model's; empty: the same.
  private(set) var encoderPath = ""
  private(set) var pooling = Pooling.mean
  private(set) var layers: [Layer] = []

  private enum ModuleKind: String, CaseIterable {
    case transformer = "Transformer"
    case pooling = "Pooling"
    case dense = "Dense"
    case norm = "LayerNorm"
    case dropout = "Dropout"
    case normalize = "Normalize"
  }

  /// Nil if the folder has no `modules.json`.
  init?(_ folder: URL, width: (_ encoder: URL) throws -> Int) throws {
    let list = folder.appendingPathComponent("modules.json")
    guard FileManager.default.fileExists(atPath: list.path) else { return nil }
    func wrong(_ field: String, _ value: String, _ advice: String) -> FileError {
      FileError(file: list.path, field: field, value: value, advice: advice)
    }
    guard let modules = try JSONDocument(parsing: readFile(list), file: list.path).array, !modules.isEmpty else {
      throw wrong("content", "no list of modules", "a list of objects with path and type is expected")
    }
    var hasPooling = false
    for (number, module) in modules.enumerated() {
      func text(_ key: String) throws -> String {
        guard let value = module[key]?.string else {
          throw wrong("[\(number)].\(key)", module[key]?.summary ?? "missing", "a text is expected")
        }
        return String(decoding: value, as: UTF8.self)
      }
      let path = try text("path"), type = try text("type")
      guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
        throw wrong("[\(number)].path", path.debugDescription, "a folder below this one is expected")
      }
      guard let kind = Self.kind(type) else {
        let known = ModuleKind.allCases.map(\.rawValue)
        throw wrong(
          "[\(number)].type", type.debugDescription,
          "a model with this module cannot be opened; those of \(known.dropLast().joined(separator: ", ")) and \(known.last!) can")
      }
      guard (kind == .transformer) == (number == 0) else {
        throw wrong("[\(number)].type", type.debugDescription, "Transformer is expected as the first module and nowhere else")
      }
      guard number == 0 || (kind == .pooling) != hasPooling else {
        throw wrong("[\(number)].type", type.debugDescription, "one Pooling is expected, before all modules that follow the Transformer")
      }
      let place = folder.appendingPathComponent(path)
      switch kind {
      case .transformer: encoderPath = path
      case .pooling:
        hasPooling = true
        pooling = try Self.pooling(place, width: width(folder.appendingPathComponent(encoderPath)))
      case .dense: layers.append(Layer(kind: .dense, path: path))
      case .norm: layers.append(Layer(kind: .norm, path: path))
      case .normalize:
        layers.append(Layer(kind: .normalize, path: path))
        if let settings = try SettingsFile(place.appendingPathComponent("config.json")) {
          for key in ["module_input_name", "module_output_name"] {
            try settings.expect(key, "sentence_embedding", "a Normalize of something else")
          }
        }
      case .dropout: break  // in evaluation it does nothing
      }
    }
    guard hasPooling else { throw wrong("modules", "no Pooling", "a model that gives one vector for each text is expected") }
  }

  /// The module that a class path names, in the package as it is today and as it was.
  private static func kind(_ type: String) -> ModuleKind? {
    let parts = type.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 3, parts[0] == "sentence_transformers", ["models", "base", "sentence_transformer"].contains(parts[1]) else {
      return nil
    }
    return ModuleKind(rawValue: parts[parts.count - 1])
  }

  // MARK: pooling

  /// The older keys, in the order in which several are put side by side.
  static let olderKeys: [(key: String, mode: Pooling.Mode)] = [
    ("pooling_mode_cls_token", .cls), ("pooling_mode_max_tokens", .max), ("pooling_mode_mean_tokens", .mean),
    ("pooling_mode_mean_sqrt_len_tokens", .meanSqrtLength), ("pooling_mode_weightedmean_tokens", .weightedMean),
    ("pooling_mode_lasttoken", .lastToken),
  ]

  /// The pooling of a module's folder. `pooling_mode` goes before the older keys; without any it is the mean.
  static func pooling(_ folder: URL, width: Int) throws -> Pooling {
    let url = folder.appendingPathComponent("config.json")
    guard let settings = try SettingsFile(url) else {
      throw FileError(file: url.path, field: "file", value: "not there", advice: "a Pooling needs its settings: copy the folder again")
    }
    let sizes = ["embedding_dimension", "word_embedding_dimension"]
    try settings.expectOnly(Set(sizes + ["pooling_mode", "include_prompt"] + olderKeys.map(\.key)), "a Pooling")
    for key in sizes {
      if let size = try settings.whole(key, in: 1...1 << 24), size != width {
        throw settings.wrong(key, "\(size)", "the encoder's width is \(width): the files are of different models")
      }
    }
    var names = try settings.texts("pooling_mode")
    if names == nil {
      names = try olderKeys.filter { try settings.bool($0.key) ?? false }.map(\.mode.rawValue)
      if names?.isEmpty == true { names = [Pooling.Mode.mean.rawValue] }
    }
    let known = olderKeys.map(\.mode)
    let modes = try (names ?? []).map { name in
      guard let mode = Pooling.Mode(rawValue: name), known.contains(mode) else {
        throw settings.wrong("pooling_mode", name.debugDescription, "\(known.map(\.rawValue).joined(separator: ", ")) can be opened")
      }
      return mode
    }
    guard let pooling = Pooling(modes, includesPrompt: try settings.bool("include_prompt") ?? true) else {
      throw settings.wrong("pooling_mode", "\(names ?? [])", "one or several are expected, each once")
    }
    return pooling
  }

  // MARK: layers

  /// A layer with its weights; nothing is missing and nothing left over.
  static func load(_ layer: Layer, in folder: URL) throws -> EmbeddingLayer {
    let place = folder.appendingPathComponent(layer.path), url = place.appendingPathComponent("config.json")
    switch layer.kind {
    case .normalize: return .normalize
    case .dense, .norm: break
    }
    guard let settings = try SettingsFile(url) else {
      throw FileError(
        file: url.path, field: "file", value: "not there", advice: "a \(layer.kind.rawValue) needs its settings: copy the folder again")
    }
    guard layer.kind == .dense else {
      try settings.expectOnly(["dimension"], "a LayerNorm")
      let width = try size(settings, "dimension")
      var weights = try LayerWeights(place)
      let norm = LayerNorm(weight: try weights.take("norm.weight", [width]), bias: try weights.take("norm.bias", [width]), epsilon: 1e-5)
      try weights.expectNoMore()
      return .norm(norm)
    }
    return .dense(try dense(settings, place))
  }

  private static func dense(_ settings: SettingsFile, _ place: URL) throws -> Dense {
    try settings.expectOnly(
      ["in_features", "out_features", "bias", "activation_function", "module_input_name", "module_output_name", "use_residual"], "a Dense")
    for key in ["module_input_name", "module_output_name"] { try settings.expect(key, "sentence_embedding", "a Dense of something else") }
    let inputs = try size(settings, "in_features"), outputs = try size(settings, "out_features")
    // The package's own default.
    let name = try settings.text("activation_function") ?? DenseActivation.tanh.className
    guard let activation = DenseActivation(className: name) else {
      throw settings.wrong(
        "activation_function", name.debugDescription,
        "torch.nn's \(DenseActivation.allCases.map(\.rawValue).joined(separator: ", ")) can be opened")
    }
    let bias = try settings.bool("bias") ?? true, isResidual = try settings.bool("use_residual") ?? false
    var weights = try LayerWeights(place)
    let linear = Linear(
      weight: try weights.take("linear.weight", [outputs, inputs]), bias: bias ? try weights.take("linear.bias", [outputs]) : nil)
    let residual = isResidual && inputs != outputs ? Linear(weight: try weights.take("residual.weight", [outputs, inputs])) : nil
    try weights.expectNoMore()
    return Dense(linear, activation: activation, isResidual: isResidual, residual: residual)
  }

  private static func size(_ settings: SettingsFile, _ key: String) throws -> Int {
    guard let size = try settings.whole(key, in: 1...1 << 24) else { throw settings.wrong(key, "missing", "a whole number is expected") }
    return size
  }
}

/// The weights of a module's folder, taken one after the other.
private struct LayerWeights {
  private let file: WeightFile
  private var left: Set<String>

  init(_ folder: URL) throws {
    file = try WeightFile(ofModule: folder)
    left = Set(file.names)
  }

  mutating func take(_ name: String, _ shape: [Int]) throws -> Tensor {
    guard let array = try file.array(name) else {
      throw FileError(file: file.path, field: name, value: "missing", advice: "the settings beside the file ask for it")
    }
    guard array.shape == shape, array.dtype.isFloating else {
      throw FileError(
        file: file.path, field: name, value: "\(array.dtype) \(array.shape)", advice: "the settings beside the file say \(shape)")
    }
    left.remove(name)
    return Tensor(array).cast(to: .float32)
  }

  func expectNoMore() throws {
    guard let name = left.sorted().first else { return }
    throw FileError(
      file: file.path, field: name, value: "unexpected", advice: "the settings beside the file do not use it: the model may be another one")
  }
}
