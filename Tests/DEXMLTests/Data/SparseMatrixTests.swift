import DEXML
import Foundation
import Testing
import WengertTestSupport

@Suite("Sparse matrices")
struct SparseMatrixTests {
  static let files = [
    "csr", "csr-stored-f8", "csr-int", "csr-bool", "csr-array", "csr-int64-indices", "csc", "coo-duplicates", "csr-duplicates",
  ]

  @Test("every format and element type reads as SciPy reads it, duplicates summed", arguments: files)
  func golden(name: String) throws {
    struct Expected: Decodable { var values: [Double] }
    struct Matrices: Decodable {
      var found: [String: Expected] = [:]
      struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
      }
      init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for key in container.allKeys where key.stringValue.hasPrefix("sparse/") {
          found[String(key.stringValue.dropFirst(7))] = try container.decode(Expected.self, forKey: key)
        }
      }
    }
    let expected = try JSONDecoder().decode(Matrices.self, from: Data(contentsOf: Fixtures.url("files/expected.json"))).found
    let matrix = try SparseMatrix(contentsOf: Fixtures.url("files/\(name).npz"))
    #expect(matrix.rows == 7 && matrix.columns == 6)
    #expect(matrix.dense == expected[name]?.values)
    try #expect(SparseMatrix.dense((0..<7).map { i in matrix.dense[i * 6..<i * 6 + 6].map { Float($0) } }) == matrix)
  }

  @Test("another format is an error that says what to save")
  func bsr() {
    #expect(
      message { _ = try SparseMatrix(contentsOf: Fixtures.url("files/bsr.npz")) }.contains(
        "format: \"bsr\"; save the matrix as csr, csc or coo"))
  }

  @Test("a value that float32 takes for zero is refused, a zero is not")
  func underflow() throws {
    func read(_ values: [Double]) throws -> SparseMatrix {
      try Fixtures.withTemporaryFolder { folder in
        let url = folder.appendingPathComponent("x.npz")
        try NPZ.write(
          [
            ("indices", .array(HostArray([0, 1] as [Int32]))), ("indptr", .array(HostArray([0, 2] as [Int32]))), ("format", .text("csr")),
            ("shape", .array(HostArray([1, 2]))), ("data", .array(HostArray(values))),
          ], compressed: false, to: url)
        return try SparseMatrix(contentsOf: url)
      }
    }
    let text = message { _ = try read([0, 1e-60]) }
    #expect(text.contains("x.npz: data[1]: 1e-60; in float32 that is 0"), "\(text)")
    #expect(try Array(read([0, 1e-30]).values) == [0, 1e-30])
  }

  @Test("what is written is read back, rankings in their order", arguments: [false, true])
  func roundTrip(compressed: Bool) throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("x.npz")
      let matrix = try SparseMatrix(
        rows: 3, columns: 5, rowOffsets: [0, 3, 3, 4], indices: [4, 0, 2, 1], values: [0.9, 0.5, 0.1, -2])
      try matrix.write(to: url, compressed: compressed)
      try #expect(SparseMatrix(contentsOf: url) == matrix)
      #expect(Array(matrix.row(0).indices) == [4, 0, 2])
      let empty = try SparseMatrix(rows: 0, columns: 0, rowOffsets: [0], indices: [], values: [])
      try empty.write(to: url, compressed: compressed)
      try #expect(SparseMatrix(contentsOf: url) == empty)
    }
  }

  @Test("transposing exchanges rows and columns, and twice gives the sorted matrix")
  func transposing() throws {
    let matrix = try SparseMatrix.dense([[0, 1, 2], [3, 0, 0], [0, 0, 0], [4, 5, 6]])
    try #expect(matrix.transposed() == .dense([[0, 3, 0, 4], [1, 0, 0, 5], [2, 0, 0, 6]]))
    #expect(matrix.transposed().transposed() == matrix)
    #expect(matrix.columnCounts() == [2, 2, 2])
  }

  @Test("selecting and removing keep what they should")
  func selecting() throws {
    let matrix = try SparseMatrix.dense([[0, 1, 2], [3, 0, 0], [4, 5, 6]])
    try #expect(matrix.selecting(rows: [2, 0]) == .dense([[4, 5, 6], [0, 1, 2]]))
    try #expect(matrix.removing(.dense([[1, 1, 0], [0, 1, 0], [1, 0, 1]])) == .dense([[0, 0, 2], [3, 0, 0], [0, 5, 0]]))
    #expect(
      try matrix.filtered { row, column, value in row == 2 && column > 0 && value < 6 } == .dense([[0, 0, 0], [0, 0, 0], [0, 5, 0]]))
  }

  func csr(_ rows: Int, _ columns: Int, _ offsets: [Int], _ indices: [Int32], _ values: [Float]) -> String {
    message { _ = try SparseMatrix(rows: rows, columns: columns, rowOffsets: offsets, indices: indices, values: values, file: "Y.npz") }
  }

  @Test("members that contradict each other are errors with file, field and value")
  func contradictions() {
    #expect(csr(2, 3, [0, 2, 1], [0], [1]) == "Y.npz: indptr[2]: 1; offsets never fall, and the one before is 2")
    #expect(csr(2, 3, [0, 1], [0], [1]) == "Y.npz: indptr: 2 entries; the shape asks for 2 + 1")
    #expect(csr(2, 3, [1, 1, 1], [0], [1]) == "Y.npz: indptr[0]: 1; offsets begin at 0: the file is damaged")
    #expect(csr(2, 3, [0, 1, 4], [0], [1]) == "Y.npz: indptr[2]: 4; the last offset must be the number of indices, 1")
    #expect(csr(1, 3, [0, 1], [3], [1]) == "Y.npz: indices[0]: 3; the matrix has 3 columns, counted from 0")
    #expect(csr(1, 3, [0, 1], [-1], [1]) == "Y.npz: indices[0]: -1; the matrix has 3 columns, counted from 0")
    #expect(csr(1, 3, [0, 1], [0], []) == "Y.npz: data: 0 entries; indices has 1")
    #expect(csr(-1, 3, [0], [], []) == "Y.npz: shape: -1 rows; 0 to 2147483647 are possible")
    #expect(csr(0, 1 << 40, [0], [], []) == "Y.npz: shape: 1099511627776 columns; 0 to 2147483647 are possible")
    #expect(csr(0, 1 << 30, [0], [], []).contains("with 0 entries that is taken for damage"))
  }

  @Test("an archive whose members do not fit is an error")
  func archives() throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("Y.npz")
      func write(_ changes: [String: NPZ.Member?]) throws -> String {
        var members: [String: NPZ.Member] = [
          "format": .text("coo"), "shape": .array(try HostArray([2, 2])), "row": .array(try HostArray([0, 1])),
          "col": .array(try HostArray([1, 0])), "data": .array(try HostArray([1, 1] as [Float])),
        ]
        for (name, member) in changes { members[name] = member }
        try NPZ.write(members.map { ($0.key, $0.value) }, to: url)
        return message { _ = try SparseMatrix(contentsOf: url) }
      }
      try #expect(write([:]) == "no error")
      try #expect(write(["row": .none]).contains("Y.npz: member row: missing"))
      try #expect(write(["row": .array(HostArray([0]))]).contains("row, col, data: 1, 2, 2 entries"))
      try #expect(write(["row": .array(HostArray([0, 2]))]).contains("row[1]: 2; the matrix has 2 rows"))
      try #expect(write(["col": .array(HostArray([0, 1 << 33]))]).contains("col[1]: 8589934592; no matrix that can be read is that large"))
      try #expect(write(["col": .array(HostArray([0.0, 1.0]))]).contains("col: float64; integers are expected"))
      try #expect(write(["shape": .array(HostArray([2]))]).contains("shape: [2]; a matrix has two sizes"))
      #expect(
        try write(["data": .array(HostArray([1, 1] as [Float], shape: [1, 2]))]).contains("data: shape [1, 2]; one axis is expected"))
      try #expect(write(["format": .text("CSR")]).contains("format: \"CSR\""))
      try #expect(write(["format": .array(HostArray([1]))]).contains("one text (S or U) is expected"))
    }
  }

  @Test("damaged members are read or refused, never a trap")
  func fuzzing() throws {
    let (offsets, indices) = ([0, 2, 3, 3, 6], [1, 3, 0, 2, 4, 2] as [Int32])
    let values = [1, 2, 3, 4, 5, 6] as [Float]
    var refused = 0
    for seed in 0..<20_000 as Range<UInt64> {
      let damagedOffsets = try damaged(offsets, seed)
      let damagedIndices = try damaged(indices.map(Int.init), seed ^ 0xff).map { Int32(truncatingIfNeeded: $0) }
      do {
        let matrix = try SparseMatrix(
          rows: 4, columns: 5, rowOffsets: seed % 3 == 0 ? offsets : damagedOffsets, indices: seed % 3 == 1 ? indices : damagedIndices,
          values: values)
        _ = matrix.transposed()
      } catch is FileError { refused += 1 }
      do {
        _ = try SparseMatrix(rows: 4, columns: 5, rowIndices: damagedIndices, columnIndices: indices, values: values)
      } catch is FileError { refused += 1 }
    }
    #expect(refused > 1000)
  }

  /// `values` with damage to their bytes.
  private func damaged(_ values: [Int], _ seed: UInt64) throws -> [Int] {
    let bytes = try HostArray(values).data.damaged(seed: seed)
    let whole = bytes.count / 8 * 8
    return try HostArray(dtype: .int64, shape: [whole / 8], data: bytes.prefix(whole)).ints()
  }

  @Test("millions of rows may be empty") func emptyRows() throws {
    let matrix = try SparseMatrix(
      rows: 1 << 24, columns: 3, rowIndices: [0, 1 << 20, 0], columnIndices: [2, 1, 2], values: [1, 2, 3])
    #expect(matrix.count == 2 && matrix.rows == 1 << 24)
    #expect(Array(matrix.row(0).values) == [4] && Array(matrix.row(1 << 20).indices) == [1] && matrix.row((1 << 24) - 1).indices.isEmpty)
  }

  @Test("damaged files are read or refused, never a trap", arguments: ["csr-stored-f8", "csc", "coo-duplicates"])
  func fuzzingFiles(name: String) throws {
    let data = try Data(contentsOf: Fixtures.url("files/\(name).npz"))
    for seed in 0..<10_000 as Range<UInt64> {
      do { _ = try SparseMatrix(NPZ(data.damaged(seed: seed))) } catch is FileError {}
    }
  }
}
