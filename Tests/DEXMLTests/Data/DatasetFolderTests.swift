import DEXML
import Foundation
import Testing
import WengertTestSupport

@Suite("Data set folders")
struct DatasetFolderTests {
  /// A data set of three training and two test documents and two labels.
  func withDataset(_ body: (DatasetFolder, URL) throws -> Void) throws {
    try Fixtures.withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("LF-Toy-2")
      try FileManager.default.createDirectory(at: url.appendingPathComponent("raw"), withIntermediateDirectories: true)
      try write("one\ntwo\r\nthrée", url, "raw/trn_X.txt")
      try write("four\n\n", url, "raw/tst_X.txt")
      try write("label a\nlabel b\n", url, "raw/Y.txt")
      try SparseMatrix.dense([[1, 0], [1, 0.5], [0, 0]]).write(to: url.appendingPathComponent("Y.trn.npz"))
      try SparseMatrix.dense([[0, 1], [1, 0]]).write(to: url.appendingPathComponent("Y.tst.npz"))
      try body(DatasetFolder(url), url)
    }
  }

  func write(_ text: String, _ folder: URL, _ name: String) throws { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }

  @Test("texts and labels are found, read and joined")
  func reading() throws {
    try withDataset { dataset, _ in
      #expect(dataset.name == "LF-Toy-2")
      try #expect(TextLines.all(of: dataset.textFile(.train)) == ["one", "two", "thrée"])
      try #expect(TextLines.all(of: dataset.textFile(.test)) == ["four", ""])
      try #expect(TextLines.all(of: dataset.labelTextFile) == ["label a", "label b"])
      try #expect(dataset.readLabels(.train) == .dense([[1, 0], [1, 0.5], [0, 0]]))
      try #expect(dataset.readLabels(.test) == .dense([[0, 1], [1, 0]]))
      try #expect(dataset.readFilter(.test, documents: 2, labels: 2) == nil)
    }
  }

  @Test("lines that are not the matrix's rows and columns are errors")
  func lineCounts() throws {
    try withDataset { dataset, url in
      try write("one\ntwo\n", url, "raw/trn_X.txt")
      #expect(message { _ = try dataset.readLabels(.train) }.contains("trn_X.txt: lines: 2; Y.trn.npz has 3 rows: they must be equal"))
      try write("a\nb\nc\n", url, "raw/Y.txt")
      #expect(message { _ = try dataset.readLabels(.test) }.contains("Y.txt: lines: 3; Y.tst.npz has 2 columns"))
      try Data([0x61, 0x0a, 0xff, 0x0a]).write(to: url.appendingPathComponent("raw/Y.txt"))
      #expect(
        message { _ = try TextLines.all(of: dataset.labelTextFile) }.contains("Y.txt: line 2: is not valid UTF-8; save the file as UTF-8"))
      #expect(
        message { _ = try DatasetFolder(url.appendingPathComponent("none")) }.contains("no such folder; it should hold raw/trn_X.txt"))
      try FileManager.default.removeItem(at: dataset.labelMatrixFile(.test))
      #expect(message { _ = try dataset.readLabels(.test) }.contains("Y.tst.npz: opening: No such file or directory"))
    }
  }

  @Test("explicit zeros are no labels, and a negative relevance is an error")
  func relevance() throws {
    try withDataset { dataset, _ in
      try SparseMatrix(rows: 2, columns: 2, rowOffsets: [0, 2, 2], indices: [0, 1], values: [0, 2]).write(
        to: dataset.labelMatrixFile(.test))
      try #expect(dataset.readLabels(.test) == .dense([[0, 2], [0, 0]]))
      for value in [-1, Float.nan, .infinity] {
        try SparseMatrix(rows: 2, columns: 2, rowOffsets: [0, 1, 1], indices: [0], values: [value]).write(
          to: dataset.labelMatrixFile(.test))
        #expect(message { _ = try dataset.readLabels(.test) }.contains("data[0]: \(value); a relevance is positive"))
      }
    }
  }

  @Test("filter files are read, and pairs outside the matrix are errors that name the line")
  func filters() throws {
    try withDataset { dataset, url in
      try write("0 1\n\n1\t0\r\n0 1", url, "filter_labels_test.txt")
      try #expect(dataset.readFilter(.test, documents: 2, labels: 2) == .dense([[0, 2], [1, 0]]))
      for (text, expected) in [
        ("0 2\n", "line 1, label: \"2\"; 0 to 1 are possible"), ("0 0\n2 0\n", "line 2, document: \"2\"; 0 to 1 are possible"),
        ("0\n", "line 1: 1 words"), ("0 1 2", "line 1: 3 words"), ("0 x", "label: \"x\""), ("-1 0", "document: \"-1\""),
        ("99999999999 0", "document: \"99999999999\""), ("\u{0}", "line 1: 1 words"),
      ] {
        try write(text, url, "filter_labels_test.txt")
        let text = message { _ = try dataset.readFilter(.test, documents: 2, labels: 2) }
        #expect(text.contains(expected), "\(text)")
      }
    }
  }

  @Test("held-out rows are drawn once, by the seed alone, and kept")
  func heldOut() throws {
    try withDataset { dataset, _ in
      let rows = try dataset.heldOutRows(20, of: 100, seed: 5)
      #expect(rows.count == 20 && Set(rows).count == 20 && rows == rows.sorted() && rows.allSatisfy { (0..<100).contains($0) })
      try #expect(NPY.read(dataset.heldOutFile(20)).ints() == rows)
      try #expect(dataset.heldOutRows(20, of: 100, seed: 6) == rows)
      try FileManager.default.removeItem(at: dataset.heldOutFile(20))
      try #expect(dataset.heldOutRows(20, of: 100, seed: 5) == rows)
      try FileManager.default.removeItem(at: dataset.heldOutFile(20))
      try #expect(dataset.heldOutRows(20, of: 100, seed: 6) != rows)
      try #expect(dataset.heldOutRows(99, of: 100, seed: 6).count == 99)
    }
  }

  @Test("every row is held out about equally often")
  func uniform() throws {
    try withDataset { dataset, _ in
      var counts = [Int](repeating: 0, count: 10)
      for seed in 0..<300 as Range<UInt64> {
        for row in try dataset.heldOutRows(3, of: 10, seed: seed) { counts[row] += 1 }
        try FileManager.default.removeItem(at: dataset.heldOutFile(3))
      }
      // 90 expected, standard deviation 7.9.
      #expect(counts.allSatisfy { abs($0 - 90) < 32 }, "\(counts)")
    }
  }

  @Test("a file of held-out rows that does not fit is an error that says how to go on")
  func heldOutErrors() throws {
    try withDataset { dataset, _ in
      func with(_ array: HostArray) throws -> String {
        try NPY.write(array, to: dataset.heldOutFile(3))
        return message { _ = try dataset.heldOutRows(3, of: 10, seed: 0) }
      }
      try #expect(with(HostArray([7, 0, 9])) == "no error")
      try #expect(with(HostArray([7, 0])).contains("shape: [2]; [3] is expected: delete the file to draw anew"))
      try #expect(with(HostArray([7, 0, 10])).contains("row[2]: 10; there are 10 training documents"))
      try #expect(with(HostArray([7, -1, 9])).contains("row[1]: -1"))
      try #expect(with(HostArray([7, 0, 7])).contains("row[2]: 7; it occurs twice"))
      #expect(message { _ = try dataset.heldOutRows(10, of: 10, seed: 0) }.contains("num_val_points: 10; 1 to 9 of the 10"))
      #expect(message { _ = try dataset.heldOutRows(-1, of: 10, seed: 0) }.contains("num_val_points: -1"))
    }
  }

  @Test(
    "the real data sets have the figures of their descriptions",
    .enabled(if: Fixtures.sharedData != nil, "no real data beside the package"),
    arguments: ["Debtags-mini", "Reuters-90", "Reuters-90-mini", "YSO-Finna-tail"])
  func realData(name: String) throws {
    struct Figures: Decodable {
      var docs: Int
      var nnz: Int
      var maxLabels: Int
      var distinctTexts: Int
      var labelsWithoutDocs: Int
      enum CodingKeys: String, CodingKey {
        case docs, nnz
        case maxLabels = "max labels/doc"
        case distinctTexts = "distinct texts"
        case labelsWithoutDocs = "labels without docs"
      }
    }
    struct Statistics: Decodable {
      var name: String
      var labels: Int
      var trn: Figures
      var tst: Figures
      var distinctLabels: Int
      enum CodingKeys: String, CodingKey {
        case name, labels, trn, tst
        case distinctLabels = "label texts distinct"
      }
    }
    let folder = try DatasetFolder(#require(Fixtures.sharedData).appendingPathComponent(name))
    let statistics = try JSONDecoder().decode(Statistics.self, from: Data(contentsOf: folder.url.appendingPathComponent("stats.json")))
    #expect(folder.name == statistics.name)
    let labels = try TextLines.all(of: folder.labelTextFile)
    #expect(labels.count == statistics.labels)
    #expect(Set(labels).count == statistics.distinctLabels)
    for (split, figures) in [(DatasetFolder.Split.train, statistics.trn), (.test, statistics.tst)] {
      let matrix = try folder.readLabels(split)
      let texts = try TextLines.all(of: folder.textFile(split))
      #expect(matrix.rows == figures.docs && texts.count == figures.docs)
      #expect(matrix.columns == statistics.labels)
      #expect(matrix.count == figures.nnz)
      #expect((0..<matrix.rows).map { matrix.row($0).indices.count }.max() == figures.maxLabels)
      #expect(matrix.columnCounts().count { $0 == 0 } == figures.labelsWithoutDocs)
      #expect(Set(texts).count == figures.distinctTexts)
    }
  }
}
