import Foundation
import Testing
import WengertNN
import WengertTestSupport

@Suite("npy files")
struct NPYTests {
  /// An `.npy` file with this header text.
  func file(_ header: String, version: UInt8 = 1, body: Int = 0) -> Data {
    var data = Data([0x93]) + Data("NUMPY".utf8) + Data([version, 0, UInt8(header.utf8.count & 0xff), UInt8(header.utf8.count >> 8)])
    if version > 1 { data += Data([0, 0]) }
    return data + Data(header.utf8) + Data(count: body)
  }

  @Test("every element type, byte order, memory order and version reads as NumPy reads it")
  func cases() throws {
    let archive = try NPZ(contentsOf: Fixtures.url("files/npy-cases.npz"))
    let expected = try Expected.arrays("npy-cases")
    #expect(expected.count == 12 * 2 * 2 * 3 + 6)
    for (name, array) in expected {
      let read = try archive.array(name)
      #expect(read.shape == array.shape, "\(name)")
      #expect(read.doubles() == array.values, "\(name)")
    }
    #expect(try archive.array("i1-little-C-v1").dtype == .int32)
    #expect(try archive.array("u4-big-F-v3").dtype == .int64)
    #expect(try archive.array("f2-big-F-v2").dtype == .float16)
  }

  @Test("texts of bytes and of characters are read")
  func texts() throws {
    let archive = try NPZ(contentsOf: Fixtures.url("files/npy-cases.npz"))
    #expect(try archive.text("text-bytes") == "csr")
    #expect(try archive.text("text-unicode") == "größe 🙂")
    #expect(try archive.text("text-big-endian") == "coo")
    #expect(message { _ = try archive.text("f4-little-C-v1") }.contains("descr: <f4; one text (S or U) is expected"))
  }

  @Test("what cannot be held is one error that says so")
  func unsupported() throws {
    let archive = try NPZ(contentsOf: Fixtures.url("files/npy-cases.npz"))
    #expect(message { _ = try archive.array("complex") }.contains("npy-cases.npz/complex: descr: <c8; save the array as"))
    #expect(message { _ = try archive.array("record") }.contains("records and sub-arrays cannot be read"))
    #expect(message { _ = try archive.array("text-bytes") }.contains("descr: |S3"))
    #expect(message { _ = try archive.array("absent") }.contains("member absent: missing; the archive holds"))
    let large = file("{'descr': '<u8', 'fortran_order': False, 'shape': (1,), }") + Data(repeating: 0xff, count: 8)
    #expect(message { _ = try NPY.read(large) }.contains("data[0]: 18446744073709551615; uint64 values above 2^63 - 1"))
  }

