import Foundation
import Testing
import WengertNN
import WengertTestSupport

@Suite("npz archives")
struct NPZTests {
  static let layouts = ["stored", "deflated", "streamed-stored", "streamed-deflated"]

  @Test("stored, deflated and streamed archives read as NumPy reads them", arguments: layouts)
  func golden(layout: String) throws {
    let archive = try NPZ(contentsOf: Fixtures.url("files/\(layout).npz"))
    #expect(archive.names == ["a", "b", "c"])
    for (name, array) in try Expected.arrays(layout) {
      let read = try archive.array(name)
      #expect(read.shape == array.shape)
      #expect(read.doubles() == array.values)
    }
  }

  @Test("what is written is read back, with and without deflate and ZIP64", arguments: [false, true], [0, 300, 0xffff_ffff])
  func roundTrip(compressed: Bool, limit: Int) throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("x.npz")
      let floats = (0..<10_000).map { Float($0 % 17) }
      try NPZ.write(
        [("floats", .array(HostArray(floats, shape: [100, 100]))), ("empty", .array(HostArray([Int]()))), ("format", .text("csr"))],
        compressed: compressed, to: url, zip64Limit: limit)
      let archive = try NPZ(contentsOf: url)
      #expect(archive.names == ["floats", "empty", "format"])
      #expect(try archive.array("floats").floats() == floats)
      #expect(try archive.array("floats").shape == [100, 100])
      #expect(try archive.array("empty").shape == [0])
      #expect(try archive.text("format") == "csr")
      #expect(try Data(contentsOf: url).count < (compressed ? 5_000 : 50_000))
    }
  }

  /// `data` with `bytes` in place of what stands at `offset`.
  func patched(_ data: Data, _ offset: Int, _ bytes: [UInt8]) -> Data {
    var copy = Data(data)
    copy.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    return copy
  }

  func reads(_ data: Data) throws {
    let archive = try NPZ(data, file: "x.npz")
    for name in archive.names { _ = try archive.array(name) }
  }

  @Test("sizes, offsets and checksums that lie are errors")
  func lies() throws {
    let stored = try Data(contentsOf: Fixtures.url("files/streamed-stored.npz"))
    let deflated = try Data(contentsOf: Fixtures.url("files/streamed-deflated.npz"))
    func directory(_ data: Data) -> Int { data.firstRange(of: Data([0x50, 0x4b, 1, 2]))!.lowerBound }
    let (a, b) = (directory(stored), directory(deflated))
    let huge: [UInt8] = [0xff, 0xff, 0xff, 0x7f]
    func message(_ data: Data) -> String { WengertNNTests.message { try reads(data) } }
    #expect(message(stored) == "no error")
    #expect(message(patched(stored, a + 24, huge)).contains("size of a.npy: 2147483647; the member is stored in"))
    #expect(message(patched(stored, a + 20, huge + huge)).contains("packed bytes of a.npy"))
    #expect(message(patched(deflated, b + 24, huge)).contains("no deflated member grows that much"))
    #expect(message(patched(deflated, b + 24, [100, 0, 0, 0])).contains("more than 100 bytes; the member is larger than declared"))
    #expect(message(patched(deflated, b + 24, [0xff, 0, 0, 0])).contains("188 bytes; 255 were declared"))
    #expect(message(patched(stored, a + 16, huge)).contains("checksum of a.npy"))
    #expect(message(patched(stored, a + 42, [1, 0, 0, 0])).contains("local header of a.npy: signature"))
    #expect(message(patched(stored, a + 42, huge)).contains("local header of a.npy: 4 bytes at 2147483647; the file has only"))
    #expect(message(patched(stored, a + 10, [12, 0])).contains("compression of a.npy: method 12; store or deflate"))
    #expect(message(patched(stored, a + 8, [1, 0])).contains("encrypted"))
    #expect(message(patched(stored, 30, [0x7a])).contains("local header of a.npy: z.npy, method 0; it contradicts the directory"))
    #expect(message(patched(stored, stored.count - 9 - 12, [9, 0])).contains("9 were declared"))
    #expect(message(Data()).contains("end of zip directory: missing in 0 bytes; the file is truncated or is no zip archive"))
    for length in stride(from: 0, to: stored.count, by: 7) { #expect(message(stored.prefix(length)) != "no error") }
  }

  @Test("members that share bytes are refused")
  func overlap() throws {
    // The second member's directory entry is pointed at the first, under the first's name, which then stands twice.
    let stored = try Data(contentsOf: Fixtures.url("files/streamed-stored.npz"))
    let first = stored.firstRange(of: Data([0x50, 0x4b, 1, 2]))!.lowerBound
    let second = stored[(first + 4)...].firstRange(of: Data([0x50, 0x4b, 1, 2]))!.lowerBound
    let copy = patched(stored, second, [UInt8](stored[first..<first + 51]))
    #expect(message { try reads(copy) }.contains("member: a.npy; the name occurs twice"))
    let local = patched(copy, second + 46, [0x62])
    #expect(message { try reads(local) }.contains("local header of b.npy: a.npy, method 0"))
    // The first member is stretched over the second's header.
    let next = stored[4...].firstRange(of: Data([0x50, 0x4b, 3, 4]))!.lowerBound
    let stretched = withUnsafeBytes(of: UInt32(next + 40 - 35).littleEndian) { [UInt8]($0) }
    let spanning = patched(stored, first + 20, stretched + stretched)
    #expect(message { try reads(spanning) }.contains("offset of b.npy: \(next); members overlap"))
  }

  @Test("two members of one name are not written, and an old archive survives the attempt")
  func duplicateNames() throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("x.npz")
      try NPZ.write([("a", .text("old"))], to: url)
      #expect(message { try NPZ.write([("a", .text("x")), ("a", .text("y"))], to: url) }.contains("give each member a name of its own"))
      #expect(try NPZ(contentsOf: url).text("a") == "old")
    }
  }

  @Test("damaged archives are read or refused, never a trap", arguments: layouts)
  func fuzzing(layout: String) throws {
    let data = try Data(contentsOf: Fixtures.url("files/\(layout).npz"))
    fuzz(layout, data, rounds: 10_000) { try reads($0) }
  }

  @Test("damaged ZIP64 archives are read or refused, never a trap")
  func fuzzingZip64() throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("x.npz")
      try NPZ.write([("a", .array(HostArray([1, 2]))), ("b", .array(HostArray([3])))], compressed: false, to: url, zip64Limit: 0)
      fuzz("zip64", try Data(contentsOf: url), rounds: 20_000) { try reads($0) }
    }
  }
}
