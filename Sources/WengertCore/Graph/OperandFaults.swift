// What each primitive takes for granted: checked of graphs after every pass in debug builds and tests, and of every graph that is read, whose bytes may be anything.

/// Where the symbols decide whether operands fit, that is taken for granted, and noted: such nodes of a graph that is read are looked at again when the symbols have their
/// numbers.
final class OpenQuestions: @unchecked Sendable {
  @TaskLocal static var current: OpenQuestions?

  private var isAsked = false
  /// The nodes whose operands fit or not as the symbols say.
  private(set) var nodes: [Int] = []

  /// - Returns: `answer`, or true if it is open.
  static func taken(_ answer: Bool?) -> Bool {
    if answer == nil { current?.isAsked = true }
    return answer ?? true
  }

  /// Counts what was asked since for this node.
  func belongs(to node: Int) {
    if isAsked { nodes.append(node) }
    isAsked = false
  }
}

extension Dimension {
  fileprivate func mayEqual(_ other: Dimension) -> Bool { OpenQuestions.taken(equals(other)) }
  fileprivate func mayBeAtMost(_ other: Dimension) -> Bool { OpenQuestions.taken(isAtMost(other)) }
}

extension Elementwise {
  func fault(_ operands: [TensorType]) -> String? {
    if operands.count != operandCount { return "needs \(operandCount) operands" }
    let numbers = self == .select ? operands.dropFirst() : operands[...]
    if self == .select && operands[0].dtype != .bool { return "the condition must be bool" }
    if !numbers.allSatisfy({ $0.dtype == numbers.last!.dtype }) { return "the operands' dtypes differ" }
    if numbers.last!.dtype == .bool && (self == .binary(.subtract) || self == .unary(.negate)) { return "truth values have none" }
    if case .special(let function) = self {
      if !numbers.last!.dtype.isFloating { return "the function is of real numbers" }
      if case .polygamma(let order) = function, !SpecialFunction.orders.contains(order) { return "there is no order \(order)" }
    }
    if self == .unary(.unitInterval) { return "random bits become numbers in row programs alone" }
    return operands.allSatisfy { OpenQuestions.taken($0.shape.broadcasts(to: operands.last!.shape)) } ? nil : "the operands' shapes differ"
  }
}

extension RowOperation {
  func fault(_ operands: [TensorType]) -> String? {
    // Those of a program that is read are looked at once, when they are read.
    if OpenQuestions.current == nil, let fault = program.fault { return fault }
    if operands.count != program.inputs.count { return "the program has \(program.inputs.count) inputs" }
    guard let full = shape ?? operands.first?.shape, full.rank > 0, full.isCountable else { return "there are no rows" }
    for (number, (operand, input)) in zip(operands, program.inputs).enumerated() {
      if operand.dtype != input.dtype { return "input \(number) is \(input.dtype)" }
      let isNumber = operand.shape.rank == 0 || operand.shape.isOne(operand.shape.rank - 1)
      if !input.isRow && !isNumber { return "input \(number) is one number per row" }
      if operand.shape.broadcasts(to: full) != true { return "input \(number) is not of the rows \(full)" }
    }
    return nil
  }
}

extension MatMul {
  func fault(_ operands: [TensorType]) -> String? { Self.fault(operands) }

  /// - Parameter sum: what the product is added to.
  fileprivate static func fault(_ factors: [TensorType], sum: TensorType? = nil) -> String? {
    guard factors.count == 2, factors[0].dtype == factors[1].dtype else { return "needs two factors of one dtype" }
    let a = factors[0].shape, b = factors[1].shape
    guard a.rank >= 2, a.rank == b.rank else { return "needs matrices of one rank" }
    let isFitting = a[dim: a.rank - 1].mayEqual(b[dim: b.rank - 2])
    let isAligned = (0..<a.rank - 2).allSatisfy { a[dim: $0].mayEqual(b[dim: $0]) }
    if !isFitting || !isAligned { return "the factors do not fit" }
    guard let sum else { return nil }
    var product = factors[0]
    product.shape[dim: a.rank - 1] = b[dim: b.rank - 1]
    return sum.agrees(with: product) ? nil : "the product is \(product)"
  }
}

