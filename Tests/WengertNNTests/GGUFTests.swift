import Foundation
import Testing
import WengertNN
import WengertTestSupport

@Suite("GGUF files")
struct GGUFTests {
  private func url() -> URL { Fixtures.url("files/types.gguf") }

  /// The bytes of a file of these metadata (encoded) and tensors, of version 3.
  private func bytes(metadata: [(key: String, type: UInt32, value: [UInt8])] = [], tensors: [UInt8] = [], count: Int = 0, data: Int = 0)
    -> Data
  {
    var bytes: [UInt8] = Array("GGUF".utf8) + little(UInt32(3))
    bytes += little(UInt64(count)) + little(UInt64(metadata.count))
    for (key, type, value) in metadata { bytes += text(key) + little(type) + value }
    bytes += tensors
    return Data(bytes) + Data(count: (32 - bytes.count % 32) % 32 + data)
  }

  private func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
  private func text(_ value: String) -> [UInt8] { little(UInt64(value.utf8.count)) + Array(value.utf8) }
  private func tensor(_ name: String, _ extents: [UInt64], _ type: UInt32, _ offset: UInt64) -> [UInt8] {
    text(name) + little(UInt32(extents.count)) + extents.flatMap(little) + little(type) + little(offset)
  }

  @Test("every type that is read has the shape and the bits that the package gguf gives it") func golden() throws {
    let file = try GGUF(contentsOf: url()), expected = try SafeTensors(contentsOf: Fixtures.url("files/types.gguf.safetensors"))
    #expect(Set(file.names) == Set(expected.names + ["q5_k"]) && file.names.first == "f32")
    for name in expected.names {
      let read = try #require(try file.array(name)), wanted = try #require(expected[name])
      #expect(read.shape == wanted.shape, "\(name)")
      #expect(try #require(try file.type(of: name)) == (read.dtype, read.shape), "\(name)")
      #expect(read.dtype == .bfloat16 ? read.doubles() == wanted.doubles() : read == wanted, "\(name)")
    }
    #expect(try file.array("absent") == nil && file.type(of: "absent") == nil)
  }

