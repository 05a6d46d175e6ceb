import Foundation
import WengertNN

/// What sentence-transformers wants beside a Hugging Face model: its list of modules, and their settings. Poolings that it does not know (BERT's pooler, lightxml)
/// are left out, and such a folder is one for Hugging Face's transformers alone.
struct SentenceTransformersFiles {
  let model: TextEncoder
  let maximumLength: Int
  let prompts: Prompts

  /// Writes them; the layers' folders.
  @discardableResult
  func write(to folder: URL) throws -> [SentenceTransformersFolder.Layer] {
    var width = model.pooledWidth, layers: [SentenceTransformersFolder.Layer] = []
    for layer in model.layers {
      layers.append(try write(layer, width: width, number: layers.count + 2, to: folder))
      width = layer.width(of: width) ?? width
    }
    guard model.pooling.isInSentenceTransformers else { return layers }
    var modules = [(path: "", type: "Transformer"), (path: "1_Pooling", type: "Pooling")]
    modules += layers.map { ($0.path, $0.kind.rawValue) }
    if model.normalizes {
      modules.append(("\(modules.count)_Normalize", "Normalize"))
      // Its settings are none, but the folder is looked for.
      try write([:], to: folder.appendingPathComponent(modules.last!.path))
    }
    let list = modules.enumerated().map { number, module in
      ["idx": number, "name": "\(number)", "path": module.path, "type": "sentence_transformers.models.\(module.type)"] as [String: Any]
    }
    try settingsJSON(list).write(to: folder.appendingPathComponent("modules.json"))
    try write(pooling, to: folder.appendingPathComponent("1_Pooling"))
    try settingsJSON(["max_seq_length": maximumLength, "do_lower_case": false] as [String: Any])
      .write(to: folder.appendingPathComponent("sentence_bert_config.json"))
    let description: [String: Any] = [
      "model_type": "SentenceTransformer", "similarity_fn_name": model.normalizes ? "cosine" : "dot", "prompts": prompts.texts,
      "default_prompt_name": prompts.defaultName as Any? ?? NSNull(),
    ]
    try settingsJSON(description).write(to: folder.appendingPathComponent("config_sentence_transformers.json"))
    return layers
  }

  /// The older keys, which all versions read, say what one mode is; several, or a prompt that is left out, need newer ones.
  private var pooling: [String: Any] {
    let modes = model.pooling.modes
    var settings: [String: Any] = [
      "word_embedding_dimension": model.encoder.configuration.hiddenSize, "include_prompt": model.pooling.includesPrompt,
    ]
    for (key, mode) in SentenceTransformersFolder.olderKeys { settings[key] = modes.contains(mode) }
    // Their order is free only in the newer key.
    let ordered = SentenceTransformersFolder.olderKeys.map(\.mode).filter(modes.contains)
    if ordered != modes { settings["pooling_mode"] = modes.map(\.rawValue) }
    return settings
  }

  private func write(_ layer: EmbeddingLayer, width: Int, number: Int, to folder: URL) throws -> SentenceTransformersFolder.Layer {
    func module(_ kind: SentenceTransformersFolder.Layer.Kind, _ settings: [String: Any], _ weights: [(String, Tensor?)]) throws
      -> SentenceTransformersFolder.Layer
    {
      let path = "\(number)_\(kind.rawValue)", place = folder.appendingPathComponent(path)
      try write(settings, to: place)
      let arrays = weights.compactMap { name, tensor in tensor.map { (name: name, array: $0.hostArray) } }
      if !arrays.isEmpty {
        try SafeTensors.write(arrays, metadata: ["format": "pt"], to: place.appendingPathComponent(WeightFile.name))
      }
      return SentenceTransformersFolder.Layer(kind: kind, path: path)
    }
    func module(_ dense: Dense) throws -> SentenceTransformersFolder.Layer {
      var settings: [String: Any] = [
        "in_features": dense.linear.weight.shape[1], "out_features": dense.linear.weight.shape[0], "bias": dense.linear.bias != nil,
        "activation_function": dense.activation.className,
      ]
      if dense.isResidual { settings["use_residual"] = true }
      return try module(
        .dense, settings,
        [("linear.weight", dense.linear.weight), ("linear.bias", dense.linear.bias), ("residual.weight", dense.residual?.weight)])
    }
    switch layer {
    case .normalize: return try module(.normalize, [:], [])
    case .norm(let norm): return try module(.norm, ["dimension": width], [("norm.weight", norm.weight), ("norm.bias", norm.bias)])
    case .dense(let dense): return try module(dense)
    case .truncate(let kept):
      // A module of its own there is none for it: a product with the first rows of the identity does the same.
      let rows = (0..<min(kept, width)).flatMap { row in (0..<width).map { $0 == row ? 1 : 0 as Float } }
      return try module(Dense(Linear(weight: Tensor(rows, shape: [min(kept, width), width]))))
    }
  }

  private func write(_ settings: [String: Any], to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try settingsJSON(settings).write(to: folder.appendingPathComponent("config.json"))
  }
}
