/// A graph in plain operations, as the formats of other programs are written from: all types are known, no row program is left in it, and what the core has as one
/// operation to be fast, as attention is, is its definition.
package struct PlainGraph {
  /// Of a value: what is known of it, and where it is from.
  package struct Value {
    package let type: TensorType
    package let origin: Origin
  }

  package enum Origin {
    /// The argument of this number.
    case input(Int)
    /// A tensor from outside the function.
    case constant(Tensor)
    /// A result of a node.
    case node
  }

  package struct Node {
    package let operation: PlainOperation
    /// The operation's name, for messages.
    package let name: String
    /// Numbers of values.
    package let operands: [Int]
    package let results: [Int]
    package let caller: Caller
  }

  package let values: [Value]
  /// Each comes after what it needs.
  package let nodes: [Node]
  /// The arguments' values and names.
  package let inputs: [(value: Int, name: String)]
  /// The results' values and names; the names are empty if they are not known.
  package let outputs: [(value: Int, name: String)]

  /// An extent of an argument that says what number a symbol is: `(extent of axis axis of input input − offset) / factor`.
  package struct SymbolSource {
    package let input: Int, axis: Int
    package let factor: Int, offset: Int
  }

  /// Where the numbers of the symbols are read, by symbol.
  package var symbolSources: [String: SymbolSource] {
    var sources: [String: SymbolSource] = [:]
    for (input, argument) in inputs.enumerated() {
      let shape = values[argument.value].type.shape
      for axis in shape.indices {
        // A polynomial of the first degree follows from two of its values.
        guard let (symbol, _) = shape[dim: axis].solved(for: 1), let zero = shape[dim: axis].value([symbol: 0]),
          let one = shape[dim: axis].value([symbol: 1])
        else { continue }
        let isPlain = one - zero == 1 && zero == 0
        if sources[symbol] == nil || isPlain { sources[symbol] = SymbolSource(input: input, axis: axis, factor: one - zero, offset: zero) }
      }
    }
    return sources
  }
}

extension PlainGraph {
  /// A graph after tracing or after any passes.
  init(_ graph: Graph, names: [String], on backend: any Backend) {
    var graph = Passes.deadCode(graph)
    // A definition may be made of what has one itself.
    while graph.nodes.contains(where: \.operation.hasDefinition) { graph = Passes.deadCode(graph.expanded(on: backend)) }
    graph = Passes.commonSubexpressions(Passes.algebra(graph))
    graph = Passes.deadCode(Passes.algebra(graph))
    values = graph.values.map { info in
      switch info.origin {
      case .input(let number): Value(type: info.type, origin: .input(number))
      case .constant(let tensor): Value(type: info.type, origin: .constant(tensor))
      case .node: Value(type: info.type, origin: .node)
      }
    }
    nodes = graph.nodes.map { node in
      Node(
        operation: PlainOperation(node.operation), name: node.operation.name, operands: node.operands, results: node.results,
        caller: node.caller)
    }
    inputs = zip(graph.inputs, graph.inputNames).map { (value: $0, name: $1) }
    outputs = graph.outputs.enumerated().map { (value: $1, name: $0 < names.count ? names[$0] : "") }
  }
}

extension CompiledFunction {
  /// The graph of the function for arguments of these structures and types, as it is traced, or, of a finished program, as it was finished. Nothing runs.
  package func plainGraph(_ input: repeat each Input) -> PlainGraph {
    var contents = TreeContents()
    repeat contents.add(each input)
    return compiler.plainGraph(names(repeat each input), contents.tensors) { _, traced in trace(body, traced, repeat each input) }
  }

  /// File and line of the operator whose caller this is in such a graph, found by tracing once more; nil if they are not known.
  package func place(of caller: Caller, _ input: repeat each Input) -> String? {
    var contents = TreeContents()
    repeat contents.add(each input)
    return compiler.place(of: caller, names(repeat each input), contents.tensors) { _, traced in trace(body, traced, repeat each input) }
  }
}

extension Dimension {
  /// A factor of a product that a dimension is a sum of.
  package enum Part {
    case symbol(String)
    /// Divided and rounded down.
    case quotient(Dimension, Dimension)
    /// What such a quotient leaves.
    case remainder(Dimension, Dimension)
    case minimum(Dimension, Dimension)
    case maximum(Dimension, Dimension)
  }

  /// The products that this is the sum of.
  package var products: [(coefficient: Int, parts: [Part])] {
    polynomial.terms.map { term in
      (
        term.coefficient,
        term.factors.map { factor in
          switch factor.definition {
          case .symbol(let name): .symbol(name)
          case .quotient(let a, let b): .quotient(a, b)
          case .remainder(let a, let b): .remainder(a, b)
          case .minimum(let a, let b): .minimum(a, b)
          case .maximum(let a, let b): .maximum(a, b)
          case .share(let whole, let parts): .quotient(whole, Dimension(parts))
          }
        }
      )
    }
  }
}
