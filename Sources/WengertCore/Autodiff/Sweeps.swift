extension Tape {
  /// Reverse mode: cotangents of values (by number) to cotangents of the tape's first `inputCount` values.
  ///
  /// What reaches a value from several places is added up in the compute type, one after another: half types are rounded once, when all has come in.
  ///
  /// - Parameter consuming: frees each entry as it is passed; the tape can then not be walked again.
  func reverse(_ seeds: [(index: Int, cotangent: Tensor)], inputCount: Int, consuming: Bool) -> [Tensor?] {
    var cotangents = [Tensor?](repeating: nil, count: valueCount)
    /// The dtypes of sums that are kept in a wider one.
    var narrow: [Int: DType] = [:]
    func add(_ cotangent: Tensor, to index: Int, _ caller: Caller) {
      guard let known = cotangents[index] else {
        cotangents[index] = cotangent
        return
      }
      let wide = cotangent.dtype.computeType
      if wide != cotangent.dtype { narrow[index] = cotangent.dtype }
      cotangents[index] = apply1(Elementwise.binary(.add), [known.cast(to: wide), cotangent.cast(to: wide)], caller)
    }
    func taken(_ index: Int) -> Tensor? {
      guard let dtype = narrow.removeValue(forKey: index) else { return cotangents[index] }
      return cotangents[index]?.cast(to: dtype)
    }
    for seed in seeds where seed.index >= 0 { add(seed.cotangent, to: seed.index, Caller(#fileID, #line)) }

    func pass(_ entry: Entry) {
      let application = entry.application
      let results = entry.firstResult..<entry.firstResult + application.resultTypes.count
      let incoming = results.map { taken($0) }
      for i in results { cotangents[i] = nil }
      guard incoming.contains(where: { $0 != nil }) else { return }
      let outgoing = application.pullback(incoming)
      for (index, cotangent) in zip(entry.operands, outgoing) where index >= 0 {
        if let cotangent { add(cotangent, to: index, application.caller) }
      }
    }
    if consuming {
      while let entry = popLast() { pass(entry) }
    } else {
      for entry in entries.reversed() { pass(entry) }
    }
    return (0..<inputCount).map { taken($0) }
  }

  /// Forward mode: tangents of the tape's first values to tangents of all.
  func forward(_ seeds: [Tensor?]) -> [Tensor?] {
    var tangents = [Tensor?](repeating: nil, count: valueCount)
    for (i, seed) in seeds.enumerated() { tangents[i] = seed }
    for entry in entries {
      let incoming = entry.operands.map { $0 >= 0 ? tangents[$0] : nil }
      guard incoming.contains(where: { $0 != nil }) else { continue }
      for (offset, tangent) in entry.application.pushforward(incoming).enumerated() {
        tangents[entry.firstResult + offset] = tangent
      }
    }
    return tangents
  }
}

extension Tape {
  /// The tangents of values from those of the tape's first values; nil for what does not depend on them.
  func forward(_ seeds: [Tensor?], to values: [Tensor]) -> [Tensor?] {
    let tangents = forward(seeds)
    return values.map { value in
      let index = value.index(on: self)
      return index >= 0 ? tangents[index] : nil
    }
  }
}

extension Application {
  /// Cotangents of the wanted operands; those of others may be missing.
  func pullback(_ cotangents: [Tensor?]) -> [Tensor?] {
    switch operation.derivative {
    case .elementwise:
      return ElementwisePrograms.pullback(self, cotangents[0]!)
    case .linear(let operands, _, let transpose):
      let transposed = transpose(self, cotangents)
      var all = [Tensor?](repeating: nil, count: operandTypes.count)
      for (i, cotangent) in zip(operands ?? Array(operandTypes.indices), transposed) { all[i] = cotangent }
      return all
    case .rule(let vjp, _): return vjp(self, cotangents)
    case .zero, .notDifferentiable: return [Tensor?](repeating: nil, count: operandTypes.count)
    }
  }

  /// Tangents of the results.
  func pushforward(_ tangents: [Tensor?]) -> [Tensor?] {
    switch operation.derivative {
    case .elementwise: return [ElementwisePrograms.pushforward(self, tangents)]
    case .linear(let linear, let part, _):
      let operands = linear ?? Array(operandTypes.indices)
      guard let some = operands.lazy.compactMap({ tangents[$0] }).first else { return resultTypes.map { _ in nil } }
      let inputs = operandTypes.indices.map { i -> Tensor in
        guard operands.contains(i) else { return operand(i) }
        return tangents[i] ?? .full(0, operandTypes[i].shape, dtype: operandTypes[i].dtype, beside: some)
      }
      return WengertCore.apply(part, inputs, caller)
    case .rule(_, let jvp): return jvp(self, tangents)
    case .zero, .notDifferentiable: return resultTypes.map { _ in nil }
    }
  }
}
