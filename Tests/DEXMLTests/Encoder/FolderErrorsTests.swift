import Foundation
import Testing
import WengertNN
import WengertTestSupport

@testable import DEXML

@Suite("Folders that cannot be opened, and where folders are found")
struct FolderErrorsTests {
  private func configuration(_ change: String, of architecture: String = "bert") throws -> BertConfiguration {
    let text = try String(contentsOf: Fixtures.url("encoder/\(architecture)/config.json"), encoding: .utf8)
    return try BertConfiguration(json: Data(text.replacing("{\n", with: "{\(change),\n", maxReplacements: 1).utf8), file: "config.json")
  }

  @Test(
    "an encoder of another type is refused with its type and those that can be opened",
    arguments: ["mpnet", "roberta", "xlm-roberta", "modernbert", "electra"])
  func types(type: String) throws {
    let text = message { _ = try BertConfiguration(json: Data("{\"model_type\": \"\(type)\"}".utf8), file: "config.json") }
    #expect(text == "config.json: model_type: \"\(type)\"; encoders of this type cannot be opened; bert and distilbert can")
  }

  @Test(
    "settings that change what is computed are refused by name",
    arguments: [
      ("is_decoder", "true"), ("add_cross_attention", "true"), ("is_encoder_decoder", "true"), ("quantization_config", "{\"bits\": 8}"),
      ("pruned_heads", "{\"0\": [1]}"), ("auto_map", "{\"AutoModel\": \"x.Y\"}"), ("position_embedding_type", "\"relative_key\""),
      ("embedding_size", "8"), ("sliding_window", "128"), ("hidden_act", "\"gelu_new\""),
    ])
  func settings(name: String, value: String) throws {
    let text = message {
      let config = try String(contentsOf: Fixtures.url("encoder/bert/config.json"), encoding: .utf8)
      var object = try JSONSerialization.jsonObject(with: Data(config.utf8)) as! [String: Any]
      object[name] = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
      _ = try BertConfiguration(json: JSONSerialization.data(withJSONObject: object), file: "config.json")
    }
    #expect(text.hasPrefix("config.json: \(name): "), "\(text)")
  }

  @Test("the same settings off, and a pad_token_id of null, are accepted")
  func off() throws {
    let config = try String(contentsOf: Fixtures.url("encoder/bert/config.json"), encoding: .utf8)
    var object = try JSONSerialization.jsonObject(with: Data(config.utf8)) as! [String: Any]
    for name in ["is_decoder", "add_cross_attention", "is_encoder_decoder"] { object[name] = false }
    for name in ["quantization_config", "auto_map", "sliding_window", "pad_token_id"] { object[name] = NSNull() }
    object["pruned_heads"] = [String: Any]()
    let read = try BertConfiguration(json: JSONSerialization.data(withJSONObject: object), file: "config.json")
    #expect(try read.padID == 0 && read == ModelFolder(Fixtures.url("encoder/bert")).configuration)
  }

  @Test("DistilBERT has no layer_norm_eps, whatever config.json says")
  func normEpsilon() throws {
    #expect(try configuration("\"layer_norm_eps\": 0.25", of: "distilbert").normEpsilon == 1e-12)
    let bert = "{\"model_type\": \"bert\", \"vocab_size\": 9, \"layer_norm_eps\": 0.25, \"hidden_size\": 8, \"num_hidden_layers\": 1, "
    let rest = "\"num_attention_heads\": 2, \"intermediate_size\": 8}"
    #expect(try BertConfiguration(json: Data((bert + rest).utf8), file: "config.json").normEpsilon == 0.25)
  }

  @Test("the tokenizer of another kind of model is refused with its kind", arguments: ["Unigram", "BPE", "WordLevel"])
  func tokenizers(kind: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("tokenizer.json", "{\"model\": {\"type\": \"\(kind)\", \"vocab\": [[\"a\", -1.0]]}}")
    let text = anyMessage { _ = try Tokenizer(folder: folder.url) }
    #expect(text.contains("model.type: is \"\(kind)\", the tokenizer of another kind of model; WordPiece tokenizers"), "\(text)")
    let other = try TemporaryFolder()
    try other.write("sentencepiece.bpe.model", "")
    #expect(anyMessage { _ = try Tokenizer(folder: other.url) }.contains("sentencepiece.bpe.model: the tokenizer of another kind of model"))
  }

  @Test("a folder whose weights are PyTorch's says how they are converted; one of an adapter, what to do")
  func otherWeights() throws {
    let folder = try TemporaryFolder()
    for name in ["config.json", "vocab.txt"] { try folder.write(name, Data(contentsOf: Fixtures.url("encoder/bert/\(name)"))) }
    #expect(message { _ = try ModelFolder(folder.url).model() }.contains("copy it there"))
    try folder.write("pytorch_model.bin", "x")
    #expect(message { _ = try ModelFolder(folder.url).model() }.contains("dexml convert \(folder.url.path) --output"))
    try folder.write("adapter_config.json", "{}")
    #expect(message { _ = try ModelFolder(folder.url) }.contains("merge the adapter"))
  }

