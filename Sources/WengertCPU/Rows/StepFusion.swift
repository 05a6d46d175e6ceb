import CKernels
@_spi(Backend) import WengertCore

/// Joins steps on float rows into kernels that do several in one pass, if what is between them is read by nothing else. The bits stay the same.
struct StepFusion {
  private let program: RowProgram
  private let extents: [Variation]
  private let lanes: [Lanes]
  private let reductions: [PartialReduction]
  private var steps: [RowStep?]
  /// For each row value: the step that makes it; and how often any value is read.
  private var makers: [Int: Int] = [:]
  private var uses: [Int: Int] = [:]
  /// The larger trees that steps were joined to; and what is carried out with a step, by the places of these.
  private var trees: [Int: Int] = [:]
  private var waiting: [Int: [RowStep]] = [:]

  static func joined(_ pass: RowPass, _ program: RowProgram, _ extents: [Variation], _ lanes: [Lanes]) -> [RowStep] {
    var joiner = StepFusion(program: program, extents: extents, lanes: lanes, reductions: pass.reductions, steps: pass.tileSteps)
    joiner.joinSums()
    joiner.joinTrees()
    joiner.joinUpdates()
    return joiner.steps.indices.flatMap { (joiner.waiting[$0] ?? []) + [joiner.steps[$0]].compactMap(\.self) }
  }

  private init(program: RowProgram, extents: [Variation], lanes: [Lanes], reductions: [PartialReduction], steps: [RowStep]) {
    (self.program, self.extents, self.lanes, self.reductions, self.steps) = (program, extents, lanes, reductions, steps)
    for (position, step) in steps.enumerated() {
      for value in step.results where extents[value] == .row && lanes[value] == .float32 { makers[value] = position }
      for operand in step.operands { uses[operand, default: 0] += step.results.first.map(isSquare) == true ? 2 : 1 }
    }
  }

  // MARK: What a value is

  private func binary(_ value: Int) -> (op: BinaryOp, a: Int, b: Int)? {
    guard let position = makers[value], program.instructions.indices.contains(value) else { return nil }
    switch (steps[position], program.instructions[value]) {
    case (.binary(_, _, let a, let b, _), .binary(let op, _, _)), (.binaryByRow(_, _, let a, let b, _), .binary(let op, _, _)):
      return (op, a, b)
    case (.unary(_, _, let a, _), .unary(.square, _)): return (.multiply, a, a)
    default: return nil
    }
  }

  private func operand(_ value: Int, of op: UnaryOp) -> Int? {
    guard let position = makers[value], program.instructions.indices.contains(value),
      case .unary(_, _, let a, _) = steps[position], case .unary(op, _) = program.instructions[value]
    else { return nil }
    return a
  }

  /// a and s if the value is a - s, a number per row or one for all being taken from a row.
  private func shifted(_ value: Int) -> (a: Int, s: Int)? {
    guard let (op, a, b) = binary(value), op == .subtract, extents[a] == .row, extents[b] < .row else { return nil }
    return (a, b)
  }

  private func isReadByBinary(_ value: Int) -> Bool {
    steps.contains {
      switch $0 {
      case .binary(_, _, let a, let b, _), .binaryByRow(_, _, let a, let b, _): a == value || b == value
      default: false
      }
    }
  }

  private func isReadOnce(_ value: Int) -> Bool { uses[value] == 1 }

  private mutating func remove(_ value: Int) {
    steps[makers[value]!] = nil
    makers[value] = nil
  }

  private func operands(_ list: [Int]) -> FusedOperands { FusedOperands(list) { extents[$0] } }

  // MARK: Sums

  private mutating func joinSums() {
    for position in steps.indices {
      switch steps[position] {
      case .reduce(_, _, let value, let term, .float32):
        if case .reduce(.sum, _) = program.instructions[value] { join(sum: position, of: term, to: .perRow(value)) }
        if case .reduce(.maximum, _) = program.instructions[value] {
          put(WG_MAX_ROW, [term], at: position, .perRow(value), making: nil, isKept: false)
        }
      case .reducePart(_, let slot, let term):
        if lanes[term] == .float32, case .reduce(.sum, _) = program.instructions[reductions[slot].value] {
          join(sum: position, of: term, to: .part(slot))
        }
      default: break
      }
    }
  }

