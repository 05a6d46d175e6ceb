import DEXML
import WengertGraphTool

/// The programs of published encoders, which are finished while `dexml` is built: for any number of tokens and sequences.
@main struct EncoderGraphs: FinishedGraphs {
  /// Each with its pooling: as sentence-transformers has it, or the first token.
  private static let encoders: [(name: String, configuration: BertConfiguration, pooling: Pooling)] = [
    ("distilbertMean", distilbert, .mean), ("distilbertFirst", distilbert, .cls), ("miniLM6Mean", bert(384, 6), .mean),
    ("miniLM12Mean", bert(384, 12), .mean), ("bertMean", bert(768, 12), .mean), ("bertFirst", bert(768, 12), .cls),
  ]

  private static func bert(_ width: Int, _ layers: Int) -> BertConfiguration {
    BertConfiguration(vocabularySize: 30522, hiddenSize: width, layers: layers, heads: 12, intermediateSize: 4 * width)
  }

  private static let distilbert: BertConfiguration = {
    var configuration = bert(768, 6)
    configuration.architecture = .distilbert
    configuration.typeCount = 0
    return configuration
  }()

  static var graphs: [FinishedGraph] {
    let tokens = TokenTensors.symbolicShapes, shapes = Dictionary(uniqueKeysWithValues: tokens(0).map { ($0.dropFirst(2).description, $1) })
    let packed = tree(shapes: shapes) { PackedTokens([[101, 102]]).tensors(on: .current) }
    let key = tree { Optional(RandomKey(0).data) }
    return encoders.flatMap { name, configuration, pooling in
      let encoder = tree { TextEncoder(BertEncoder(configuration, key: RandomKey(0)), pooling: pooling) }
      return [
        FinishedGraph.function("\(name)Evaluation", EncoderPrograms.evaluate, encoder, packed),
        .function("\(name)Training", EncoderPrograms.train, encoder, packed, key),
        .pullback("\(name)Pullback", of: EncoderPrograms.train, encoder, packed, key),
      ]
    }
  }
}
