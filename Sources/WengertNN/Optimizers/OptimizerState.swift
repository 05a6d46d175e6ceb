@_spi(Backend) import Wengert

/// What an optimizer remembers between steps, as a tree of named tensors: `step` (int64), and for each parameter its buffers,
/// `encoder.weight.firstMoment`. It is saved and loaded as a model is, once it was prepared for the model.
public struct OptimizerState: TensorTree, Sendable {
  /// How many updates were made: int64 [1]; nil before the first.
  private var counter: Tensor?
  /// What each parameter's buffers are called, in order.
  public let bufferNames: [String]
  /// The buffers' shapes by a parameter's name and shape.
  private let shapes: @Sendable (_ name: String, _ parameter: Shape) -> [Shape]
  /// The names of the parameters that have buffers, in alphabetical order.
  private var names: [String] = []
  private var buffers: [String: [Tensor]] = [:]

  /// How many updates were made.
  public var step: Int { counter.map { Int($0.item()) } ?? 0 }

  /// The same as a tensor, once there was one.
  var count: Tensor {
    guard let counter else { Caller(#fileID, #line).fail("update", "the optimizer has made no step, and has no count of them") }
    return counter
  }

  /// Counts an update.
  mutating func advance(on device: Device) {
    counter = (counter ?? Tensor([0], device: device)) + 1
  }

  /// The state before the first step, with buffers of the parameters' shapes.
  public init(bufferNames: [String]) { self.init(bufferNames: bufferNames) { _, shape in bufferNames.map { _ in shape } } }

  /// The state before the first step.
  ///
  /// - Parameters:
  ///   - bufferNames: what a parameter's buffers are called.
  ///   - shapes: of a parameter's buffers, one for each name.
  public init(bufferNames: [String], shapes: @escaping @Sendable (_ name: String, _ parameter: Shape) -> [Shape]) {
    self.bufferNames = bufferNames
    self.shapes = shapes
  }

  /// Adds zeros for each parameter of `model` that holds real numbers and has no buffers yet, of the type in which kernels compute with it. A model without floating
  /// parameters, which would never learn, ends the program.
  ///
  /// - Precondition: A parameter is floating, and what is there for a name already has its shape.
  public mutating func prepare(for model: some TensorTree, file: StaticString = #fileID, line: UInt = #line) {
    let caller = Caller(file, line)
    requireParameters("prepare", model, caller)
    for (name, parameter) in model.namedTensors where parameter.dtype.isFloating {
      prepare(name, parameter, caller)
      if counter == nil { counter = Tensor([0], device: parameter.device) }
    }
  }

  mutating func prepare(_ name: String, _ parameter: Tensor, _ caller: Caller) {
    let shapes = shapes(name, parameter.shape)
    if let known = buffers[name] {
      caller.require(
        known.map(\.shape) == shapes, "update",
        "the optimizer's state for \(name) has the shape \(known.first?.shape ?? []), the parameter \(parameter.shape); a model of other shapes needs a new optimizer"
      )
      return
    }
    buffers[name] = shapes.map { .full(0, $0, dtype: parameter.dtype.computeType, beside: parameter) }
    names.insert(name, at: names.firstIndex { $0 > name } ?? names.count)
  }

  /// Lends a parameter's buffers to be changed in place.
  mutating func withBuffers(_ name: String, _ body: (inout [Tensor]) -> Void) { body(&buffers[name]!) }

  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
    var count = counter ?? Tensor([0])
    body(dotted(prefix, "step"), &count)
    counter = count
    for name in names {
      for (i, buffer) in bufferNames.enumerated() { body(dotted(dotted(prefix, name), buffer), &buffers[name]![i]) }
    }
  }

  public func read(into contents: inout TreeContents) {
    contents.add(setting: bufferNames)
    contents.add(counter ?? Tensor([0]))
    contents.add(setting: names)
    for name in names {
      for buffer in buffers[name]! { contents.add(buffer) }
    }
  }
}

extension OptimizerState: CustomReflectable {
  /// Without the buffers, whose names are those of the tree's tensors.
  public var customMirror: Mirror {
    Mirror(self, children: ["counter": counter as Any, "bufferNames": bufferNames], displayStyle: .struct)
  }
}
