/// A function of tensors that graphs do not look into: it may loop until its own results say so. No derivative passes.
struct HostFunction: Operation {
  let name: String
  private let body: Body

  private final class Body: Sendable {
    let types: @Sendable ([TensorType]) -> [TensorType]
    let function: @Sendable ([Tensor]) -> [Tensor]

    init(_ types: @escaping @Sendable ([TensorType]) -> [TensorType], _ function: @escaping @Sendable ([Tensor]) -> [Tensor]) {
      self.types = types
      self.function = function
    }
  }

  init(
    _ name: String, types: @escaping @Sendable ([TensorType]) -> [TensorType], function: @escaping @Sendable ([Tensor]) -> [Tensor]
  ) {
    self.name = name
    body = Body(types, function)
  }

  static func == (a: HostFunction, b: HostFunction) -> Bool { a.body === b.body }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(body)) }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] { body.types(operands) }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    guard backend is KernelRecorder else { return body.function(operands) }
    let outs = results.map { $0.allocate(on: backend) }
    backend.run(HostCall(inputs: operands.map(\.view), outputs: outs, body: body.function))
    return outs.map { Tensor($0, node: nil) }
  }

  func bound(_ symbols: [String: Int]) -> HostFunction { self }
  func batched(_ application: BatchedApplication) -> [Tensor] { application.each(self) }
  func keeps(for wanted: [Bool]) -> Residuals { .nothing }
  var derivative: Derivative { .zero }
}

/// `function(operands)`, which may look at the numbers and loop, as one operation without a derivative; `types` are those of its results for the operands' types.
package func hostFunction(
  _ name: String, _ operands: [Tensor], types: @escaping @Sendable ([TensorType]) -> [TensorType],
  _ function: @escaping @Sendable ([Tensor]) -> [Tensor], file: StaticString = #fileID, line: UInt = #line
) -> [Tensor] {
  apply(HostFunction(name, types: types, function: function), operands, Caller(file, line))
}
