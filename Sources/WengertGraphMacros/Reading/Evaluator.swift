#if Macros
  import SwiftDiagnostics
  import SwiftSyntax
  import WengertCore

  /// Reads the body of a function as Swift would run it, on tensors that are traced: calls are those of the core's own functions, by the table of operations, and what is not a
  /// tensor is known or refused.
  ///
  /// It reads a function twice. The first time each operation is tried (`StepwiseTrace`), and what is wrong is noted at its expression; what depends on a value that there is not
  /// is passed over. The second time, if nothing was wrong, it is what `compile` traces.
  final class Evaluator: @unchecked Sendable {
    enum Mode {
      case checking(StepwiseTrace)
      case tracing
    }

    let mode: Mode
    let findings: Findings
    /// Says where the axes are from that a message names.
    let origin: (String) -> [Note]
    /// The line of a place in the text.
    let line: (AbsolutePosition) -> UInt
    /// A tensor of the graph, beside which others are made; nil if there is none.
    let anchor: Tensor?

    /// The functions that are being read, the innermost last.
    var frames: [Frame]
    /// Where paths to the variables were cut, by the cut's number.
    private var cuts: [Int: (name: String, node: Syntax, expression: ExprSyntax)] = [:]
    /// Inside of how many calls of `stopGradient` we are.
    var stops = 0
    private var iterations = 0

    /// Callers have this file until the program is written.
    static let file: StaticString = "@Graph"

    struct Frame {
      var scopes: [[String: Slot]] = [[:]]
      /// The type whose function it is.
      var type: TypeInfo?
      /// What it was called on.
      var model: Value.Model?
    }

    /// What a name stands for: nil after a mistake.
    struct Slot {
      var value: Value?
    }

    /// How statements end.
    enum Flow {
      case goesOn, breaks, continues
      /// With a value, or nil after a mistake, and where it is made.
      case returns(Value?, Syntax)
    }

    init(
      _ mode: Mode, _ findings: Findings, type: TypeInfo?, anchor: Tensor?, line: @escaping (AbsolutePosition) -> UInt,
      origin: @escaping (String) -> [Note]
    ) {
      (self.mode, self.findings, self.anchor, self.line, self.origin) = (mode, findings, anchor, line, origin)
      frames = [Frame(type: type)]
    }

    var frame: Frame {
      get { frames[frames.count - 1] }
      set { frames[frames.count - 1] = newValue }
    }

    // MARK: Names

    func declare(_ name: String, _ value: Value?) { frame.scopes[frame.scopes.count - 1][name] = Slot(value: value) }

    func local(_ name: String) -> Slot? { frame.scopes.lazy.reversed().compactMap { $0[name] }.first }

    func assign(_ name: String, _ value: Value?) -> Bool {
      for scope in frame.scopes.indices.reversed() where frame.scopes[scope][name] != nil {
        frame.scopes[scope][name]!.value = value
        return true
      }
      return false
    }

    // MARK: Mistakes

    /// Notes that something cannot be read.
    @discardableResult
    func refuse(_ node: some SyntaxProtocol, _ message: String, fix: FixIt? = nil) -> Value? {
      findings.add(message, at: node, notes: origin(message), fix: fix)
      return nil
    }

    /// What an operation gives; a mistake is noted at `node`.
    ///
    /// - Parameters:
    ///   - expression: the whole call.
    ///   - fix: what would help.
    func perform(
      _ name: String, at node: some SyntaxProtocol, of expression: ExprSyntax, fix: (() -> FixIt?)? = nil,
      _ call: @escaping @Sendable () -> Value
    ) -> Value? {
      guard case .checking(let trace) = mode else { return call() }
      let (value, mistakes) = trace.attempt(call)
      for mistake in mistakes {
        let message = GraphMessage(mistake).message
        findings.add(message, at: node, notes: origin(message), fix: fix?())
      }
      guard let value else { return nil }
      for tensor in value.tensors {
        guard let cut = trace.cut(tensor) else { continue }
        let known = cuts[cut.number] ?? (name, Syntax(node), expression)
        cuts[cut.number] = known
        if cut.losesNumbers && stops == 0 {
          findings.add(
            "\(known.name) has no derivative; wrap it in stopGradient", at: known.node,
            fix: Self.isAssignment(known.expression)
              ? nil : FixIt("wrap it in stopGradient", known.expression, "stopGradient(\(known.expression.trimmedDescription))"))
        }
      }
      return value
    }

    // MARK: Statements

    /// What a function's body returns, and where.
    func run(body: CodeBlockItemListSyntax) -> (value: Value?, node: Syntax)? {
      if body.count == 1, let only = body.first, case .expr(let expression) = only.item {
        return (evaluate(expression), Syntax(expression))
      }
      if case .returns(let value, let node) = run(body) { return (value, node) }
      return nil
    }

    func run(_ items: CodeBlockItemListSyntax) -> Flow {
      for item in items {
        var flow = Flow.goesOn
        if case .decl(let declaration) = item.item {
          declare(declaration)
        } else if case .stmt(let statement) = item.item {
          flow = run(statement)
        } else if case .expr(let expression) = item.item {
          flow = run(expression)
        }
        if case .goesOn = flow { continue }
        return flow
      }
      return .goesOn
    }

    /// Statements with names of their own.
    ///
    /// - Parameter begin: declares some, and says whether the statements are read.
    private func nested(_ items: CodeBlockItemListSyntax, _ begin: () -> Bool = { true }) -> Flow {
      frame.scopes.append([:])
      defer { frame.scopes.removeLast() }
      return begin() ? run(items) : .goesOn
    }

    private func declare(_ declaration: DeclSyntax) {
      guard let variable = declaration.as(VariableDeclSyntax.self) else {
        refuse(
          declaration,
          "@Graph reads values and loops, and no declaration in a function but let and var; declare it beside the function, in a type with @Graph"
        )
        return
      }
      for binding in variable.bindings {
        var value: Value?
        if binding.accessorBlock != nil {
          refuse(binding, "@Graph reads no computed variable in a function; give it a value")
        } else if let initial = binding.initializer?.value {
          value = evaluate(initial).map { Self.converted($0, to: binding.typeAnnotation?.type.trimmedDescription) }
        }
        bind(binding.pattern, to: value)
      }
    }

    /// A literal as the type that is written beside it.
    static func converted(_ value: Value, to type: String?) -> Value {
      switch type {
      case "Double": value.number.map(Value.number) ?? value
      case "Shape": value.shape.map(Value.shape) ?? value
      case "DType": value.dtype.map(Value.dtype) ?? value
      case "Dimension": value.dimension.map(Value.dimension) ?? value
      default: value
      }
    }

    func bind(_ pattern: PatternSyntax, to value: Value?) {
      if let name = pattern.as(IdentifierPatternSyntax.self) {
        declare(name.identifier.text, value)
      } else if let tuple = pattern.as(TuplePatternSyntax.self) {
        let parts: [(label: String, value: Value)]? = if case .tuple(let parts)? = value { parts } else { nil }
        if value != nil && parts?.count != tuple.elements.count {
          refuse(pattern, "\(tuple.elements.count) names for \(value?.kind ?? "nothing")")
        }
        for (place, element) in tuple.elements.enumerated() {
          let part = parts.flatMap { $0.count == tuple.elements.count ? $0[place].value : nil }
          bind(element.pattern, to: part)
        }
      } else if pattern.is(WildcardPatternSyntax.self) {
        return
      } else {
        refuse(pattern, "@Graph reads names and tuples of names here")
      }
    }

    private func run(_ statement: StmtSyntax) -> Flow {
      switch statement.as(StmtSyntaxEnum.self) {
      case .returnStmt(let back):
        guard let expression = back.expression else {
          refuse(back, "a graph gives a tensor")
          return .returns(nil, Syntax(back))
        }
        return .returns(evaluate(expression), Syntax(expression))
      case .forStmt(let loop): return run(loop)
      case .expressionStmt(let statement): return run(statement.expression)
      case .breakStmt(let statement) where statement.label == nil: return .breaks
      case .continueStmt(let statement) where statement.label == nil: return .continues
      case .guardStmt(let statement):
        guard let holds = holds(statement.conditions) else { return forget(statement) }
        return holds ? .goesOn : nested(statement.body.statements)
      default:
        refuse(
          statement,
          "@Graph reads let, var, if, guard, for and return; what the numbers of tensors decide is select, and a loop that they end cannot be a graph"
        )
        return forget(statement)
      }
    }

    private func run(_ expression: ExprSyntax) -> Flow {
      if let branch = expression.as(IfExprSyntax.self) { return run(branch) }
      _ = evaluate(expression, isStatement: true)
      return .goesOn
    }

    private func run(_ branch: IfExprSyntax) -> Flow {
      guard let holds = holds(branch.conditions) else { return forget(branch) }
      if holds { return nested(branch.body.statements) }
      if case .ifExpr(let other)? = branch.elseBody { return run(other) }
      if case .codeBlock(let block)? = branch.elseBody { return nested(block.statements) }
      return .goesOn
    }

    /// The value of an `if` that is an expression.
    func value(of branch: IfExprSyntax) -> Value? {
      guard let holds = holds(branch.conditions) else { return nil }
      let block: CodeBlockItemListSyntax
      if holds {
        block = branch.body.statements
      } else if case .codeBlock(let other)? = branch.elseBody {
        block = other.statements
      } else if case .ifExpr(let other)? = branch.elseBody {
        return value(of: other)
      } else {
        return refuse(branch, "an if that gives a value needs an else")
      }
      return run(body: block).flatMap(\.value)
    }

    /// Whether conditions hold, which must be known; nil after a mistake.
    private func holds(_ conditions: ConditionElementListSyntax) -> Bool? {
      var holds = true
      for condition in conditions {
        guard case .expression(let expression) = condition.condition else {
          refuse(condition, "@Graph reads conditions that are numbers and constants alone")
          return nil
        }
        guard let value = flag(expression) else { return nil }
        holds = holds && value
        if !holds { return false }
      }
      return holds
    }

    /// A condition.
    func flag(_ expression: ExprSyntax) -> Bool? {
      guard let value = evaluate(expression) else { return nil }
      if let flag = value.flag { return flag }
      if case .tensor = value {
        refuse(
          expression, "the numbers of a tensor are not known while Swift compiles; select chooses between two by the elements of a third")
      } else {
        refuse(expression, "a condition is true or false, this is \(value.kind)")
      }
      return nil
    }

    private func run(_ loop: ForStmtSyntax) -> Flow {
      guard let sequence = evaluate(loop.sequence) else { return forget(loop) }
      let items: [Value]
      switch sequence {
      case .list(let list): items = list
      case .range(let from?, let to?, _) where from.whole != nil && to.whole != nil:
        guard let range = sequence.range else {
          refuse(loop.sequence, "a range begins before it ends")
          return forget(loop)
        }
        items = range.prefix(Self.mostIterations + 1).map(Value.whole)
      default:
        refuse(
          loop.sequence,
          "a loop goes over a range of known numbers or over a list, this is \(sequence.kind)\(Self.adviceForExtents(sequence))")
        return forget(loop)
      }
      for item in items {
        iterations += 1
        if iterations > Self.mostIterations {
          refuse(
            loop,
            "a graph of more than \(Self.mostIterations) rounds of loops is not made while Swift compiles; the plugin WengertGraphs makes it while the package is built"
          )
          return forget(loop)
        }
        let flow = nested(loop.body.statements) {
          bind(loop.pattern, to: item)
          return loop.whereClause.map { flag($0.condition) ?? false } ?? true
        }
        switch flow {
        case .goesOn, .continues: continue
        case .breaks: return .goesOn
        case .returns: return flow
        }
      }
      return .goesOn
    }

    /// Goes on behind a statement that cannot be read: what it changes is not known from there on.
    private func forget(_ statement: some SyntaxProtocol) -> Flow {
      let changes = Changes(viewMode: .sourceAccurate)
      changes.walk(statement)
      for name in changes.names { _ = assign(name, nil) }
      return .goesOn
    }

    /// The variables that a piece of text changes.
    private final class Changes: SyntaxVisitor {
      private(set) var names: Set<String> = []

      override func visit(_ node: SequenceExprSyntax) -> SyntaxVisitorContinueKind {
        if Evaluator.isAssignment(ExprSyntax(node)) { names.insert(node.elements.first?.trimmedDescription ?? "") }
        return .visitChildren
      }

      override func visit(_ node: MemberAccessExprSyntax) -> SyntaxVisitorContinueKind {
        if node.declName.baseName.text == "append", let base = node.base { names.insert(base.trimmedDescription) }
        return .visitChildren
      }
    }

    private static let mostIterations = 10_000

    static func adviceForExtents(_ value: Value) -> String {
      if case .range = value { return "; give the axis a number in the signature" }
      return ""
    }
  }
#endif
