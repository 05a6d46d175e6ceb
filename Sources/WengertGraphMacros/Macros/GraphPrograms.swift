#if Macros
  import SwiftSyntax
  @_spi(Backend) import WengertCore

  /// The finished programs of a function, as the declarations beside it.
  struct GraphPrograms {
    let function: GraphFunction
    let access: String

    init(_ function: GraphFunction) {
      self.function = function
      let levels = ["public", "package", "internal", "fileprivate", "private"]
      let level = function.declaration.modifiers.lazy.map(\.name.text).first { levels.contains($0) }
      // Members of a private enumeration need no word of their own.
      access = level.map { "\($0) " } ?? ""
    }

    private var memberAccess: String { ["public ", "package "].contains(access) ? access : "" }

    /// The enumeration that holds them; nil after a mistake.
    func text(_ findings: Findings) -> String? {
      let counts = function.signature.hasLeading ? [1, 0, 2, 3] : [0]
      var types: [Int: [TensorType]] = [:]
      for count in counts {
        guard let found = function.check(leading: count, findings) else { return nil }
        types[count] = found
      }
      var parts: [String] = []
      for count in counts.sorted() {
        let suffix = function.signature.hasLeading ? "\(count)" : ""
        guard let forward = declaration("forward\(suffix)", leading: count, isGradient: false, types[count]!, findings) else { return nil }
        parts.append(forward)
        if hasGradient(types[count]!) {
          guard let gradient = declaration("gradient\(suffix)", leading: count, isGradient: true, types[count]!, findings) else {
            return nil
          }
          parts.append(gradient)
        }
      }
      if function.signature.hasLeading { parts += choices(counts.sorted(), types[1]!) }
      let signature = function.literal.text
      return """
        /// The finished programs of `\(function.name)`: \(signature)
        \(access)enum \(function.name)Graph {
        \(parts.joined(separator: "\n"))}
        """
    }

    private func hasGradient(_ results: [TensorType]) -> Bool {
      !function.variables.isEmpty && results.count == 1 && results[0].dtype.isFloating
    }

    /// Functions that choose by the number of leading axes.
    private func choices(_ counts: [Int], _ results: [TensorType]) -> [String] {
      guard let place = function.arguments.firstIndex(where: { if case .tensor(let axes) = $0.kind { axes.hasLeading } else { false } }),
        case .tensor(let axes) = function.arguments[place].kind
      else { return [] }
      func choice(_ name: String, _ arguments: [String], _ result: String) -> String {
        let list = arguments.enumerated().map { "_ a\($0): \($1)" }.joined(separator: ", ")
        let given = arguments.indices.map { "a\($0)" }.joined(separator: ", ")
        let cases = counts.map { $0 == counts.last ? "    default: \(name)\($0)(\(given))\n" : "    case \($0): \(name)\($0)(\(given))\n" }
          .joined()
        return
          "  \(memberAccess)static func \(name)(\(list)) -> \(result) {\n    switch a\(place).rank - \(axes.extents.count) {\n\(cases)    }\n  }\n"
      }
      var made = [choice("forward", function.arguments.map(\.swift), resultType(results.count))]
      if hasGradient(results) {
        let isScalar = function.isScalar(results[0])
        made.append(choice("gradient", function.arguments.map(\.swift) + (isScalar ? [] : ["Tensor"]), "Pair<Tensor, \(gradientType)>"))
      }
      return made
    }

    // MARK: One program

    private func declaration(_ name: String, leading: Int, isGradient: Bool, _ results: [TensorType], _ findings: Findings) -> String? {
      let function = function
      let access = memberAccess
      let made = StepwiseTrace.attempt {
        Result {
          let program = isGradient ? Self.gradient(function, leading, results[0]) : Self.forward(function, leading)
          return try ProgramDeclaration(
            type: Self.type(function, isGradient, results), structure: Self.structure(function, isGradient, results),
            program.naming(function.source.file, for: Evaluator.file)
          ).text(named: name, access: access)
        }
      }
      switch made.value {
      case .success(let text)?: return text
      case .failure(let error)?: findings.add("\(error)", at: function.declaration.name)
      case nil: if let mistake = made.mistake { findings.add(GraphMessage(mistake).message, at: function.declaration.name) }
      }
      return nil
    }

    /// What the function gives for traced tensors.
    private static func results(_ function: GraphFunction, _ leading: Int, _ tensors: [Tensor]) -> [Tensor] {
      let evaluator = Evaluator(
        .tracing, Findings(), type: function.type, anchor: tensors.first, line: function.source.line,
        origin: { _ in [] })
      var rest = tensors[...], origins: [AxisOrigin] = []
      let values = function.values(leading: leading, evaluator, &origins) { _, _, _ in rest.removeFirst() }
      guard let values, let (value, _) = function.result(values, evaluator), let results = function.tensors(value) else {
        Caller(Evaluator.file, 0).fail("@Graph", "\(function.name) gives nothing when it is read again")
      }
      return results
    }

    /// The names and types of all tensors of the arguments, and the numbers of those of the variables.
    private static func tensors(_ function: GraphFunction, _ leading: Int) -> (list: [(name: String, type: TensorType)], variables: [Int]) {
      var list: [(name: String, type: TensorType)] = [], variables: [Int] = [], origins: [AxisOrigin] = []
      let evaluator = Evaluator(
        .tracing, Findings(), type: function.type, anchor: nil, line: { _ in 0 }, origin: { _ in [] })
      let nothing = Tensor.full(0, [], dtype: .float32, backend: ShapeBackend.shared)
      _ = function.values(leading: leading, evaluator, &origins) { name, type, argument in
        if function.variables.contains(argument) { variables.append(list.count) }
        list.append((name, type))
        return nothing
      }
      return (list, variables)
    }

    private static func forward(_ function: GraphFunction, _ leading: Int) -> Program {
      Program.finishing(tensors(function, leading).list, on: ShapeBackend.shared) { traced in
        let results = results(function, leading, traced)
        return zip(resultNames(results.count), results).map { ($0, $1) }
      }
    }

    /// The value and the gradient, or, of a value of several numbers, what a cotangent is pulled back to, which is one more argument.
    private static func gradient(_ function: GraphFunction, _ leading: Int, _ result: TensorType) -> Program {
      let isScalar = function.isScalar(result)
      let (list, variables) = tensors(function, leading)
      let cotangent = isScalar ? [] : [(name: "\(function.arguments.count)", type: result)]
      return Program.finishing(list + cotangent, on: ShapeBackend.shared) { traced in
        let f: ([Tensor]) -> Tensor = { watched in
          var all = Array(traced.prefix(list.count))
          for (place, tensor) in zip(variables, watched) { all[place] = tensor }
          return results(function, leading, all)[0]
        }
        let at = variables.map { traced[$0] }
        let value: Tensor, gradients: [Tensor]
        if isScalar {
          (value, gradients) = valueAndGradient(at: at, f)
        } else {
          let (found, pullback) = vjp(at: at, f)
          (value, gradients) = (found, pullback(traced[list.count]))
        }
        return [("first", value)] + zip(gradientNames(function, list.map(\.name), variables), gradients).map { ($0, $1) }
      }
    }

    // MARK: Structures

    private static func resultNames(_ count: Int) -> [String] {
      count == 1 ? [""] : count == 2 ? ["first", "second"] : (0..<count).map(String.init)
    }

    private func resultType(_ count: Int) -> String { Self.resultType(count) }
    private static func resultType(_ count: Int) -> String { count == 1 ? "Tensor" : count == 2 ? "Pair<Tensor, Tensor>" : "[Tensor]" }

    /// One argument as it is; several tensors as a list; a model, and the tensors beside it as a list.
    private enum Parts {
      case one(Int)
      case list([Int])
      case both(Int, [Int])
    }

    private static func parts(_ function: GraphFunction) -> Parts {
      let models = function.variables.filter { if case .model = function.arguments[$0].kind { true } else { false } }
      let tensors = function.variables.filter { !models.contains($0) }
      if function.variables.count == 1 { return .one(function.variables[0]) }
      return models.first.map { .both($0, tensors) } ?? .list(tensors)
    }

    private var gradientType: String { Self.gradientType(function) }

    private static func gradientType(_ function: GraphFunction) -> String {
      switch parts(function) {
      case .one(let place): function.arguments[place].swift
      case .list: "[Tensor]"
      case .both(let place, _): "Pair<\(function.arguments[place].swift), [Tensor]>"
      }
    }

    /// The names of the gradients of the tensors with these numbers, in the result.
    private static func gradientNames(_ function: GraphFunction, _ names: [String], _ variables: [Int]) -> [String] {
      variables.map { variable in
        let parts = names[variable].split(separator: ".", maxSplits: 1).map(String.init)
        let place = Int(parts[0])!, path = parts.count > 1 ? ".\(parts[1])" : ""
        switch Self.parts(function) {
        case .one: return "second\(path)"
        case .list(let tensors): return "second.\(tensors.firstIndex(of: place)!)"
        case .both(let model, let tensors):
          return place == model ? "second.first\(path)" : "second.second.\(tensors.firstIndex(of: place)!)"
        }
      }
    }

    private static func type(_ function: GraphFunction, _ isGradient: Bool, _ results: [TensorType]) -> String {
      var types = function.arguments.map(\.swift)
      if isGradient {
        if !function.isScalar(results[0]) { types.append("Tensor") }
        types.append("Pair<Tensor, \(gradientType(function))>")
      } else {
        types.append(resultType(results.count))
      }
      return "CompiledFunction<\(types.joined(separator: ", "))>"
    }

    /// The closure that says which tensors a result has.
    private static func structure(_ function: GraphFunction, _ isGradient: Bool, _ results: [TensorType]) -> String {
      if !isGradient && results.count == 1 { return "" }
      var types = function.arguments.map(\.swift)
      if isGradient && !function.isScalar(results[0]) { types.append("Tensor") }
      let list = types.enumerated().map { "a\($0): \($1)" }.joined(separator: ", ")
      let some = types.firstIndex(of: "Tensor").map { "a\($0)" } ?? "a0.tensors[0]"
      let result: String
      if !isGradient {
        result = results.count == 2 ? "Pair(\(some), \(some))" : "[\(results.map { _ in some }.joined(separator: ", "))]"
      } else {
        switch parts(function) {
        case .one(let place): result = "Pair(\(some), a\(place))"
        case .list(let places): result = "Pair(\(some), [\(places.map { "a\($0)" }.joined(separator: ", "))])"
        case .both(let model, let places):
          result = "Pair(\(some), Pair(a\(model), [\(places.map { "a\($0)" }.joined(separator: ", "))]))"
        }
      }
      return "{ (\(list)) in \(result) }"
    }
  }
#endif
