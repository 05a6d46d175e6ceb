/// One call of a backend with all its operands: what a compiled program is a list of.
public enum KernelCall: Sendable {
  /// `Backend.run`
  case rows(RowCall)
  case matmul(MatMulCall)
  case gather(View, indices: View, into: View)
  case scatterAdd(View, indices: View, into: View)
  case takeAlong(View, indices: View, into: View)
  case scatterAddAlong(View, indices: View, into: View)
  case argSort(View, descending: Bool, into: View)
  case argReduce(View, ReduceOp, into: View)
  case scan(View, ReduceOp, reverse: Bool, into: View)
  case attention(AttentionCall, into: View, logSumExp: View)
  case attentionBackward(
    AttentionCall, out: View, logSumExp: View, cotangent: View, intoQuery: View, intoKey: View, intoValue: View)
}

/// A row program with its operands; see `Backend.run`.
public struct RowCall: Sendable {
  public var program: RowProgram
  public var inputs: [View]
  public var outputs: [View]
  public var shape: Shape

  public init(_ program: RowProgram, inputs: [View], outputs: [View], over shape: Shape) {
    self.program = program
    self.inputs = inputs
    self.outputs = outputs
    self.shape = shape
  }
}

/// A product with what is done to it while it is in the cache.
public struct MatMulCall: Sendable {
  public var a: View, b: View
  /// Where the product goes; nil where only the epilogue reads it.
  public var out: View?
  /// out += a · b instead of out = a · b; not together with an epilogue.
  public var accumulates: Bool
  /// A row program over the product's shape [m, n], of rank 2, run block by block of rows. It has no accumulated output. Its input number `product`
  /// is the product, whatever view stands in the list there.
  public var epilogue: (call: RowCall, product: Int)?

  public init(a: View, b: View, out: View?, accumulates: Bool = false, epilogue: (call: RowCall, product: Int)? = nil) {
    self.a = a
    self.b = b
    self.out = out
    self.accumulates = accumulates
    self.epilogue = epilogue
  }
}

/// A kernel call made ready: running it plans nothing and allocates nothing where the backend can help it.
public protocol Kernel: Sendable {
  /// Runs the call on the memory that its storages have now. Returns the first index out of range, of calls that take indices.
  func run() -> Int?
}

extension Backend {
  /// The call as a kernel that calls the backend's functions one by one: for backends, and calls, that need no more.
  public func prepare(_ call: KernelCall) -> any Kernel { PlainKernel(backend: self, call: call) }
}

/// Performs a call through the backend's own functions.
public struct PlainKernel: Kernel {
  let backend: any Backend
  let call: KernelCall

  public init(backend: any Backend, call: KernelCall) {
    self.backend = backend
    self.call = call
  }

  public func run() -> Int? {
    switch call {
    case .rows(let call): backend.run(call.program, inputs: call.inputs, outputs: call.outputs, over: call.shape)
    case .matmul(let call): run(call)
    case .gather(let source, let indices, let out): return backend.gather(source, indices: indices, into: out)
    case .scatterAdd(let updates, let indices, let out): return backend.scatterAdd(updates, indices: indices, into: out)
    case .takeAlong(let source, let indices, let out): return backend.takeAlong(source, indices: indices, into: out)
    case .scatterAddAlong(let updates, let indices, let out): return backend.scatterAddAlong(updates, indices: indices, into: out)
    case .argSort(let x, let descending, let out): backend.argSort(x, descending: descending, into: out)
    case .argReduce(let x, let op, let out): backend.argReduce(x, op, into: out)
    case .scan(let x, let op, let reverse, let out): backend.scan(x, op, reverse: reverse, into: out)
    case .attention(let call, let out, let logSumExp): backend.attention(call, into: out, logSumExp: logSumExp)
    case .attentionBackward(let call, let out, let logSumExp, let cotangent, let query, let key, let value):
      backend.attentionBackward(
        call, out: out, logSumExp: logSumExp, cotangent: cotangent, intoQuery: query, intoKey: key, intoValue: value)
    }
    return nil
  }

  private func run(_ call: MatMulCall) {
    var shape = call.a.shape
    shape[shape.rank - 1] = call.b.shape[shape.rank - 1]
    let type = TensorType(shape: shape, dtype: call.a.dtype)
    let out = call.accumulates ? type.allocate(on: backend) : call.out ?? type.allocate(on: backend)
    backend.matmul(call.a, call.b, into: out)
    if call.accumulates, let target = call.out {
      let b = RowBuilder("accumulate")
      b.store(b.row(type.dtype) + b.row(type.dtype), as: type.dtype)
      RowPrograms.run(b.finish(), [target, out], into: [target], over: shape)
    }
    if var (epilogue, product) = call.epilogue {
      epilogue.inputs[product] = out
      backend.run(epilogue.program, inputs: epilogue.inputs, outputs: epilogue.outputs, over: epilogue.shape)
    }
  }
}
