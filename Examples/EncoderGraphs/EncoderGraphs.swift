import DEXML
import WengertGraphTool

/// The programs of published encoders, which are finished while `dexml` is built: for any number of tokens and sequences.
@main struct EncoderGraphs: FinishedGraphs {
  static var graphs: [FinishedGraph] {
    let tokens = TokenTensors.symbolicShapes, shapes = Dictionary(uniqueKeysWithValues: tokens(0).map { ($0.dropFirst(2).description, $1) })
    let packed = tree(shapes: shapes) { PackedTokens([[101, 102]]).tensors(on: .current) }
    let key = tree { Optional(RandomKey(0).data) }
    return PublishedEncoder.all.flatMap { published in
      let encoder = tree { TextEncoder(BertEncoder(published.configuration, key: RandomKey(0)), pooling: published.pooling) }
      return [
        FinishedGraph.function("\(published.name)Evaluation", EncoderPrograms.evaluate, encoder, packed).listed(in: "evaluation"),
        .function("\(published.name)Training", EncoderPrograms.train, encoder, packed, key).listed(in: "training"),
        .pullback("\(published.name)Pullback", of: EncoderPrograms.train, encoder, packed, key).listed(in: "pullbacks"),
      ]
    }
  }
}
