/// A sum of products by index letters, as in NumPy: `einsum("bij,bjk->bik", a, b)`. A letter in the result is kept, any other is summed; a letter twice in one operand
/// takes its diagonal; `...` stands for axes that broadcast, and must be in a result that is named. Without `->` the letters that occur once are kept in
/// alphabetical order, capitals first, after the axes of `...`. What NumPy refuses ends the program; `EinsumEquation` says beforehand whether a text is an equation.
///
/// ```swift
/// let a = Tensor([[1, 2], [3, 4]])
/// let product = einsum("ij,jk->ik", a, a)  // [[7, 10], [15, 22]]
/// let trace = einsum("ii->", a)  // 5
/// ```
///
/// - Precondition: `equation` is one (see `EinsumEquation`), names as many operands and axes as there are, and axes of one letter have one extent or broadcast.
public func einsum(_ equation: String, _ operands: Tensor..., file: StaticString = #fileID, line: UInt = #line) -> Tensor {
  Einsum(equation, operands, Caller(file, line)).evaluate()
}

/// The same with the operands in a list.
package func einsum(_ equation: String, operands: [Tensor], file: StaticString, line: UInt) -> Tensor {
  Einsum(equation, operands, Caller(file, line)).evaluate()
}

/// Operands with an axis letter each, contracted two at a time from the left; every pair is one batched matrix product.
private struct Einsum {
  let caller: Caller
  let equation: String
  var terms: [(tensor: Tensor, labels: [Character])] = []
  var result: [Character] = []

  init(_ equation: String, _ operands: [Tensor], _ caller: Caller) {
    self.caller = caller
    self.equation = equation
    let parsed: EinsumEquation
    do { parsed = try EinsumEquation(parsing: equation) } catch { caller.fail("einsum", "\(error) in \"\(equation)\"") }
    caller.require(
      parsed.operands.count == operands.count, "einsum", "\"\(equation)\" names \(parsed.operands.count) operands, got \(operands.count)")

    // Axes behind "..." get the digits, the last axis 0.
    var dots = 0
    for (i, (term, tensor)) in zip(parsed.operands, operands).enumerated() {
      var labels = term.letters
      if let place = term.ellipsis {
        let free = tensor.rank - labels.count
        caller.require(
          free >= 0, "einsum",
          "term \(i) of \"\(equation)\" has \(labels.count) letters, the operand of shape \(tensor.shape) has \(tensor.rank) axes")
        dots = max(dots, free)
        labels.insert(contentsOf: (0..<free).reversed().map { Character("\($0)") }, at: place)
      }
      caller.require(
        labels.count == tensor.rank, "einsum",
        "term \(i) of \"\(equation)\" names \(labels.count) axes, the operand of shape \(tensor.shape) has \(tensor.rank)")
      for (axis, letter) in labels.enumerated() {
        let first = labels.firstIndex(of: letter)!
        caller.require(
          tensor.shape[dim: first], sameAs: tensor.shape[dim: axis], "einsum",
          "\"\(letter)\" of \"\(equation)\" is the diagonal of axes of different extents \(tensor.shape[dim: first]) and \(tensor.shape[dim: axis])"
        )
      }
      terms.append((operands.count > 1 ? Autocast.lowered(tensor) : tensor, labels))
    }
    let dotLabels = (0..<dots).reversed().map { Character("\($0)") }
    if let term = parsed.result {
      result = term.letters
      if let place = term.ellipsis { result.insert(contentsOf: dotLabels, at: place) }
      caller.require(
        term.ellipsis != nil || dots == 0, "einsum",
        "\"...\" stands for \(dots) axes of the operands of \"\(equation)\"; write it in the result, or sum these axes before")
    } else {
      let all = terms.flatMap(\.labels).filter { !$0.isNumber }
      result = dotLabels + Set(all.filter { letter in all.filter { $0 == letter }.count == 1 }).sorted()
    }
  }

