import Wengert

/// The Swift of one finished program, and the modules of its types.
struct Declaration: Sendable {
  let program: ProgramDeclaration
  let modules: Set<String>

  /// - Parameter result: nil if its structure need not be given: that of a pullback is a tensor and the first argument's.
  /// - Throws: `ProgramError` if the program cannot be written; `DeclarationError` if a type cannot.
  init(_ kind: String, _ arguments: ArgumentList, _ result: (any TensorTree)?, _ program: Program) throws {
    var modules: Set<String> = ["Wengert"]
    func name(_ tree: any TensorTree) throws -> String {
      let name = try TypeName(Swift.type(of: tree))
      modules.formUnion(name.modules)
      return name.text
    }
    let names = try arguments.trees.map(name)
    var structure = ""
    let type = "\(kind)<\((names + [try result.map(name)].compactMap(\.self)).joined(separator: ", "))>"
    if let result, kind == "CompiledUpdate" || !(result is Tensor) {
      let parameters = names.enumerated().map { "a\($0): \($1)" }.joined(separator: ", ")
      structure = "{ (\(parameters)) in \(try ResultStructure(arguments.trees).expression(of: result)) }"
    }
    if arguments.types.isEmpty {
      throw DeclarationError(description: "there is no tensor among the arguments, so it is not known where it should run")
    }
    if let open = program.graph.openSymbols.first {
      throw DeclarationError(
        description: "no argument gives \(open) a number: none has an extent of \(open) alone, or of a multiple or a sum of it and numbers")
    }
    self.program = try ProgramDeclaration(type: type, structure: structure, program)
    self.modules = modules
  }
}

/// Why no Swift can be written for a program.
struct DeclarationError: Error, CustomStringConvertible {
  let description: String
}

/// A type as a file of another module writes it.
struct TypeName {
  let text: String
  /// The modules that the name has types of, but for Swift's own.
  private(set) var modules: Set<String> = []

  /// - Throws: `DeclarationError` if the type has no name outside of where it is declared.
  init(_ type: Any.Type) throws { try self.init(reflecting: String(reflecting: type)) }

  init(reflecting whole: String) throws {
    if whole.contains("(") {
      throw DeclarationError(
        description: "\(whole) has no name outside of where it is declared; make it public, and declare it in no function")
    }
    var text = "", path = ""
    for character in whole + " " {
      if character.isLetter || character.isNumber || character == "_" || character == "." {
        path.append(character)
        continue
      }
      if let end = path.firstIndex(of: "."), end != path.startIndex {
        // Who imports Wengert need not know of its parts.
        let module = path[..<end] == "WengertCore" ? "Wengert" : String(path[..<end])
        if module != "Swift" { modules.insert(module) }
        text += module + path[end...]
      } else {
        text += path
      }
      text.append(character)
      path = ""
    }
    self.text = String(text.dropLast())
  }
}

/// How a value of a result's structure is made of the arguments, which are called a0, a1, ….
struct ResultStructure {
  let arguments: [any TensorTree]

  init(_ arguments: [any TensorTree]) { self.arguments = arguments }

  /// - Throws: `DeclarationError` if there is no such way.
  func expression(of result: any TensorTree) throws -> String {
    let names = result.namedTensors.map(\.name)
    let same = arguments.firstIndex { argument in
      type(of: argument) == type(of: result) && argument.namedTensors.map(\.name) == names && argument.settings == result.settings
    }
    if let same { return "a\(same)" }
    if result is Tensor, let place = arguments.firstIndex(where: { !$0.tensors.isEmpty }) { return "a\(place).tensors[0]" }
    if let parts = result as? any TreeOfTrees { return try parts.expression { try expression(of: $0) } }
    throw DeclarationError(
      description:
        "the result is a \(type(of: result)): return tensors, trees of an argument's structure and settings, or pairs, lists and dictionaries of them"
    )
  }
}

/// A tree that is written as an expression of its parts.
private protocol TreeOfTrees {
  func expression(_ part: (any TensorTree) throws -> String) rethrows -> String
}

extension Pair: TreeOfTrees {
  fileprivate func expression(_ part: (any TensorTree) throws -> String) rethrows -> String {
    "Wengert.Pair(\(try part(first)), \(try part(second)))"
  }
}

extension Array: TreeOfTrees where Element: TensorTree {
  fileprivate func expression(_ part: (any TensorTree) throws -> String) rethrows -> String {
    "[\(try map { try part($0) }.joined(separator: ", "))]"
  }
}

extension Dictionary: TreeOfTrees where Key == String, Value: TensorTree {
  fileprivate func expression(_ part: (any TensorTree) throws -> String) rethrows -> String {
    if isEmpty { return "[:]" }
    return "[\(try keys.sorted().map { "\($0.debugDescription): \(try part(self[$0]!))" }.joined(separator: ", "))]"
  }
}

extension Optional: TreeOfTrees where Wrapped: TensorTree {
  fileprivate func expression(_ part: (any TensorTree) throws -> String) rethrows -> String {
    switch self {
    case nil: "nil"
    case let tree?: try part(tree)
    }
  }
}
