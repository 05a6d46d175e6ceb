import Foundation
import WengertNN

/// A model folder of Hugging Face: `config.json`, `model.safetensors`, the tokeniser's files; how it was trained to be used, in `dexml.json`; and the classifier that was
/// trained with it, if one was, in `classifier.safetensors`.
public struct ModelFolder: Sendable {
  /// What is not in `config.json`.
  public struct Usage: Sendable, Equatable {
    public var pooling = Pooling.cls
    public var normalizes = true
    /// Most tokens of a text; nil: as many as there are positions.
    public var maximumLength: Int?

    public init(pooling: Pooling = .cls, normalizes: Bool = true, maximumLength: Int? = nil) {
      self.pooling = pooling
      self.normalizes = normalizes
      self.maximumLength = maximumLength
    }
  }

  public let url: URL
  public let configuration: BertConfiguration
  public let usage: Usage

  /// Reads the settings; `model()` and `tokenizer()` read the rest.
  public init(_ url: URL) throws {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory), isDirectory.boolValue else {
      throw FileError(
        file: url.path, field: "folder", value: "not there",
        advice: "give a model folder with config.json, model.safetensors and vocab.txt or tokenizer.json")
    }
    self.url = url
    configuration = try BertConfiguration(contentsOf: url.appendingPathComponent("config.json"))
    usage = try Usage(folder: url)
  }

  /// Most tokens of a text, `asked` or what the folder says; never more than there are positions.
  public func maximumLength(_ asked: Int?) throws -> Int {
    if let asked {
      guard asked <= configuration.maximumPositions else {
        throw FileError(
          file: url.appendingPathComponent("config.json").path, field: "max_position_embeddings",
          value: "\(configuration.maximumPositions)",
          advice: "texts of \(asked) tokens do not fit; choose a smaller maximum length")
      }
      return asked
    }
    return min(usage.maximumLength ?? configuration.maximumPositions, configuration.maximumPositions)
  }

  public func tokenizer() throws -> Tokenizer {
    let tokenizer = try Tokenizer(folder: url)
    guard tokenizer.vocabularySize <= configuration.vocabularySize else {
      throw FileError(
        file: url.path, field: "vocabulary", value: "\(tokenizer.vocabularySize) entries",
        advice: "the embeddings of config.json have vocab_size \(configuration.vocabularySize)")
    }
    return tokenizer
  }

  /// The encoder with its weights, and the bottleneck where there is one.
  public func model() throws -> (encoder: BertEncoder, bottleneck: Linear?) {
    let file = url.appendingPathComponent("model.safetensors")
    let weights = try SafeTensors(contentsOf: file)
    try configuration.checkSize(weights: weights.byteCount, file: file.path)
    var encoder = BertEncoder(configuration, key: RandomKey(0))
    func array(_ name: String) -> ArrayFile? {
      ParameterNames.candidates(name, configuration.architecture).lazy.compactMap { weights[$0] }.first
    }
    if encoder.pooler != nil, array("pooler.weight") == nil { encoder.pooler = nil }
    var problems: [String] = []
    encoder.visit("") { name, tensor in
      let theirs = ParameterNames.inFile(name, configuration.architecture)
      guard let array = array(name) else { return problems.append("\(theirs) missing") }
      guard array.shape == Array(tensor.shape) else {
        return problems.append("\(theirs) has shape \(array.shape), config.json says \(tensor.shape)")
      }
      tensor = Tensor(array).cast(to: .float32)
    }
    guard problems.isEmpty else {
      let shown = problems.prefix(3).joined(separator: "; ") + (problems.count > 3 ? "; and \(problems.count - 3) more" : "")
      throw FileError(file: file.path, field: "weights", value: shown, advice: "the weights do not fit config.json")
    }
    return (encoder, try bottleneck())
  }

  private var bottleneckFile: URL {
    url.appendingPathComponent(SentenceTransformersFiles.bottleneckFolder).appendingPathComponent("model.safetensors")
  }

  private func bottleneck() throws -> Linear? {
    guard FileManager.default.fileExists(atPath: bottleneckFile.path) else { return nil }
    let file = try SafeTensors(contentsOf: bottleneckFile)
    guard let weight = file["linear.weight"], let bias = file["linear.bias"], weight.shape.count == 2, bias.shape == [weight.shape[0]]
    else {
      throw FileError(
        file: bottleneckFile.path, field: "weights", value: "\(file.names)",
        advice: "expected linear.weight [outputs, inputs] and linear.bias [outputs]")
    }
    return Linear(weight: Tensor(weight).cast(to: .float32), bias: Tensor(bias).cast(to: .float32))
  }

  /// The encoder as it was trained to be used; `pooling` and `normalizes` override what the folder says.
  public func textEncoder(pooling: Pooling? = nil, normalizes: Bool? = nil, dropout: Double = 0) throws -> TextEncoder {
    let (encoder, bottleneck) = try model()
    let pooling = pooling ?? usage.pooling
    func unusable(_ value: String) -> FileError {
      FileError(file: url.path, field: "pooling", value: pooling.rawValue, advice: value)
    }
    if pooling == .pooler, encoder.pooler == nil { throw unusable("the weights have no pooler; use cls or mean") }
    if configuration.layers + 1 < pooling.stateCount { throw unusable("it needs four layers, the encoder has \(configuration.layers)") }
    let pooled = configuration.hiddenSize * pooling.stateCount
    if let bottleneck, bottleneck.weight.shape[1] != pooled {
      throw unusable("its width \(pooled) does not fit the bottleneck \(bottleneck.weight.shape)")
    }
    return TextEncoder(encoder, pooling: pooling, bottleneck: bottleneck, dropout: dropout, normalizes: normalizes ?? usage.normalizes)
  }

  /// Writes a model folder, aside first and then renamed into place: a folder that was there is whole until the new one is.
  public static func save(
    _ model: TextEncoder, classifier: LabelClassifier? = nil, tokenizer: Tokenizer, maximumLength: Int, to url: URL
  ) throws {
    let files = FileManager.default
    let aside = url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).partial")
    try? files.removeItem(at: aside)
    try files.createDirectory(at: aside, withIntermediateDirectories: true)
    let configuration = model.encoder.configuration
    try configuration.json().write(to: aside.appendingPathComponent("config.json"))
    let weights = model.encoder.namedTensors.map {
      (name: ParameterNames.inFile($0.name, configuration.architecture), array: $0.tensor.arrayFile)
    }
    try SafeTensors.write(weights, metadata: ["format": "pt"], to: aside.appendingPathComponent("model.safetensors"))
    try classifier?.save(to: aside.appendingPathComponent(classifierName), metadata: ["format": "pt"])
    try SentenceTransformersFiles(model: model, maximumLength: maximumLength).write(to: aside)
    try tokenizer.save(to: aside)
    let usage = Usage(pooling: model.pooling, normalizes: model.normalizes, maximumLength: maximumLength)
    try usage.json().write(to: aside.appendingPathComponent("dexml.json"))
    // A folder cannot be renamed over another that has files in it: the two exchange their names.
    if files.fileExists(atPath: url.path) {
      try exchange(aside, with: url)
      try? files.removeItem(at: aside)
    } else {
      try files.moveItem(at: aside, to: url)
    }
  }
}

