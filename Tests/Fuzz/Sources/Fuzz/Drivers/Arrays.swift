import Foundation
import Support
@testable import WengertNN

/// Everything that can be done with an array that was read.
func use(_ array: HostArray) throws {
  expect(array.floats().count == array.count && array.doubles().count == array.count && array.bools().count == array.count)
  _ = try? array.ints()
  _ = try? array.converted(to: .uint8)
  if array.shape.count <= 8 { expect(Tensor(array).hostArray == array) }
}

func readSafeTensors(_ bytes: Data) throws {
  let file = try SafeTensors(bytes)
  for name in file.names { try use(file[name]!) }
}

/// The input is an index, and a shard behind 255.
func readShards(_ bytes: Data) throws {
  let parts = bytes.parts(2)
  _ = Folder.put(parts[0], "model.safetensors.index.json")
  for name in ["a.safetensors", "b.safetensors"] { _ = Folder.put(parts[1], name) }
  let file = try ShardedSafeTensors(contentsOf: Folder.url)
  for name in file.names { try use(file.array(name)!) }
}

func readGGUF(_ bytes: Data) throws {
  let file = try GGUF(bytes)
  for name in file.names {
    guard let type = try? file.type(of: name) else { continue }
    let array = try file.array(name)!
    expect(array.dtype == type.dtype && array.shape == type.shape)
    try use(array)
  }
  for value in file.metadata.values { _ = (value.int, value.double, value.text, value.flag, value.list) }
}

func readNPY(_ bytes: Data) throws {
  _ = try? NPY.readText(bytes)
  let array = try NPY.read(bytes)
  try use(array)
  // What was read is written so that it reads back as the same.
  try expect(NPY.read(NPY.encode(array)) == array)
}

/// The parts of the input are members.
func readNPZ(_ bytes: Data) throws {
  let members = bytes.split(separator: Data("--".utf8)).prefix(8)
  let archive = try NPZ(archive(members.enumerated().map { ("\($0).npy", $1) }))
  for name in archive.names {
    _ = try? archive.text(name)
    if let array = try? archive.array(name) { try use(array) }
  }
}

func readZip(_ bytes: Data) throws {
  let archive = try ZipReader(bytes, file: "zip")
  for member in archive.members { _ = try? archive.contents(member) }
}

/// The input is the pickle; four small members have the tensors' bytes.
func readTorch(_ bytes: Data) throws {
  let tensors = (0..<4).map { ("model/data/\($0)", Data((0..<64).map { UInt8($0) })) }
  let file = try TorchFile(archive([("model/data.pkl", bytes)] + tensors))
  for name in file.names {
    if let array = try? file.array(name) { try use(array) }
  }
}
