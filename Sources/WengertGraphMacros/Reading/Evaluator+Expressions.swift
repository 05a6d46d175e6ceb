#if Macros
  import SwiftDiagnostics
  import SwiftSyntax
  import WengertCore

  extension Evaluator {
    /// What an expression stands for; nil after a mistake, which has been noted.
    ///
    /// - Parameter isStatement: whether it may be an assignment.
    func evaluate(_ expression: ExprSyntax, isStatement: Bool = false) -> Value? {
      switch expression.as(ExprSyntaxEnum.self) {
      case .sequenceExpr(let sequence):
        // Operators come as flat sequences. They are read here, since a tree that swift-syntax has folded has lost its places in the file.
        var rest = Array(sequence.elements)[...]
        if Self.isAssignment(expression) {
          if isStatement { assign(rest) } else { refuse(sequence, "@Graph reads assignments as statements") }
          return nil
        }
        return operand(&rest, 0, expression)
      case .integerLiteralExpr(let literal): return integer(literal)
      case .floatLiteralExpr(let literal):
        return Double(literal.literal.text.filter { $0 != "_" }).map(Value.number) ?? refuse(literal, "@Graph reads decimal numbers")
      case .booleanLiteralExpr(let literal): return .flag(literal.literal.text == "true")
      case .nilLiteralExpr: return Value.none
      case .stringLiteralExpr(let literal):
        return literal.representedLiteralValue.map(Value.text) ?? refuse(literal, "@Graph reads texts without interpolation")
      case .arrayExpr(let array):
        let items = array.elements.map { evaluate($0.expression) }
        let known = items.compactMap(\.self)
        return known.count == items.count ? .list(known) : nil
      case .tupleExpr(let tuple):
        if tuple.elements.count == 1, let only = tuple.elements.first { return evaluate(only.expression, isStatement: isStatement) }
        let parts = tuple.elements.map { (label: $0.label?.text ?? "", value: evaluate($0.expression)) }
        if parts.contains(where: { $0.value == nil }) { return nil }
        return .tuple(parts.map { ($0.label, $0.value!) })
      case .declReferenceExpr(let reference): return value(of: reference)
      case .prefixOperatorExpr(let prefix): return evaluate(prefix)
      case .postfixOperatorExpr(let postfix):
        guard postfix.operator.text == "..." else { return refuse(postfix.operator, "@Graph knows no operator \(postfix.operator.text)") }
        return evaluate(postfix.expression).map { .range(from: $0, to: nil, isClosed: false) }
      case .functionCallExpr(let call): return evaluate(call)
      case .memberAccessExpr(let member): return evaluate(member)
      case .subscriptCallExpr(let call): return evaluate(call)
      case .ifExpr(let branch): return value(of: branch)
      case .ternaryExpr(let choice): return flag(choice.condition).flatMap { evaluate($0 ? choice.thenExpression : choice.elseExpression) }
      case .closureExpr:
        return refuse(expression, "@Graph reads no closures; write a loop, or a function in a type with @Graph")
      case .discardAssignmentExpr: return Value.none
      case .switchExpr: return refuse(expression, "@Graph reads if and ? :, and no switch")
      case .tryExpr, .awaitExpr:
        return refuse(expression, "a graph neither throws nor waits; do that outside and pass what comes of it as an argument")
      case .inOutExpr: return refuse(expression, "a graph changes none of its arguments; return what is new")
      default:
        return refuse(
          expression,
          "@Graph cannot read this; compute it outside and pass it as an argument, or let the plugin WengertGraphs finish the function")
      }
    }

    private func integer(_ literal: IntegerLiteralExprSyntax) -> Value? {
      let text = literal.literal.text.filter { $0 != "_" }
      for (prefix, radix) in [("0x", 16), ("0b", 2), ("0o", 8)] where text.hasPrefix(prefix) {
        return Int(text.dropFirst(2), radix: radix).map(Value.whole) ?? refuse(literal, "\(text) is no Int")
      }
      return Int(text).map(Value.whole) ?? refuse(literal, "\(text) is no Int")
    }

    // MARK: Operators

    /// How tightly operators bind, as Swift declares them.
    private static let tightness: [String: Int] = [
      "*": 8, "/": 8, "%": 8, "&*": 8, "+": 7, "-": 7, "..<": 6, "...": 6, "??": 5, "<": 4, "<=": 4, ">": 4, ">=": 4, "==": 4, "!=": 4,
      ".<": 4, ".<=": 4,
      ".>": 4, ".>=": 4, ".==": 4, ".!=": 4, "&&": 3, ".&": 3, "||": 2, ".|": 2, ".^": 2,
    ]

    /// Operands and operators from the front of a sequence as far as they bind at least as tightly as `least`.
    private func operand(_ rest: inout ArraySlice<ExprSyntax>, _ least: Int, _ whole: ExprSyntax) -> Value? {
      let first = rest.removeFirst()
      var left = evaluate(first), isLiteral = first.isMadeOfLiterals
      while let next = rest.first {
        if let choice = next.as(UnresolvedTernaryExprSyntax.self) {
          if least > 1 { break }
          rest.removeFirst()
          guard let value = left else {
            rest = []
            return nil
          }
          guard let flag = value.flag else {
            rest = []
            return refuse(
              first, "a condition is known while Swift compiles, this is \(value.kind); select chooses by the elements of a tensor")
          }
          // Only what is chosen is read.
          if flag {
            rest = []
            return evaluate(choice.thenExpression)
          }
          return operand(&rest, 1, whole)
        }
        guard let name = next.as(BinaryOperatorExprSyntax.self)?.operator.text, let tightness = Self.tightness[name] else {
          refuse(next, "@Graph knows no operator \(next.trimmedDescription)")
          rest = []
          return nil
        }
        if tightness < least { break }
        rest.removeFirst()
        if name == "&&" || name == "||", let known = left?.flag, known == (name == "||") {
          // The rest of it decides nothing.
          skip(&rest, tightness + 1)
          continue
        }
        let before = rest
        let right = operand(&rest, tightness + 1, whole)
        isLiteral = isLiteral && before.prefix(before.count - rest.count).allSatisfy(\.isMadeOfLiterals)
        guard let a = left, let b = right else {
          left = nil
          continue
        }
        // Swift takes whole literals for real numbers where these are asked for.
        if name == "/", isLiteral, let x = a.whole, let y = b.whole, y == 0 || x % y != 0 {
          left = refuse(next, "\(x) / \(y) is one number of whole numbers and another of real ones; write \(x).0 / \(y), or the quotient")
        } else {
          left = binary(name, a, b, at: next, in: whole)
        }
      }
      return left
    }

    private func skip(_ rest: inout ArraySlice<ExprSyntax>, _ least: Int) {
      rest.removeFirst()
      while let next = rest.first, let name = next.as(BinaryOperatorExprSyntax.self)?.operator.text, let tightness = Self.tightness[name],
        tightness >= least
      {
        rest.removeFirst(2)
      }
    }

    private func binary(_ name: String, _ a: Value, _ b: Value, at node: ExprSyntax, in whole: ExprSyntax) -> Value? {
      if a.tensor != nil || b.tensor != nil {
        let given = [("", a), ("", b)]
        if let call = OperationTable.all.call("Tensor.\(name)", on: nil, given.map { (label: $0.0, value: $0.1) }, file: Self.file, line: 0)
          ?? OperationTable.all.call(name, on: nil, given.map { (label: $0.0, value: $0.1) }, file: Self.file, line: 0)
        {
          return perform(name, at: node, of: whole, call)
        }
        if ["<", "<=", ">", ">=", "==", "!="].contains(name) {
          return refuse(
            node, "the numbers of a tensor are not known while Swift compiles; .\(name) compares its elements, and select chooses by them")
        }
        return refuse(node, "\(name) is not defined for \(a.kind) and \(b.kind)")
      }
      switch name {
      case "..<", "...":
        guard a.dimension != nil, b.dimension != nil else { return refuse(node, "bounds of a range are whole numbers or extents") }
        return .range(from: a, to: b, isClosed: name == "...")
      case "??":
        if case .none = a { return b }
        return a
      default: return arithmetic(name, a, b, at: node, in: whole)
      }
    }

    private func evaluate(_ prefix: PrefixOperatorExprSyntax) -> Value? {
      let name = prefix.operator.text
      guard let value = evaluate(prefix.expression) else { return nil }
      switch (name, value) {
      case ("-", .whole(let x)) where x != .min: return .whole(-x)
      case ("-", .number(let x)): return .number(-x)
      case ("-", .member("infinity")): return .number(-.infinity)
      case ("!", .flag(let x)): return .flag(!x)
      case ("..<", _) where value.dimension != nil: return .range(from: nil, to: value, isClosed: false)
      case ("...", _) where value.dimension != nil: return .range(from: nil, to: value, isClosed: true)
      case ("+", _): return value
      case (_, .tensor):
        if let call = OperationTable.all.call("prefix \(name)", on: nil, [(label: "", value: value)], file: Self.file, line: 0) {
          return perform(name, at: prefix.operator, of: ExprSyntax(prefix), call)
        }
      default: break
      }
      return refuse(prefix.operator, "\(name) is not defined for \(value.kind)")
    }

    // MARK: Assignments

    /// Whether an expression is `x = y`, `x += y` or the like.
    static func isAssignment(_ expression: ExprSyntax) -> Bool {
      guard let place = expression.as(SequenceExprSyntax.self)?.elements.dropFirst().first else { return false }
      if place.is(AssignmentExprSyntax.self) { return true }
      return ["+=", "-=", "*=", "/="].contains(place.as(BinaryOperatorExprSyntax.self)?.operator.text ?? "")
    }

    private func assign(_ elements: ArraySlice<ExprSyntax>) {
      let target = elements[elements.startIndex], place = elements[elements.startIndex + 1]
      var rest = elements.dropFirst(2)
      let whole = target.parent.flatMap { $0.parent?.as(ExprSyntax.self) } ?? target
      var value = operand(&rest, 0, whole)
      if let name = place.as(BinaryOperatorExprSyntax.self)?.operator.text {
        guard let old = evaluate(target), let new = value else {
          store(nil, in: target)
          return
        }
        value = binary(String(name.dropLast()), old, new, at: place, in: whole)
      }
      store(value, in: target)
    }

    private func store(_ value: Value?, in target: ExprSyntax) {
      if let name = target.as(DeclReferenceExprSyntax.self)?.baseName.text, assign(name, value) { return }
      if target.is(DiscardAssignmentExprSyntax.self) { return }
      if let tuple = target.as(TupleExprSyntax.self) {
        let parts: [(label: String, value: Value)]? = if case .tuple(let parts)? = value { parts } else { nil }
        for (place, element) in tuple.elements.enumerated() {
          store(parts.flatMap { place < $0.count ? $0[place].value : nil }, in: element.expression)
        }
        return
      }
      if target.is(SubscriptCallExprSyntax.self) {
        refuse(target, "@Graph reads no assignment to a part of a tensor; make the whole with concatenate, select or scatterAdd")
      } else {
        refuse(target, "a graph changes nothing but its own variables; return what is new")
      }
    }
  }

  extension ExprSyntax {
    /// Whether there is nothing in it but whole numbers as they are written, and operators.
    fileprivate var isMadeOfLiterals: Bool {
      if self.is(IntegerLiteralExprSyntax.self) || self.is(BinaryOperatorExprSyntax.self) { return true }
      if let tuple = self.as(TupleExprSyntax.self) {
        return tuple.elements.count == 1 && tuple.elements.allSatisfy(\.expression.isMadeOfLiterals)
      }
      if let prefix = self.as(PrefixOperatorExprSyntax.self) { return prefix.expression.isMadeOfLiterals }
      return self.as(SequenceExprSyntax.self)?.elements.allSatisfy(\.isMadeOfLiterals) ?? false
    }
  }
#endif