  @Test("metadata have the types and values that were written") func metadata() throws {
    let values = try GGUF(contentsOf: url()).metadata
    #expect(values["general.architecture"]?.text == "llama")
    #expect(values["test.uint8"] == .uint8(200) && values["test.int8"] == .int8(-5) && values["test.uint16"] == .uint16(60000))
    #expect(
      values["test.int16"] == .int16(-300) && values["test.uint32"] == .uint32(4_000_000_000) && values["test.int32"] == .int32(-70000))
    #expect(values["test.uint64"] == .uint64(1 << 63 + 1) && values["test.int64"] == .int64(-(1 << 40)))
    #expect(values["test.uint64"]?.int == nil && values["test.int64"]?.int == -(1 << 40) && values["test.uint8"]?.double == 200)
    #expect(values["test.float32"] == .float32(0.5) && values["test.float64"]?.double == 0.1 && values["test.bool"]?.flag == true)
    #expect(values["test.string"]?.text == "größe 🙂" && values["test.texts"]?.list?.map(\.text) == ["a", "", "bc"])
    #expect(values["test.numbers"]?.list?.map(\.int) == [1, 2, -3] && values["test.reals"]?.list?.map(\.double) == [0.5, -1.5])
  }

  @Test("version 2 reads alike; others, and files that are big-endian, are refused") func versions() throws {
    var data = try Data(contentsOf: url())
    data[4] = 2
    #expect(try GGUF(data).version == 2 && GGUF(data).array("q4_0") == GGUF(contentsOf: url()).array("q4_0"))
    data[4] = 1
    #expect(message { _ = try GGUF(data) } == "GGUF data: version: 1; versions 2 and 3 can be read")
    data.replaceSubrange(4..<8, with: [0, 0, 0, 3])
    #expect(message { _ = try GGUF(data) }.contains("big-endian"))
    #expect(message { _ = try GGUF(Data("GGML0000".utf8)) }.contains("a GGUF file is expected"))
  }

  @Test("a type that cannot be read is refused by its name, and the file's other tensors are there") func refused() throws {
    let file = try GGUF(contentsOf: url())
    for text in [message { _ = try file.array("q5_k") }, message { _ = try file.type(of: "q5_k") }] {
      #expect(text.contains("type of q5_k: Q5_K; F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q6_K, I8"), "\(text)")
    }
    #expect(message { _ = try GGUF(bytes(tensors: tensor("x", [2], 99, 0), count: 1, data: 8)) }.contains("type of x: number 99"))
  }

  @Test("a model's weights load from a GGUF file, quantized ones too") func model() throws {
    let file = try GGUF(contentsOf: url())
    var layer = Linear(64, 3, bias: false, key: RandomKey(1))
    try layer.load(file, strict: false) { _ in "q8_0" }
    #expect(try layer.weight.hostArray == file.array("q8_0"))
    let before = layer.weight.doubles
    #expect(message { try layer.load(file, strict: false) { _ in "q5_k" } }.contains("Q5_K"))
    #expect(layer.weight.doubles == before)
  }

  @Test("what a file says of itself must hold") func lies() {
    let one = tensor("x", [2], 0, 0)
    #expect(throws: Never.self) { try GGUF(bytes(tensors: one, count: 1, data: 8)) }
    let cases: [(Data, String)] = [
      (bytes(tensors: one, count: 1, data: 7), "data: 7 bytes; the tensors take 8"),
      (bytes(tensors: one + tensor("x", [2], 0, 32), count: 2, data: 64), "\"x\" occurs twice"),
      (
        bytes(tensors: one + tensor("y", [2], 0, 0), count: 2, data: 64),
        "offset of y: 0; the tensor before ends at 8, so that 32 is expected"
      ),
      (bytes(tensors: one + tensor("y", [2], 0, 64), count: 2, data: 128), "offset of y: 64"),
      (bytes(tensors: tensor("x", [1 << 32, 1 << 32], 0, 0), count: 1), "shape of x: (4294967296, 4294967296)"),
      (bytes(tensors: tensor("x", [0, 1 << 62, 1 << 62], 0, 0), count: 1), "that many elements"),
      (bytes(tensors: tensor("x", [1 << 63], 0, 0), count: 1), "shape of x: 9223372036854775808; no file is that large"),
      (bytes(tensors: tensor("x", [31], 2, 0), count: 1, data: 32), "rows of 31; Q4_0 has blocks of 32"),
      (bytes(tensors: text("x") + little(UInt32(9)), count: 1, data: 64), "number of axes of x: 9"),
      (bytes(count: 1 << 40), "number of tensors: 1099511627776; the file has only"),
      (bytes(metadata: [("a", 13, [])]), "type of a: 13"), (bytes(metadata: [("a", 7, [2])]), "a: 2; a truth value"),
      (bytes(metadata: [("a", 0, [1]), ("a", 0, [1])]), "\"a\" occurs twice"),
      (bytes(metadata: [("a", 9, little(UInt32(4)) + little(UInt64.max))]), "length of a: 18446744073709551615"),
      (bytes(metadata: [("a", 9, little(UInt32(4)) + little(UInt64(1000)))]), "length of a: 1000"),
      (bytes(metadata: [("general.alignment", 4, little(UInt32(24)))]), "a power of two is expected"),
      (bytes(metadata: [("general.alignment", 4, little(UInt32(0)))]), "a power of two is expected"),
      (
        bytes(metadata: [("a", 9, (0..<5).flatMap { _ in little(UInt32(9)) + little(UInt64(1)) } + little(UInt32(0)) + little(UInt64(0)))]),
        "a list of type"
      ),
    ]
    for (data, expected) in cases {
      let text = message { _ = try GGUF(data) }
      #expect(text.contains(expected), "\(text) for \(expected)")
    }
  }

  @Test("a cut-off file is an error, and damaged ones are read or refused, never a trap") func damaged() throws {
    let whole = try Data(contentsOf: url())
    // Behind the last tensor there is nothing but its padding.
    for length in 0..<whole.count - 32 { #expect(message { _ = try GGUF(whole.prefix(length)) } != "no error") }
    fuzz("types.gguf", whole, rounds: 3000) { data in
      let file = try GGUF(data)
      for name in file.names { _ = try? file.array(name)?.doubles() }
    }
  }
}

@Suite("Safetensors in shards")
struct ShardedSafeTensorsTests {
  private let tensors: [(name: String, array: HostArray)] = [
    ("a", try! HostArray([1.0, 2.0])), ("b", try! HostArray([3.0, 4.0, 5.0])), ("c", try! HostArray([Float(6)])),
    ("d", try! HostArray([7.0])),
  ]

