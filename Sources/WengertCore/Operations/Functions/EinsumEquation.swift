/// An equation of `einsum` taken apart, without a look at the operands: NumPy's grammar.
///
///     equation = term {"," term} ["->" term]
///     term     = {letter} ["..." {letter}]
///
/// Letters are a…z and A…Z; spaces may stand between them. A term may be empty: it stands for a scalar. The result's letters differ and occur in operands, and it has
/// `...` only where an operand has it.
public struct EinsumEquation: Hashable, Sendable {
  /// The axes of one operand or of the result.
  public struct Term: Hashable, Sendable {
    public var letters: [Character]
    /// How many letters stand before `...`; nil where there is none.
    public var ellipsis: Int?

    public init(letters: [Character] = [], ellipsis: Int? = nil) {
      self.letters = letters
      self.ellipsis = ellipsis
    }
  }

  public var operands: [Term]
  /// What stands behind `->`; nil where there is no arrow.
  public var result: Term?

  /// - Throws: `EinsumError`, for whatever is no equation.
  public init(parsing equation: String) throws(EinsumError) {
    var terms = [Term()]
    var arrow: Int?
    var rest = Substring(equation)
    while let character = rest.first {
      rest = rest.dropFirst()
      switch character {
      case " ": continue
      case "a"..."z", "A"..."Z":
        guard character.isASCII else { throw EinsumError("\"\(character)\" is no letter of a…z or A…Z") }
        terms[terms.count - 1].letters.append(character)
      case ",":
        if arrow != nil { throw EinsumError("there is one result, so no comma behind \"->\"") }
        terms.append(Term())
      case "-":
        guard rest.first == ">" else { throw EinsumError("\"-\" must be followed by \">\"") }
        if arrow != nil { throw EinsumError("\"->\" is there twice") }
        rest = rest.dropFirst()
        arrow = terms.count
        terms.append(Term())
      case ".":
        guard rest.hasPrefix("..") else { throw EinsumError("a dot stands in \"...\" only") }
        if terms[terms.count - 1].ellipsis != nil { throw EinsumError("\"...\" is twice in one term") }
        rest = rest.dropFirst(2)
        terms[terms.count - 1].ellipsis = terms[terms.count - 1].letters.count
      default: throw EinsumError("\"\(character)\" is no letter of a…z or A…Z")
      }
    }
    result = arrow == nil ? nil : terms.removeLast()
    operands = terms
    guard let result else { return }
    for (i, letter) in result.letters.enumerated() {
      if result.letters.firstIndex(of: letter) != i { throw EinsumError("\"\(letter)\" is twice in the result") }
      if !operands.contains(where: { $0.letters.contains(letter) }) { throw EinsumError("\"\(letter)\" of the result is in no operand") }
    }
    if result.ellipsis != nil && operands.allSatisfy({ $0.ellipsis == nil }) {
      throw EinsumError("\"...\" of the result is in no operand")
    }
  }
}

/// Why a text is no equation of `einsum`.
public struct EinsumError: Error, Hashable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
