import Foundation
import Testing
import WengertDifferentiable
import WengertTestSupport

/// The signatures of functions of tensors in Swift sources, `matmul(_: Tensor)`: without default values, and without the caller's file and line.
enum Signatures {
  /// The public operations of a source: at file level and in extensions of `Tensor`, with a tensor among what they take and what they give.
  static func operations(in source: String) -> Set<String> {
    var found: Set<String> = [], isInTensor = false, isHidden = false
    let lines = code(source).split(separator: "\n", omittingEmptySubsequences: false)
    for (i, line) in lines.enumerated() {
      let text = line.drop { $0 == " " }, indent = line.count - text.count
      if text.hasPrefix("@_spi"), !text.contains("func ") {
        isHidden = true
        continue
      }
      let hidden = isHidden || text.contains("@_spi")
      if !text.hasPrefix("@") { isHidden = false }
      if indent == 0, !text.isEmpty { isInTensor = text.prefixMatch(of: /(?:public )?(?:struct|extension) Tensor\b/) != nil }
      guard !hidden, indent == 0 || (indent == 2 && isInTensor),
        text.contains(/\bpublic (?:static |prefix |mutating )*(?:func|subscript)\b/)
      else { continue }
      let rest = lines[i...].joined(separator: "\n")
      guard let declared = declaration(in: rest[...]), !declared.isGeneric else { continue }
      let isMember = indent == 2 && !text.contains("static ")
      let takes = isMember || declared.parameters.contains { $0.kind.contains("Tensor") }
      let gives = declared.result.contains(/\bTensor\b/) || declared.parameters.first?.kind == "inout Tensor"
      if takes && gives { found.insert(declared.signature) }
    }
    return found
  }

