import Support

private let drivers = Drivers([
  "safetensors": readSafeTensors,
  "shards": readShards,
  "gguf": readGGUF,
  "npy": readNPY,
  "npz": readNPZ,
  "zip": readZip,
  "torch": readTorch,
  "matrix": readMatrix,
  "filter": readFilter,
  "tokenizer": readTokenizer,
  "vocabulary": readVocabulary,
  "config": readModelSettings,
  "model": readModel,
  "settings": readSettings,
  "checkpoint": readCheckpoint,
  "events": readEvents,
  "einsum": readEquation,
  "program": readProgram,
  "literal": readLiteral,
])

/// The fuzzer calls this with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt { drivers.run(start, count) }
