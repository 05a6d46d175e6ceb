#if Macros
  import SwiftDiagnostics
  import SwiftSyntax
  import SwiftSyntaxMacros
  import WengertCore

  /// `@Graph`: beside a function its finished programs; in a type those of its functions, and the list of its tensors.
  struct GraphMacro: PeerMacro {
    static func expansion(
      of node: AttributeSyntax, providingPeersOf declaration: some DeclSyntaxProtocol, in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
      guard let function = declaration.as(FunctionDeclSyntax.self) else {
        context.diagnose(Diagnostic(node: node, message: GraphMessage("@Graph with a signature is for functions; a type has @Graph alone")))
        return []
      }
      // The functions of a type that is marked too are that one's business, which sees the type.
      let outer = context.lexicalContext.first?.asProtocol(WithAttributesSyntax.self)
      if outer?.attributes.attribute("Graph") != nil { return [] }
      let findings = Findings()
      let made = programs(of: function, node, type: nil, GraphFunction.SourcePlace(of: declaration, in: context), findings)
      for finding in findings.list { context.diagnose(finding) }
      return made.map { [DeclSyntax(stringLiteral: $0)] } ?? []
    }

    /// The text of a function's programs.
    static func programs(
      of function: FunctionDeclSyntax, _ attribute: AttributeSyntax, type: TypeInfo?, _ place: GraphFunction.SourcePlace,
      _ findings: Findings
    ) -> String? {
      let own = Findings()
      defer { findings.append(own) }
      guard let function = GraphFunction(function, attribute, type: type, place, own) else { return nil }
      return GraphPrograms(function).text(own)
    }
  }

  extension GraphMacro: MemberMacro {
    static func expansion(
      of node: AttributeSyntax, providingMembersOf declaration: some DeclGroupSyntax, conformingTo protocols: [TypeSyntax],
      in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
      guard let name = DeclSyntax(declaration).typeName else {
        context.diagnose(Diagnostic(node: node, message: GraphMessage("@Graph without a signature is for a struct")))
        return []
      }
      if let generic = declaration.as(StructDeclSyntax.self)?.genericParameterClause {
        context.diagnose(Diagnostic(node: generic, message: GraphMessage("a type with @Graph is not generic: its programs are static")))
        return []
      }
      let type = TypeInfo(declaration, name: name), place = GraphFunction.SourcePlace(of: declaration, in: context)
      let findings = Findings()
      var made: [DeclSyntax] = []
      for item in declaration.memberBlock.members {
        guard let function = item.decl.as(FunctionDeclSyntax.self), let attribute = function.attributes.attribute("Graph") else { continue }
        if let text = programs(of: function, attribute, type: type, place, findings) { made.append(DeclSyntax(stringLiteral: text)) }
      }
      for finding in findings.list { context.diagnose(finding) }
      return made
    }
  }

  extension GraphMacro: ExtensionMacro {
    static func expansion(
      of node: AttributeSyntax, attachedTo declaration: some DeclGroupSyntax, providingExtensionsOf type: some TypeSyntaxProtocol,
      conformingTo protocols: [TypeSyntax], in context: some MacroExpansionContext
    ) throws -> [ExtensionDeclSyntax] {
      guard declaration.is(StructDeclSyntax.self), let name = DeclSyntax(declaration).typeName else { return [] }
      let info = TypeInfo(declaration, name: name)
      let isListed = declaration.memberBlock.members.contains { item in
        item.decl.as(VariableDeclSyntax.self)?.bindings.contains { $0.pattern.trimmedDescription == "fields" } ?? false
      }
      // One that lists its tensors itself says so itself.
      if isListed || protocols.isEmpty || info.members.isEmpty { return [] }
      let fields = info.members.filter(\.holdsTensors).map { ".init(\"\($0.name)\", \\.\($0.name))" }.joined(separator: ", ")
      let access = declaration.modifiers.lazy.map(\.name.text).first { ["public", "package"].contains($0) }.map { "\($0) " } ?? ""
      let text: DeclSyntax = """
        extension \(type.trimmed): ParameterTree {
          \(raw: access)static let fields: [Field<Self>] = [\(raw: fields)]
        }
        """
      return text.as(ExtensionDeclSyntax.self).map { [$0] } ?? []
    }
  }

  /// `@Axes`: what `@Graph` reads on the type.
  struct AxesMacro: PeerMacro {
    static func expansion(
      of node: AttributeSyntax, providingPeersOf declaration: some DeclSyntaxProtocol, in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] { [] }
  }

  extension GraphFunction.SourcePlace {
    /// The file of a declaration, and the lines in it.
    init(of declaration: some DeclSyntaxProtocol, in context: some MacroExpansionContext) {
      let location = context.location(of: declaration, at: .afterLeadingTrivia, filePathMode: .fileID)
      file = location?.file.as(StringLiteralExprSyntax.self)?.representedLiteralValue ?? "unknown.swift"
      let first = location.flatMap { UInt($0.line.trimmedDescription) } ?? 1
      let breaks = declaration.root.syntaxTextBytes.enumerated().filter { $0.element == UInt8(ascii: "\n") }.map(\.offset)
      func number(_ position: AbsolutePosition) -> Int { breaks.firstIndex { $0 >= position.utf8Offset } ?? breaks.count }
      let start = number(declaration.positionAfterSkippingLeadingTrivia)
      line = { first + UInt(max(number($0) - start, 0)) }
    }
  }
#endif