  @Test("converting copies a folder with the weights of every module as safetensors")
  func converts() throws {
    let folder = try TemporaryFolder(), source = folder.url.appendingPathComponent("old"), target = folder.url.appendingPathComponent("new")
    defer { withExtendedLifetime(folder) {} }
    try folder.write("old/config.json", "{}")
    try folder.write("old/pytorch_model.bin", Data(contentsOf: Fixtures.url("folders/torch/tensors.bin")))
    try folder.write("old/2_Dense/pytorch_model.bin", Data(contentsOf: Fixtures.url("folders/torch/linear.bin")))
    try folder.write("blob", "text")
    try FileManager.default.createSymbolicLink(atPath: source.path + "/vocab.txt", withDestinationPath: "../blob")
    try ModelConversion.run(model: source, output: target)
    let read = try SafeTensors(contentsOf: target.appendingPathComponent("model.safetensors"))
    let torch = try TorchFile(contentsOf: Fixtures.url("folders/torch/tensors.bin"))
    #expect(Set(read.names) == Set(torch.names) && read.metadata == ["format": "pt"])
    for name in torch.names { #expect(try read[name] == torch.array(name), "\(name)") }
    #expect(try SafeTensors(contentsOf: target.appendingPathComponent("2_Dense/model.safetensors")).names.sorted() == ["bias", "weight"])
    #expect(try String(contentsOf: target.appendingPathComponent("vocab.txt"), encoding: .utf8) == "text")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: target.path).sorted() == [
        "2_Dense", "config.json", "model.safetensors", "vocab.txt",
      ])
    #expect(message { try ModelConversion.run(model: source, output: target) }.contains("exists already"))
    let nothing = folder.url.appendingPathComponent("third")
    #expect(message { try ModelConversion.run(model: target, output: nothing) }.contains("nothing to convert"))
    try folder.write("old/pytorch_model.bin", Data(contentsOf: Fixtures.url("folders/torch/runs.bin")))
    #expect(message { try ModelConversion.run(model: source, output: nothing) }.contains("__builtin__.print"))
    #expect(!FileManager.default.fileExists(atPath: nothing.path))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() == ["blob", "new", "old"])
  }

  @Test("several parts of PyTorch's weights become one file")
  func convertsParts() throws {
    let folder = try TemporaryFolder(), target = folder.url.appendingPathComponent("new")
    defer { withExtendedLifetime(folder) {} }
    try folder.write("old/pytorch_model-1.bin", Data(contentsOf: Fixtures.url("folders/torch/tensors.bin")))
    try folder.write("old/pytorch_model-2.bin", Data(contentsOf: Fixtures.url("folders/torch/linear.bin")))
    try folder.write(
      "old/pytorch_model.bin.index.json", "{\"weight_map\": {\"float\": \"pytorch_model-1.bin\", \"weight\": \"pytorch_model-2.bin\"}}")
    try ModelConversion.run(model: folder.url.appendingPathComponent("old"), output: target)
    #expect(try SafeTensors(contentsOf: target.appendingPathComponent("model.safetensors")).names.count == 16)
    #expect(try FileManager.default.contentsOfDirectory(atPath: target.path) == ["model.safetensors"])
  }

  @Test("a name is looked for in the cache of Hugging Face's libraries, wherever the environment puts it")
  func cache() throws {
    let folder = try TemporaryFolder(), hub = folder.url.path + "/hub"
    defer { withExtendedLifetime(folder) {} }
    for (model, version) in [("a--b", "11"), ("sentence-transformers--c", "22"), ("google-bert--d", "33")] {
      try folder.write("hub/models--\(model)/refs/main", version + "\n")
      try folder.write("hub/models--\(model)/snapshots/\(version)/config.json", "{}")
      try folder.write("hub/models--\(model)/snapshots/old/config.json", "{}")
    }
    try folder.write("hub/models--e--f/snapshots/44/config.json", "{}")
    for environment in [["HF_HUB_CACHE": hub, "HF_HOME": "/none"], ["HF_HOME": folder.url.path]] {
      func find(_ name: String) -> String? { ModelFolder.find(name, environment: environment)?.lastPathComponent }
      #expect(
        find("a/b") == "11" && find("c") == "22" && find("sentence-transformers/c") == "22" && find("d") == "33" && find("e/f") == "44")
      #expect(
        find("b") == nil && find("a/c") == nil && find("../hub") == nil && find("a/b/c") == nil && find("") == nil)
      #expect(message { _ = try ModelFolder.require("x/y", environment: environment) }.contains("no model of this name in \(hub)"))
    }
    for (environment, path) in [
      (["HOME": "/h"], "/h/.cache/huggingface/hub"), (["HOME": "/h", "XDG_CACHE_HOME": "/x"], "/x/huggingface/hub"),
      (["HF_HOME": "/f"], "/f/hub"), (["HF_HUB_CACHE": "/c", "HF_HOME": "/f"], "/c"),
    ] { #expect(HubCache(environment).folder.path == path) }
    #expect(ModelFolder.find(folder.url.path, environment: [:])?.path == folder.url.path)
    try folder.write("hub/models--a--b/refs/main", "../../../..")
    #expect(ModelFolder.find("a/b", environment: ["HF_HUB_CACHE": hub]) == nil)
  }
}
