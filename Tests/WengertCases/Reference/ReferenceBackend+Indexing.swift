@_spi(Backend) import Wengert

// An index out of range is reported before anything is written.
extension ReferenceBackend {
  func gather(_ source: View, indices: View, into out: View) -> Int? {
    checkSlices(source, indices, out, "gather")
    let (at, fault) = readIndices(indices, extent: source.shape[0])
    if let fault { return fault }
    let slice = source.shape.dropFirst().reduce(1, *)
    let from = read(source)
    store(at.flatMap { from[$0 * slice..<($0 + 1) * slice] }, into: out)
    return nil
  }

  func scatterAdd(_ updates: View, indices: View, into out: View) -> Int? {
    checkSlices(out, indices, updates, "scatterAdd")
    let (at, fault) = readIndices(indices, extent: out.shape[0])
    if let fault { return fault }
    let slice = out.shape.dropFirst().reduce(1, *)
    let from = read(updates)
    var sums = read(out)
    for (j, target) in at.enumerated() {
      for i in 0..<slice { sums[target * slice + i] = BinaryOp.add(sums[target * slice + i], from[j * slice + i], out.dtype) }
    }
    store(sums, into: out)
    return nil
  }

  func takeAlong(_ source: View, indices: View, into out: View) -> Int? {
    checkAlong(source, indices, out, "takeAlong")
    let (at, fault) = readIndices(indices, extent: source.shape.columns)
    if let fault { return fault }
    let from = read(source)
    let taken = at.indices.map { i in from[i / out.shape.columns * source.shape.columns + at[i]] }
    store(taken, into: out)
    return nil
  }

  func scatterAddAlong(_ updates: View, indices: View, into out: View) -> Int? {
    checkAlong(out, indices, updates, "scatterAddAlong")
    let (at, fault) = readIndices(indices, extent: out.shape.columns)
    if let fault { return fault }
    let from = read(updates)
    var sums = read(out)
    for i in at.indices {
      let target = i / updates.shape.columns * out.shape.columns + at[i]
      sums[target] = BinaryOp.add(sums[target], from[i], out.dtype)
    }
    store(sums, into: out)
    return nil
  }

  /// Indices counted from the start, or the first one (as it was given) that lies outside −extent..<extent.
  private func readIndices(_ view: View, extent: Int) -> ([Int], fault: Int?) {
    precondition(view.dtype == .int32 || view.dtype == .int64, "indices of \(view.dtype)")
    let given = read(view).map { Int($0.integer) }
    if let fault = given.first(where: { $0 < -extent || $0 >= extent }) { return ([], fault) }
    return (given.map { $0 < 0 ? $0 + extent : $0 }, nil)
  }

  /// `whole` has slices along its first axis, `part` one for each index.
  private func checkSlices(_ whole: View, _ indices: View, _ part: View, _ name: String) {
    precondition(whole.dtype == part.dtype, "\(name): \(whole.dtype) and \(part.dtype)")
    precondition(
      indices.shape.rank == 1 && part.shape == Shape(Array(indices.shape) + whole.shape.dropFirst()),
      "\(name): \(whole.shape) by \(indices.shape) and \(part.shape)")
  }

  /// `whole` and `part` differ at most in the last extent; `part` has one element for each index.
  private func checkAlong(_ whole: View, _ indices: View, _ part: View, _ name: String) {
    precondition(whole.dtype == part.dtype, "\(name): \(whole.dtype) and \(part.dtype)")
    precondition(
      part.shape == indices.shape && part.shape.outer == whole.shape.outer, "\(name): \(whole.shape) by \(indices.shape) and \(part.shape)")
  }
}
