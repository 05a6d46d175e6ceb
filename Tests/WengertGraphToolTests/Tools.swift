import WengertGraphTool
import WengertNN

/// The square of a layer's value, summed.
@Sendable func squared(_ layer: Linear, _ x: Tensor) -> Tensor { square(layer(x)).sum() }

/// A tool without a mistake.
enum Fine: FinishedGraphs {
  static func step(_ weight: inout Tensor, _ slope: Tensor) -> Tensor {
    weight = weight - 0.5 * slope
    return weight.sum()
  }

  static var graphs: [FinishedGraph] {
    let layer = tree { Linear(3, 2, key: RandomKey(0)) }
    return [
      .function("value", { (layer: Linear, x: Tensor) in layer(x) }, layer, tensor(["rows", 3])).listed(in: "values"),
      .function("twice", { (layer: Linear, x: Tensor) in layer(x) * 2 }, layer, tensor(["rows", 3])).listed(in: "values"),
      .gradient("slope", of: squared, layer, tensor(["rows", 3])),
      .update("step", step, tensor(["n"]), tensor(["n"])),
      .function(
        "lists", { (x: Tensor, key: RandomKey) in Pair([x, x + 1], ["noise": key.normal([2])]) }, tensor([2]), tree { RandomKey(1) }),
    ]
  }
}

/// A tool whose functions, and whose list, have mistakes.
enum Wrong: FinishedGraphs {
  @inline(never) static func product(_ x: Tensor) -> Tensor { x.matmul(x) }
  static let productLine = #line - 1
  @inline(never) static func sum(_ x: Tensor) -> Tensor { x + x.transpose() }
  static let sumLine = #line - 1
  @inline(never) static func axis(_ x: Tensor) -> Tensor { x.sum(axes: [7]) }
  static let axisLine = #line - 1
  /// Two of its own.
  @inline(never) static func loss(_ weight: Tensor, _ x: Tensor) -> Tensor {
    let hidden = tanh(x.matmul(weight))
    let rows = x.reshape([4, 4])
    return hidden.sum() + rows.sum() + hidden.reshape([9]).sum()
  }
  static let lossLine = #line - 4

  static var graphs: [FinishedGraph] {
    let x = tensor([2, 3])
    return [
      .function("product", product, x), .function("wider", product, tensor([2, 9])), .function("sum", sum, x),
      .gradient("again", of: { sum($0).sum() }, x), .function("axis", axis, x),
      .gradient("loss", of: loss, tensor([4, 5]), x),
      .function("good", { (x: Tensor) in x + 1 }, x),
    ]
  }
}

/// A tool whose list cannot be written as Swift.
enum Unwritable: FinishedGraphs {
  /// A tree that no library declares.
  struct Own: ParameterTree, Sendable {
    var weight: Tensor
    static let fields: [Field<Self>] = [.init("weight", \.weight)]
  }

  static let firstLine = #line + 6

  static var graphs: [FinishedGraph] {
    let f: @Sendable (Tensor) -> Tensor = { $0 + 1 }
    return [
      // One a line.
      .function("f", f, tensor([2])),
      .function("f", f, tensor([2])),
      .function("not a name", f, tensor([2])),
      .function("class", f, tensor([2])),
      .function("own", { (x: Own) in x.weight }, tree { Own(weight: Tensor.zeros([2])) }),
      .function("structure", { (x: Tensor) in Linear(weight: x) }, tensor([2, 3])),
      .function("one", f, tensor([2])).listed(in: "mixed"),
      .function("other", { (x: Tensor, y: Tensor) in x + y }, tensor([2]), tensor([2])).listed(in: "mixed"),
      .function("named", f, tensor([2])).listed(in: "one"),
      .function("badly", f, tensor([2])).listed(in: "not a name"),
      .function("Wengert", f, tensor([2])),
      .function("open", f, tensor([Dimension("a") + Dimension("b")])),
      .function("bare", { @Sendable (x: [Tensor]) in x }, tree { [] }),
      .function(
        "changed",
        { (x: LayerNorm) in
          var y = x
          y.epsilon = 0.5
          return y
        }, tree { LayerNorm(4) }),
    ]
  }
}

/// A tool that lists nothing.
enum Empty: FinishedGraphs {
  static let graphs: [FinishedGraph] = []
}
