/// The same numbers in the memory of another backend.
struct Transfer: Operation {
  /// A backend, which is itself and no other.
  struct Place: Hashable, Sendable {
    let backend: any Backend
    static func == (a: Place, b: Place) -> Bool { a.backend === b.backend }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(backend)) }
  }
  let source: Place
  let target: Place

  var name: String { "to" }

  func results(_ operands: [TensorType], _ caller: Caller) -> [TensorType] { [operands[0]] }

  func execute(_ operands: [Tensor], _ results: [TensorType], on backend: any Backend, _ caller: Caller) -> [Tensor] {
    let out = results[0].allocate(on: target.backend)
    let count = results[0].shape.elementCount * results[0].dtype.byteCount
    if count > 0 {
      let view = ViewKernels.contiguous(operands[0].view)
      let start = view.layout.offset * view.dtype.byteCount
      backend.withBytes(of: view.storage, in: start..<start + count) { target.backend.write($0, to: out.storage, at: 0) }
    }
    return [Tensor(out, node: nil)]
  }

  func substituting(_ symbols: [String: Int]) -> Transfer { self }
  func batched(_ application: BatchedApplication) -> [Tensor] { apply(self, application.operands, application.caller) }
  func keeps(for wanted: [Bool]) -> Residuals { .nothing }

  var derivative: Derivative {
    .linear(in: [0], part: self) { a, ct in [apply1(Transfer(source: target, target: source), [ct[0]!], a.caller)] }
  }
}

extension Transfer {
  func write(to code: inout ProgramWriter) { code.refuse("\(name) leads to a device of this process") }
  init(from code: inout ProgramReader) throws { throw ProgramError("it has a device of another process") }
}

extension Tensor {
  /// The same numbers in the memory of `backend`; itself if they are there. Its derivative is the way back.
  ///
  /// A compiled function runs on one backend: inside of one this ends the program.
  package func moved(to backend: any Backend, _ caller: Caller) -> Tensor {
    if backend === self.backend { return self }
    return apply1(Transfer(source: .init(backend: self.backend), target: .init(backend: backend)), [self], caller)
  }
}

extension [Tensor] {
  /// The backend that all are on.
  func commonBackend(_ operation: @autoclosure () -> String, _ caller: Caller) -> any Backend {
    let first = self[0].backend
    for other in dropFirst() where other.backend !== first {
      caller.fail(operation(), "its operands are on different devices, \(first.name) and \(other.backend.name); move one with to(_:)")
    }
    return first
  }
}
