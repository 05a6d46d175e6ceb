/// The Swift of one finished program, for whoever writes source: the graph as it prints itself in a comment, and below it the literal that holds it.
package struct ProgramDeclaration: Sendable {
  /// "CompiledFunction<Tensor, Tensor>"
  package let type: String
  /// The closure that gives a result's structure, "{ (a0: Tensor) in Pair(a0, a0) }"; empty if there need be none.
  package let structure: String
  /// The graph as it prints itself.
  package let graph: String
  /// The program.
  package let literal: String

  /// - Throws: `ProgramError` if the program cannot be written.
  package init(type: String, structure: String, _ program: Program) throws {
    self.type = type
    self.structure = structure.isEmpty ? "" : " \(structure)"
    graph = "\(program.graph)"
    literal = try program.literal()
  }

  /// The text of a declaration, indented by two.
  ///
  /// - Parameter access: what stands in front: "public ".
  package func text(named name: String, access: String = "") -> String {
    let comment = graph.split(whereSeparator: \.isNewline).map { "  // \($0)\n" }.joined()
    return """
      \(comment)  \(access)static let \(name) = \(type)(
          finished: FinishedProgram("\(literal)"))\(structure)

      """
  }
}
