#if Macros
  import WengertCore

  /// Axes by name and number, as a signature writes them: "[B, 4*W]", "int64 [T + 1]", "[…, D]".
  struct AxisList: Sendable {
    /// Nil if none is named.
    var dtype: DType?
    /// Whether any number of further axes, the same in all lists of a signature, are in front.
    var hasLeading = false
    var extents: [Dimension] = []
    /// Where each name stands, as an offset into the text, and on which axis.
    var names: [(name: String, offset: Int, axis: Int)] = []
    /// Where the list stands, dtype included.
    var span: Range<Int> = 0..<0

    /// The shape with so many axes in front.
    func shape(leading: Int) -> Shape {
      let front = hasLeading ? (0..<leading).map { Dimension(symbol: "…\($0 + 1)") } : []
      return Shape(dimensions: front + extents)
    }
  }

  /// What a graph takes and gives: "x: [B, D], w: [D, H] -> [B, H]".
  struct Signature: Sendable {
    var arguments: [(name: String, offset: Int, axes: AxisList)] = []
    var results: [AxisList] = []

    /// What cannot be read, and where.
    struct Fault: Error {
      let message: String
      let offset: Int
    }

    var hasLeading: Bool { (arguments.map(\.axes) + results).contains(where: \.hasLeading) }

    /// - Parameter constants: the numbers that names stand for.
    init(_ text: String, constants: @escaping (String) -> Int?) throws(Fault) {
      var reader = SignatureReader(text, constants)
      if !reader.isAt("->") {
        repeat {
          let offset = reader.offset
          let name = try reader.name("the name of an argument")
          try reader.take(":", "after \(name)")
          if arguments.contains(where: { $0.name == name }) { throw Fault(message: "\(name) has axes twice", offset: offset) }
          arguments.append((name, offset, try reader.list()))
        } while reader.skip(",")
      }
      try reader.take("->", "and the axes of the result")
      let isTuple = reader.skip("(")
      repeat { results.append(try reader.list()) } while reader.skip(",")
      if isTuple { try reader.take(")", "after the results") }
      try reader.end()
      if results.contains(where: { $0.extents.count + ($0.hasLeading ? 3 : 0) > Shape.maximumRank })
        || arguments.contains(where: { $0.axes.extents.count + ($0.axes.hasLeading ? 3 : 0) > Shape.maximumRank })
      {
        throw Fault(message: "a tensor has at most \(Shape.maximumRank) axes, of which … takes three", offset: 0)
      }
      if results.contains(where: \.hasLeading) && !arguments.contains(where: \.axes.hasLeading) {
        throw Fault(
          message: "the result has leading axes …, which no argument has", offset: results.first(where: \.hasLeading)!.span.lowerBound)
      }
    }

    /// The text of one list, as `@Axes` has it: brackets may be left out.
    static func list(_ text: String, constants: @escaping (String) -> Int?) throws(Fault) -> AxisList {
      var reader = SignatureReader(text, constants)
      let list = try reader.list(needsBrackets: false)
      try reader.end()
      if list.hasLeading { throw Fault(message: "a member has no leading axes …: name each", offset: list.span.lowerBound) }
      if list.extents.count > Shape.maximumRank { throw Fault(message: "a tensor has at most \(Shape.maximumRank) axes", offset: 0) }
      return list
    }
  }

  /// Reads the text of a signature from the front.
  private struct SignatureReader {
    private let text: [Character]
    private let offsets: [Int]
    private var place = 0
    private let constants: (String) -> Int?

    init(_ text: String, _ constants: @escaping (String) -> Int?) {
      self.text = Array(text)
      self.constants = constants
      offsets = self.text.reduce(into: [0]) { $0.append($0.last! + $1.utf8.count) }
      skipSpace()
    }

    /// Where the next character stands, in bytes of UTF-8.
    var offset: Int { offsets[place] }

    private mutating func skipSpace() { while place < text.count && text[place].isWhitespace { place += 1 } }

    func isAt(_ token: String) -> Bool { text[place...].starts(with: token) }

    mutating func skip(_ token: String) -> Bool {
      if !isAt(token) { return false }
      place += token.count
      skipSpace()
      return true
    }

    private var next: String { place < text.count ? "there is \(String(text[place...].prefix(12)).debugDescription)" : "it ends" }

    mutating func take(_ token: String, _ what: String) throws(Signature.Fault) {
      if !skip(token) { throw Signature.Fault(message: "a signature needs \(token) \(what), and \(next)", offset: offset) }
    }

    func end() throws(Signature.Fault) {
      if place < text.count { throw Signature.Fault(message: "the signature is over, and \(next)", offset: offset) }
    }

    mutating func name(_ what: String) throws(Signature.Fault) -> String {
      let start = place
      while place < text.count, text[place].isLetter || text[place] == "_" || (place > start && text[place].isNumber) { place += 1 }
      if place == start { throw Signature.Fault(message: "a signature needs \(what), and \(next)", offset: offset) }
      defer { skipSpace() }
      return String(text[start..<place])
    }

    private mutating func number() -> Int? {
      let start = place
      while place < text.count, text[place].isASCII, text[place].isNumber { place += 1 }
      defer { skipSpace() }
      return Int(String(text[start..<place]))
    }

    mutating func list(needsBrackets: Bool = true) throws(Signature.Fault) -> AxisList {
      var list = AxisList()
      let start = offset
      let known = DType.allCases.first { dtype in
        let word = "\(dtype)", end = place + word.count
        return isAt(word) && (end >= text.count || !(text[end].isLetter || text[end].isNumber || text[end] == "_"))
      }
      if let known {
        list.dtype = known
        _ = skip("\(known)")
      }
      let hasBrackets = skip("[")
      if !hasBrackets && needsBrackets {
        throw Signature.Fault(
          message: "a signature needs axes in brackets, [B, D], with a dtype in front at most, and \(next)", offset: offset)
      }
      if skip("…") || skip("...") {
        list.hasLeading = true
        _ = skip(",")
      }
      while place < text.count && !isAt("]") {
        list.extents.append(try sum(&list))
        if !skip(",") { break }
      }
      if hasBrackets { try take("]", "after the axes") }
      var end = place
      while end > 0 && text[end - 1].isWhitespace { end -= 1 }
      list.span = start..<offsets[end]
      return list
    }

    private mutating func sum(_ list: inout AxisList) throws(Signature.Fault) -> Dimension {
      let start = offset
      var value = try product(&list)
      while true {
        if skip("+") {
          value = try checked(start, value, try product(&list)) { $0 + $1 }
        } else if !isAt("->") && skip("-") {
          value = try checked(start, value, try product(&list)) { $0 - $1 }
        } else {
          if let number = value.number, number < 0 { throw Signature.Fault(message: "the extent \(number) is negative", offset: start) }
          return value
        }
      }
    }

    /// What no Int holds is a fault.
    private func checked(
      _ start: Int, _ a: Dimension, _ b: Dimension, _ operation: @escaping @Sendable (Dimension, Dimension) -> Dimension
    ) throws(Signature.Fault) -> Dimension {
      guard let value = StepwiseTrace.attempt({ operation(a, b) }).value else {
        throw Signature.Fault(message: "no Int holds this extent", offset: start)
      }
      return value
    }

    private mutating func product(_ list: inout AxisList) throws(Signature.Fault) -> Dimension {
      let start = offset
      var value = try factor(&list)
      while skip("*") || skip("·") { value = try checked(start, value, try factor(&list)) { $0 * $1 } }
      return value
    }

    private mutating func factor(_ list: inout AxisList) throws(Signature.Fault) -> Dimension {
      let offset = offset
      if place < text.count, text[place].isNumber {
        guard let number = number(), number < 1 << 40 else {
          throw Signature.Fault(message: "an extent of that size is none", offset: offset)
        }
        return Dimension(number)
      }
      let name = try name("a number or a name for each axis")
      if let number = constants(name) { return Dimension(number) }
      list.names.append((name, offset, list.extents.count))
      return Dimension(symbol: name)
    }
  }
#endif
