import Foundation
import Testing
import WengertNN

@testable import DEXML

@Suite("Encoders whose programs are finished while dexml is built")
struct PublishedEncoderTests {
  /// `config.json` of published models, as transformers writes it.
  private static let bert = #"""
    {"architectures": ["BertModel"], "attention_probs_dropout_prob": 0.1, "gradient_checkpointing": false, "hidden_act": "gelu",
     "hidden_dropout_prob": 0.1, "hidden_size": WIDTH, "initializer_range": 0.02, "intermediate_size": INNER, "layer_norm_eps": 1e-12,
     "max_position_embeddings": 512, "model_type": "bert", "num_attention_heads": 12, "num_hidden_layers": LAYERS, "pad_token_id": 0,
     "position_embedding_type": "absolute", "transformers_version": "4.8.2", "type_vocab_size": 2, "use_cache": true, "vocab_size": 30522}
    """#
  private static let distilbert = #"""
    {"activation": "gelu", "architectures": ["DistilBertModel"], "attention_dropout": 0.1, "dim": 768, "dropout": 0.1, "hidden_dim": 3072,
     "initializer_range": 0.02, "max_position_embeddings": 512, "model_type": "distilbert", "n_heads": 12, "n_layers": 6, "pad_token_id": 0,
     "qa_dropout": 0.1, "seq_classif_dropout": 0.2, "sinusoidal_pos_embds": false, "tie_weights_": true, "vocab_size": 30522}
    """#

  private static func bert(_ width: Int, _ layers: Int) -> String {
    bert.replacing("WIDTH", with: "\(width)").replacing("INNER", with: "\(4 * width)").replacing("LAYERS", with: "\(layers)")
  }

  @Test(
    "they are what the published folders say",
    arguments: [
      ("distilbertMean", distilbert), ("distilbertFirst", distilbert), ("miniLM6Mean", bert(384, 6)), ("miniLM12Mean", bert(384, 12)),
      ("bertMean", bert(768, 12)), ("bertFirst", bert(768, 12)),
    ])
  func configuration(name: String, json: String) throws {
    let encoder = try #require(PublishedEncoder.all.first { $0.name == name })
    #expect(try BertConfiguration(json: Data(json.utf8), file: "config.json") == encoder.configuration)
    #expect(encoder.pooling == (name.hasSuffix("Mean") ? .mean : .cls))
  }

  @Test("the trainer runs on them, and says so; it compiles others")
  func trainer() throws {
    var task = try TinyTask()
    let published = try #require(PublishedEncoder.all.first { $0.name == "miniLM6Mean" })
    let folder = task.folder.url.appendingPathComponent("encoder")
    let encoder = TextEncoder(BertEncoder(published.configuration, key: RandomKey(5)), pooling: published.pooling)
    try ModelFolder.save(
      encoder, tokenizer: ModelFolder(URL(fileURLWithPath: task.configuration.tf)).tokenizer(), maximumLength: 8, to: folder)
    task.configuration.numEpochs = 1
    task.configuration.bsz = 40
    for (encoder, making) in [(folder.path, "finished before, read in "), (task.configuration.tf, "compiled in ")] {
      task.configuration.tf = encoder
      task.configuration.expname = making.prefix(8).description
      let run = try CommandRun(["train", task.folder.write("s.yaml", task.configuration.yaml()).path])
      #expect(run.code == 0, "\(run.errors)")
      let log = run.output + run.errors
      for program in ["encoder forward", "encoder pullback"] { #expect(log.contains("\(program): \(making)"), "\(log)") }
    }
  }
}
