/// An equation of `einsum` taken apart, without a look at the operands: NumPy's grammar.
///
///     equation = term {"," term} ["->" term]
///     term     = {letter} ["..." {letter}]
///
/// Letters are a…z and A…Z; spaces may be between them. A term may be empty: it stands for a scalar. The result's letters differ and occur in operands, and it has
/// `...` only if an operand has it.
public struct EinsumEquation: Hashable, Sendable {
  /// The axes of one operand or of the result.
  public struct Term: Hashable, Sendable {
    /// The letters of the axes, in order.
    public var letters: [Character]
    /// How many letters are before `...`; nil if there is none.
    public var ellipsis: Int?

    /// A term of these letters.
    public init(letters: [Character] = [], ellipsis: Int? = nil) {
      self.letters = letters
      self.ellipsis = ellipsis
    }
  }

  /// The terms of the operands, in order.
  public var operands: [Term]
  /// The term after `->`; nil if there is no arrow.
  public var result: Term?

  /// The parts of an equation.
  ///
  /// - Throws: `EinsumError` if the text is not an equation.
  public init(parsing equation: String) throws(EinsumError) {
    var terms = [Term()]
    var arrow: Int?
    var rest = Substring(equation)
    while let character = rest.first {
      rest = rest.dropFirst()
      switch character {
      case " ": continue
      case "a"..."z", "A"..."Z":
        guard character.isASCII else { throw EinsumError("\"\(character)\" is not a letter of a…z or A…Z") }
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
        guard rest.hasPrefix("..") else { throw EinsumError("a dot occurs in \"...\" only") }
        if terms[terms.count - 1].ellipsis != nil { throw EinsumError("\"...\" is twice in one term") }
        rest = rest.dropFirst(2)
        terms[terms.count - 1].ellipsis = terms[terms.count - 1].letters.count
      default: throw EinsumError("\"\(character)\" is not a letter of a…z or A…Z")
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

/// Why a text is not an equation of `einsum`.
public struct EinsumError: Error, Hashable, CustomStringConvertible {
  /// What is wrong with the text.
  public let description: String

  init(_ description: String) { self.description = description }
}
