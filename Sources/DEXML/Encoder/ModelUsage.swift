import Foundation
import WengertNN

extension ModelFolder {
  /// How a model was trained to be used: what is not in `config.json`.
  public struct Usage: Sendable, Equatable {
    /// How tokens become one vector.
    public var pooling = Pooling.cls
    /// Whether the last step makes embeddings of length one.
    public var normalizes = true
    /// The greatest number of tokens of a text; nil: as many as there are positions.
    public var maximumLength: Int?
    /// The texts that precede each text.
    public var prompts = Prompts()
    /// How the folder says that embeddings are compared; nil if it does not.
    public var similarity: Similarity?
    /// Whether the folder says how it is used; a folder of an encoder alone does not.
    public private(set) var isStated = false
    /// The layers between pooling and normalization, and the width of what is kept of them.
    var layers: [SentenceTransformersFolder.Layer] = []
    var truncatedWidth: Int?
    /// The encoder's folder below the model's; empty: the same.
    var encoderPath = ""
    /// Whether the tokenizer lower-cases, whatever its own files say.
    var lowercases = false

    /// The usage that a folder states.
    public init(pooling: Pooling = .cls, normalizes: Bool = true, maximumLength: Int? = nil, prompts: Prompts = Prompts()) {
      self.pooling = pooling
      self.normalizes = normalizes
      self.maximumLength = maximumLength
      self.prompts = prompts
      isStated = true
    }
  }
}

extension ModelFolder.Usage {
  /// From `dexml.json`, or from the files of sentence-transformers, or the defaults of an encoder alone.
  init(folder: URL) throws {
    self.init()
    isStated = false
    if let own = try SettingsFile(folder.appendingPathComponent("dexml.json")) {
      try read(own: own, folder)
      return
    }
    let theirs = try SentenceTransformersFolder(folder) {
      try BertConfiguration(contentsOf: $0.appendingPathComponent("config.json")).hiddenSize
    }
    if let theirs {
      (pooling, layers, encoderPath) = (theirs.pooling, theirs.layers, theirs.encoderPath)
      isStated = true
    } else {
      try readWithoutModules(folder)
    }
    try readTransformer(folder.appendingPathComponent(encoderPath))
    if theirs != nil { try readModel(folder) }
    // The last step, where it is one to length one, is what `norm_embs` speaks of.
    normalizes = theirs == nil || (truncatedWidth == nil && layers.last?.kind == .normalize)
    if theirs != nil, normalizes { layers.removeLast() }
  }

