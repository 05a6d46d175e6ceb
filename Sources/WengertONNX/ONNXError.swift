#if ONNX
  @_spi(Backend) import WengertNN

  /// Why a function has no form in ONNX: `Model.swift:12: cholesky: it has no form in ONNX`.
  public struct ONNXError: Error, Sendable, CustomStringConvertible {
    /// The operation's name, or "exportONNX".
    public let operation: String
    /// What ONNX lacks.
    public let reason: String
    let shapes: [TensorType]
    let caller: Caller
    /// The line of an operator, looked up.
    var place: String?

    init(operation: String, reason: String, shapes: [TensorType] = [], caller: Caller) {
      (self.operation, self.reason, self.shapes, self.caller) = (operation, reason, shapes, caller)
    }

    /// The line that asked for the operation, the operation, its operands and the reason.
    public var description: String {
      let line = place ?? "\(caller.file):\(caller.line)"
      let operands = shapes.isEmpty ? "" : " of \(shapes.map(\.description).joined(separator: ", "))"
      return "\(line): \(operation)\(operands): \(reason)"
    }
  }
#endif