extension ModelFolder.Usage {
  /// From `dexml.json`, or from the files of sentence-transformers, or the defaults.
  init(folder: URL) throws {
    self.init()
    func object(_ name: String) throws -> [String: Any]? {
      let file = folder.appendingPathComponent(name)
      guard let data = try? Data(contentsOf: file) else { return nil }
      guard let object = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] else {
        throw FileError(file: file.path, field: "content", value: "not a JSON object", advice: "mend or remove the file")
      }
      return object
    }
    if let own = try object("dexml.json") {
      let file = folder.appendingPathComponent("dexml.json").path
      guard let name = own["pooling"] as? String, let pooling = Pooling(rawValue: name) else {
        throw FileError(
          file: file, field: "pooling", value: "\(own["pooling"] ?? "missing")",
          advice: "expected \(Pooling.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      guard let normalizes = own["normalize"] as? Bool, let length = own["max_length"] as? Int, length >= 2 else {
        throw FileError(file: file, field: "normalize, max_length", value: "\(own)", advice: "expected true or false, and a number from 2")
      }
      self.init(pooling: pooling, normalizes: normalizes, maximumLength: length)
      return
    }
    if let theirs = try object("1_Pooling/config.json") {
      pooling = theirs["pooling_mode_mean_tokens"] as? Bool == true ? .mean : .cls
    }
    if let theirs = try object("sentence_bert_config.json"), let length = theirs["max_seq_length"] as? Int, length >= 2 {
      maximumLength = length
    }
  }

  func json() throws -> Data {
    var object: [String: Any] = ["pooling": pooling.rawValue, "normalize": normalizes]
    if let maximumLength { object["max_length"] = maximumLength }
    return try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
  }
}