extension Convolution {
  func fault(_ operands: [TensorType]) -> String? {
    guard operands.count == 2, operands[0].dtype == operands[1].dtype, operands[0].dtype.isFloating else {
      return "needs two floating operands of one dtype"
    }
    let rank = operands[0].shape.rank
    guard rank >= 3, operands[1].shape.rank == rank else { return "needs operands of one rank, with spatial axes" }
    for numbers in [extents, strides, padding, dilation] where numbers.rank != rank - 2 { return "needs numbers for each spatial axis" }
    let isStep = { (steps: Shape) in steps.dimensions.allSatisfy { (1...Self.largestStep).contains($0.number ?? 0) } }
    let isNear = padding.dimensions.allSatisfy { ($0.number ?? 0).magnitude <= Self.largestStep }
    guard isStep(strides), isStep(dilation), isNear, extents.isCountable, (1 as Dimension).mayBeAtMost(groups) else {
      return "the steps, the padding or the groups are out of range"
    }
    var shapes = operands.map(\.shape)
    shapes.insert(results(operands, Caller(#fileID, #line))[0].shape, at: role.rawValue)
    let (x, w, y) = (shapes[0], shapes[1], shapes[2])
    let isFitting =
      x[dim: 0].mayEqual(y[dim: 0]) && w[dim: 0].mayEqual(y[dim: 1]) && x[dim: 1].mayEqual(w[dim: 1] * groups)
      && w[dim: 0].remainder(dividingBy: groups).mayEqual(0)
    return isFitting && shapes.allSatisfy(\.isCountable) ? nil : "the images, channels and groups do not fit"
  }

  /// No stride, dilation or padding is greater: positions stay far from what an Int holds.
  static var largestStep: Int { 1 << 20 }
}

extension Windows {
  func fault(_ operands: [TensorType]) -> String? {
    guard operands.count == 1 else { return "needs one operand" }
    let shape = operands[0].shape
    let (axis, step, dilation) =
      switch self {
      case .unfold(let axis, _, let step, let dilation), .fold(let axis, _, let step, let dilation): (axis, step, dilation)
      }
    let steps = 1...Convolution.largestStep
    guard steps.contains(step), steps.contains(dilation) else { return "the steps are out of range" }
    let count: Dimension, size: Dimension, extent: Dimension
    switch self {
    case .unfold(_, let elements, _, _):
      guard shape.indices.contains(axis), shape.rank < Shape.maximumRank, Shape(dimensions: [elements]).isCountable else {
        return "there are no windows along axis \(axis)"
      }
      (count, size, extent) = (1, elements, shape[dim: axis])
    case .fold(_, let elements, _, _):
      guard shape.indices.dropLast().contains(axis), Shape(dimensions: [elements]).isCountable else {
        return "there are no windows along axis \(axis)"
      }
      (count, size, extent) = (shape[dim: axis], shape[dim: shape.rank - 1], elements)
    }
    let needed = Windows.reach(count, size: size, step: step, dilation: dilation)
    return (1 as Dimension).mayBeAtMost(size) && needed.mayBeAtMost(extent) ? nil : "the windows are longer than the axis"
  }
}

extension MatMulAdd {
  func fault(_ operands: [TensorType]) -> String? {
    operands.count != 3 ? "needs two factors and a sum" : MatMul.fault([operands[0], operands[1]], sum: operands[2])
  }
}

extension MatMulEpilogue {
  func fault(_ operands: [TensorType]) -> String? {
    let inputs = rows.program.inputs.count
    guard operands.count == inputs + 1, (0..<inputs).contains(product) else { return "a product stands for input \(product) of \(inputs)" }
    if let fault = MatMul.fault(Array(operands[..<2])) { return fault }
    var all = Array(operands[2...])
    var made = operands[0]
    made.shape[dim: made.shape.rank - 1] = operands[1].shape[dim: made.shape.rank - 1]
    all.insert(made, at: product)
    if let fault = rows.fault(all) { return fault }
    let isWhole = rows.program.inputs[product].isRow && rows.iteration(all).equals(made.shape) == true && made.shape.rank == 2
    return isWhole && rows.program.outputs.allSatisfy { $0.accumulate == nil } ? nil : "the product is not the rows of the program"
  }
}

extension ScatterAddInto {
  func fault(_ operands: [TensorType]) -> String? {
    guard operands.count == 3 else { return "needs updates, indices and a tensor" }
    let (updates, indices, into) = (operands[0], operands[1], operands[2])
    guard indices.isWhole, indices.shape.rank == 1 else { return "the indices must be a list of whole numbers" }
    guard updates.dtype == into.dtype, updates.shape.rank == into.shape.rank, into.shape.indices.contains(axis) else {
      return "the updates do not fit the tensor"
    }
    var expected = into.shape
    expected[dim: axis] = indices.shape[dim: 0]
    return updates.agrees(with: TensorType(shape: expected, dtype: into.dtype)) ? nil : "the updates do not fit the tensor"
  }
}

extension Movement {
  func fault(_ operands: [TensorType]) -> String? {
    if case .concatenate(let axis) = self {
      guard let first = operands.first else { return "needs an operand" }
      guard first.shape.indices.contains(axis) else { return "there is no axis \(axis)" }
      for other in operands {
        guard other.dtype == first.dtype, other.shape.rank == first.shape.rank else { return "the operands' dtypes or ranks differ" }
        let isBeside = first.shape.agrees(with: other.shape, exceptAlong: axis)
        if !isBeside { return "the operands differ outside of axis \(axis)" }
      }
      // Sizes of numbers count as such of expressions do.
      let size = operands.reduce(ExpressionSize(0)) { $0 + ExpressionSize($1.shape[dim: axis]) }
      return size.weight <= 0x1p57 && size.terms <= 0x1p20 ? nil : "their sum is too large"
    }
    guard operands.count == 1 else { return "needs one operand" }
    let x = operands[0].shape
    switch self {
    case .reshape(let target): return target.elements.equals(x.elements) == true ? nil : "\(target) has other elements"
    case .permute(let axes): return axes.isOrder(of: x.rank) ? nil : "\(axes) is no order of its axes"
    case .broadcast(let target): return target.isCountable && x.broadcasts(to: target) == true ? nil : "it does not broadcast to \(target)"
    case .pick(let pick): return pick.fault(of: x)
    case .place(let pick, let target, _):
      if !target.isCountable { return "there is no shape \(target)" }
      return pick.fault(of: target) ?? (pick.shape(of: target).agrees(with: x) ? nil : "it does not fit its place in \(target)")
    case .concatenate, .copy, .barrier: return nil
    }
  }
}

extension Movement.Pick {
  /// What is wrong with picking this from a tensor of a shape.
  fileprivate func fault(of shape: Shape) -> String? {
    switch self {
    case .slice(let starts, let steps, let counts):
      guard starts.rank == shape.rank, steps.rank == shape.rank, counts.rank == shape.rank, counts.isCountable else {
        return "the slice is not of \(shape)"
      }
      let isInside = shape.indices.allSatisfy { axis in
        if counts[dim: axis].number == 0 { return true }
        // The whole axis.
        if starts[dim: axis].number == 0 && steps[dim: axis].raw == 1 && counts[dim: axis] == shape[dim: axis] { return true }
        guard let extent = shape[dim: axis].number, let start = starts[dim: axis].number, let count = counts[dim: axis].number else {
          return OpenQuestions.taken(nil)
        }
        let (distance, overflows) = count > 1 ? steps[dim: axis].raw.multipliedReportingOverflow(by: count - 1) : (0, false)
        let (last, isFar) = distance.addingReportingOverflow(start)
        return !overflows && !isFar && min(start, last) >= 0 && max(start, last) < extent
      }
      return isInside ? nil : "the slice leaves \(shape)"
    case .diagonal(let first, let second, let offset):
      let isFine = first != second && shape.indices.contains(first) && shape.indices.contains(second)
      return isFine && offset.magnitude <= ProgramReader.largestExtent ? nil : "\(shape) has no such diagonal"
    }
  }
}

extension Reduction {
  func fault(_ operands: [TensorType]) -> String? {
    guard operands.count == 1 else { return "needs one operand" }
    let shape = operands[0].shape
    for (number, axis) in axes.dimensions.map(\.raw).enumerated() {
      guard shape.indices.contains(axis), number == 0 || axes[dim: number - 1].raw < axis else {
        return "\(axes) are no axes of it, in order"
      }
      let isExtreme = op == .minimum || op == .maximum
      // Any and all of nothing are false and true.
      if isExtreme && (dtype != .bool || shape[dim: axis].number == 0) && !(1 as Dimension).mayBeAtMost(shape[dim: axis]) {
        return "axis \(axis) is empty"
      }
    }
    return nil
  }
}

extension Creation {
  func fault(_ operands: [TensorType]) -> String? {
    if !operands.isEmpty { return "needs no operand" }
    switch self {
    case .fill(_, let shape, _): return shape.isCountable ? nil : "there is no shape \(shape)"
    case .iota(let count), .extent(let count, _): return Shape(dimensions: [count]).isCountable ? nil : "there is no extent \(count)"
    }
  }
}

extension Indexing {
  func fault(_ operands: [TensorType]) -> String? {
    guard operands.count == 2, operands[1].isWhole else { return "needs a tensor, and indices of int32 or int64" }
    let x = operands[0].shape, indices = operands[1].shape
    func isAxis(_ axis: Int, _ extent: Dimension = 0) -> Bool { x.indices.contains(axis) && Shape(dimensions: [extent]).isCountable }
    switch self {
    case .gather(let axis): return isAxis(axis) && indices.rank == 1 ? nil : "needs a list of indices of axis \(axis)"
    case .scatterAdd(let axis, let extent):
      return isAxis(axis, extent) && indices.rank == 1 && x[dim: axis].equals(indices[dim: 0]) == true
        ? nil : "needs an index for each slice of axis \(axis)"
    case .takeAlong(let axis):
      guard isAxis(axis), indices.rank == x.rank else { return "needs indices of axis \(axis)" }
      return x.agrees(with: indices, exceptAlong: axis) ? nil : "the indices differ beside axis \(axis)"
    case .scatterAddAlong(let axis, let extent):
      return isAxis(axis, extent) && indices.agrees(with: x) ? nil : "needs an index for each element"
    }
  }
}

extension Scan {
  func fault(_ operands: [TensorType]) -> String? {
    guard operands.count == 1, operands[0].shape.indices.contains(axis) else { return "needs one operand with an axis \(axis)" }
    return op == .sum || op == .product || operands[0].dtype == .int64 ? nil : "running extremes are those of int64"
  }
}

extension Recurrence {
  func fault(_ operands: [TensorType]) -> String? {
    guard operands.count == 2, operands[0].agrees(with: operands[1]) else { return "needs two operands of one type" }
    return operands[0].shape.indices.contains(axis) ? nil : "there is no axis \(axis)"
  }
}

extension Sorting {
  func fault(_ operands: [TensorType]) -> String? {
    guard operands.count == 1 else { return "needs one operand" }
    let shape = operands[0].shape
    switch self {
    case .argSort(let axis, _, let count):
      guard shape.indices.contains(axis), Shape(dimensions: [count]).isCountable, count.mayBeAtMost(shape[dim: axis]) else {
        return "axis \(axis) has no \(count) elements"
      }
    case .argReduce(let axis, let op):
      guard op == .minimum || op == .maximum else { return "only the least and the greatest have a place" }
      guard shape.indices.contains(axis), (1 as Dimension).mayBeAtMost(shape[dim: axis]) else { return "axis \(axis) is empty" }
    }
    return nil
  }
}

extension Attention {
  func fault(_ operands: [TensorType]) -> String? {
    guard operands.count == 5 else { return "needs query, key, value, offsets and a random key" }
    let q = operands[0]
    guard q.dtype.isFloating, q.shape.rank == 2, operands[1].agrees(with: q), operands[2].agrees(with: q) else {
      return "query, key and value are not of one type [tokens, width]"
    }
    guard operands[3].isWhole, operands[3].shape.rank == 1, operands[3].shape[dim: 0].number != 0 else {
      return "the offsets are not a list of whole numbers"
    }
    let keys: Shape = hasTokenKeys && dropout > 0 ? Shape(dimensions: [q.shape[dim: 0]]) : []
    guard operands[4].dtype == .int64, dropout == 0 || OpenQuestions.taken(operands[4].shape.equals(keys)) else {
      return "the random keys do not fit"
    }
    guard heads > 0, OpenQuestions.taken(q.shape[dim: 1].number.map { $0 % heads == 0 }) else {
      return "the width is not in \(heads) parts"
    }
    if case .ofWidth(let width, let parts) = scale, parts <= 0 || width.number == 0 { return "a head has no width" }
    return (0..<1).contains(dropout) ? nil : "the dropout is \(dropout)"
  }
}

extension AttentionBackward {
  func fault(_ operands: [TensorType]) -> String? {
    guard operands.count == 8 else { return "needs the operands and results of attention, and a cotangent" }
    if let fault = attention.fault(Array(operands[..<5])) { return fault }
    let results = attention.results(Array(operands[..<5]), Caller(#fileID, #line))
    let isFitting = operands[5].agrees(with: results[0]) && operands[6].agrees(with: results[1]) && operands[7].agrees(with: results[0])
    return isFitting ? nil : "they are not the results of its attention"
  }
}

extension ClassLoss {
  func fault(_ operands: [TensorType]) -> String? {
    guard operands.count == 2, operands[1].isWhole else { return "needs rows, and a class for each" }
    let x = operands[0].shape, classes = operands[1].shape
    guard operands[0].dtype.isFloating, x.rank > 0, classes.rank == x.rank, classes.isOne(x.rank - 1) else {
      return "needs a class for each row"
    }
    return x.indices.dropLast().allSatisfy { x[dim: $0].mayEqual(classes[dim: $0]) } ? nil : "needs a class for each row"
  }
}

extension LinearAlgebra {
  func fault(_ operands: [TensorType]) -> String? {
    guard operands.count == (kernel == .cholesky ? 1 : 2) else {
      return "needs \(kernel == .cholesky ? "a matrix" : "matrices and right-hand sides")"
    }
    let a = operands[0], rank = a.shape.rank
    guard a.dtype == .float32 || a.dtype == .float64, rank >= 2, a.shape[dim: rank - 1].mayEqual(a.shape[dim: rank - 2]) else {
      return "needs square matrices of float32 or float64"
    }
    guard let b = operands.dropFirst().first else { return nil }
    let isFitting = b.dtype == a.dtype && b.shape.rank == rank && (0..<rank - 1).allSatisfy { b.shape[dim: $0].mayEqual(a.shape[dim: $0]) }
    return isFitting ? nil : "the right-hand sides do not fit"
  }
}

extension LinearAlgebraWithInfo {
  func fault(_ operands: [TensorType]) -> String? {
    if case .solveTriangular = kernel { return "there is none for triangles" }
    return LinearAlgebra(kernel: kernel).fault(operands)
  }
}

extension Factorization {
  func fault(_ operands: [TensorType]) -> String? {
    guard operands.count == 1, operands[0].dtype == .float32 || operands[0].dtype == .float64, operands[0].shape.rank >= 2 else {
      return "needs matrices of float32 or float64"
    }
    let shape = operands[0].shape, isSquare = shape[dim: shape.rank - 1].mayEqual(shape[dim: shape.rank - 2])
    return isSquare || (kernel != .eigh && kernel != .eig) ? nil : "needs square matrices"
  }
}

extension Custom {
  func fault(_ operands: [TensorType]) -> String? { "its function is traced through, and it is in no graph" }
}

extension Transfer {
  func fault(_ operands: [TensorType]) -> String? { "a program runs on one device" }
}

extension TensorType {
  /// Whether its elements can be indices.
  fileprivate var isWhole: Bool { dtype == .int32 || dtype == .int64 }
}

extension Shape {
  /// Whether a shape of as many axes has equal extents along the others for every value of the symbols.
  fileprivate func agrees(with other: Shape, exceptAlong axis: Int) -> Bool {
    var expected = self
    expected[dim: axis] = other[dim: axis]
    return other.agrees(with: expected)
  }

  /// Whether these are all axes of so many, in some order.
  fileprivate func isOrder(of count: Int) -> Bool {
    rank == count && Set(dimensions.map(\.raw)) == Set(0..<count)
  }
}

extension Loop {
  func fault(_ operands: [TensorType]) -> String? {
    let counts = [carryCount, elementCount, constantCount, conditionConstantCount]
    guard counts.allSatisfy({ (0...Int(Int32.max)).contains($0) }), operands.count == operandCount else {
      return "needs \(operandCount) operands"
    }
    guard body.inputs.count == firstOfCondition - firstCarry, body.outputs.count >= carryCount else {
      return "the function of a step takes others"
    }
    if hasCount, ![.int32, .int64].contains(operands[0].dtype) || operands[0].shape.rank != 0 {
      return "the number of steps is no whole number"
    }
    guard Shape(dimensions: [length]).isCountable else { return "there are no \(length) steps" }
    for (number, expected) in body.inputs.enumerated() {
      var actual = operands[firstCarry + number]
      if (carryCount..<carryCount + elementCount).contains(number) {
        guard actual.shape.rank > 0, length.mayBeAtMost(actual.shape[dim: 0]) else {
          return "operand \(firstCarry + number) has no element for each step"
        }
        actual.shape.remove(at: 0)
      }
      if !actual.agrees(with: expected) {
        return "operand \(firstCarry + number) is \(actual), and the function of a step takes \(expected)"
      }
      if number < carryCount, !body.outputs[number].agrees(with: expected) {
        return "a step makes \(body.outputs[number]) of the carry \(expected)"
      }
    }
    if stacksCarries, body.outputs.count < 2 * carryCount { return "the carries of the steps are not among its outputs" }
    guard body.outputs.allSatisfy({ $0.shape.rank < Shape.maximumRank }) else { return "an output has no room for an axis of steps" }
    guard let condition else { return conditionConstantCount == 0 ? nil : "there is no condition" }
    let carries = condition.inputs.count - conditionConstantCount
    guard (0...carryCount).contains(carries), condition.outputs == [TensorType(shape: [], dtype: .bool)] else {
      return "the condition is no truth value"
    }
    let given = operands[firstCarry..<firstCarry + carries] + operands[firstOfCondition...]
    return zip(given, condition.inputs).allSatisfy { $0.agrees(with: $1) } ? nil : "the condition takes other operands"
  }
}

extension Branch {
  func fault(_ operands: [TensorType]) -> String? {
    guard let first = branches.first, operands.count == 1 + branches.reduce(0, { $0 + $1.inputs.count }) else {
      return "needs operands for each function"
    }
    if operands[0] != TensorType(shape: [], dtype: .int32) { return "the index is no whole number" }
    if !zip(operands.dropFirst(), branches.flatMap(\.inputs)).allSatisfy({ $0.agrees(with: $1) }) {
      return "a function takes other operands"
    }
    let isOne = branches.allSatisfy {
      $0.outputs.count == first.outputs.count && zip($0.outputs, first.outputs).allSatisfy { $0.agrees(with: $1) }
    }
    return isOne ? nil : "the functions' results differ"
  }
}
