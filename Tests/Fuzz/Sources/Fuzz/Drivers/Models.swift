import DEXML
import Foundation
import Support
import WengertNN

private func read(_ bytes: Data, _ names: [String]) throws -> ModelFolder {
  for (name, part) in zip(names, bytes.parts(names.count)) { _ = Folder.put(part, name) }
  return try ModelFolder(Folder.url)
}

/// The parts are the settings of a model folder.
func readModelSettings(_ bytes: Data) throws {
  let folder = try read(bytes, ["config.json", "dexml.json", "sentence_bert_config.json"])
  _ = try folder.maximumLength(nil)
  // What was read is written so that it reads back as the same.
  let file = Folder.put(folder.configuration.json(), "again.json")
  try expect(BertConfiguration(contentsOf: file) == folder.configuration)
}

/// The settings, and the weights.
func readModel(_ bytes: Data) throws {
  let end = bytes.firstIndex(of: 0xFF) ?? bytes.endIndex
  _ = Folder.put(Data(bytes[..<end]), "config.json")
  _ = Folder.put(Data(bytes[end...].dropFirst()), "model.safetensors")
  _ = try ModelFolder(Folder.url).model()
}
