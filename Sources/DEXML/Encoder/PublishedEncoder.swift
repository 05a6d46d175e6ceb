import WengertNN

/// An encoder's shape and pooling as many published models have them: for these, programs are finished while `dexml` is built.
public struct PublishedEncoder: Sendable {
  /// Begins the names of its programs: `miniLM6Mean`.
  public let name: String
  /// The shape, as `config.json` gives it.
  public let configuration: BertConfiguration
  /// As sentence-transformers has it, or the first token.
  public let pooling: Pooling

  /// DistilBERT, MiniLM of 6 and of 12 blocks, and BERT, all of the uncased English vocabulary.
  public static let all = [
    PublishedEncoder(name: "distilbertMean", configuration: distilbert, pooling: .mean),
    PublishedEncoder(name: "distilbertFirst", configuration: distilbert, pooling: .cls),
    PublishedEncoder(name: "miniLM6Mean", configuration: bert(width: 384, layers: 6), pooling: .mean),
    PublishedEncoder(name: "miniLM12Mean", configuration: bert(width: 384, layers: 12), pooling: .mean),
    PublishedEncoder(name: "bertMean", configuration: bert(width: 768, layers: 12), pooling: .mean),
    PublishedEncoder(name: "bertFirst", configuration: bert(width: 768, layers: 12), pooling: .cls),
  ]

  private static func bert(width: Int, layers: Int) -> BertConfiguration {
    BertConfiguration(vocabularySize: 30522, hiddenSize: width, layers: layers, heads: 12, intermediateSize: 4 * width)
  }

  private static let distilbert: BertConfiguration = {
    var configuration = bert(width: 768, layers: 6)
    configuration.architecture = .distilbert
    configuration.typeCount = 0
    return configuration
  }()
}
