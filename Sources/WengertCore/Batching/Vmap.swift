/// A function of many examples from one of a single example: it is computed for all of them at once, and gives what a loop over the examples would, to rounding.
///
/// ```swift
/// let w = Tensor([1.0, 2.0])
/// let slopes = vmap { (x: Tensor) in gradient(at: w) { square($0 * x).sum() } }(Tensor([[1, 1], [2, 2]]))
/// // One gradient for each example: [[2, 4], [8, 16]]
/// ```
/// Composes with derivatives, `compile`, `checkpoint` and itself, inside and outside. What the function takes from its surroundings is the same for all examples; a random
/// key too, so that each draws the same numbers. `RandomKey.split(examples:)` gives each its own. The values of a tensor cannot be read inside (`item`, `array(of:)`).
///
/// - Parameters:
///   - f: a function of one example.
///   - axes: for each argument the axis of its tensors along which the examples are, negative ones from the end; nil for an argument that is the same for all. By default 0.
///   - axis: the axis of examples in the results.
///   - file: the caller's file, which messages name.
///   - line: the caller's line, likewise.
/// - Precondition: An argument has examples, all have equally many, `axes` names an axis or nil for each argument, and no example is read in the function or used outside of it.
/// - Returns: a function of the same arguments, each tensor with an axis more.
public func vmap<Input: TensorTree, Output: TensorTree>(
  _ f: @escaping (Input) -> Output, in axes: [Int?]? = nil, out axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
) -> (Input) -> Output {
  { a in overExamples(axes, axis, Caller(file, line), f, a) }
}

/// A function of two arguments for many examples at once; see `vmap` of one.
public func vmap<Input1: TensorTree, Input2: TensorTree, Output: TensorTree>(
  _ f: @escaping (Input1, Input2) -> Output, in axes: [Int?]? = nil, out axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
) -> (Input1, Input2) -> Output {
  { a, b in overExamples(axes, axis, Caller(file, line), f, a, b) }
}

/// A function of three arguments for many examples at once; see `vmap` of one.
public func vmap<Input1: TensorTree, Input2: TensorTree, Input3: TensorTree, Output: TensorTree>(
  _ f: @escaping (Input1, Input2, Input3) -> Output, in axes: [Int?]? = nil, out axis: Int = 0, file: StaticString = #fileID,
  line: UInt = #line
) -> (Input1, Input2, Input3) -> Output {
  { a, b, c in overExamples(axes, axis, Caller(file, line), f, a, b, c) }
}

/// A function of four arguments for many examples at once; see `vmap` of one.
public func vmap<Input1: TensorTree, Input2: TensorTree, Input3: TensorTree, Input4: TensorTree, Output: TensorTree>(
  _ f: @escaping (Input1, Input2, Input3, Input4) -> Output, in axes: [Int?]? = nil, out axis: Int = 0, file: StaticString = #fileID,
  line: UInt = #line
) -> (Input1, Input2, Input3, Input4) -> Output {
  { a, b, c, d in overExamples(axes, axis, Caller(file, line), f, a, b, c, d) }
}

// Functions with two results, as `valueAndGradient` has.

/// A function with two results for many examples at once; see `vmap` of one.
public func vmap<Input: TensorTree, First: TensorTree, Second: TensorTree>(
  _ f: @escaping (Input) -> (First, Second), in axes: [Int?]? = nil, out axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
) -> (Input) -> (First, Second) {
  { a in overExamples(axes, axis, Caller(file, line), { Pair(f($0)) }, a).values }
}

/// A function with two results for many examples at once; see `vmap` of one.
public func vmap<Input1: TensorTree, Input2: TensorTree, First: TensorTree, Second: TensorTree>(
  _ f: @escaping (Input1, Input2) -> (First, Second), in axes: [Int?]? = nil, out axis: Int = 0, file: StaticString = #fileID,
  line: UInt = #line
) -> (Input1, Input2) -> (First, Second) {
  { a, b in overExamples(axes, axis, Caller(file, line), { Pair(f($0, $1)) }, a, b).values }
}