  private mutating func join(sum position: Int, of term: Int, to target: RowStep.ReductionTarget) {
    if let x = operand(term, of: .exp) {
      let isKept = !isReadOnce(term)
      if let (a, s) = shifted(x), isReadOnce(x) {
        remove(x)
        put(isMaximum(s, of: a) ? WG_SUM_EXP_BELOW : WG_SUM_EXP_SHIFTED, [a, s], at: position, target, making: term, isKept: isKept)
      } else {
        put(WG_SUM_EXP, [x], at: position, target, making: term, isKept: isKept)
      }
    } else if let (op, a, b) = binary(term), op == .multiply, extents[a] == .row, extents[b] == .row {
      if a == b, isReadOnce(term), let (x, s) = shifted(a) {
        let others = uses[a]! - 2
        remove(term)
        if others == 1 && isReadByBinary(a) {
          // Made again where it is read, as part of that.
          uses[a] = 1
          uses[x]! += 1
          uses[s]! += 1
          put(WG_SUM_SQUARE_DEVIATION, [x, s], at: position, target, making: nil, isKept: false)
          return
        }
        let isKept = others > 0
        put(WG_SUM_SQUARE_DEVIATION, [x, s], at: position, target, making: a, isKept: isKept)
      } else {
        put(WG_SUM_PRODUCT, [a, b], at: position, target, making: term, isKept: !isReadOnce(term))
      }
    } else if case .perRow = target {
      put(WG_SUM_ROW, [term], at: position, target, making: nil, isKept: false)
    }
  }

  /// A sum in the place of the value that it keeps, if others read that, else in its own.
  private mutating func put(
    _ kind: Int, _ list: [Int], at position: Int, _ target: RowStep.ReductionTarget, making made: Int?, isKept: Bool
  ) {
    let place = isKept ? makers[made!]! : position
    if let made, !isKept { remove(made) }
    steps[position] = nil
    steps[place] = .joinedReduction(wg_joined_reduction(Int32(kind))!, target, stored: isKept ? made : nil, operands(list))
  }

  /// Whether the value is its operand's square, a product that reads it twice.
  private func isSquare(_ value: Int) -> Bool {
    if program.instructions.indices.contains(value), case .unary(.square, _) = program.instructions[value] { true } else { false }
  }

  private func isMaximum(_ value: Int, of row: Int) -> Bool {
    if program.instructions.indices.contains(value), case .reduce(.maximum, row) = program.instructions[value] { true } else { false }
  }

  // MARK: Trees

  private mutating func joinTrees() {
    for position in steps.indices.reversed() {
      guard let value = steps[position]?.results.first, makers[value] == position, binary(value) != nil else { continue }
      var rules = FusionPattern.rules
      if case .binaryByRow = steps[position] { rules += FusionPattern.single }
      for rule in rules {
        var match = Match()
        guard find(rule.tree, value, isRoot: true, &match) else { continue }
        for inner in match.inner { remove(inner) }
        steps[position] = .joined(rule.kernel(), value: value, operands(match.operands.compactMap { $0 }))
        trees[position] = rule.number
        break
      }
    }
  }

  /// Adam's moments and the step that is made of them: all memory is fetched side by side.
  private mutating func joinUpdates() {
    for (position, tree) in trees where tree == WG_DECAYED_STEP || tree == WG_STEP {
      guard case .joined(_, let value, let ofStep) = steps[position] else { continue }
      let decays = tree == WG_DECAYED_STEP, first = ofStep.list[decays ? 2 : 1], second = ofStep.list[decays ? 4 : 3]
      guard let mean = makers[first], let square = makers[second], trees[mean] == WG_TOWARDS, trees[square] == WG_MEAN_SQUARE,
        case .joined(_, _, let ofMean) = steps[mean], case .joined(_, _, let ofSquare) = steps[square], ofMean.list[1] == ofSquare.list[2],
        !ofMean.list.contains(second), !ofSquare.list.contains(first), ![first, second].contains(ofStep.list[0]),
        !steps[min(mean, square)..<position].contains(where: { $0?.operands.contains { [first, second].contains($0) } == true })
      else { continue }
      (steps[mean], steps[square]) = (nil, nil)
      waiting[position] = [.waiting(place: 0, value: first, ofMean), .waiting(place: 1, value: second, ofSquare)]
      steps[position] = .joinedUpdate(wg_joined_update(Int32(decays ? WG_DECAYED_UPDATE : WG_UPDATE))!, value: value, ofStep)
    }
  }

  private struct Match {
    var operands: [Int?] = Array(repeating: nil, count: FusedOperands.largestCount)
    var inner: [Int] = []
  }

  private func find(_ tree: FusionPattern, _ value: Int, isRoot: Bool = false, _ match: inout Match) -> Bool {
    switch tree {
    case .row(let number): return bind(number, value, extents[value] == .row, &match)
    case .single(let number): return bind(number, value, extents[value] < .row, &match)
    case .root(let under):
      guard let a = operand(value, of: .sqrt), isReadOnce(value) else { return false }
      match.inner.append(value)
      return find(under, a, &match)
    case .binary(let op, let left, let right):
      guard let (found, a, b) = binary(value), found == op, isRoot || isReadOnce(value) else { return false }
      if !isRoot { match.inner.append(value) }
      let before = match
      if find(left, a, &match) && find(right, b, &match) { return true }
      guard op == .add || op == .multiply else { return false }
      match = before
      return find(left, b, &match) && find(right, a, &match)
    }
  }

  private func bind(_ number: Int, _ value: Int, _ hasForm: Bool, _ match: inout Match) -> Bool {
    guard hasForm, lanes[value] == .float32, match.operands[number].map({ $0 == value }) ?? true else { return false }
    match.operands[number] = value
    return true
  }
}
