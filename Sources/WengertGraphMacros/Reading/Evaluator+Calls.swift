#if Macros
  import SwiftDiagnostics
  import SwiftSyntax
  import WengertCore

  extension Evaluator {
    func evaluate(_ call: FunctionCallExprSyntax) -> Value? {
      if let closure = call.trailingClosure {
        return refuse(closure, "@Graph reads no closures; write a loop, or a function in a type with @Graph")
      }
      let called = call.calledExpression
      if let reference = called.as(DeclReferenceExprSyntax.self) { return callFree(reference, call) }
      if let member = called.as(MemberAccessExprSyntax.self) { return callMember(member, call) }
      if let array = called.as(ArrayExprSyntax.self), array.elements.count == 1, call.arguments.isEmpty { return .list([]) }
      guard let receiver = evaluate(called), let given = arguments(call) else { return nil }
      return callModel(receiver, given, call)
    }

    /// The arguments by label; nil if one has a mistake.
    func arguments(_ call: FunctionCallExprSyntax) -> [(label: String, value: Value)]? { arguments(call.arguments) }

    func arguments(_ list: LabeledExprListSyntax) -> [(label: String, value: Value)]? {
      let values = list.map { (label: $0.label?.text ?? "", value: evaluate($0.expression)) }
      if values.contains(where: { $0.value == nil }) { return nil }
      return values.map { ($0.label, $0.value!) }
    }

    // MARK: By a name

    private func callFree(_ reference: DeclReferenceExprSyntax, _ call: FunctionCallExprSyntax) -> Value? {
      let name = reference.baseName.text
      if local(name) != nil || frame.model?[name] != nil {
        guard let receiver = value(of: reference), let given = arguments(call) else { return nil }
        return callModel(receiver, given, call)
      }
      if let (function, type) = function(name, call) { return callOwn(function, of: type, on: frame.model, call) }
      if name == "stopGradient" { stops += 1 }
      let given = arguments(call)
      if name == "stopGradient" { stops -= 1 }
      guard let given else { return nil }
      if let number = number(name, given, at: reference) { return number }
      if let made = make(name == "Tensor" ? "init" : "", given, at: reference, call) { return made }
      if name == "RandomKey" { return refuse(reference, "a key is made outside of a graph; pass it as an argument") }
      if name == "Tensor" {
        return refuse(
          reference,
          "@Graph makes tensors of numbers and lists of real numbers, by full, zeros, ones, iota and eye; pass others as arguments")
      }
      return callOperation(name, named: name, on: nil, given, at: reference.baseName, call)
    }

    private func callMember(_ member: MemberAccessExprSyntax, _ call: FunctionCallExprSyntax) -> Value? {
      let name = member.declName.baseName.text
      guard let base = member.base else {
        guard arguments(call) != nil else { return nil }
        return refuse(member, "@Graph knows no .\(name)(…) without its type in front")
      }
      if let type = base.as(DeclReferenceExprSyntax.self)?.baseName.text, local(type) == nil, frame.model?[type] == nil {
        if let info = namedType(type) {
          guard let (function, owner) = function(name, call, in: info) else {
            return refuse(member.declName, "@Graph knows no function \(name) of \(type)")
          }
          return callOwn(function, of: owner, on: nil, call)
        }
        switch type {
        case "Tensor":
          guard let given = arguments(call) else { return nil }
          if let made = make(name, given, at: member.declName, call) { return made }
          return refuse(member.declName, "@Graph makes tensors by full, zeros, ones, iota and eye; pass others as arguments")
        case "Axis":
          guard let given = arguments(call) else { return nil }
          return axis(name, given, at: member.declName, call)
        case "Dimension":
          guard let given = arguments(call) else { return nil }
          let extents = given.compactMap(\.value.dimension)
          if extents.count == 2, name == "minimum" || name == "maximum" {
            return Self.extent(name == "minimum" ? .minimum(extents[0], extents[1]) : .maximum(extents[0], extents[1]))
          }
          return refuse(member.declName, "@Graph knows no \(name) of Dimension")
        default: break
        }
      }
      if name == "append", let list = base.as(DeclReferenceExprSyntax.self)?.baseName.text, let slot = local(list) {
        guard let given = arguments(call), case .list(let items)? = slot.value, given.count == 1 else {
          _ = assign(list, nil)
          return nil
        }
        _ = assign(list, .list(items + [given[0].value]))
        return Value.none
      }
      let receiver = evaluate(base), given = arguments(call)
      guard let receiver, let given else { return nil }
      switch receiver {
      case .tensor(let x):
        return callOperation(
          "Tensor.\(name)", named: name, on: receiver, given, at: member.declName.baseName, call,
          fix: { self.transposing(x, name, given, call) })
      case .key: return callOperation("RandomKey.\(name)", named: name, on: receiver, given, at: member.declName.baseName, call)
      case .model(let model):
        if let value = model[name] { return callModel(value, given, call) }
        guard let type = frame.type?.type(model.type) ?? namedType(model.type), let (function, owner) = function(name, call, in: type)
        else {
          return refuse(member.declName, "@Graph knows no function \(name) of \(model.type)")
        }
        return callOwn(function, of: owner, on: model, given: given, call)
      case .list(let items):
        if name == "enumerated", given.isEmpty {
          return .list(
            items.enumerated().map { .tuple([(label: "offset", value: .whole($0.offset)), (label: "element", value: $0.element)]) })
        }
        if name == "reversed", given.isEmpty { return .list(items.reversed()) }
        if name == "dropFirst" || name == "dropLast" || name == "prefix" || name == "suffix",
          let count = given.isEmpty ? 1 : given.first?.value.whole, count >= 0
        {
          switch name {
          case "dropFirst": return .list(Array(items.dropFirst(count)))
          case "dropLast": return .list(Array(items.dropLast(count)))
          case "prefix": return .list(Array(items.prefix(count)))
          default: return .list(Array(items.suffix(count)))
          }
        }
      case .shape(let shape):
        guard let count = given.isEmpty ? 1 : given.first?.value.whole, count >= 0 else { break }
        switch name {
        case "dropFirst": return .shape(shape.dropFirst(count))
        case "dropLast": return .shape(shape.dropLast(count))
        case "prefix": return .shape(shape.prefix(count))
        case "suffix": return .shape(shape.suffix(count))
        default: break
        }
      case .number, .whole:
        if name == "squareRoot", given.isEmpty, let x = receiver.number { return .number(x.squareRoot()) }
      case .range:
        if name == "reversed", let range = receiver.range { return .list(range.reversed().map(Value.whole)) }
      default: break
      }
      return refuse(member.declName, "@Graph knows no function \(name) of \(receiver.kind)")
    }

    /// A function of the core.
    private func callOperation(
      _ key: String, named name: String, on receiver: Value?, _ given: [(label: String, value: Value)], at token: TokenSyntax,
      _ call: FunctionCallExprSyntax, fix: (() -> FixIt?)? = nil
    ) -> Value? {
      let table = OperationTable.all
      guard table.has(key) else { return refuseUnknown(name, isMember: receiver != nil, at: token) }
      guard let operation = table.call(key, on: receiver, given, file: Self.file, line: line(token.positionAfterSkippingLeadingTrivia))
      else {
        let forms = table.forms(key).joined(separator: ", ")
        let kinds = given.map { ($0.label.isEmpty ? "" : "\($0.label): ") + $0.value.kind }.joined(separator: ", ")
        return refuse(token, "\(name) takes \(forms), and here is (\(kinds))")
      }
      return perform(name, at: token, of: ExprSyntax(call), fix: fix, operation)
    }

    private func refuseUnknown(_ name: String, isMember: Bool, at token: TokenSyntax) -> Value? {
      if isMember, ["item", "array", "withBytes"].contains(name) {
        return refuse(
          token, "\(name) reads numbers, which are not known while Swift compiles; compute with the tensor, select chooses by its elements")
      }
      if let near = OperationTable.all.names(like: name, member: isMember).first {
        return refuse(token, "@Graph knows no operation \(name); is it \(near)?", fix: FixIt("write \(near)", token, near))
      }
      return refuse(
        token,
        frame.type == nil
          ? "@Graph knows no operation \(name): it sees this function alone. Put both into one type with @Graph, or compute it outside and pass it as an argument"
          : "@Graph knows no operation \(name), and no function of that name in \(frame.type?.name ?? "the type"); it sees what is inside of the type's braces"
      )
    }

    /// `w.transpose()` instead of w, where a product is possible then.
    private func transposing(_ x: Tensor, _ name: String, _ given: [(label: String, value: Value)], _ call: FunctionCallExprSyntax)
      -> FixIt?
    {
      guard name == "matmul", given.count == 1, let y = given[0].value.tensor, let argument = call.arguments.first?.expression, x.rank > 0,
        y.rank > 1,
        x.shape[dim: x.rank - 1].equals(y.shape[dim: y.rank - 1]) == true
      else { return nil }
      let text = argument.trimmedDescription
      let isSimple =
        argument.is(DeclReferenceExprSyntax.self) || argument.is(MemberAccessExprSyntax.self) || argument.is(FunctionCallExprSyntax.self)
      return FixIt("transpose the right one", argument, isSimple ? "\(text).transpose()" : "(\(text)).transpose()")
    }

    // MARK: Functions of the type

    /// A type by its name, seen from the function that is read.
    func namedType(_ name: String) -> TypeInfo? { name == "Self" ? frame.type : frame.type?.type(name) }

    /// The function of a name that a call means.
    private func function(_ name: String, _ call: FunctionCallExprSyntax, in type: TypeInfo? = nil) -> (FunctionDeclSyntax, TypeInfo)? {
      let labels = call.arguments.map { $0.label?.text ?? "" }
      var next = type ?? frame.type
      while let type = next {
        let found = type.functions(name)
        let fitting = found.first { function in
          var rest = labels[...]
          for parameter in function.signature.parameterClause.parameters {
            let label = parameter.firstName.text == "_" ? "" : parameter.firstName.text
            if rest.first == label { rest.removeFirst() } else if parameter.defaultValue == nil { return false }
          }
          return rest.isEmpty
        }
        if let function = fitting ?? found.first { return (function, type) }
        next = type.outer
      }
      return nil
    }

    private func callModel(_ receiver: Value, _ given: [(label: String, value: Value)], _ call: FunctionCallExprSyntax) -> Value? {
      guard case .model(let model) = receiver else { return refuse(call.calledExpression, "\(receiver.kind) is no function") }
      guard let type = namedType(model.type), let (function, owner) = function("callAsFunction", call, in: type) else {
        return refuse(call.calledExpression, "\(model.type) has no function callAsFunction")
      }
      return callOwn(function, of: owner, on: model, given: given, call)
    }

    private func callOwn(_ function: FunctionDeclSyntax, of type: TypeInfo, on model: Value.Model?, _ call: FunctionCallExprSyntax)
      -> Value?
    {
      guard let given = arguments(call) else { return nil }
      return callOwn(function, of: type, on: model, given: given, call)
    }

    /// Reads another function for these arguments.
    private func callOwn(
      _ function: FunctionDeclSyntax, of type: TypeInfo, on model: Value.Model?, given: [(label: String, value: Value)],
      _ call: FunctionCallExprSyntax
    ) -> Value? {
      let name = function.name.text
      if frames.count > 64 { return refuse(call, "\(name) calls itself, which no graph can") }
      guard let body = function.body else { return refuse(call, "\(name) has no body") }
      let isStatic = function.modifiers.contains { $0.name.text == "static" }
      if !isStatic && model?.type != type.name {
        return refuse(call.calledExpression, "\(name) is a function of a \(type.name), and is called on none")
      }
      frames.append(Frame(type: type, model: isStatic ? nil : model))
      defer { frames.removeLast() }
      var rest = given[...]
      for parameter in function.signature.parameterClause.parameters {
        let label = parameter.firstName.text == "_" ? "" : parameter.firstName.text,
          inner = (parameter.secondName ?? parameter.firstName).text
        var value: Value?
        if let next = rest.first, next.label == label {
          value = next.value
          rest.removeFirst()
        } else if let initial = parameter.defaultValue?.value {
          value = evaluate(initial)
        } else {
          return refuse(call, "\(name) takes an argument \(label.isEmpty ? inner : label)")
        }
        declare(inner, value.map { Self.converted($0, to: parameter.type.trimmedDescription) })
      }
      if !rest.isEmpty { return refuse(call, "\(name) takes \(given.count - rest.count) arguments, here are \(given.count)") }
      return run(body: body.statements)?.value
    }
  }
#endif
