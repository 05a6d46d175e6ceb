#if Macros
  import SwiftDiagnostics
  import SwiftSyntax
  import SwiftSyntaxBuilder
  import WengertCore

  /// What is wrong with a function's text, each once, in the order of the text.
  final class Findings {
    private(set) var list: [Diagnostic] = []
    private var keys: [Key] = []
    private var known: Set<Key> = []

    private struct Key: Hashable {
      let node: SyntaxIdentifier
      let message: String
    }

    var isEmpty: Bool { list.isEmpty }

    /// Adds those of another function, of which some may be in a function that both call.
    func append(_ other: Findings) {
      for (finding, key) in zip(other.list, other.keys) where known.insert(key).inserted {
        list.append(finding)
        keys.append(key)
      }
    }

    func add(_ message: String, at node: some SyntaxProtocol, notes: [Note] = [], fix: FixIt? = nil) {
      // Mistakes are told for one leading axis.
      let message = message.replacing("…1", with: "…"), key = Key(node: node.id, message: message)
      if !known.insert(key).inserted { return }
      keys.append(key)
      list.append(
        Diagnostic(node: node, message: GraphMessage(message), notes: notes, fixIts: fix.map { [$0] } ?? []))
    }
  }

  /// The text of an error, a note or a fix.
  struct GraphMessage: DiagnosticMessage, NoteMessage, FixItMessage {
    let message: String
    var severity: DiagnosticSeverity { .error }
    var diagnosticID: MessageID { MessageID(domain: "WengertGraph", id: "graph") }
    var noteID: MessageID { diagnosticID }
    var fixItID: MessageID { diagnosticID }

    init(_ message: String) { self.message = message }

    /// A mistake's words. What the core says of symbols that may or may not be equal is left out: here they are names, and differ.
    init(_ mistake: Mistake) {
      var text = mistake.message.split(whereSeparator: \.isNewline).joined(separator: "; ")
      if text.hasSuffix("or compile for numbers"), let open = text.ranges(of: "; whether ").last { text = String(text[..<open.lowerBound]) }
      message = "\(mistake.operation): \(text)"
    }
  }

  extension FixIt {
    /// An expression instead of another.
    init(_ message: String, _ old: ExprSyntax, _ new: String) {
      let expression = ExprSyntax(stringLiteral: new).with(\.leadingTrivia, old.leadingTrivia).with(\.trailingTrivia, old.trailingTrivia)
      self.init(message: GraphMessage(message), changes: [.replace(oldNode: Syntax(old), newNode: Syntax(expression))])
    }

    /// A name instead of another.
    init(_ message: String, _ old: TokenSyntax, _ new: String) {
      let token = TokenSyntax.identifier(new, leadingTrivia: old.leadingTrivia, trailingTrivia: old.trailingTrivia)
      self.init(message: GraphMessage(message), changes: [.replace(oldNode: Syntax(old), newNode: Syntax(token))])
    }
  }

  /// A text in source whose parts have places: the literal of a signature.
  struct LiteralText: @unchecked Sendable {
    let literal: StringLiteralExprSyntax
    let text: String

    /// Nil unless it is a plain literal.
    init?(_ expression: ExprSyntax?) {
      guard let literal = expression?.as(StringLiteralExprSyntax.self), let text = literal.representedLiteralValue else { return nil }
      self.literal = literal
      self.text = text
    }

    /// The node that holds a byte of the text: a compiler shows no smaller place. Of a literal of several lines it is one line.
    func node(_ offset: Int) -> Syntax {
      var end = 0
      for segment in literal.segments where literal.segments.count > 1 {
        end += segment.as(StringSegmentSyntax.self)?.content.text.utf8.count ?? 0
        if offset < end { return Syntax(segment) }
      }
      return Syntax(literal)
    }

    /// What stands in a place of the text.
    func part(_ span: Range<Int>) -> String { String(decoding: Array(text.utf8)[span], as: UTF8.self) }

    /// The literal with other words in a place.
    func replacing(_ span: Range<Int>, with words: String) -> String {
      var bytes = Array(text.utf8)
      bytes.replaceSubrange(span, with: Array(words.utf8))
      return "\"\(String(decoding: bytes, as: UTF8.self))\""
    }
  }
#endif
