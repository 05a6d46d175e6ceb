import Wengert

/// The source files of modules, by the names that `#fileID` gives them: "Models/Encoder.swift".
struct SourceFiles {
  private var paths: [String: String] = [:]

  /// Of texts such as "Models=/…/Sources/Models/Encoder.swift".
  init(_ arguments: some Sequence<String>) {
    for argument in arguments {
      guard let end = argument.firstIndex(of: "=") else { continue }
      let path = argument[argument.index(after: end)...]
      paths["\(argument[..<end])/\(path.split(separator: "/").last ?? "")"] = String(path)
    }
  }

  func path(_ file: String) -> String? { paths[file] }
}

/// What is wrong with the graphs of a tool, as compilers print it, `path:line:column: error: …`, each once.
struct Diagnostics {
  let sources: SourceFiles
  private(set) var list: [String] = []

  init(sources: SourceFiles) { self.sources = sources }

  mutating func add(_ line: String) {
    if !list.contains(line) { list.append(line) }
  }

  /// What is wrong where a graph is listed.
  mutating func add(_ message: String, at graph: FinishedGraph) { add("\(graph.path):\(graph.line):1: error: \(message)") }

  /// A mistake in the function of a graph, or in the list of graphs: at the user's line, or, if that is not known, where the graph is listed. What the same operation there gets wrong with
  /// other extents, in another graph or at another call, is a note.
  mutating func add(_ mistake: Mistake, in graph: FinishedGraph?) {
    let message = Self.line("\(mistake.operation): \(mistake.message)")
    if let place = mistake.place {
      add("\(whole(place)): error: \(message)", in: graph)
    } else if let file = mistake.file, let path = sources.path(file) {
      add("\(path):\(mistake.caller.line):1: error: \(message)", in: graph)
    } else {
      let place = mistake.file.map { " (at \($0):\(mistake.caller.line))" } ?? ""
      if let graph { add("\(graph.name): \(message)\(place)", at: graph) } else { add("error: \(message)\(place)") }
    }
  }

  private mutating func add(_ line: String, in graph: FinishedGraph?) {
    if list.contains(line) { return }
    add(Self.isKnown(line, list) ? Self.note(line, "in \(graph?.name ?? "the list")") : line)
  }

  /// Whether an error of this operation at this place is in the list.
  static func isKnown(_ error: String, _ list: [String]) -> Bool {
    guard let start = error.firstRange(of: ": error: ")?.upperBound, let end = error[start...].firstIndex(of: ":") else { return false }
    return list.contains { $0.hasPrefix(error[...end]) }
  }

  /// An error as a note about where else it is.
  static func note(_ error: String, _ prefix: String) -> String {
    error.replacing(": error: ", with: ": note: \(prefix): ", maxReplacements: 1)
  }

  /// A place whose file has the name of `#fileID`, with the file's path.
  private func whole(_ place: String) -> String {
    let parts = place.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, let path = sources.path(String(parts[0])) else { return place }
    return "\(path):\(parts[1])" + (parts[1].contains(":") ? "" : ":1")
  }

  /// A message of several lines as one: the rest of a diagnostic that takes more is not shown.
  private static func line(_ message: String) -> String { message.split(whereSeparator: \.isNewline).joined(separator: "; ") }
}
