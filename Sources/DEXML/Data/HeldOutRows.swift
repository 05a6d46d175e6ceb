import Foundation

// Validation rows: training documents held out, drawn once and kept.
extension DatasetFolder {
  /// The `count` training rows that are held out for validation.
  ///
  /// The first call draws them without replacement, from `seed` alone, and saves them in ascending order as
  /// `val_inds_<count>.npy`; later ones read that file, whatever the seed.
  ///
  /// - Throws: `FileError` if the file does not hold `count` different rows, cannot be read or written, or no row would be left for training.
  public func heldOutRows(_ count: Int, of rows: Int, seed: UInt64) throws -> [Int] {
    let file = heldOutFile(count)
    guard count > 0, count < rows else {
      throw FileError(
        file: file.path, field: "num_val_points", value: "\(count)",
        advice: rows > 1 ? "1 to \(rows - 1) of the \(rows) training documents can be held out" : "there are too few training documents")
    }
    guard FileManager.default.fileExists(atPath: file.path) else {
      let drawn = Self.draw(count, of: rows, seed: seed)
      try NPY.write(HostArray(drawn), to: file)
      return drawn
    }
    let array = try NPY.read(file)
    guard array.shape == [count] else {
      throw FileError(
        file: file.path, field: "shape", value: "\(array.shape.prefix(8))", advice: "[\(count)] is expected: delete the file to draw anew")
    }
    let held = try array.ints(file: file.path, field: "row")
    var seen: Set<Int> = []
    for (i, row) in held.enumerated() {
      guard row >= 0, row < rows else {
        throw FileError(
          file: file.path, field: "row[\(i)]", value: "\(row)",
          advice: "there are \(rows) training documents, counted from 0: delete the file to draw anew")
      }
      guard seen.insert(row).inserted else {
        throw FileError(file: file.path, field: "row[\(i)]", value: "\(row)", advice: "it occurs twice: delete the file to draw anew")
      }
    }
    return held
  }

  /// Floyd's algorithm: `count` different numbers below `limit`, every set equally likely, ascending.
  private static func draw(_ count: Int, of limit: Int, seed: UInt64) -> [Int] {
    var generator = RandomSequence(seed: seed)
    var drawn: Set<Int> = []
    for last in (limit - count)..<limit {
      let candidate = Int.random(in: 0...last, using: &generator)
      drawn.insert(drawn.contains(candidate) ? last : candidate)
    }
    return drawn.sorted()
  }
}
