import Glibc
import Wengert

/// The Swift of all graphs of a tool.
struct GeneratedFile {
  private(set) var text = ""
  /// The number of the graph at which it went no further.
  private(set) var rest: Int?

  /// - Parameters:
  ///   - first: the number of the first graph that is looked at.
  ///   - stops: whether the graphs behind one that has a mistake are left to another process: what stopped there may hold what they wait for.
  ///   - diagnostics: gets what is wrong; the text is of use only if nothing is.
  init(_ tool: any FinishedGraphs.Type, from first: Int = 0, stops: Bool = false, _ diagnostics: inout Diagnostics) {
    let whole = String(reflecting: tool)
    let module = String(whole.prefix { $0 != "." }), name = String(whole.split(separator: ".").last ?? "")
    let listed = Locked<[FinishedGraph]>([])
    let mistakes = collectingMistakes(
      findsPlaces: true,
      [
        {
          let graphs = tool.graphs
          listed.withLock { $0 = graphs }
        }
      ])
    for mistake in mistakes { diagnostics.add(mistake, in: nil) }
    let graphs = listed.withLock { $0 }
    if graphs.isEmpty && mistakes.isEmpty { diagnostics.add("error: \(whole).graphs lists nothing that could be finished") }

    var names = Set(graphs.prefix(first).map(\.name))
    var declarations: [(name: String, text: Declaration)] = []
    var lists: [(name: String, type: String, graphs: [String])] = []
    for (number, graph) in graphs.enumerated().dropFirst(first) {
      if rest != nil { break }
      if !Self.isName(graph.name) {
        diagnostics.add("\(graph.name.debugDescription) is not a name that a Swift property can have", at: graph)
      } else if !names.insert(graph.name).inserted {
        diagnostics.add("two graphs are called \(graph.name)", at: graph)
      } else if Self.taken.contains(graph.name) {
        diagnostics.add("\(graph.name) is a type or a module that the generated file uses", at: graph)
      } else {
        if stops { RestOfGraphs.announce(graph) }
        let (made, hasMistake) = Self.declaration(graph, &diagnostics)
        if hasMistake && stops { rest = number + 1 }
        guard let declaration = made else { continue }
        if declaration.modules.contains(module) {
          diagnostics.add(
            "\(declaration.program.type) names a type of \(module) itself, which no other target can import; declare it in the library of the models",
            at: graph)
        }
        declarations.append((graph.name, declaration))
        guard let list = graph.list else { continue }
        let type = declaration.program.type
        if let place = lists.firstIndex(where: { $0.name == list }) {
          if lists[place].type != type {
            diagnostics.add("\(list) lists graphs of different types, \(lists[place].type) and \(type)", at: graph)
          }
          lists[place].graphs.append(graph.name)
        } else {
          lists.append((list, type, [graph.name]))
        }
      }
    }
    for graph in graphs where first == 0 {
      guard let list = graph.list else { continue }
      if !Self.isName(list) { diagnostics.add("\(list.debugDescription) is not a name that a Swift property can have", at: graph) }
      if names.contains(list) { diagnostics.add("a graph and a list are called \(list)", at: graph) }
    }
    let modules = declarations.reduce(into: Set(["Wengert"])) { $0.formUnion($1.text.modules) }
    text = "// Made by WengertGraphs while the package is built, from \(whole).\n\n"
    text += modules.sorted().map { "import \($0)\n" }.joined()
    text += "\n/// Programs that were traced, differentiated and optimized while the package was built.\nenum \(name) {\n"
    text += declarations.map { $0.text.program.text(named: $0.name) }.joined(separator: "\n")
    text += lists.map { "\n  static let \($0.name) = [\($0.graphs.joined(separator: ", "))]\n" }.joined()
    text += "}\n"
  }

  /// Traces a graph, on a thread that stops where it cannot go on behind a mistake.
  private static func declaration(_ graph: FinishedGraph, _ diagnostics: inout Diagnostics) -> (Declaration?, hasMistake: Bool) {
    let made = Locked<Result<Declaration, any Error>?>(nil)
    let mistakes = collectingMistakes(
      findsPlaces: true, goesOn: true,
      [
        {
          let result = Result { try graph.make() }
          made.withLock { $0 = result }
        }
      ])
    for mistake in mistakes { diagnostics.add(mistake, in: graph) }
    switch made.withLock({ $0 }) {
    case .success(let declaration)?: return (declaration, !mistakes.isEmpty)
    case .failure(let error)?: diagnostics.add("\(graph.name): \(error)", at: graph)
    case nil: break
    }
    return (nil, !mistakes.isEmpty)
  }

  /// Names that the text has already.
  private static let taken: Set<String> = ["CompiledFunction", "CompiledUpdate", "CompiledPullback", "FinishedProgram", "Wengert", "Swift"]

  /// Whether a property can have this name without quotes.
  private static func isName(_ text: String) -> Bool {
    guard let first = text.first, first.isLetter || first == "_" else { return false }
    return text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } && !keywords.contains(text) && text != "_"
  }

  private static let keywords: Set<String> = [
    "Any", "Protocol", "Self", "Type", "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer", "deinit",
    "do",
    "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for", "func", "guard", "if", "import", "in", "init", "inout",
    "internal",
    "is", "let", "nil", "operator", "precedencegroup", "private", "protocol", "public", "repeat", "rethrows", "return", "self", "static",
    "struct",
    "subscript", "super", "switch", "throw", "throws", "true", "try", "typealias", "var", "where", "while",
  ]

  /// Writes a file, unless it has this text already: what reads it is compiled anew only if it has changed.
  ///
  /// - Returns: why it cannot be written; nil if it is.
  static func write(_ text: String, to path: String) -> String? {
    let bytes = Array(text.utf8)
    if Self.bytes(of: path) == bytes { return nil }
    guard let file = fopen(path, "w") else { return String(cString: strerror(errno)) }
    let count = fwrite(bytes, 1, bytes.count, file)
    return fclose(file) == 0 && count == bytes.count ? nil : String(cString: strerror(errno))
  }

  private static func bytes(of path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while true {
      let part = [UInt8](unsafeUninitializedCapacity: 1 << 16) { $1 = fread($0.baseAddress, 1, 1 << 16, file) }
      if part.isEmpty { return bytes }
      bytes += part
    }
  }
}