  /// A folder whose `modules.json` is missing may have its pooling, but nothing else of it.
  private mutating func readWithoutModules(_ folder: URL) throws {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    if let name = names.sorted().first(where: { $0.wholeMatch(of: #/[0-9]+_(Dense|LayerNorm|Normalize)/#) != nil }) {
      throw FileError(
        file: folder.appendingPathComponent("modules.json").path, field: "file", value: "not there",
        advice: "\(name) is, but not what says when it is used: copy the folder again")
    }
    let place = folder.appendingPathComponent("1_Pooling")
    guard FileManager.default.fileExists(atPath: place.appendingPathComponent("config.json").path) else { return }
    pooling = try SentenceTransformersFolder.pooling(
      place, width: BertConfiguration(contentsOf: folder.appendingPathComponent("config.json")).hiddenSize)
    isStated = true
  }

  private mutating func read(own: SettingsFile, _ folder: URL) throws {
    isStated = true
    guard let name = try own.text("pooling"), let mode = Pooling(configurationText: name) else {
      throw own.wrong("pooling", own.value("pooling")?.summary ?? "missing", "\(Pooling.expectation) is expected")
    }
    pooling = mode
    pooling.includesPrompt = try own.bool("include_prompt") ?? true
    guard let normalizes = try own.bool("normalize") else { throw own.wrong("normalize", "missing", "true or false is expected") }
    self.normalizes = normalizes
    guard let length = try own.whole("max_length", in: 2...1 << 24) else {
      throw own.wrong("max_length", "missing", "a number is expected")
    }
    maximumLength = length
    let bottleneck = SentenceTransformersFolder.Layer(kind: .dense, path: "2_Dense")
    if let paths = try own.texts("layers") {
      layers = try paths.map { path in
        guard let last = path.split(separator: "_").last, let kind = SentenceTransformersFolder.Layer.Kind(rawValue: String(last)),
          !path.contains("/")
        else {
          throw own.wrong(
            "layers", path.debugDescription, "folders of this one that end with _Dense, _LayerNorm or _Normalize are expected")
        }
        return SentenceTransformersFolder.Layer(kind: kind, path: path)
      }
    } else if FileManager.default.fileExists(atPath: folder.appendingPathComponent("2_Dense/model.safetensors").path) {
      layers = [bottleneck]
    }
    if let settings = try SettingsFile(folder.appendingPathComponent("config_sentence_transformers.json")) { try readPrompts(settings) }
  }

  /// The names under which the Transformer's settings have been kept; the first that is there counts.
  private static let transformerFiles = [
    "sentence_bert_config.json", "sentence_roberta_config.json", "sentence_distilbert_config.json", "sentence_camembert_config.json",
    "sentence_albert_config.json", "sentence_xlm-roberta_config.json", "sentence_xlnet_config.json",
  ]

  /// Lengths and lower-casing: of the Transformer's settings, or else of the tokenizer's.
  private mutating func readTransformer(_ encoder: URL) throws {
    let settings = try Self.transformerFiles.lazy.compactMap { try SettingsFile(encoder.appendingPathComponent($0)) }.first
    if let settings {
      try settings.expectOnly(
        [
          "max_seq_length", "do_lower_case", "transformer_task", "modality_config", "module_output_name", "processing_kwargs",
          "unpad_inputs",
          "model_args", "model_kwargs", "config_args", "config_kwargs", "tokenizer_args", "processor_kwargs",
        ], "a Transformer")
      try settings.expect("transformer_task", "feature-extraction", "a Transformer of another task")
      try settings.expect("module_output_name", "token_embeddings", "a Transformer with another output")
      if let modalities = try settings.object("modality_config") {
        try modalities.expectOnly(["text"], "a Transformer")
        if let text = try modalities.object("text") {
          try text.expectOnly(["method", "method_output_name"], "a Transformer")
          try text.expect("method", "forward", "a Transformer with another method")
          guard try text.texts("method_output_name") ?? ["last_hidden_state"] == ["last_hidden_state"] else {
            throw text.wrong("method_output_name", text.value("method_output_name")!.summary, "last_hidden_state can be opened")
          }
        }
      }
      try settings.object("processing_kwargs")?.expectOnly([], "a Transformer")
      for key in ["model_args", "model_kwargs"] {
        guard let arguments = try settings.object(key) else { continue }
        try arguments.expectOnly(
          ["add_pooling_layer", "attn_implementation", "torch_dtype", "dtype", "trust_remote_code"], "a Transformer")
        for key in ["torch_dtype", "dtype"] where try arguments.text(key) != "auto" {
          try arguments.expect(key, "float32", "another precision")
        }
      }
      for key in ["config_args", "config_kwargs"] {
        try settings.object(key)?.expectOnly(["use_cache", "trust_remote_code"], "a Transformer")
      }
      for key in ["tokenizer_args", "processor_kwargs"] {
        guard let arguments = try settings.object(key) else { continue }
        try arguments.expectOnly(["model_max_length", "use_fast", "trust_remote_code"], "a Transformer")
        maximumLength = try arguments.whole("model_max_length", in: 2...Int(1 << 53)) ?? maximumLength
      }
      maximumLength = try maximumLength ?? settings.whole("max_seq_length", in: 2...1 << 53)
      lowercases = try settings.bool("do_lower_case") ?? false
    }
    guard let tokenizer = try SettingsFile(encoder.appendingPathComponent("tokenizer_config.json")) else { return }
    for key in ["truncation_side", "padding_side"] { try tokenizer.expect(key, "right", "a tokenizer that works from the other side") }
    guard maximumLength == nil, let length = try tokenizer.number("model_max_length") ?? tokenizer.number("max_len") else { return }
    // Some 10³⁰ stands for no limit.
    guard length >= 2 else { throw tokenizer.wrong("model_max_length", "\(length)", "a number of at least 2 is expected") }
    if length < Double(1 << 24) { maximumLength = Int(length) }
  }

  /// What the model says of itself as a whole.
  private mutating func readModel(_ folder: URL) throws {
    guard let settings = try SettingsFile(folder.appendingPathComponent("config_sentence_transformers.json")) else { return }
    try settings.expect("model_type", "SentenceTransformer", "another kind of model")
    try readPrompts(settings)
    truncatedWidth = try settings.whole("truncate_dim", in: 1...1 << 24)
    if let name = try settings.text("similarity_fn_name") {
      guard let known = Similarity(rawValue: name) else {
        throw settings.wrong(
          "similarity_fn_name", name.debugDescription, "\(Similarity.allCases.map(\.rawValue).joined(separator: ", ")) can be opened")
      }
      similarity = known
    }
  }

  private mutating func readPrompts(_ settings: SettingsFile) throws {
    var texts: [String: String] = [:]
    if let all = try settings.object("prompts") {
      // A prompt of null is none, but may be named.
      for name in all.allKeys { texts[name] = try all.text(name) ?? "" }
    }
    let name = try settings.text("default_prompt_name")
    if let name, texts[name] == nil, !["query", "document"].contains(name) {
      throw settings.wrong("default_prompt_name", name.debugDescription, "prompts has \(texts.keys.sorted())")
    }
    prompts = Prompts(texts, defaultName: name)
  }

  /// `dexml.json`; the layers by the folders that hold them.
  func json() throws -> Data {
    var object: [String: Any] = ["pooling": pooling.configurationText, "normalize": normalizes]
    if let maximumLength { object["max_length"] = maximumLength }
    if !pooling.includesPrompt { object["include_prompt"] = false }
    if !layers.isEmpty { object["layers"] = layers.map(\.path) }
    return try settingsJSON(object)
  }
}
