#if Macros
  import SwiftSyntax
  import WengertCore

  // Numbers, extents and truth values, which are known while Swift compiles.
  extension Evaluator {
    func arithmetic(_ name: String, _ a: Value, _ b: Value, at node: some SyntaxProtocol, in whole: ExprSyntax) -> Value? {
      switch (a, b) {
      case (.flag(let x), .flag(let y)):
        switch name {
        case "&&": return .flag(x && y)
        case "||": return .flag(x || y)
        case "==": return .flag(x == y)
        case "!=": return .flag(x != y)
        default: break
        }
      case (.text(let x), .text(let y)) where name == "==" || name == "!=": return .flag((x == y) == (name == "=="))
      case (.shape, _), (_, .shape), (.list, .list): return shapes(name, a, b, at: node)
      case (.dtype, _), (_, .dtype):
        if let x = a.dtype, let y = b.dtype, name == "==" || name == "!=" { return .flag((x == y) == (name == "==")) }
      case (.whole(let x), .whole(let y)): return wholes(name, x, y, at: node)
      case (.dimension, _), (_, .dimension):
        if let x = a.dimension, let y = b.dimension { return extents(name, x, y, at: node, in: whole) }
      default:
        if let x = a.number, let y = b.number { return numbers(name, x, y, at: node) }
      }
      return refuse(node, "\(name) is not defined for \(a.kind) and \(b.kind)")
    }

    private func numbers(_ name: String, _ x: Double, _ y: Double, at node: some SyntaxProtocol) -> Value? {
      switch name {
      case "+": .number(x + y)
      case "-": .number(x - y)
      case "*": .number(x * y)
      case "/": .number(x / y)
      case "<": .flag(x < y)
      case "<=": .flag(x <= y)
      case ">": .flag(x > y)
      case ">=": .flag(x >= y)
      case "==": .flag(x == y)
      case "!=": .flag(x != y)
      default: refuse(node, "@Graph knows no operator \(name) of numbers")
      }
    }

    private func wholes(_ name: String, _ x: Int, _ y: Int, at node: some SyntaxProtocol) -> Value? {
      func exact(_ result: (partialValue: Int, overflow: Bool)) -> Value? {
        result.overflow ? refuse(node, "\(x) \(name) \(y) is no Int") : .whole(result.partialValue)
      }
      switch name {
      case "+": return exact(x.addingReportingOverflow(y))
      case "-": return exact(x.subtractingReportingOverflow(y))
      case "*": return exact(x.multipliedReportingOverflow(by: y))
      case "/": return exact(x.dividedReportingOverflow(by: y))
      case "%": return exact(x.remainderReportingOverflow(dividingBy: y))
      case "<", "<=", ">", ">=", "==", "!=": return compared(name, x, y)
      default: return refuse(node, "@Graph knows no operator \(name) of whole numbers")
      }
    }

    private func compared(_ name: String, _ x: Int, _ y: Int) -> Value {
      switch name {
      case "<": .flag(x < y)
      case "<=": .flag(x <= y)
      case ">": .flag(x > y)
      case ">=": .flag(x >= y)
      case "==": .flag(x == y)
      default: .flag(x != y)
      }
    }

    private func extents(_ name: String, _ x: Dimension, _ y: Dimension, at node: some SyntaxProtocol, in whole: ExprSyntax) -> Value? {
      if let a = x.number, let b = y.number { return wholes(name, a, b, at: node) }
      switch name {
      case "+": return perform(name, at: node, of: whole) { Self.extent(x + y) }
      case "-": return perform(name, at: node, of: whole) { Self.extent(x - y) }
      case "*": return perform(name, at: node, of: whole) { Self.extent(x * y) }
      case "/": return perform(name, at: node, of: whole) { Self.extent(x.divided(exactlyBy: y) ?? x.divided(by: y)) }
      case "%": return perform(name, at: node, of: whole) { Self.extent(x.remainder(dividingBy: y)) }
      case "==", "!=":
        if let answer = x.equals(y) { return .flag(answer == (name == "==")) }
      default: break
      }
      return refuse(node, "whether \(x) \(name) \(y) is not known while Swift compiles; give the axes numbers in the signature")
    }

    /// A number if it is one.
    static func extent(_ extent: Dimension) -> Value { extent.number.map(Value.whole) ?? .dimension(extent) }

    private func shapes(_ name: String, _ a: Value, _ b: Value, at node: some SyntaxProtocol) -> Value? {
      if name == "+", case .list(let x) = a, case .list(let y) = b { return .list(x + y) }
      guard let x = a.shape, let y = b.shape else { return refuse(node, "\(name) is not defined for \(a.kind) and \(b.kind)") }
      switch name {
      case "+":
        if x.rank + y.rank > Shape.maximumRank { return refuse(node, "a shape has at most \(Shape.maximumRank) axes") }
        return .shape(x + y)
      case "==", "!=":
        if let answer = x.equals(y) { return .flag(answer == (name == "==")) }
        return refuse(node, "whether \(x) \(name) \(y) is not known while Swift compiles; give the axes numbers in the signature")
      default: return refuse(node, "@Graph knows no operator \(name) of shapes")
      }
    }

    /// What a name of Swift's own makes of numbers: `Double(n)`, `min(a, b)`; nil if it is no such name.
    func number(_ name: String, _ given: [(label: String, value: Value)], at node: some SyntaxProtocol) -> Value?? {
      let values = given.map(\.value)
      switch (name, values.count) {
      case ("Double", 1), ("Float", 1):
        if let x = values[0].number { return .number(x) }
        if case .dimension(let extent) = values[0] {
          return .some(refuse(node, "\(extent) is a name, and no number while Swift compiles; give the axis a number in the signature"))
        }
      case ("Int", 1):
        if let x = values[0].whole { return .whole(x) }
        if case .dimension = values[0] { return values[0] }
        if let x = values[0].number, let whole = Int(exactly: x.rounded(.towardZero)) { return .whole(whole) }
      case ("Dimension", 1):
        if let x = values[0].dimension { return .dimension(x) }
      case ("Shape", 1):
        if let x = values[0].shape { return .shape(x) }
      case ("min", 2), ("max", 2):
        if let x = values[0].whole, let y = values[1].whole { return .whole(name == "min" ? min(x, y) : max(x, y)) }
        if let x = values[0].number, let y = values[1].number { return .number(name == "min" ? min(x, y) : max(x, y)) }
      case ("abs", 1):
        if let x = values[0].whole, x != .min { return .whole(abs(x)) }
        if let x = values[0].number { return .number(abs(x)) }
      case ("stride", 3):
        guard let from = values[0].whole, let to = values[1].whole, let by = values[2].whole, by != 0 else { break }
        let isClosed = given[1].label == "through"
        return .list(
          (isClosed ? Array(stride(from: from, through: to, by: by)) : Array(stride(from: from, to: to, by: by))).map(Value.whole))
      default: return nil
      }
      if values.contains(where: { $0.tensor != nil }) { return nil }
      return .some(refuse(node, "\(name) of \(values.map(\.kind).joined(separator: ", ")) is not known while Swift compiles"))
    }
  }
#endif
