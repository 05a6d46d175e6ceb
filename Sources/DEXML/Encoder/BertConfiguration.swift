import Foundation
import WengertNN

/// The shape of a BERT or DistilBERT encoder, as its `config.json` gives it.
public struct BertConfiguration: Sendable, Hashable {
  /// Which of the two families, that is, which names the files use.
  public enum Architecture: String, CaseIterable, Sendable {
    /// BERT, or DistilBERT, which has no token types.
    case bert, distilbert

    /// The names, for messages.
    static var names: String { allCases.map(\.rawValue).joined(separator: " and ") }
  }

  /// The family of the encoder.
  public var architecture = Architecture.bert
  /// The number of token embeddings.
  public var vocabularySize: Int
  /// The width of the hidden states.
  public var hiddenSize: Int
  /// The number of transformer blocks.
  public var layers: Int
  /// The number of attention heads, which divides the hidden size.
  public var heads: Int
  /// Width between the two layers of the feed-forward network.
  public var intermediateSize: Int
  /// The number of position embeddings: the greatest number of tokens of a text.
  public var maximumPositions = 512
  /// 0 for DistilBERT, which has no segment embeddings.
  public var typeCount = 2
  /// The dropout probability of embeddings and blocks.
  public var hiddenDropout = 0.1
  /// The dropout probability of attention weights.
  public var attentionDropout = 0.1
  /// The number ε of layer normalization.
  public var normEpsilon = 1e-12
  /// The id of the padding token.
  public var padID = 0

  /// The shape of a BERT encoder of these sizes.
  public init(vocabularySize: Int, hiddenSize: Int, layers: Int, heads: Int, intermediateSize: Int) {
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.heads = heads
    self.intermediateSize = intermediateSize
  }

