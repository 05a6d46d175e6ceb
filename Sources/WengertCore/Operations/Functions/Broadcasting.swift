extension Shape {
  /// Whether trailing axes match `target` or have an extent of one; nil if the symbols decide.
  func broadcasts(to target: Shape) -> Bool? {
    guard rank <= target.rank else { return false }
    let lead = target.rank - rank
    var answer: Bool? = true
    for axis in indices where !isOne(axis) {
      guard let isSame = self[dim: axis].equals(target[dim: lead + axis]) else {
        answer = nil
        continue
      }
      if !isSame { return false }
    }
    return answer
  }
}

extension Caller {
  /// The shape to which all of these are stretched, by NumPy's rule: aligned at the last axis, extents agree or one of them is one.
  ///
  /// - Parameters:
  ///   - matrixAxes: how many last axes of each take no part.
  ///   - tensors: whose shapes they are.
  func broadcast(
    _ shapes: [Shape], exceptLast matrixAxes: Int = 0, of tensors: @autoclosure () -> [Tensor], _ operation: @autoclosure () -> String
  ) -> Shape {
    var result = shapes[0].dropLast(matrixAxes)
    for shape in shapes.dropFirst() {
      var longer = result, shorter = shape.dropLast(matrixAxes)
      if longer.rank < shorter.rank { swap(&longer, &shorter) }
      let lead = longer.rank - shorter.rank
      for axis in shorter.indices where longer[dim: lead + axis] != shorter[dim: axis] {
        if longer.isOne(lead + axis) {
          longer[dim: lead + axis] = shorter[dim: axis]
        } else if !shorter.isOne(axis) {
          let what = matrixAxes == 0 ? "shapes" : "leading axes of", all = shapes.map(\.description).joined(separator: " and ")
          let (a, b) = (longer[dim: lead + axis], shorter[dim: axis])
          let message = "\(what) \(all) do not broadcast: axis \(axis - shorter.rank - matrixAxes) has extents \(a) and \(b)"
          expect(a, sameAs: b, operation(), message, of: tensors())
          longer[dim: lead + axis] = a.orNamed(as: b)
        }
      }
      result = longer
    }
    return result
  }

  /// Ends the program unless the trailing axes of a shape match `target` or have an extent of one, for all values of the symbols.
  func require(_ shape: Shape, broadcastsTo target: Shape, _ operation: String, _ message: @autoclosure () -> String) {
    switch shape.broadcasts(to: target) {
    case true: return
    case false: expect(false, operation, message())
    case nil:
      let lead = target.rank - shape.rank
      let open = shape.indices.first { !shape.isOne($0) && shape[dim: $0].equals(target[dim: lead + $0]) == nil }!
      expect(false, operation, "\(message()); \(Dimension.openQuestion(shape[dim: open], "equals", target[dim: lead + open]))")
    }
  }
}