/// A function with two results for many examples at once; see `vmap` of one.
public func vmap<Input1: TensorTree, Input2: TensorTree, Input3: TensorTree, First: TensorTree, Second: TensorTree>(
  _ f: @escaping (Input1, Input2, Input3) -> (First, Second), in axes: [Int?]? = nil, out axis: Int = 0, file: StaticString = #fileID,
  line: UInt = #line
) -> (Input1, Input2, Input3) -> (First, Second) {
  { a, b, c in overExamples(axes, axis, Caller(file, line), { Pair(f($0, $1, $2)) }, a, b, c).values }
}

/// A function with two results for many examples at once; see `vmap` of one.
public func vmap<Input1: TensorTree, Input2: TensorTree, Input3: TensorTree, Input4: TensorTree, First: TensorTree, Second: TensorTree>(
  _ f: @escaping (Input1, Input2, Input3, Input4) -> (First, Second), in axes: [Int?]? = nil, out axis: Int = 0,
  file: StaticString = #fileID, line: UInt = #line
) -> (Input1, Input2, Input3, Input4) -> (First, Second) {
  { a, b, c, d in overExamples(axes, axis, Caller(file, line), { Pair(f($0, $1, $2, $3)) }, a, b, c, d).values }
}

/// `f` on all examples of `input` together.
private func overExamples<each Input: TensorTree, Output: TensorTree>(
  _ axes: [Int?]?, _ axis: Int, _ caller: Caller, _ f: (repeat each Input) -> Output, _ input: repeat each Input
) -> Output {
  var arguments = ExampleAxes(axes, caller)
  repeat arguments.measure(each input)
  let batch = arguments.batch()
  defer { batch.close() }
  let output = f(repeat arguments.example(of: each input, batch))
  return output.map { name, value in
    let whole = batch.whole(of: value, caller).taking(namesOf: [batch.axis] + value.shape)
    return whole.moveAxis(0, to: caller.normalize(axis, rank: whole.rank, "vmap", whole.shape))
  }
}

/// Along which axes of its arguments a function of `vmap` has its examples.
private struct ExampleAxes {
  private let axes: [Int?]?
  private let caller: Caller
  /// The number of the argument that is looked at.
  private var argument = 0
  /// How many examples there are, and the tensor that says so.
  private var size: (count: Dimension, tensor: String)?

  init(_ axes: [Int?]?, _ caller: Caller) {
    self.axes = axes
    self.caller = caller
  }

  /// The axis of the next argument.
  private mutating func nextAxis() -> Int? {
    defer { argument += 1 }
    guard let axes else { return 0 }
    caller.require(
      argument < axes.count, "vmap",
      "`in` has \(axes.count) axes, and the function more arguments; say nil for one that is the same for all examples")
    return axes[argument]
  }

  mutating func measure(_ tree: some TensorTree) {
    let number = argument
    guard let axis = nextAxis() else { return }
    for (name, tensor) in tree.namedTensors {
      let title = "argument \(number)\(name.isEmpty ? "" : " (\(name))") of shape \(tensor.shape)"
      caller.require(
        tensor.rank > 0, "vmap", "\(title) has no axis of examples; say nil for an argument that is the same for all: in: [0, nil]")
      let count = tensor.shape[dim: caller.normalize(axis, rank: tensor.rank, "vmap", tensor.shape)]
      if let size {
        caller.require(
          count, sameAs: size.count, "vmap", "\(title) has \(count) examples along axis \(axis), \(size.tensor) has \(size.count)")
        self.size = (size.count.orNamed(as: count), size.tensor)
      } else {
        size = (count, title)
      }
    }
  }

  /// The level of all examples; the arguments are gone through once more then.
  mutating func batch() -> Batch {
    if let axes {
      caller.require(axes.count == argument, "vmap", "`in` has \(axes.count) axes for \(argument) arguments")
    }
    argument = 0
    guard let size else { caller.fail("vmap", "no argument has an axis of examples") }
    return Batch(size.count)
  }

  mutating func example<Tree: TensorTree>(of tree: Tree, _ batch: Batch) -> Tree {
    guard let axis = nextAxis() else { return tree }
    return tree.map { _, tensor in batch.example(of: tensor.moveAxis(axis, to: 0)) }
  }
}
