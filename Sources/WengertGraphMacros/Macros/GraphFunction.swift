#if Macros
  import SwiftDiagnostics
  import SwiftSyntax
  import WengertCore

  /// A function whose graph is made while Swift compiles: its signature, and what it is given.
  struct GraphFunction: @unchecked Sendable {
    let declaration: FunctionDeclSyntax
    /// The type that it is a function of, if that is marked too.
    let type: TypeInfo?
    let source: SourcePlace
    let literal: LiteralText
    let signature: Signature
    let arguments: [Argument]
    /// The numbers of the arguments by which there is a derivative.
    let variables: [Int]

    struct Argument {
      let name: String
      let kind: Kind
    }

    enum Kind {
      case tensor(AxisList)
      case key
      case model(TypeInfo)
    }

    /// Where the text is.
    struct SourcePlace {
      /// "Models/Layer.swift"
      let file: String
      let line: (AbsolutePosition) -> UInt
    }

    var name: String { declaration.name.text }

    /// Reads what is declared; nil after a mistake.
    init?(_ declaration: FunctionDeclSyntax, _ attribute: AttributeSyntax, type: TypeInfo?, _ source: SourcePlace, _ findings: Findings) {
      (self.declaration, self.type, self.source) = (declaration, type, source)
      guard let literal = LiteralText(attribute.argument("")) else {
        findings.add("@Graph needs the axes of arguments and result, in a literal: @Graph(\"x: [B, D] -> [B]\")", at: attribute)
        return nil
      }
      self.literal = literal
      let constants = Evaluator(
        .tracing, Findings(), type: type, anchor: nil, line: { _ in 0 }, origin: { _ in [] })
      do {
        signature = try Signature(literal.text) { constants.constant($0) }
      } catch {
        findings.add(error.message, at: literal.node(error.offset))
        return nil
      }
      if let effects = declaration.signature.effectSpecifiers, !effects.trimmedDescription.isEmpty {
        findings.add("a graph neither throws nor waits", at: effects)
      }
      if let generic = declaration.genericParameterClause { findings.add("a graph is of tensors, and not generic", at: generic) }
      if declaration.body == nil { findings.add("there is no body to make a graph of", at: declaration.name) }

      var arguments: [Argument] = []
      if let type, !declaration.modifiers.contains(where: { $0.name.text == "static" }) {
        arguments.append(Argument(name: "self", kind: .model(type)))
      }
      var named = Set(signature.arguments.map(\.name))
      for parameter in declaration.signature.parameterClause.parameters {
        let name = (parameter.secondName ?? parameter.firstName).text
        named.remove(name)
        switch parameter.type.trimmedDescription {
        case "Tensor":
          guard let axes = signature.arguments.first(where: { $0.name == name })?.axes else {
            findings.add("the signature names no axes of \(name)", at: parameter, notes: [], fix: Self.adding(name, signature, literal))
            continue
          }
          arguments.append(Argument(name: name, kind: .tensor(axes)))
        case "RandomKey": arguments.append(Argument(name: name, kind: .key))
        case let other where type?.type(other) != nil: arguments.append(Argument(name: name, kind: .model(type!.type(other)!)))
        case let other where other.hasPrefix("inout "):
          findings.add("a graph changes none of its arguments; return what is new", at: parameter.type)
        default:
          findings.add(
            "\(name) is a \(parameter.type.trimmedDescription), which is not known while Swift compiles: pass a Tensor, whose shape is [] for a number, or make it a constant of a type with @Graph",
            at: parameter.type)
        }
      }
      for (name, offset, _) in signature.arguments where named.contains(name) {
        findings.add(
          "\(declaration.name.text) has no argument \(name) that is a Tensor", at: literal.node(offset))
      }
      self.arguments = arguments
      var variables: [Int] = []
      if let list = attribute.argument("wrt") {
        guard let names = list.as(ArrayExprSyntax.self)?.elements.map(\.expression) else {
          findings.add("wrt names arguments, in a list of literals: wrt: [\"w\"]", at: list)
          return nil
        }
        for expression in names {
          let name = expression.as(StringLiteralExprSyntax.self)?.representedLiteralValue
          guard let place = arguments.firstIndex(where: { $0.name == name }), arguments[place].isFloating else {
            let known = arguments.filter(\.isFloating).map(\.name).joined(separator: ", ")
            let unknown = arguments.contains { $0.name == name } ? "" : "there is no argument \(name ?? "of that name"); "
            findings.add(
              "\(unknown)a derivative is by an argument of real numbers: \(known.isEmpty ? "there is none" : known)", at: expression)
            continue
          }
          variables.append(place)
        }
      } else {
        let models = arguments.indices.filter { if case .model = arguments[$0].kind { true } else { false } }
        variables = models.isEmpty ? arguments.indices.filter { arguments[$0].isFloating } : models
      }
      self.variables = variables
      if arguments.isEmpty && findings.isEmpty {
        findings.add("a graph is of tensors, and \(declaration.name.text) has no argument", at: declaration.name)
      }
      if !findings.isEmpty { return nil }
    }

    /// The signature with an argument that it lacks.
    private static func adding(_ name: String, _ signature: Signature, _ literal: LiteralText) -> FixIt? {
      let end = signature.arguments.last?.axes.span.upperBound
      let text = literal.replacing((end ?? 0)..<(end ?? 0), with: end == nil ? "\(name): [] " : ", \(name): []")
      return FixIt("name the axes of \(name)", ExprSyntax(literal.literal), text)
    }

    // MARK: Arguments as tensors

    /// The value of each argument, each of whose tensors `make` makes of its dotted name and type; nil after a mistake.
    func values(
      leading: Int, _ evaluator: Evaluator, _ origins: inout [AxisOrigin],
      _ make: (_ name: String, _ type: TensorType, _ argument: Int) -> Tensor
    ) -> [Value]? {
      var values: [Value] = []
      for (place, argument) in arguments.enumerated() {
        switch argument.kind {
        case .tensor(let axes):
          values.append(.tensor(make("\(place)", TensorType(shape: axes.shape(leading: leading), dtype: axes.dtype ?? .float32), place)))
        case .key: values.append(.key(RandomKey(make("\(place)", TensorType(shape: [], dtype: .int64), place))))
        case .model(let type):
          guard let model = evaluator.model(type, "\(place)", &origins, { make($0, $1, place) }) else { return nil }
          values.append(.model(model))
        }
      }
      return values
    }

    /// What the function gives for these values, and where; the findings tell if it gives nothing.
    func result(_ values: [Value], _ evaluator: Evaluator) -> (value: Value, node: Syntax)? {
      for (argument, value) in zip(arguments, values) {
        if argument.name == "self", case .model(let model) = value {
          evaluator.frame.model = model
        } else {
          evaluator.declare(argument.name, value)
        }
      }
      guard let body = declaration.body, let result = evaluator.run(body: body.statements) else {
        if evaluator.findings.isEmpty { evaluator.refuse(declaration.name, "\(name) returns no tensor") }
        return nil
      }
      return result.value.map { ($0, result.node) }
    }

    /// Whether a result is one number, whose gradient needs no cotangent.
    func isScalar(_ result: TensorType) -> Bool { result.shape.elements.number == 1 && !signature.results[0].hasLeading }

    /// The tensors that the signature says.
    func tensors(_ value: Value) -> [Tensor]? {
      let parts: [Value] = if case .tuple(let parts) = value { parts.map(\.value) } else { [value] }
      let tensors = parts.compactMap(\.tensor)
      return tensors.count == parts.count && tensors.count == signature.results.count ? tensors : nil
    }
  }

  extension GraphFunction.Argument {
    var isFloating: Bool {
      switch kind {
      case .tensor(let axes): (axes.dtype ?? .float32).isFloating
      case .key: false
      case .model: true
      }
    }

    /// The type in Swift.
    var swift: String {
      switch kind {
      case .tensor: "Tensor"
      case .key: "RandomKey"
      case .model(let type): type.path
      }
    }
  }

  extension TypeInfo {
    /// "Encoder.Block"
    var path: String { outer.map { "\($0.path).\(name)" } ?? name }
  }

  // What is wrong with it.
  extension GraphFunction {
    /// Notes all mistakes.
    ///
    /// - Parameter leading: how many axes `…` is.
    /// - Returns: the results' types, if there is no mistake.
    func check(leading: Int, _ findings: Findings) -> [TensorType]? {
      let trace = StepwiseTrace(on: ShapeBackend.shared)
      var origins = signature.arguments.flatMap { argument in
        argument.axes.names.map { name, offset, axis in
          let place = argument.axes.hasLeading ? "axis \(axis - argument.axes.extents.count)" : "axis \(axis)"
          return AxisOrigin(
            name: name, text: literal, offset: offset, place: "\(place) of \(argument.name), \(literal.part(argument.axes.span))")
        }
      }
      // The values are made before the function is read, so that the names of their axes are known when it is.
      let maker = Evaluator(.checking(trace), findings, type: type, anchor: nil, line: source.line, origin: { _ in [] })
      var anchor: Tensor?
      let made = values(leading: leading, maker, &origins) { name, type, place in
        let tensor = trace.argument(name, type, isVariable: variables.contains(place))
        anchor = anchor ?? tensor
        return tensor
      }
      guard let made else { return nil }
      let known = origins
      for (name, offset, _) in signature.results.flatMap(\.names) where !known.contains(where: { $0.name == name }) {
        findings.add(
          "the result has an axis \(name), which no argument has\(type == nil ? "" : ", and no member")", at: literal.node(offset))
      }
      let evaluator = Evaluator(.checking(trace), findings, type: type, anchor: anchor, line: source.line) { message in
        Self.notes(message, known)
      }
      guard let (value, node) = result(made, evaluator) else { return nil }
      guard let tensors = tensors(value) else {
        let wanted = signature.results.map { "\($0.shape(leading: leading))" }.joined(separator: ", ")
        findings.add("the result is \(value.kind), the signature says \(wanted)", at: node)
        return nil
      }
      for (tensor, axes) in zip(tensors, signature.results) {
        let shape = axes.shape(leading: leading)
        if tensor.shape.equals(shape) != true {
          findings.add(
            "the result is \(tensor.shape), the signature says \(shape)", at: node,
            notes: [
              Note(
                node: literal.node(axes.span.lowerBound),
                message: GraphMessage("the signature's result"))
            ],
            fix: correcting(axes, tensor.shape))
        } else if let dtype = axes.dtype, dtype != tensor.dtype {
          findings.add("the result is \(tensor.dtype), the signature says \(dtype)", at: node)
        }
      }
      if !variables.isEmpty, signature.results.count == 1, !tensors[0].dtype.isFloating, hasGradient == true {
        findings.add("the result is \(tensors[0].dtype), of which there is no derivative; write wrt: []", at: node)
      }
      return findings.isEmpty ? tensors.map(\.type) : nil
    }

    /// Whether the signature asks for a gradient by name.
    private var hasGradient: Bool { declaration.attributes.attribute("Graph")?.argument("wrt") != nil }

    /// The signature with the shape that the result has.
    private func correcting(_ axes: AxisList, _ shape: Shape) -> FixIt? {
      if axes.hasLeading || shape.dimensions.contains(where: { !$0.isReadable }) { return nil }
      let dtype = axes.dtype.map { "\($0) " } ?? ""
      let text = "\(dtype)\(shape)".replacing("·", with: "*").replacing("−", with: "-")
      return FixIt("say \(shape) in the signature", ExprSyntax(literal.literal), literal.replacing(axes.span, with: text))
    }

    /// Where the names are from that a message compares.
    private static func notes(_ message: String, _ origins: [AxisOrigin]) -> [Note] {
      var words: [String] = [], word = "", depth = 0
      for character in message + " " {
        if character == "[" { depth += 1 }
        if character == "]" { depth -= 1 }
        if depth == 0 && (character.isLetter || character.isNumber || character == "_") {
          word.append(character)
        } else if !word.isEmpty {
          words.append(word)
          word = ""
        }
      }
      var told: Set<String> = [], notes: [Note] = []
      for word in words where !told.contains(word) {
        guard let origin = origins.first(where: { $0.name == word }) else { continue }
        told.insert(word)
        notes.append(origin.note)
      }
      return notes.count <= 3 ? notes : []
    }
  }

  extension Dimension {
    /// Whether a signature can say it.
    fileprivate var isReadable: Bool { !"\(self)".contains { "⌊(/…".contains($0) } }
  }
#endif
