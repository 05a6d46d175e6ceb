import Foundation
import Testing
import WengertNN
import WengertTestSupport

@Suite("safetensors files")
struct SafeTensorsTests {
  /// A file with this header and `body` zero bytes.
  func file(_ header: String, body: Int = 0) -> Data {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8) + Data(count: body)
  }

  @Test("a file written by the reference library reads with every type, shape, value and metadata")
  func golden() throws {
    let file = try SafeTensors(contentsOf: Fixtures.url("files/tensors.safetensors"))
    let expected = try Expected.arrays("tensors")
    #expect(Set(file.names) == Set(expected.keys))
    #expect(file.metadata == ["format": "pt", "note": "ä \"b\""])
    for (name, array) in expected {
      let read = try #require(file[name])
      #expect(read.shape == array.shape, "\(name)")
      #expect(read.doubles() == array.values, "\(name)")
    }
    #expect(file["brain"]?.dtype == .bfloat16)
    #expect(file["short"]?.dtype == .int32)
    #expect(file["absent"] == nil)
  }

  @Test("what is written is read back, wider elements first")
  func roundTrip() throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("x.safetensors")
      let values = try HostArray([0, 1, 1, 0, 5, 6] as [Float], shape: [3, 2])
      let tensors = try DType.allCases.map { (name: "t/\($0) \"ü\"\n", array: try values.converted(to: $0)) }
      try SafeTensors.write(tensors + [("nothing", HostArray([Float](), shape: [0, 7]))], metadata: ["format": "pt", "ä": "\\"], to: url)
      let file = try SafeTensors(contentsOf: url)
      #expect(file.metadata == ["format": "pt", "ä": "\\"])
      for (name, array) in tensors { #expect(file[name] == array) }
      #expect(file["nothing"]?.shape == [0, 7])
      #expect(file.names.first == "t/int64 \"ü\"\n")
      #expect(message { try SafeTensors.write([tensors[0], tensors[0]], to: url) }.contains("give each array a name of its own"))
      #expect(try SafeTensors(contentsOf: url).names.count == 9)
    }
  }

  @Test("rows that are appended make the file that the whole array makes")
  func rows() throws {
    try Fixtures.withTemporaryFolder { folder in
      let (whole, parts) = (folder.appendingPathComponent("whole.safetensors"), folder.appendingPathComponent("parts.safetensors"))
      let values = (0..<21).map(Float.init)
      try SafeTensors.write([("x", HostArray(values, shape: [7, 3]))], metadata: ["a": "b"], to: whole)
      let writer = try SafeTensorsWriter(to: parts, name: "x", rows: 7, width: 3, metadata: ["a": "b"])
      try writer.append(Array(values[..<6]))
      #expect(message { try writer.append([1]) }.contains("rows: 1 numbers; a row has 3 numbers"))
      #expect(message { try writer.finish() }.contains("rows: 2; 7 were announced"))
      #expect(!FileManager.default.fileExists(atPath: parts.path))
      try writer.append(Array(values[6...]))
      try writer.finish()
      #expect(try Data(contentsOf: parts) == Data(contentsOf: whole))
    }
  }

  @Test(
    "a header that lies is one error with field and value",
    arguments: [
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, "data: 4 bytes; the header describes 8"),
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "data_offsets of a: [0, 4]; shape [2] of F32 takes 8 bytes"),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "the previous array ends at 0"),
      (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#, 6,
        "data_offsets of b: [2, 6]; the previous array ends at 4"
      ),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}}"#, 8, "[begin, end] is expected"),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 8, "[begin, end] is expected"),
      (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, 4, "shape of a: (4294967296, 4294967296)"),
      (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "sizes cannot be negative"),
      (#"{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}"#, 1, "dtype of a: F8_E4M3; BOOL, U8"),
      (#"{"a":{"dtype":"F32","shape":[1e99],"data_offsets":[0,4]}}"#, 4, "header"),
      (#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, 4, "header"),
      (#"{"a":7}"#, 0, "header, a"),
      (#"{"__metadata__":{"a":7}}"#, 0, "header, __metadata__"),
      (#"{"a":"#, 0, "header"),
      (#"[]"#, 0, "a JSON object is expected"),
      ("", 0, "a JSON object is expected"),
      ("{}", 1, "data: 1 bytes; the header describes 0"),
    ])
  func lies(header: String, body: Int, expected: String) {
    let text = message { _ = try SafeTensors(file(header, body: body), file: "x.safetensors") }
    #expect(text.hasPrefix("x.safetensors: ") && text.contains(expected), "\(text)")
  }

  @Test("a cut-off file, and a header length beyond the file or the format, are errors")
  func truncated() throws {
    let whole = try Data(contentsOf: Fixtures.url("files/tensors.safetensors"))
    for length in 0..<whole.count { #expect(message { _ = try SafeTensors(whole.prefix(length)) } != "no error") }
    #expect(message { _ = try SafeTensors(Data(repeating: 0xff, count: 16)) }.contains("header length: 18446744073709551615"))
    #expect(message { _ = try SafeTensors(Data([0, 0, 0, 0, 1, 0, 0, 0, 1])) }.contains("header length: 4294967296; at most 100000000"))
    #expect(message { _ = try SafeTensors(Data([9, 0, 0, 0, 0, 0, 0, 0, 1])) }.contains("header: 9 bytes at 8; the file has only 9"))
    let deep = file("{\"a\":" + String(repeating: "[", count: 100_000))
    #expect(message { _ = try SafeTensors(deep) }.contains("header"))
  }

  @Test("damaged files are read or refused, never a trap")
  func fuzzing() throws {
    let data = try Data(contentsOf: Fixtures.url("files/tensors.safetensors"))
    fuzz("tensors", data, rounds: 10_000) { damaged in
      let file = try SafeTensors(damaged)
      for name in file.names { _ = file[name]?.doubles() }
    }
  }
}
