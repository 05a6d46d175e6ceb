import Foundation
import WengertNN

/// The mined negatives that go with a checkpoint: a file beside it.
struct ResumedNegatives {
  private let files: [URL]
  /// The checksum of the lists, by the checkpoint; nil if it does not say.
  private let checksum: String?

  /// - Parameter checkpoint: a file of a results folder, or a copy of one with the lists beside it.
  init(besides checkpoint: URL, checksum: String?) throws {
    // Beside the file, and beside what it is a link to.
    let beside = ResultsFolder(checkpoint.deletingLastPathComponent())
    let resolved = ResultsFolder(checkpoint.resolvingSymlinksInPath().deletingLastPathComponent())
    let isPrevious = checkpoint.lastPathComponent == beside.previousCheckpoint.lastPathComponent
    files = (beside == resolved ? [beside] : [beside, resolved]).flatMap { folder in
      isPrevious ? [folder.previousShortlist, folder.shortlist] : [folder.shortlist, folder.previousShortlist]
    }
    self.checksum = checksum
  }

  /// The lists, of the shape of `expected`; an error if no file has those that the checkpoint was made with.
  func read(like expected: SparseMatrix) throws -> SparseMatrix {
    let there = files.filter { FileManager.default.fileExists(atPath: $0.path) }
    guard !there.isEmpty else {
      throw FileError(
        file: files[0].path, field: "mined negatives", value: "no such file",
        advice: "the run that is resumed needs the lists that it mined: put its trn_shorty.npz beside its checkpoint")
    }
    for file in there {
      let mined = try SparseMatrix(contentsOf: file)
      guard let checksum else {
        guard mined.rows == expected.rows, mined.columns == expected.columns else {
          throw FileError(
            file: file.path, field: "shape", value: "[\(mined.rows), \(mined.columns)]",
            advice: "the run that is resumed has [\(expected.rows), \(expected.columns)]; it needs the lists that it mined")
        }
        return mined
      }
      if Self.checksum(mined) == checksum { return mined }
    }
    throw FileError(
      file: there[0].path, field: "mined negatives", value: "not those of the checkpoint",
      advice: "the run that is resumed needs the lists that it mined: put its trn_shorty.npz beside its checkpoint")
  }

  /// A checksum of lists and similarities.
  static func checksum(_ lists: SparseMatrix) -> String {
    func bytes<Element: BitwiseCopyable>(_ values: [Element]) -> Data { values.withUnsafeBytes { Data($0) } }
    let parts = [bytes([lists.rows, lists.columns]), bytes(lists.rowOffsets), bytes(lists.indices), bytes(lists.values)]
    return String(parts.reduce(0) { Deflate.checksum($1, after: $0) }, radix: 16)
  }
}
