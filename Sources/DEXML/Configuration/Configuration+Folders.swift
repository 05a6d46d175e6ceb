import Foundation
import WengertNN

extension Configuration {
  /// The data set's folder, `data_root/dataset`.
  ///
  /// - Throws: `FileError` if the key `dataset` is not set, or there is no such folder.
  public func datasetFolder() throws -> URL {
    guard !dataset.isEmpty else {
      throw FileError(
        field: "dataset", value: "not set", advice: "name a folder below data_root '\(dataRoot)', as in '--dataset EURLex-4K'")
    }
    let folder = URL(fileURLWithPath: dataRoot).appendingPathComponent(dataset)
    guard folder.isFolder else {
      throw FileError(
        field: "dataset", value: "no folder \(folder.path)",
        advice: "put raw/trn_X.txt, raw/tst_X.txt, raw/Y.txt, Y.trn.npz and Y.tst.npz there, or set data_root")
    }
    return folder
  }

  /// The pretrained encoder's folder, `tf`: a path, or a model that Hugging Face's libraries have downloaded.
  ///
  /// - Throws: `FileError` if `tf` is neither.
  public func encoderFolder() throws -> URL {
    guard let folder = ModelFolder.find(tf) else {
      throw FileError(
        field: "tf", value: "no folder '\(tf)', and no model of this name in \(HubCache().folder.path)",
        advice: "put config.json, model.safetensors and vocab.txt or tokenizer.json of a BERT or DistilBERT there")
    }
    return folder
  }
}