  @Test("a folder that huggingface_hub has written reads whole") func golden() throws {
    let file = try ShardedSafeTensors(contentsOf: Fixtures.url("files/sharded"))
    #expect(file.names.sorted() == (0..<4).map { "layers.\($0).weight" } + ["norm.weight"] && file.byteCount == 198)
    #expect(
      file.array("norm.weight")?.dtype == .float16 && file.array("layers.3.weight")?.shape == [4, 3] && file.metadata == ["format": "pt"])
    #expect(file.array("absent") == nil)
  }

  @Test("shards are no larger than asked for, unless one array is, and are read back; a model in one file replaces them") func roundTrip()
    throws
  {
    try Fixtures.withTemporaryFolder { folder in
      try Data("kept".utf8).write(to: folder.appendingPathComponent("config.json"))
      func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
      try ShardedSafeTensors.write(tensors, metadata: ["format": "pt"], largestShard: 20, to: folder)
      #expect(
        try files() == ["config.json"] + (1...3).map { "model-0000\($0)-of-00003.safetensors" } + ["model.safetensors.index.json"])
      let read = try ShardedSafeTensors(contentsOf: folder)
      for (name, array) in tensors { #expect(read.array(name) == array) }
      #expect(read.names == ["a", "b", "d", "c"] && read.byteCount == 52)
      // Fewer shards: the third goes.
      try ShardedSafeTensors.write(tensors, largestShard: 40, to: folder)
      #expect(try files().count == 4 && ShardedSafeTensors(contentsOf: folder).array("d") == tensors[3].array)
      try ShardedSafeTensors.write(tensors, to: folder)
      #expect(try files() == ["config.json", "model.safetensors"] && ShardedSafeTensors(contentsOf: folder).array("b") == tensors[1].array)
      try ShardedSafeTensors.write(tensors, largestShard: 20, to: folder)
      #expect(try !files().contains("model.safetensors") && ShardedSafeTensors(contentsOf: folder).names.count == 4)
    }
  }

  @Test("a model is saved to and loaded from a folder") func model() throws {
    try Fixtures.withTemporaryFolder { folder in
      let saved = Sequential(Linear(4, 5, key: RandomKey(1)), Linear(5, 3, key: RandomKey(2)))
      try saved.save(toFolder: folder.appendingPathComponent("new"), largestShard: 100)
      var loaded = Sequential(Linear(4, 5, key: RandomKey(3)), Linear(5, 3, key: RandomKey(4)))
      #expect(try loaded.load(ShardedSafeTensors(contentsOf: folder.appendingPathComponent("new"))) == LoadReport())
      #expect(loaded.tensors.map(\.doubles) == saved.tensors.map(\.doubles))
    }
  }

  @Test("an index that leads out of the folder, or that does not agree with the shards, is refused") func lies() throws {
    try Fixtures.withTemporaryFolder { folder in
      let index = folder.appendingPathComponent("model.safetensors.index.json"), shard = "model-00001-of-00003.safetensors"
      #expect(message { _ = try ShardedSafeTensors(contentsOf: folder) }.contains("neither model.safetensors nor"))
      try ShardedSafeTensors.write(tensors, largestShard: 20, to: folder)
      let good = try String(contentsOf: index, encoding: .utf8)
      func error(_ text: String) throws -> String {
        try Data(text.utf8).write(to: index)
        return message { _ = try ShardedSafeTensors(contentsOf: folder) }
      }
      for name in ["../model.safetensors", "/etc/passwd", "..", ".", "", "sub/x.safetensors"] {
        let text = try error(good.replacingOccurrences(of: shard, with: name))
        #expect(text.contains("the name of a file in the same folder is expected"), "\(text)")
      }
      #expect(
        try error(good.replacingOccurrences(of: shard, with: "other.safetensors")).contains("other.safetensors: opening: No such file"))
      #expect(try error(good.replacingOccurrences(of: "\"a\"", with: "\"z\"")).contains("weight_map: \"z\" is not in \(shard)"))
      #expect(
        try error(good.replacingOccurrences(of: "00001-of", with: "00002-of")).contains("weight_map: \"a\" is not in model-00002-of-00003"))
      #expect(try error(good.replacingOccurrences(of: "52", with: "53")).contains("total_size: 53; the shards' arrays take 52 bytes"))
      #expect(try error(good.replacingOccurrences(of: "52", with: "1e300")).contains("total_size: 1e+300"))
      #expect(
        try error("{\"weight_map\": {\"d\": \"model-00003-of-00003.safetensors\"}}").contains(
          "\"c\" of model-00003-of-00003.safetensors is missing"))
      for text in ["", "[]", "{", "{\"weight_map\": 7}", "{}"] { #expect(try error(text).contains("index"), "\(text)") }
      #expect(try error("{\"weight_map\": {}}") == "no error")
      _ = try error(good)
      try FileManager.default.copyItem(at: folder.appendingPathComponent(shard), to: folder.appendingPathComponent("copy.safetensors"))
      #expect(
        try error(good.replacingOccurrences(of: "\"b\":\"model-00002-of-00003", with: "\"b\":\"copy")).contains("\"a\" is in two of them"))
      #expect(message { try ShardedSafeTensors.write(tensors + [tensors[0]], to: folder) }.contains("give each array a name of its own"))
    }
  }
}
