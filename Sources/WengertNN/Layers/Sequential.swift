/// Layers of any kinds, each applied to the result of the one before. Their parameters are named by their places: `0.weight`, `2.bias`.
///
/// ```swift
/// let model = Sequential(Linear(2, 3, key: RandomKey(1)), Activation(gelu), Linear(3, 1, key: RandomKey(2)))
/// let names = model.namedTensors.map(\.name)  // 0.weight, 0.bias, 2.weight, 2.bias
/// ```
public struct Sequential: Layer {
  /// The layers, first to last.
  public var layers: [any Layer]

  /// A model of these layers.
  public init(_ layers: any Layer...) { self.layers = layers }
  /// A model of these layers.
  public init(_ layers: [any Layer]) { self.layers = layers }

  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
    for i in layers.indices { layers[i].visit(dotted(prefix, "\(i)"), body) }
  }

  public func read(into contents: inout TreeContents) {
    contents.add(setting: layers.count)
    for layer in layers {
      contents.add(type: type(of: layer))
      contents.add(layer)
    }
  }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    var value = x
    for (i, layer) in layers.enumerated() { value = layer(value, mode.fold(i)) }
    return value
  }
}