  /// Reads `config.json` of a model folder.
  ///
  /// - Throws: `FileError` if the file cannot be read, is not of a BERT or DistilBERT, or has a setting that would change what is computed.
  public init(contentsOf file: URL) throws {
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
      throw FileError(file: file.path, field: "file", value: "cannot be read", advice: "a model folder needs its config.json")
    }
    try self.init(json: data, file: file.path)
  }

  init(json data: Data, file: String) throws {
    func fail(_ field: String, _ value: String, _ advice: String) -> FileError {
      FileError(file: file, field: field, value: value, advice: advice)
    }
    guard let object = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] else {
      throw fail("content", "not a JSON object", "give the config.json of a BERT or DistilBERT")
    }
    guard let type = object["model_type"] as? String else {
      throw fail(
        "model_type", "\(object["model_type"] ?? "missing")", "the name of an encoder is expected: \(Architecture.names) can be opened")
    }
    guard let architecture = Architecture(rawValue: type) else {
      throw fail("model_type", "\"\(type)\"", "encoders of this type cannot be opened; \(Architecture.names) can")
    }
    func whole(_ names: [String], _ missing: Int? = nil, in range: ClosedRange<Int> = 1...1 << 24) throws -> Int {
      guard let name = names.first(where: { object[$0] != nil }) else {
        guard let missing else { throw fail(names[0], "missing", "give the config.json of a BERT or DistilBERT") }
        return missing
      }
      guard let number = object[name] as? NSNumber, let value = Int(exactly: number.doubleValue), range.contains(value) else {
        throw fail(name, "\(object[name]!)", "expected a whole number in \(range)")
      }
      return value
    }
    func number(_ names: [String], _ missing: Double, in range: Range<Double>) throws -> Double {
      guard let name = names.first(where: { object[$0] != nil }) else { return missing }
      guard let value = (object[name] as? NSNumber)?.doubleValue, range.contains(value) else {
        throw fail(name, "\(object[name]!)", "expected a number in \(range)")
      }
      return value
    }
    func expect(_ name: String, _ allowed: [String]) throws {
      guard let value = object[name] else { return }
      guard let text = value as? String, allowed.contains(text) else {
        throw fail(name, "\(value)", "the encoder here has \(allowed.joined(separator: " or "))")
      }
    }
    /// A setting that changes what is computed must be off: missing, null, false or empty.
    func expectOff(_ name: String, _ what: String) throws {
      guard let value = object[name], !(value is NSNull) else { return }
      let isOff = (value as? Bool).map { !$0 } ?? (value as? [String: Any])?.isEmpty ?? (value as? [Any])?.isEmpty ?? false
      guard isOff else { throw fail(name, (value as? Bool).map { "\($0)" } ?? "\(value)", what) }
    }
    let isBert = architecture == .bert
    try expect(isBert ? "hidden_act" : "activation", ["gelu", "gelu_python"])
    try expect("position_embedding_type", ["absolute"])
    try expectOff("is_decoder", "tokens of a decoder see those before them only; the encoder here lets them see all")
    try expectOff("add_cross_attention", "the encoder here has no attention to another text")
    try expectOff("is_encoder_decoder", "the encoder here has no decoder")
    try expectOff("quantization_config", "quantized weights cannot be opened: save the model in float32")
    try expectOff("pruned_heads", "the encoder here has all heads: save the pruned model without them")
    try expectOff(
      "auto_map", "the folder has a model's code of its own, which is not run; \(Architecture.names) as transformers has them can be opened"
    )
    for name in ["attention_window", "sliding_window", "rope_theta", "rope_parameters", "rope_scaling", "rotary_kwargs", "alibi"] {
      try expectOff(name, "the encoder here attends to all tokens, at learned positions")
    }

    self.architecture = architecture
    vocabularySize = try whole(["vocab_size"])
    hiddenSize = try whole(["hidden_size", "dim"])
    guard try whole(["embedding_size"], hiddenSize) == hiddenSize else {
      throw fail("embedding_size", "\(object["embedding_size"]!)", "the encoder here has embeddings of its width, \(hiddenSize)")
    }
    layers = try whole(["num_hidden_layers", "n_layers"], in: 0...1024)
    heads = try whole(["num_attention_heads", "n_heads"])
    intermediateSize = try whole(["intermediate_size", "hidden_dim"])
    maximumPositions = try whole(["max_position_embeddings"], 512)
    typeCount = isBert ? try whole(["type_vocab_size"], 2) : 0
    hiddenDropout = try number(["hidden_dropout_prob", "dropout"], 0.1, in: 0..<1)
    attentionDropout = try number(["attention_probs_dropout_prob", "attention_dropout"], 0.1, in: 0..<1)
    // DistilBERT has no such setting.
    normEpsilon = isBert ? try number(["layer_norm_eps"], 1e-12, in: 0..<1) : 1e-12
    // Null where the tokenizer alone knows it.
    padID = object["pad_token_id"] is NSNull ? 0 : try whole(["pad_token_id"], 0, in: 0...1 << 24)
    guard hiddenSize % heads == 0 else {
      throw fail("num_attention_heads", "\(heads)", "it must divide the hidden size \(hiddenSize)")
    }
  }

  /// `config.json` as Hugging Face writes it for these models.
  public func json() -> Data {
    var object: [String: Any] = [
      "model_type": architecture.rawValue, "vocab_size": vocabularySize, "max_position_embeddings": maximumPositions, "pad_token_id": padID,
    ]
    let own: [String: Any] =
      switch architecture {
      case .bert:
        [
          "architectures": ["BertModel"], "hidden_size": hiddenSize, "num_hidden_layers": layers, "num_attention_heads": heads,
          "intermediate_size": intermediateSize, "type_vocab_size": typeCount, "hidden_dropout_prob": hiddenDropout,
          "attention_probs_dropout_prob": attentionDropout, "layer_norm_eps": normEpsilon, "hidden_act": "gelu",
          "position_embedding_type": "absolute",
        ]
      case .distilbert:
        [
          "architectures": ["DistilBertModel"], "dim": hiddenSize, "n_layers": layers, "n_heads": heads, "hidden_dim": intermediateSize,
          "dropout": hiddenDropout, "attention_dropout": attentionDropout, "activation": "gelu", "sinusoidal_pos_embds": false,
        ]
      }
    object.merge(own) { $1 }
    return try! settingsJSON(object)
  }
}
