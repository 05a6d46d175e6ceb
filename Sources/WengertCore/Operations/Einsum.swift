/// A sum of products by index letters, as in NumPy: `einsum("bij,bjk->bik", a, b)`. A letter in the result is kept, any other is summed; a letter twice in one operand
/// takes its diagonal; `...` stands for leading axes that broadcast. Without `->` the letters that occur once are kept in alphabetical order.
public func einsum(_ equation: String, _ operands: Tensor..., file: StaticString = #fileID, line: UInt = #line) -> Tensor {
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
    let text = equation.filter { $0 != " " }
    let arrow = text.firstRange(of: "->")
    let left = String(text[..<(arrow?.lowerBound ?? text.endIndex)])
    let inputs = left.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    caller.require(inputs.count == operands.count, "einsum", "\"\(equation)\" names \(inputs.count) operands, got \(operands.count)")

    // Axes behind "..." get the digits, the last axis 0.
    var dots = 0
    for (term, tensor) in zip(inputs, operands) {
      let letters = term.filter { $0 != "." }
      caller.require(letters.allSatisfy(\.isLetter), "einsum", "\"\(term)\" in \"\(equation)\" may hold letters and ... only")
      var labels = Array(letters)
      if let at = term.firstRange(of: "...") {
        let free = tensor.rank - letters.count
        caller.require(free >= 0, "einsum", "\"\(term)\" has more letters than \(tensor.shape) has axes")
        dots = max(dots, free)
        let lead = term.distance(from: term.startIndex, to: at.lowerBound)
        labels.insert(contentsOf: (0..<free).reversed().map { Character("\($0)") }, at: lead)
      }
      caller.require(
        labels.count == tensor.rank, "einsum",
        "\"\(term)\" names \(labels.count) axes, the operand of shape \(tensor.shape) has \(tensor.rank)")
      terms.append((tensor, labels))
    }
    let dotLabels = (0..<dots).reversed().map { Character("\($0)") }
    if let arrow {
      let right = String(text[arrow.upperBound...])
      result = Array(right.filter { $0 != "." })
      if let at = right.firstRange(of: "...") {
        result.insert(contentsOf: dotLabels, at: right.distance(from: right.startIndex, to: at.lowerBound))
      }
    } else {
      let all = terms.flatMap(\.labels).filter { !$0.isNumber }
      result = dotLabels + Set(all.filter { letter in all.filter { $0 == letter }.count == 1 }).sorted()
    }
    for (i, letter) in result.enumerated() {
      caller.require(
        terms.contains { $0.labels.contains(letter) }, "einsum", "\"\(letter)\" of the result is in no operand of \"\(equation)\"")
      caller.require(result.firstIndex(of: letter) == i, "einsum", "\"\(letter)\" is twice in the result of \"\(equation)\"")
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
    precondition(order.count == current.labels.count)
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
        if known.number != 1 && extent.number != 1 {
          caller.require(
            known, sameAs: extent, "einsum",
            "\"\(letter)\" of \"\(equation)\" has extents \(known) and \(extent): \(terms.map(\.tensor.shape.description).joined(separator: " and "))"
          )
        }
        extents[letter] = known.number == 1 ? extent : known
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
      return x.number == 1 ? y : x
    }
    func product(_ letters: [Character]) -> Dimension { letters.reduce(1) { $0 * extent($1) } }
    func arranged(_ term: (tensor: Tensor, labels: [Character]), _ first: [Character], _ second: [Character]) -> Tensor {
      let order = batch + first + second
      let moved = term.tensor.permute(order.map { term.labels.firstIndex(of: $0)! })
      let full = moved.broadcast(to: Shape(dimensions: order.map(extent)))
      return full.reshape(Shape(dimensions: [product(batch), product(first), product(second)]))
    }
    let product3 = arranged(a, left, inner).matmul(arranged(b, inner, right))
    let labels = batch + left + right
    return (product3.reshape(Shape(dimensions: labels.map(extent))), labels)
  }
}
