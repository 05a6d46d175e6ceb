import Foundation
import WengertNN

/// A model folder of Hugging Face: `config.json`, `model.safetensors`, the tokenizer's files; how it was trained to be used, in `dexml.json`; and the classifier that was
/// trained with it, if one was, in `classifier.safetensors`.
public struct ModelFolder: Sendable {
  /// The folder.
  public let url: URL
  /// The shape of the encoder.
  public let configuration: BertConfiguration
  /// How the model was trained to be used.
  public let usage: Usage

  /// Reads the settings; `model()` and `tokenizer()` read the rest.
  ///
  /// - Throws: `FileError` if there is no such folder, or a file of settings is missing, damaged, or says what is not supported.
  public init(_ url: URL) throws {
    guard url.isFolder else {
      throw FileError(
        file: url.path, field: "folder", value: "not there",
        advice: "give a model folder with config.json, model.safetensors and vocab.txt or tokenizer.json")
    }
    self.url = url
    usage = try Usage(folder: url)
    let encoder = url.appendingPathComponent(usage.encoderPath)
    configuration = try BertConfiguration(contentsOf: encoder.appendingPathComponent("config.json"))
    let adapter = encoder.appendingPathComponent("adapter_config.json")
    guard !FileManager.default.fileExists(atPath: adapter.path) else {
      throw FileError(
        file: adapter.path, field: "file", value: "an adapter's",
        advice: "the encoder's own weights are not all: merge the adapter into them (merge_and_unload) and save the model again")
    }
  }

  /// Where the encoder's own files are.
  private var encoderURL: URL { url.appendingPathComponent(usage.encoderPath) }

  /// The greatest number of tokens of a text, `asked` or what the folder says; never more than there are positions.
  ///
  /// - Throws: `FileError` if `asked` is more than there are positions.
  public func maximumLength(_ asked: Int?) throws -> Int {
    if let asked {
      guard asked <= configuration.maximumPositions else {
        throw FileError(
          file: encoderURL.appendingPathComponent("config.json").path, field: "max_position_embeddings",
          value: "\(configuration.maximumPositions)",
          advice: "texts of \(asked) tokens do not fit; choose a smaller maximum length")
      }
      return asked
    }
    return min(usage.maximumLength ?? configuration.maximumPositions, configuration.maximumPositions)
  }

  /// The folder's tokenizer, which puts the prompt of a use before each text.
  ///
  /// - Throws: `FileError` if the tokenizer's files are wrong or do not fit config.json, or there is no prompt of that name.
  public func tokenizer(for use: Prompts.Use = .text) throws -> Tokenizer {
    let tokenizer = try Tokenizer(folder: encoderURL, lowercases: usage.lowercases)
    guard tokenizer.vocabularySize <= configuration.vocabularySize else {
      throw FileError(
        file: encoderURL.path, field: "vocabulary", value: "\(tokenizer.vocabularySize) entries",
        advice: "the embeddings of config.json have vocab_size \(configuration.vocabularySize)")
    }
    guard let prompt = usage.prompts.text(for: use) else {
      let names = usage.prompts.texts.keys.sorted()
      throw FileError(
        file: url.path, field: "prompts", value: names.isEmpty ? "none" : names.joined(separator: ", "),
        advice: "give the name of one of them, or add it to config_sentence_transformers.json")
    }
    return tokenizer.prefixed(by: prompt)
  }

  /// How many tokens at the start of each text the pooling does not look at: those of the tokenizer's prompt, if the folder says so.
  func skippedTokens(_ tokenizer: Tokenizer, maximumLength: Int) throws -> Int {
    guard !usage.pooling.includesPrompt, tokenizer.promptLength > 0 else { return 0 }
    guard tokenizer.promptLength < maximumLength - 1 else {
      throw FileError(
        file: url.path, field: "prompt", value: "\(tokenizer.promptLength) tokens",
        advice:
          "a text has at most \(maximumLength), and the pooling leaves the prompt's out: nothing would be left; use a larger maximum length"
      )
    }
    return tokenizer.promptLength
  }

  /// The encoder with its weights, and the layers between pooling and normalization.
  ///
  /// - Throws: `FileError` if weights are missing, damaged, or do not fit the settings.
  public func model() throws -> (encoder: BertEncoder, layers: [EmbeddingLayer]) { (try encoder(), try layers()) }

  private func encoder() throws -> BertEncoder {
    let weights = try WeightFile(ofEncoder: encoderURL)
    try configuration.checkSize(weights: weights.byteCount, file: weights.path)
    var encoder = BertEncoder(configuration, key: RandomKey(0))
    func array(_ name: String) throws -> HostArray? {
      for name in ParameterNames.candidates(name, configuration.architecture) {
        if let array = try weights.array(name) { return array }
      }
      return nil
    }
    if encoder.pooler != nil, try array("pooler.weight") == nil { encoder.pooler = nil }
    var problems: [String] = [], failure: (any Error)?
    encoder.visit("") { name, tensor in
      let theirs = ParameterNames.inFile(name, configuration.architecture)
      do {
        guard let array = try array(name) else { return problems.append("\(theirs) missing") }
        guard array.shape == Array(tensor.shape) else {
          return problems.append("\(theirs) has shape \(array.shape), config.json says \(tensor.shape)")
        }
        guard array.dtype.isFloating else { return problems.append("\(theirs) is \(array.dtype): quantized weights cannot be opened") }
        tensor = Tensor(array).cast(to: .float32)
      } catch { failure = error }
    }
    if let failure { throw failure }
    guard problems.isEmpty else {
      let shown = problems.prefix(3).joined(separator: "; ") + (problems.count > 3 ? "; and \(problems.count - 3) more" : "")
      throw FileError(file: weights.path, field: "weights", value: shown, advice: "the weights do not fit config.json")
    }
    return encoder
  }

