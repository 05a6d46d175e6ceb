#if Macros
  import SwiftSyntax

  /// A type as a graph sees it: its members with axes, its constants and functions, and the types inside of it.
  final class TypeInfo: @unchecked Sendable {
    let name: String
    unowned let outer: TypeInfo?
    /// Stored properties that hold tensors, in the order of the text.
    let members: [Member]
    /// Properties with a value that the text gives: `static let width = 64`, or a getter.
    private let properties: [String: Property]
    /// Stored properties whose values the text does not give.
    private(set) var variables: Set<String> = []
    private let functions: [String: [FunctionDeclSyntax]]
    private(set) var nested: [String: TypeInfo] = [:]

    struct Member {
      let name: String
      let attribute: AttributeSyntax?
      let type: TypeSyntax
      let node: Syntax

      private static let plain: Set<String> = ["Bool", "DType", "Dimension", "Double", "Float", "Int", "Shape", "String"]

      /// Whether it is one of the tensors of a value, and not a number or a setting.
      var holdsTensors: Bool { !Self.plain.contains(type.trimmedDescription.filter { !"[]? ".contains($0) }) }
    }

    enum Property {
      case value(ExprSyntax, type: String?)
      case getter(CodeBlockItemListSyntax)
    }

    init(_ declaration: some DeclGroupSyntax, name: String, outer: TypeInfo? = nil) {
      self.name = name
      self.outer = outer
      var members: [Member] = [], properties: [String: Property] = [:], functions: [String: [FunctionDeclSyntax]] = [:]
      for item in declaration.memberBlock.members {
        if let function = item.decl.as(FunctionDeclSyntax.self) { functions[function.name.text, default: []].append(function) }
        guard let variable = item.decl.as(VariableDeclSyntax.self) else { continue }
        let isStatic = variable.modifiers.contains { $0.name.text == "static" }
        let attribute = variable.attributes.attribute("Axes")
        for binding in variable.bindings {
          guard let name = binding.pattern.as(IdentifierPatternSyntax.self)?.identifier.text else { continue }
          let type = binding.typeAnnotation?.type ?? variable.bindings.last?.typeAnnotation?.type
          // What may change while the program runs is no constant.
          if let value = binding.initializer?.value, attribute == nil, variable.bindingSpecifier.text == "let" {
            properties[name] = .value(value, type: type?.trimmedDescription)
            continue
          }
          if case .getter(let body)? = binding.accessorBlock?.accessors {
            properties[name] = .getter(body)
            continue
          }
          variables.insert(name)
          if !isStatic, let type {
            members.append(Member(name: name, attribute: attribute, type: type, node: Syntax(binding.pattern)))
          }
        }
      }
      (self.members, self.properties, self.functions) = (members, properties, functions)
      for item in declaration.memberBlock.members {
        if let type = item.decl.asProtocol(DeclGroupSyntax.self), let name = item.decl.typeName {
          nested[name] = TypeInfo(type, name: name, outer: self)
        }
      }
    }

    /// A type by the name that it has here.
    func type(_ name: String) -> TypeInfo? { name == self.name ? self : nested[name] ?? outer?.type(name) }

    /// A property of this type.
    func property(_ name: String) -> Property? { properties[name] }

    func functions(_ name: String) -> [FunctionDeclSyntax] { functions[name] ?? [] }
  }

  extension DeclSyntax {
    /// The name of a type that is declared.
    var typeName: String? {
      self.as(StructDeclSyntax.self)?.name.text ?? self.as(EnumDeclSyntax.self)?.name.text ?? self.as(ClassDeclSyntax.self)?.name.text
    }
  }

  extension AttributeListSyntax {
    /// The attribute of a name.
    func attribute(_ name: String) -> AttributeSyntax? {
      lazy.compactMap { $0.as(AttributeSyntax.self) }.first { $0.attributeName.trimmedDescription == name }
    }
  }

  extension AttributeSyntax {
    /// The arguments, by label.
    var labeled: [(label: String, value: ExprSyntax)] {
      guard case .argumentList(let list)? = arguments else { return [] }
      return list.map { ($0.label?.text ?? "", $0.expression) }
    }

    func argument(_ label: String) -> ExprSyntax? { labeled.first { $0.label == label }?.value }
  }
#endif