  @Test(
    "a header that lies is one error with field and value",
    arguments: [
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "data: 0 bytes; shape (3) of <f4 takes 12"),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "shape: (4294967296, 4294967296); that many"),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "a size from 0 to 2^63 - 1 is expected"),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "a size from 0 to 2^63 - 1 is expected"),
      ("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (), }", "True or False is expected"),
      ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (), }", "the key 'descr' is unknown or occurs twice"),
      ("{'descr': '<f4', 'fortran_order': False}", "descr, fortran_order and shape are needed"),
      ("{'descr': '<f4", "a string does not end"),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), } print()", "something follows the dictionary"),
      ("", "'{' is missing at the end"),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (\(String(repeating: "1,", count: 65))), }", "65 axes: at most 64"),
    ])
  func lies(header: String, expected: String) {
    #expect(message { _ = try NPY.read(file(header), file: "x.npy") }.contains(expected))
    #expect(message { _ = try NPY.read(file(header), file: "x.npy") }.hasPrefix("x.npy: "))
  }

  @Test("a foreign or cut-off file is one error")
  func truncated() throws {
    #expect(message { _ = try NPY.read(Data()) }.contains("magic"))
    #expect(message { _ = try NPY.read(Data("hello, world".utf8)) }.contains("not a .npy file"))
    let whole = try NPY.encode(HostArray([1, 2, 3] as [Float]))
    for length in 0..<whole.count {
      #expect(message { _ = try NPY.read(whole.prefix(length)) } != "no error", "\(length) bytes")
    }
    #expect(message { _ = try NPY.read(whole + Data([0])) }.contains("data: 13 bytes; shape (3) of <f4 takes 12"))
    #expect(
      message { _ = try NPY.read(URL(fileURLWithPath: "/absent.npy")) } == "/absent.npy: opening: No such file or directory; check the path"
    )
    #expect(message { _ = try NPY.read(URL(fileURLWithPath: "/")) }.contains("not a regular file"))
  }

  @Test("what is written is read back, for every type, and begins at a multiple of 64 bytes")
  func roundTrip() throws {
    try Fixtures.withTemporaryFolder { folder in
      let values = try HostArray([0, 1, 0, 3, 7, 250] as [Float], shape: [2, 3])
      for dtype in DType.allCases {
        let array = try values.converted(to: dtype)
        let url = folder.appendingPathComponent("\(dtype).npy")
        try NPY.write(array, to: url)
        let read = try NPY.read(url)
        #expect(read.dtype == (dtype == .bfloat16 ? .float32 : dtype))
        #expect(read.shape == [2, 3])
        #expect(read.doubles() == array.doubles())
        #expect(try Data(contentsOf: url).count - read.data.count == 128)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.hasSuffix(".partial") })
    }
  }

  @Test("rows appended one by one make the array that was meant")
  func writer() throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("rows.npy")
      let writer = try NPYWriter(to: url, dtype: .float32, rowShape: [2])
      for i in 0..<1000 { try writer.append([Float(i), Float(-i)]) }
      try writer.append(HostArray([5, 6, 7, 8] as [Int32], shape: [2, 2]))
      #expect(message { try writer.append([1]) }.contains("rows: 1 numbers; a row has 2 numbers"))
      #expect(message { try writer.append(HostArray([1, 2, 3] as [Float], shape: [1, 3])) }.contains("the file's rows have shape [2]"))
      #expect(!FileManager.default.fileExists(atPath: url.path))
      try writer.finish()
      let read = try NPY.read(url)
      #expect(read.shape == [1002, 2])
      var expected: [Float] = []
      for i in 0..<1000 { expected += [Float(i), Float(-i)] }
      expected += [5, 6, 7, 8]
      #expect(read.floats() == expected)
    }
  }

  @Test("a writer that is dropped leaves the old file and nothing else")
  func abandoned() throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("rows.npy")
      try Data("old".utf8).write(to: url)
      do {
        let writer = try NPYWriter(to: url, dtype: .float32, rowShape: [1])
        try writer.append([1])
      }
      #expect(try String(contentsOf: url, encoding: .utf8) == "old")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["rows.npy"])
      let nowhere = folder.appendingPathComponent("none/rows.npy")
      #expect(message { try NPY.write(HostArray([1] as [Float]), to: nowhere) }.contains("creating: No such file or directory"))
    }
  }

  @Test("conversions to the half types round as NumPy and PyTorch do")
  func halves() throws {
    let expected = try Expected.conversion()
    let array = try HostArray(expected.floats)
    func bits(_ array: HostArray) -> [UInt16] { array.data.withUnsafeBytes { Array($0.bindMemory(to: UInt16.self)) } }
    #expect(try bits(array.converted(to: .float16)) == expected.float16)
    #expect(try bits(array.converted(to: .bfloat16)) == expected.bfloat16)
    let nan = try HostArray([Float.nan, Float(bitPattern: 0x7f80_0001)])
    #expect(try nan.converted(to: .bfloat16).floats().allSatisfy(\.isNaN))
  }

  @Test("a value that a type cannot hold is an error")
  func conversions() throws {
    #expect(message { _ = try HostArray([1.5] as [Float]).ints() }.contains("data[0]: 1.5; a whole number is needed"))
    #expect(message { _ = try HostArray([Double.nan]).converted(to: .int32) }.contains("nan"))
    #expect(message { _ = try HostArray([256]).converted(to: .uint8) }.contains("data[0]: 256; uint8 cannot hold it"))
    #expect(message { _ = try HostArray([1, 2] as [Float], shape: [3]) }.contains("data: 8 bytes; shape [3] of float32 takes 12"))
    #expect(try HostArray([2, 0, 1]).bools() == [true, false, true])
    #expect(try HostArray([true, false]).ints() == [1, 0])
  }

  @Test("sizes beside a zero that no memory holds are an error, not a trap", arguments: [true, false])
  func hugeBesideZero(isFortran: Bool) throws {
    let header = "{'descr': '<f4', 'fortran_order': \(isFortran ? "True" : "False"), 'shape': (4611686018427387904, 8, 0), }"
    #expect(message { _ = try Tensor(NPY.read(file(header, version: 1, body: 0))) }.contains("that many elements fit in no memory"))
    let small = header.replacing("4611686018427387904", with: "1048576")
    #expect(try Tensor(NPY.read(file(small, version: 1, body: 0))).shape == [1 << 20, 8, 0])
  }

  @Test("damaged files are parsed or refused, never a trap")
  func fuzzing() throws {
    let archive = try NPZ(contentsOf: Fixtures.url("files/npy-cases.npz"))
    for name in ["f4-little-C-v1", "i8-big-F-v2", "b1-little-F-v3", "i1-big-C-v1"] {
      let data = try NPY.encode(archive.array(name))
      fuzz(name, data, rounds: 5000) { _ = try NPY.read($0).doubles() }
    }
    let header = file("{'descr': '>u2', 'fortran_order': True, 'shape': (2, 3), }", version: 2, body: 12)
    fuzz("big-endian columns", header, rounds: 20_000) { _ = try NPY.read($0).doubles() }
    let text = file("{'descr': '<U3', 'fortran_order': False, 'shape': (), }") + Data("c\0\0\0s\0\0\0r\0\0\0".utf8)
    fuzz("text", text, rounds: 20_000) { _ = try NPY.readText($0) }
  }
}
