extension RowProgram {
  /// Runs the program with its first outputs written over `target` and `state`: output 0 is the new `target`, output 1 + i the new `state[i]`.
  ///
  /// Its inputs are `target`, each of `state`, then each of `reading`, which broadcast to the target's shape (scalar inputs to that shape with a last extent of one).
  /// Memory that no other tensor shares is written in place; memory that is shared, or a broadcast view, is left as it is, and the tensor moves to fresh memory.
  /// Nothing is recorded for derivatives, so no tensor may be traced. Inside of `catchingDataFaults` nothing changes once an operation has met a fault.
  ///
  /// ```swift
  /// let b = RowBuilder("step")
  /// let x = b.row(.float32), slope = b.row(.float32)
  /// b.store(x.binary(.subtract, slope), as: .float32)
  /// var w = Tensor([3.0, 4.0]), none: [Tensor] = []
  /// b.finish().update(&w, &none, reading: [Tensor([1.0, 2.0])])  // w is [2, 2]
  /// ```
  ///
  /// - Precondition: The program has an input for each tensor and an output for each that is updated, of their dtypes and shapes, no tensor is being differentiated, and an extent by which it divides is a symbol only in a compiled function.
  public func update(
    _ target: inout Tensor, _ state: inout [Tensor], reading: [Tensor], file: StaticString = #fileID, line: UInt = #line
  ) {
    let caller = Caller(file, line)
    let named = target.shape, shape = named.unnamed
    caller.require(
      inputs.count == 1 + state.count + reading.count && outputs.count == 1 + state.count, name,
      "\(inputs.count) inputs and \(outputs.count) outputs for \(1 + state.count) tensors to update and \(reading.count) to read")
    requireUpdatable(target, 0, named, caller)
    for i in state.indices { requireUpdatable(state[i], i + 1, named, caller) }
    for (i, tensor) in reading.enumerated() {
      let input = inputs[1 + state.count + i]
      var space = named
      if !input.isRow && shape.rank > 0 { space[shape.rank - 1] = 1 }
      caller.require(tensor.openTape == nil, name, "a tensor that is being differentiated cannot be read by an update in place")
      caller.require(
        tensor.dtype == input.dtype && tensor.shape.broadcasts(to: space) == true, name,
        "input \(1 + state.count + i) is \(tensor.type) where \(TensorType(shape: space, dtype: input.dtype)) was expected")
    }
    let all = [target] + state + reading
    _ = all.commonBackend(name, caller)
    if !all.allSatisfy(\.isConcrete) {
      // In a graph and in `vmap` the results are new values; a program writes them over the old ones.
      let function = RowOperation(program: self, rule: .constant, shape: shape.rank == 0 ? [1] : shape)
      let results = apply(function, all.map { $0.unnamed() }, caller).map { $0.reshape(shape).taking(namesOf: named) }
      target = results[0]
      state = Array(results.dropFirst())
      return
    }
    if let extent = openDivisor {
      caller.fail(
        name, "it divides by \(extent), which has a number only in calls of a compiled function whose arguments' shapes name its symbols"
      )
    }
    if DataFaultScope.hasFault { return }
    // Whether memory is shared is asked before any other reference to it is taken.
    let targetIsOwned = target.ownsMemory()
    var stateIsOwned: [Bool] = []
    for i in state.indices { stateIsOwned.append(state[i].ownsMemory()) }

    let views = [target.view] + state.map(\.view)
    let results = zip(views, [targetIsOwned] + stateIsOwned).map { view, isOwned in
      isOwned ? view : TensorType(shape: shape, dtype: view.dtype).allocate(on: view.storage.backend)
    }
    ViewKernels.run(self, views + reading.map(\.view), into: results, over: shape)
    target = Tensor(results[0], node: nil).taking(namesOf: named)
    for i in state.indices { state[i] = Tensor(results[1 + i], node: nil).taking(namesOf: state[i].shape) }
  }

  /// An extent with symbols by which something is divided.
  private var openDivisor: Dimension? {
    instructions.lazy.compactMap { if case .inverse(let extent) = $0 { extent } else { nil } }.first
  }

  private func requireUpdatable(_ tensor: Tensor, _ i: Int, _ shape: Shape, _ caller: Caller) {
    caller.require(tensor.openTape == nil, name, "a tensor that is being differentiated cannot be updated in place")
    caller.require(
      tensor.shape.agrees(with: shape) && tensor.dtype == inputs[i].dtype && tensor.dtype == outputs[i].dtype, name,
      "tensor \(i) to update is \(tensor.type) where \(TensorType(shape: shape, dtype: inputs[i].dtype)) was expected")
  }
}

extension Tensor {
  /// Whether this tensor alone refers to its memory, and each of its elements has a place of its own there.
  mutating func ownsMemory() -> Bool {
    isContiguous && isKnownUniquelyReferenced(&face.storage)
  }

  /// This tensor becomes `op` of it and another: over its memory where that is its own and the result fits there, which spares fresh memory.
  mutating func combine(_ op: BinaryOp, with other: Tensor) {
    let fits =
      node == nil && other.node == nil && dtype == other.dtype && dtype != .bool
      && (shape == other.shape || shape == shape.unnamed && other.shape.broadcasts(to: shape) == true)
    if fits && face.storage.backend === other.face.storage.backend && !DataFaultScope.hasFault && ownsMemory() {
      ViewKernels.run(ElementwisePrograms.program(.binary(op), [self, other]), [view, other.view], into: [view], over: shape)
    } else {
      self = binary(op, other)
    }
  }
}