  private func layers() throws -> [EmbeddingLayer] {
    try usage.layers.map { try SentenceTransformersFolder.load($0, in: url) } + (usage.truncatedWidth.map { [.truncate($0)] } ?? [])
  }

  /// The encoder as it was trained to be used; `pooling` and `normalizes` override what the folder says.
  ///
  /// - Throws: `FileError` if weights do not fit the settings, or the pooling does not fit the encoder.
  public func textEncoder(pooling asked: Pooling? = nil, normalizes: Bool? = nil, dropout: Double = 0) throws -> TextEncoder {
    let (encoder, layers) = try model()
    var pooling = asked ?? usage.pooling
    pooling.includesPrompt = usage.pooling.includesPrompt
    func unusable(_ value: String) -> FileError {
      FileError(file: url.path, field: "pooling", value: pooling.configurationText, advice: value)
    }
    if pooling.modes.contains(.pooler), encoder.pooler == nil { throw unusable("the weights have no pooler; use cls or mean") }
    if configuration.layers + 1 < pooling.stateCount { throw unusable("it needs four layers, the encoder has \(configuration.layers)") }
    let model = TextEncoder(
      encoder, pooling: pooling, layers: layers, dropout: dropout, normalizes: normalizes ?? usage.normalizes)
    var width = model.pooledWidth
    for (number, layer) in model.layers.enumerated() {
      guard let next = layer.width(of: width) else {
        throw unusable("its vectors of width \(width) do not fit \(usage.layers[number].path), which takes others")
      }
      width = next
    }
    return model
  }

  /// Whether embeddings are brought to length one before they are compared by their inner products: as `asked`, or as the folder says they are compared; those of an encoder
  /// alone are.
  ///
  /// - Throws: `FileError` if the folder compares embeddings by a distance.
  public func comparesNormalized(_ asked: Bool?) throws -> Bool {
    if let asked { return asked }
    guard usage.isStated else { return true }
    switch usage.similarity {
    case nil, .dot?: return usage.normalizes
    case .cosine?: return true
    case .euclidean?, .manhattan?:
      throw FileError(
        file: url.appendingPathComponent("config_sentence_transformers.json").path, field: "similarity_fn_name",
        value: usage.similarity!.rawValue.debugDescription,
        advice: "labels are compared by inner products here: set norm_embs to true (cosine) or false (dot) to use the model so")
    }
  }

  /// Writes a model folder, aside first and then renamed into place: a folder that was there is whole until the new one is. A symbolic link stays one; the folder that
  /// it points to is written.
  ///
  /// - Throws: `FileError` if a file cannot be written; the system's error if a folder cannot be made or moved.
  public static func save(
    _ model: TextEncoder, classifier: LabelClassifier? = nil, tokenizer: Tokenizer, maximumLength: Int, prompts: Prompts = Prompts(),
    to url: URL
  ) throws {
    try replace(url) {
      try write(model, classifier: classifier, tokenizer: tokenizer, maximumLength: maximumLength, prompts: prompts, into: $0)
    }
  }

  private static func write(
    _ model: TextEncoder, classifier: LabelClassifier?, tokenizer: Tokenizer, maximumLength: Int, prompts: Prompts, into aside: URL
  ) throws {
    try FileManager.default.createDirectory(at: aside, withIntermediateDirectories: true)
    let configuration = model.encoder.configuration
    try configuration.json().write(to: aside.appendingPathComponent("config.json"))
    let weights = model.encoder.namedTensors.map {
      (name: ParameterNames.inFile($0.name, configuration.architecture), array: $0.tensor.hostArray)
    }
    try SafeTensors.write(weights, metadata: ["format": "pt"], to: aside.appendingPathComponent("model.safetensors"))
    try classifier?.save(to: aside.appendingPathComponent(classifierName), metadata: ["format": "pt"])
    let layers = try SentenceTransformersFiles(model: model, maximumLength: maximumLength, prompts: prompts).write(to: aside)
    try tokenizer.save(to: aside)
    var usage = Usage(pooling: model.pooling, normalizes: model.normalizes, maximumLength: maximumLength)
    usage.layers = layers
    try usage.json().write(to: aside.appendingPathComponent("dexml.json"))
  }

  /// Has a folder made aside, and puts it in the place of `url`, or of the folder that a link there points to.
  static func replace(_ url: URL, making make: (_ aside: URL) throws -> Void) throws {
    let files = FileManager.default, url = try linked(url)
    let aside = url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).partial")
    try? files.removeItem(at: aside)
    try files.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try make(aside)
    // A folder cannot be renamed over another that has files in it: the two exchange their names.
    if files.fileExists(atPath: url.path) {
      try exchange(aside, with: url)
      try? files.removeItem(at: aside)
    } else {
      try files.moveItem(at: aside, to: url)
    }
  }
}
