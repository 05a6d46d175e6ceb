@_spi(Backend) import Wengert

/// A function that is traced, differentiated and optimized while the package is built, by which name and of which arguments.
public struct FinishedGraph: Sendable {
  /// The name of the property that calls it.
  let name: String
  /// Where it is listed.
  let path: String, line: UInt
  /// Traces it. A mistake in the function stops the thread.
  let make: @Sendable () throws -> Declaration
  /// The list that it is in, too.
  private(set) var list: String?

  init(name: String, path: String, line: UInt, make: @escaping @Sendable () throws -> Declaration) {
    (self.name, self.path, self.line, self.make) = (name, path, line, make)
  }

  /// The same graph, which is also in an array of this name: all graphs of one list have the same type. `compile(f, finished:)` takes one.
  public func listed(in list: String) -> FinishedGraph {
    var graph = self
    graph.list = list
    return graph
  }

  /// A function of tensors, as `compile` takes one. The result is a tensor, or made of tensors and of trees of the arguments' structures by pairs, lists and dictionaries.
  ///
  /// ```swift
  /// .function("embedding", embed, tree { Encoder(key: RandomKey(0)) }, tensor(["tokens"], .int64))
  /// ```
  public static func function<each Input: TensorTree & SendableMetatype, Output: TensorTree & SendableMetatype>(
    _ name: String, _ f: @escaping @Sendable (repeat each Input) -> Output, _ arguments: repeat GraphArgument<each Input>,
    path: StaticString = #filePath, line: UInt = #line
  ) -> FinishedGraph {
    FinishedGraph(name: name, path: "\(path)", line: line) {
      var list = ArgumentList()
      let trees = (repeat list.add((each arguments).make()))
      let (program, result) = compile(f).program(repeat each trees, types: list.types, on: Device.cpu.backend)
      return try Declaration("CompiledFunction", list, result, program)
    }
  }

  /// The value and the gradient by its first argument of a scalar function, as `valueAndGradient` gives them: `Pair(value, gradient)`.
  ///
  /// ```swift
  /// .gradient("lossAndGradient", of: loss, tree { Encoder(key: RandomKey(0)) }, tensor(["tokens"], .int64), tensor(["tokens", 8]))
  /// ```
  public static func gradient<Model: TensorTree & SendableMetatype, each Input: TensorTree & SendableMetatype>(
    _ name: String, of f: @escaping @Sendable (Model, repeat each Input) -> Tensor, _ model: GraphArgument<Model>,
    _ arguments: repeat GraphArgument<each Input>, path: StaticString = #filePath, line: UInt = #line
  ) -> FinishedGraph where Model.Itself == Model {
    FinishedGraph(name: name, path: "\(path)", line: line) {
      var list = ArgumentList()
      let tree = list.add(model.make())
      let trees = (repeat list.add((each arguments).make()))
      let both: CompiledFunction<Model, repeat each Input, Pair<Tensor, Model>> = compile { (model: Model, input: repeat each Input) in
        let others = (repeat each input)
        return Pair(valueAndGradient(at: model) { f($0, repeat each others) })
      }
      let (program, result) = both.program(tree, repeat each trees, types: list.types, on: Device.cpu.backend)
      return try Declaration("CompiledFunction", list, result, program)
    }
  }

  /// A function that changes its first argument, a training step of `Pair(model, optimizer)` say, as `compileUpdate` takes one.
  ///
  /// - Precondition: As for `compileUpdate`; an optimizer holds its own tensors after `optimizer.state.prepare(for: model)`.
  public static func update<
    State: TensorTree & SendableMetatype, each Input: TensorTree & SendableMetatype, Output: TensorTree & SendableMetatype
  >(
    _ name: String, _ f: @escaping @Sendable (inout State, repeat each Input) -> Output, _ state: GraphArgument<State>,
    _ arguments: repeat GraphArgument<each Input>, path: StaticString = #filePath, line: UInt = #line
  ) -> FinishedGraph {
    FinishedGraph(name: name, path: "\(path)", line: line) {
      var list = ArgumentList()
      let tree = list.add(state.make())
      let trees = (repeat list.add((each arguments).make()))
      let (program, result) = compileUpdate(f).program(tree, repeat each trees, types: list.types, on: Device.cpu.backend)
      return try Declaration("CompiledUpdate", list, result, program)
    }
  }

  /// A function of a model and its pullback, as `compilePullback` takes one.
  ///
  /// ```swift
  /// .pullback("encoding", of: embed, tree { Encoder(key: RandomKey(0)) }, tensor(["tokens"], .int64))
  /// ```
  public static func pullback<Model: TensorTree & SendableMetatype, each Input: TensorTree & SendableMetatype>(
    _ name: String, of f: @escaping @Sendable (Model, repeat each Input) -> Tensor, _ model: GraphArgument<Model>,
    _ arguments: repeat GraphArgument<each Input>, path: StaticString = #filePath, line: UInt = #line
  ) -> FinishedGraph {
    FinishedGraph(name: name, path: "\(path)", line: line) {
      var list = ArgumentList()
      let tree = list.add(model.make())
      let trees = (repeat list.add((each arguments).make()))
      let program = compilePullback(f).program(tree, repeat each trees, types: list.types, on: Device.cpu.backend)
      return try Declaration("CompiledPullback", list, nil, program)
    }
  }
}

/// The arguments of a function that is traced.
struct ArgumentList {
  private(set) var trees: [any TensorTree] = []
  /// Those of all tensors.
  private(set) var types: [TensorType] = []

  mutating func add<Tree: TensorTree>(_ argument: (tree: Tree, types: [TensorType])) -> Tree {
    trees.append(argument.tree)
    types += argument.types
    return argument.tree
  }
}
