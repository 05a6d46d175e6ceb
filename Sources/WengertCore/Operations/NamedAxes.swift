// Operations where axes have names. Their shape rules see the names, tell axes of different names apart and name the results' axes; all that follows (levels, backends, the
// rules of derivatives) sees the same operation on tensors without names.

/// The results of an operation of which an operand has names; nil if none has.
@inline(never) func applyNamed(_ operation: some Operation, _ operands: [Tensor], _ caller: Caller) -> [Tensor]? {
  // The function of a user is given what he gave.
  if operation is Custom || !operands.contains(where: \.shape.hasNames) { return nil }
  let types = operation.countableResults(operands.map(\.type), caller)
  let results = apply(operation, operands.map { $0.unnamed() }, caller)
  return zip(results, types).map { $0.taking(namesOf: $1.shape) }
}

extension Tensor {
  /// `move` by a function that leaves a tensor of the target's shape as it is: where only the names of axes are others, they alone change.
  func moveOrRename(_ movement: Movement, _ target: Shape, _ caller: Caller) -> Tensor {
    let isSame = (target.isMarked || shape.isMarked) && target.unnamed == shape.unnamed
    return isSame ? moveNamed(movement, caller, moves: false) : move(movement, caller)
  }

  /// `move` where this or what the movement says has names.
  ///
  /// - Parameter moves: false if nothing but names changes.
  @inline(never) func moveNamed(_ movement: Movement, _ caller: Caller, moves: Bool = true) -> Tensor {
    var target = movement.countableResults([type], caller)[0].shape
    switch movement {
    case .reshape: target = target.orNamed(asKeptFrom: shape)
    case .broadcast:
      for axis in shape.indices where !shape.isOne(axis) {
        let place = target.rank - shape.rank + axis
        target[dim: place] = target[dim: place].orNamed(as: shape[dim: axis])
      }
    case .permute, .pick, .place, .concatenate, .copy, .barrier: break
    }
    return (moves ? unnamed().move(movement.unnamed, caller) : unnamed()).taking(namesOf: target)
  }
}

extension Shape {
  /// The shape to which one is reshaped: its first axes keep their names as long as the extents are the same, and so do its last. Which axis one of extent one is, is not clear, and
  /// it has only a name that it was given.
  fileprivate func orNamed(asKeptFrom source: Shape) -> Shape {
    if unnamed == source.unnamed { return orNamed(as: source) }
    var result = self
    func keep(_ axis: Int, _ from: Int) -> Bool {
      guard self[dim: axis].unnamed == source[dim: from].unnamed else { return false }
      if self[dim: axis].number != 1 { result[dim: axis] = self[dim: axis].orNamed(as: source[dim: from]) }
      return true
    }
    let count = Swift.min(rank, source.rank)
    var first = 0, last = 0
    while first < count, keep(first, first) { first += 1 }
    while last < count - first, keep(rank - 1 - last, source.rank - 1 - last) { last += 1 }
    return result
  }
}

extension Movement {
  var hasNames: Bool {
    switch self {
    case .reshape(let shape), .broadcast(let shape): shape.hasNames
    case .pick(.slice(let starts, _, let counts)): starts.hasNames || counts.hasNames
    case .place(let pick, let shape, _): shape.hasNames || Movement.pick(pick).hasNames
    case .permute, .pick(.diagonal), .concatenate, .copy, .barrier: false
    }
  }

  /// The same movement without names in what it says.
  var unnamed: Movement {
    switch self {
    case .reshape(let shape): .reshape(shape.unnamed)
    case .broadcast(let shape): .broadcast(shape.unnamed)
    case .pick(let pick): .pick(pick.unnamed)
    case .place(let pick, let shape, let fill): .place(pick.unnamed, shape: shape.unnamed, fill: fill)
    case .permute, .concatenate, .copy, .barrier: self
    }
  }
}

extension Movement.Pick {
  var unnamed: Movement.Pick {
    switch self {
    case .slice(let starts, let steps, let counts): .slice(starts: starts.unnamed, steps: steps, counts: counts.unnamed)
    case .diagonal: self
    }
  }
}

extension Creation {
  /// The same without names of axes.
  var unnamed: Creation {
    switch self {
    case .fill(let value, let shape, let dtype): .fill(value, shape.unnamed, dtype)
    case .iota(let count): .iota(count.unnamed)
    case .extent(let extent, let dtype): .extent(extent.unnamed, dtype)
    }
  }
}
