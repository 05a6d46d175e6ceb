import Foundation
import Support
@testable import DEXML
@testable import WengertNN

/// A configuration file.
func readSettings(_ bytes: Data) throws {
  let configuration = try Configuration(files: [Folder.put(bytes, "settings.yaml")])
  // What was read is written so that it reads back as the same.
  let file = Folder.put(Data(configuration.yaml().utf8), "again.yaml")
  try expect(Configuration(files: [file]) == configuration)
}

/// A checkpoint whose checksum is made right, so that what it guards is reached.
func readCheckpoint(_ bytes: Data) throws {
  var bytes = bytes
  if bytes.count > 8 {
    let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let end = length < 0 || length > bytes.count - 8 ? bytes.count : 8 + length
    var start = Data(bytes.prefix(end))
    let rest = Data(bytes.dropFirst(end))
    if (try? SafeTensors.setChecksum(of: &start, to: SafeTensors.noChecksum, file: "")) != nil {
      let sum = Deflate.checksum(rest, after: Deflate.checksum(start))
      try SafeTensors.setChecksum(of: &start, to: SafeTensors.text(ofChecksum: sum), file: "")
      bytes = start + rest
    }
  }
  let checkpoint = try Checkpoint(contentsOf: Folder.put(bytes, "checkpoint.safetensors"))
  try? checkpoint.check([("seed", "42"), ("net", "dist-de-all")])
  let layer = Linear(weight: Tensor([[1, 2], [3, 4]]), bias: Tensor([5.0, 6]))
  _ = try? checkpoint.restored(layer, "model")
}

/// An event file, and the message of one event.
func readEvents(_ bytes: Data) throws {
  _ = EventFile.contents(bytes)
  guard let event = Event(encoded: bytes) else { return }
  // Numbers that are no numbers differ from themselves, so that bytes are compared.
  expect(Event(encoded: event.encoded)?.encoded == event.encoded)
  expect(EventFile.contents(EventFile.record(bytes) + EventFile.record(event.encoded)).events.count == 2)
}