  func evaluate() -> Tensor {
    let extents = extents()
    let dtype = terms.map(\.tensor.dtype).reduce(terms[0].tensor.dtype, DType.promote)
    var rest = terms.map { single((tensor: $0.tensor.cast(to: dtype), labels: $0.labels)) }
    var current = rest.removeFirst()
    while !rest.isEmpty {
      let next = rest.removeFirst()
      let needed = Set(result + rest.flatMap(\.labels))
      current = contract(current, next, needed)
    }
    current = summed(current, keeping: Set(result))
    let order = result.filter { current.labels.contains($0) }
    ensure(order.count == current.labels.count, "einsum: a label of the result is in no operand")
    var value = current.tensor.permute(order.map { current.labels.firstIndex(of: $0)! })
    let target = Shape(dimensions: result.map { extents[$0]! })
    if value.shape != target { value = value.broadcast(to: target) }
    return value
  }

  /// Each letter's extent; one broadcasts.
  private func extents() -> [Character: Dimension] {
    var extents: [Character: Dimension] = [:]
    for term in terms {
      for (letter, extent) in zip(term.labels, term.tensor.shape.dimensions) {
        let known = extents[letter] ?? 1
        if !known.isStretchable && !extent.isStretchable {
          caller.expect(
            known, sameAs: extent, "einsum",
            "\"\(letter)\" of \"\(equation)\" has extents \(known) and \(extent): \(terms.map(\.tensor.shape.description).joined(separator: " and "))",
            of: terms.map(\.tensor))
        }
        extents[letter] = known.isStretchable ? extent : known.orNamed(as: extent)
      }
    }
    return extents
  }

  /// Letters that occur twice taken as a diagonal.
  private func single(_ term: (tensor: Tensor, labels: [Character])) -> (tensor: Tensor, labels: [Character]) {
    var (tensor, labels) = term
    while let second = labels.indices.first(where: { labels[..<$0].contains(labels[$0]) }) {
      let first = labels.firstIndex(of: labels[second])!
      let letter = labels[second]
      tensor = tensor.diagonal(first, second)
      labels.remove(at: second)
      labels.remove(at: first)
      labels.append(letter)
    }
    return (tensor, labels)
  }

  private func summed(_ term: (tensor: Tensor, labels: [Character]), keeping: Set<Character>) -> (tensor: Tensor, labels: [Character]) {
    let axes = term.labels.indices.filter { !keeping.contains(term.labels[$0]) }
    if axes.isEmpty { return term }
    return (term.tensor.sum(axes: axes), term.labels.filter { keeping.contains($0) })
  }

  /// Both operands as [shared kept…, own kept, shared summed] and their batched product.
  private func contract(
    _ a: (tensor: Tensor, labels: [Character]), _ b: (tensor: Tensor, labels: [Character]), _ needed: Set<Character>
  ) -> (tensor: Tensor, labels: [Character]) {
    let a = summed(a, keeping: needed.union(b.labels)), b = summed(b, keeping: needed.union(a.labels))
    let shared = a.labels.filter { b.labels.contains($0) }
    let batch = shared.filter { needed.contains($0) }
    let inner = shared.filter { !needed.contains($0) }
    let left = a.labels.filter { !shared.contains($0) }
    let right = b.labels.filter { !shared.contains($0) }

    func extent(_ letter: Character) -> Dimension {
      let x = a.labels.firstIndex(of: letter).map { a.tensor.shape[dim: $0] } ?? 1
      let y = b.labels.firstIndex(of: letter).map { b.tensor.shape[dim: $0] } ?? 1
      return x.isStretchable ? y : x.orNamed(as: y)
    }
    func product(_ letters: [Character]) -> Dimension { letters.reduce(1) { $0 * extent($1) } }
    func arranged(_ term: (tensor: Tensor, labels: [Character]), _ first: [Character], _ second: [Character]) -> Tensor {
      let order = batch + first + second
      let moved = term.tensor.permute(order.map { term.labels.firstIndex(of: $0)! })
      let full = moved.broadcast(to: Shape(dimensions: order.map(extent)))
      return full.reshape(Shape(dimensions: [product(batch), product(first), product(second)]))
    }
    let product3 = arranged(a, left, inner).multiplied(by: arranged(b, inner, right), caller)
    let labels = batch + left + right
    return (product3.reshape(Shape(dimensions: labels.map(extent))), labels)
  }
}
