import Foundation
import WengertNN

/// What sentence-transformers wants beside a Hugging Face model: its list of modules, and their settings. Poolings that it does not know (BERT's pooler, lightxml)
/// are left out, and such a folder is one for Hugging Face's transformers alone.
struct SentenceTransformersFiles {
  let model: TextEncoder
  let maximumLength: Int

  static let bottleneckFolder = "2_Dense"

  func write(to folder: URL) throws {
    if let bottleneck = model.bottleneck, let bias = bottleneck.bias {
      let dense = folder.appendingPathComponent(Self.bottleneckFolder)
      try write(
        [
          "in_features": bottleneck.weight.shape[1], "out_features": bottleneck.weight.shape[0], "bias": true,
          "activation_function": "torch.nn.modules.linear.Identity",
        ], to: dense)
      try SafeTensors.write(
        [("linear.weight", bottleneck.weight.arrayFile), ("linear.bias", bias.arrayFile)], metadata: ["format": "pt"],
        to: dense.appendingPathComponent("model.safetensors"))
    }
    guard model.pooling == .cls || model.pooling == .mean else { return }
    var modules = [(path: "", type: "Transformer"), (path: "1_Pooling", type: "Pooling")]
    if model.bottleneck != nil { modules.append((Self.bottleneckFolder, "Dense")) }
    if model.normalizes { modules.append(("\(modules.count)_Normalize", "Normalize")) }
    let list = modules.enumerated().map { number, module in
      ["idx": number, "name": "\(number)", "path": module.path, "type": "sentence_transformers.models.\(module.type)"] as [String: Any]
    }
    try json(list).write(to: folder.appendingPathComponent("modules.json"))
    try write(
      [
        "word_embedding_dimension": model.encoder.configuration.hiddenSize, "pooling_mode_cls_token": model.pooling == .cls,
        "pooling_mode_mean_tokens": model.pooling == .mean, "pooling_mode_max_tokens": false, "pooling_mode_mean_sqrt_len_tokens": false,
      ], to: folder.appendingPathComponent("1_Pooling"))
    if model.normalizes {
      // Its settings are none, but the folder is looked for.
      try write([:], to: folder.appendingPathComponent(modules.last!.path))
    }
    try json(["max_seq_length": maximumLength, "do_lower_case": false] as [String: Any])
      .write(to: folder.appendingPathComponent("sentence_bert_config.json"))
  }

  private func write(_ settings: [String: Any], to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try json(settings).write(to: folder.appendingPathComponent("config.json"))
  }

  private func json(_ object: Any) throws -> Data {
    try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
  }
}