  /// The operations whose derivatives a source registers.
  static func derivatives(in source: String) -> Set<String> {
    let text = code(source)
    return Set(
      text.matches(of: /@derivative\(of: ([^\s,()]+)/).compactMap { match in
        guard var declared = declaration(in: text[match.range.upperBound...]) else { return nil }
        declared.name = String(match.1)
        // What is assigned to a subscript is its setter's first parameter.
        if declared.name == "subscript" { declared.parameters.removeAll { $0.kind == "Tensor" } }
        return declared.signature
      })
  }

  private struct Declaration {
    var name: String, isGeneric: Bool, parameters: [(label: String, kind: String)], result: String
    var signature: String { "\(name)(\(parameters.map { "\($0.label): \($0.kind)" }.joined(separator: ", ")))" }
  }

  /// The first function or subscript of a text.
  private static func declaration(in text: Substring) -> Declaration? {
    guard let head = text.firstMatch(of: /\b(?:func (\S+?)|subscript)\s*(<[^(]*>)?\(/) else { return nil }
    let name = head.1.map(String.init) ?? "subscript"
    var depth = 1, end = head.range.upperBound
    while end < text.endIndex, depth > 0 {
      depth += "([".contains(text[end]) ? 1 : ")]".contains(text[end]) ? -1 : 0
      end = text.index(after: end)
    }
    let isOperator = !(name.first?.isLetter ?? false)
    let parameters = parts(text[head.range.upperBound..<text.index(before: end)]).map { part in
      let colon = part.firstIndex(of: ":") ?? part.endIndex
      let names = part[..<colon].split(whereSeparator: \.isWhitespace)
      var kind = part[colon...].dropFirst()
      if let value = kind.firstRange(of: " = ") { kind = kind[..<value.lowerBound] }
      let isUnnamed = isOperator || (name == "subscript" && names.count == 1)
      // Parameters of closures may have names, which belong to no type.
      let type = kind.split(whereSeparator: \.isWhitespace).joined(separator: " ").replacing(/\b_ \w+:\s/, with: "")
      return (label: isUnnamed ? "_" : String(names.first ?? ""), kind: type)
    }
    return Declaration(
      name: name, isGeneric: head.2 != nil, parameters: parameters.filter { $0.label != "file" && $0.label != "line" },
      result: String(text[end...].prefix { $0 != "{" }))
  }

  /// What stands between commas outside of brackets.
  private static func parts(_ text: Substring) -> [Substring] {
    var parts: [Substring] = [], depth = 0, start = text.startIndex
    for i in text.indices {
      depth += "([".contains(text[i]) ? 1 : ")]".contains(text[i]) ? -1 : 0
      if text[i] == "," && depth == 0 {
        parts.append(text[start..<i])
        start = text.index(after: i)
      }
    }
    return (parts + [text[start...]]).filter { $0.contains { !$0.isWhitespace } }
  }

  /// A source without its lines of comments.
  private static func code(_ source: String) -> String {
    source.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(
      separator: "\n")
  }
}

@Suite("Registration of operations")
struct RegistrationTests {
  private static func sources(_ module: String) throws -> [String] {
    let folder = Fixtures.url("../../Sources/\(module)")
    return try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
      .map { try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }
  }

  /// What Exceptions.txt says of each operation.
  private static func exceptions() throws -> [String: String] {
    let text = try String(contentsOf: Fixtures.url("../../Sources/WengertDifferentiable/Generated/Exceptions.txt"), encoding: .utf8)
    let rows = text.split(separator: "\n").map { $0.components(separatedBy: " | ") }.filter { $0.count == 2 }.map { ($0[0], $0[1]) }
    return Dictionary(uniqueKeysWithValues: rows)
  }

  @Test("every public operation of tensors has a derivative, or a reason why it has none")
  func complete() throws {
    let operations = try (Self.sources("WengertCore") + Self.sources("Wengert")).reduce(into: Set()) {
      $0.formUnion(Signatures.operations(in: $1))
    }
    let registered = try Self.sources("WengertDifferentiable").reduce(into: Set()) { $0.formUnion(Signatures.derivatives(in: $1)) }
    let exceptions = try Self.exceptions()
    let without = Set(exceptions.filter { $0.value != "by hand" }.keys)
    #expect(operations.count > 150)
    for name in operations.subtracting(registered).subtracting(without).sorted() {
      Issue.record("\(name) has no derivative: run generate.py, or say in Exceptions.txt why")
    }
    for name in without.intersection(registered).sorted() { Issue.record("\(name) has a derivative, against what Exceptions.txt says") }
    for name in Set(exceptions.keys).subtracting(operations).sorted() {
      Issue.record("\(name) is in Exceptions.txt and no public operation")
    }
    for name in exceptions.keys.sorted() where exceptions[name] == "by hand" && !registered.contains(name) {
      Issue.record("\(name) is not registered by hand")
    }
  }

  @Test("every registered operation and its pullback equal the tape's")
  func pullbacks() throws {
    let rows = registeredOperations()
    let registered = try Self.sources("WengertDifferentiable").reduce(into: Set()) { $0.formUnion(Signatures.derivatives(in: $1)) }
    let tested = Set(rows.map(\.signature)).union(["item()", "onTape(_: [Tensor], _: ([Tensor]) -> Tensor)"])
    for name in registered.subtracting(tested).sorted() where !name.hasPrefix("applied") { Issue.record("\(name) has no row") }
    for row in rows {
      let (swift, tape) = row.results()
      #expect(swift.map(\.shape) == tape.map(\.shape) && swift.map(\.dtype) == tape.map(\.dtype), "\(row.signature)")
      for (actual, expected) in zip(swift, tape) {
        #expect(actual.array(of: Double.self) == expected.array(of: Double.self), "\(row.signature)")
      }
    }
  }

  @Test("signatures are read from sources")
  func signatures() {
    let source = """
      @_spi(Backend)
      public func hidden(_ x: Tensor) -> Tensor { x }
      public func free<T>(_ x: T) -> Tensor { fatalError() }
      /// public func comment(_ x: Tensor) -> Tensor
      public func shown(_ x: Tensor, by y: [(a: Int, b: Int)] = [(1, 2)],
        file: StaticString = #fileID, line: UInt = #line) -> (Tensor, Tensor) { fatalError() }
      public func number(_ x: Tensor) -> Int { 0 }
      extension Tensor {
        public static func .< (a: Tensor, b: Double) -> Tensor { a }
        public static func += (a: inout Tensor, b: Tensor) { a = b }
        public static func made() -> Tensor { fatalError() }
        @_spi(Backend) public func inner() -> Tensor { self }
        public subscript(at: Int..., file file: StaticString = #fileID, line line: UInt = #line) -> Tensor { self }
      }
      extension Shape {
        public func other(_ x: Tensor) -> Tensor { x }
      }
      """
    #expect(
      Signatures.operations(in: source) == [
        "shown(_: Tensor, by: [(a: Int, b: Int)])", ".<(_: Tensor, _: Double)", "+=(_: inout Tensor, _: Tensor)", "subscript(_: Int...)",
      ])
    let registration = """
      @derivative(of: shown(_:by:file:line:), wrt: x)
      @usableFromInline func vjpShown(_ x: Tensor, by y: Int, file: StaticString, line: UInt) -> OneRule { fatalError() }
      @derivative(of: +=)
      static func vjpAdd(_ a: inout Tensor, _ b: Tensor) {}
      """
    #expect(Signatures.derivatives(in: registration) == ["shown(_: Tensor, by: Int)", "+=(_: inout Tensor, _: Tensor)"])
  }
}
