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
  case recurrence(View, View, reverse: Bool, into: View)
  case linearAlgebra(LinearAlgebraKernel, [View], into: View)
  case attention(AttentionCall, into: View, logSumExp: View)
  case attentionBackward(
    AttentionCall, out: View, logSumExp: View, cotangent: View, intoQuery: View, intoKey: View, intoValue: View)
  /// A function of whole tensors that runs on the calling thread and may allocate.
  case host(HostCall)
}

/// A Swift function in a program.
public struct HostCall: Sendable {
  public var inputs: [View]
  public var outputs: [View]
  /// From the inputs to the outputs' values, of the outputs' types.
  public var body: @Sendable ([Tensor]) -> [Tensor]
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
  /// Runs the call on the memory that its storages have now. Returns the first index out of range, of calls that take indices, the first matrix without a result, of
  /// linear algebra, or the place of the first wrong offset, of attention; the outputs may hold anything then.
  func run() -> Int?
}

extension Backend {
  public func allocateUnpooled(byteCount: Int) -> Storage { allocate(byteCount: byteCount) }

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
    case .recurrence(let a, let b, let reverse, let out): backend.recurrence(a, b, reverse: reverse, into: out)
    case .linearAlgebra(let kernel, let operands, let out): return backend.linearAlgebra(kernel, operands, into: out)
    case .attention(let call, let out, let logSumExp): backend.attention(call, into: out, logSumExp: logSumExp)
    case .attentionBackward(let call, let out, let logSumExp, let cotangent, let query, let key, let value):
      backend.attentionBackward(
        call, out: out, logSumExp: logSumExp, cotangent: cotangent, intoQuery: query, intoKey: key, intoValue: value)
    case .host(let call):
      let results = call.body(call.inputs.map { Tensor($0, node: nil) })
      for (result, out) in zip(results, call.outputs) { ViewKernels.copy(result.view, into: out) }
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
      ViewKernels.run(b.finish(), [target, out], into: [target], over: shape)
    }
    if let (call, product) = call.epilogue {
      var epilogue = call
      epilogue.inputs[product] = out
      backend.run(epilogue.program, inputs: epilogue.inputs, outputs: epilogue.outputs, over: epilogue.shape)
    }
  }
}

extension KernelCall {
  /// What the call reads; what it adds to counts as written only.
  var reads: [View] {
    switch self {
    case .rows(let call): call.inputs
    case .matmul(let call):
      [call.a, call.b]
        + (call.epilogue.map { epilogue, product in epilogue.inputs.indices.filter { $0 != product }.map { epilogue.inputs[$0] } } ?? [])
    case .gather(let x, let indices, _), .scatterAdd(let x, let indices, _), .takeAlong(let x, let indices, _),
      .scatterAddAlong(let x, let indices, _):
      [x, indices]
    case .argSort(let x, _, _), .argReduce(let x, _, _), .scan(let x, _, _, _): [x]
    case .recurrence(let a, let b, _, _): [a, b]
    case .linearAlgebra(_, let operands, _): operands
    case .attention(let call, _, _): call.reads
    case .attentionBackward(let call, let out, let logSumExp, let cotangent, _, _, _): call.reads + [out, logSumExp, cotangent]
    case .host(let call): call.inputs
    }
  }

  /// What the call writes or adds to.
  var writes: [View] {
    switch self {
    case .rows(let call): call.outputs
    case .matmul(let call): (call.out.map { [$0] } ?? []) + (call.epilogue?.call.outputs ?? [])
    case .gather(_, _, let out), .scatterAdd(_, _, let out), .takeAlong(_, _, let out), .scatterAddAlong(_, _, let out),
      .argSort(_, _, let out), .argReduce(_, _, let out), .scan(_, _, _, let out), .recurrence(_, _, _, let out),
      .linearAlgebra(_, _, let out):
      [out]
    case .attention(_, let out, let logSumExp): [out, logSumExp]
    case .attentionBackward(_, _, _, _, let query, let key, let value): [query, key, value]
    case .host(let call): call.outputs
    }
  }

  /// The same call on other views.
  func map(_ f: (View) -> View) -> KernelCall {
    switch self {
    case .rows(let call): .rows(call.map(f))
    case .matmul(let call):
      .matmul(
        MatMulCall(
          a: f(call.a), b: f(call.b), out: call.out.map(f), accumulates: call.accumulates,
          epilogue: call.epilogue.map { ($0.call.map(f, except: $0.product), $0.product) }))
    case .gather(let x, let indices, let out): .gather(f(x), indices: f(indices), into: f(out))
    case .scatterAdd(let x, let indices, let out): .scatterAdd(f(x), indices: f(indices), into: f(out))
    case .takeAlong(let x, let indices, let out): .takeAlong(f(x), indices: f(indices), into: f(out))
    case .scatterAddAlong(let x, let indices, let out): .scatterAddAlong(f(x), indices: f(indices), into: f(out))
    case .argSort(let x, let descending, let out): .argSort(f(x), descending: descending, into: f(out))
    case .argReduce(let x, let op, let out): .argReduce(f(x), op, into: f(out))
    case .scan(let x, let op, let reverse, let out): .scan(f(x), op, reverse: reverse, into: f(out))
    case .recurrence(let a, let b, let reverse, let out): .recurrence(f(a), f(b), reverse: reverse, into: f(out))
    case .linearAlgebra(let kernel, let operands, let out): .linearAlgebra(kernel, operands.map(f), into: f(out))
    case .attention(let call, let out, let logSumExp): .attention(call.map(f), into: f(out), logSumExp: f(logSumExp))
    case .attentionBackward(let call, let out, let logSumExp, let cotangent, let query, let key, let value):
      .attentionBackward(
        call.map(f), out: f(out), logSumExp: f(logSumExp), cotangent: f(cotangent), intoQuery: f(query), intoKey: f(key),
        intoValue: f(value))
    case .host(let call): .host(HostCall(inputs: call.inputs.map(f), outputs: call.outputs.map(f), body: call.body))
    }
  }
}

extension RowCall {
  /// The same call on other views; the input that stands for a product stays.
  fileprivate func map(_ f: (View) -> View, except product: Int? = nil) -> RowCall {
    var result = self
    for i in inputs.indices where i != product { result.inputs[i] = f(inputs[i]) }
    result.outputs = outputs.map(f)
    return result
  }
}

extension AttentionCall {
  fileprivate var reads: [View] { [query, key, value, offsets] + (randomKey.map { [$0] } ?? []) }

  fileprivate func map(_ f: (View) -> View) -> AttentionCall {
    var result = self
    result.query = f(query)
    result.key = f(key)
    result.value = f(value)
    result.offsets = f(offsets)
    result.randomKey = randomKey.map(f)
    return result
  }
}
