@_spi(Backend) import WengertCore

extension CUDABackend {
  /// Whether the program adds another row to the product's, which cuBLASLt does before it rounds the product. Its other epilogues compute other functions than row programs do:
  /// GELU approximately, the rectifier without NaN.
  public func canFuse(epilogue: RowProgram, ofProduct dtype: DType) -> Bool {
    guard [.float32, .float16, .bfloat16].contains(dtype), epilogue.inputs.count == 2, epilogue.outputs.count == 1,
      epilogue.inputs.allSatisfy({ $0.isRow && $0.dtype == dtype }), epilogue.outputs[0].dtype == dtype,
      epilogue.outputs[0].accumulate == nil, case .binary(.add, let a, let b) = epilogue.instructions[epilogue.outputs[0].value],
      case .load(let first) = epilogue.instructions[a], case .load(let second) = epilogue.instructions[b]
    else { return false }
    return first != second
  }

  /// What cuBLASLt adds to every row of the product, and where it puts the result; nil if the call has another epilogue, or another result.
  fileprivate func bias(of call: MatMulCall) -> (row: View, out: View)? {
    guard let (rows, product) = call.epilogue, call.out == nil, call.a.shape.rank == 2, call.a.shape[1] > 0,
      canFuse(epilogue: rows.program, ofProduct: call.a.dtype)
    else { return nil }
    let row = rows.inputs[1 - product], out = rows.outputs[0]
    guard row.layout.strides[0] == 0 || out.shape[0] == 1, row.layout.strides[1] == 1 || out.shape[1] == 1,
      MatrixDirection(out)?.isRowMajor == true
    else { return nil }
    return (row, out)
  }

  /// The calls that a product is made of, in which products are ready to be multiplied by cuBLASLt or, of whole numbers, by a kernel of our own.
  ///
  /// Where neighbors of a factor lie neither along its rows nor along its columns, it is copied first.
  /// - Parameter room: gives memory that is used while the calls run.
  private func calls(_ call: MatMulCall, room: (Shape, DType) -> View) -> [KernelCall] {
    func again(_ calls: [KernelCall]) -> [KernelCall] {
      calls.flatMap { if case .matmul(let call) = $0 { self.calls(call, room: room) } else { [$0] } }
    }
    if call.shape.elementCount == 0 { return [] }
    let fused = bias(of: call)
    guard call.epilogue == nil || fused != nil, let out = fused?.out ?? call.out else { return again(call.parts(room: room)) }
    if !out.dtype.isFloating || call.a.shape[call.a.shape.rank - 1] == 0 {
      return call.accumulates ? again(call.parts(room: room)) : [.matmul(call)]
    }
    var direct = call
    var before: [KernelCall] = [], after: [KernelCall] = []
    func copied(_ view: View) -> View {
      let copy = room(view.shape, view.dtype)
      before.append(.rows(CUDABackend.copyCall(view, into: copy)))
      return copy
    }
    if MatrixDirection(call.a) == nil { direct.a = copied(call.a) }
    if MatrixDirection(call.b) == nil { direct.b = copied(call.b) }
    if MatrixDirection(out) == nil {
      let made = call.accumulates ? copied(out) : room(out.shape, out.dtype)
      direct.out = made
      after.append(.rows(CUDABackend.copyCall(made, into: out)))
    }
    return before + [.matmul(direct)] + after
  }

  func workspace(for call: MatMulCall) -> Int {
    var memory = Workspace()
    // Where the views lie does not matter here.
    _ = calls(call) { memory.room($0, $1, in: call.a.storage) }
    return memory.byteCount
  }

  func matMulKernel(_ call: MatMulCall, _ workspace: Storage?) -> any LaunchedKernel {
    var kernels = CUDAKernels(on: self)
    let byteCount = self.workspace(for: call)
    let memory = workspace ?? (byteCount == 0 ? call.a.storage : allocate(byteCount: byteCount))
    if workspace == nil && byteCount > 0 { kernels.own = memory }
    var rooms = Workspace()
    let calls = calls(call) { rooms.room($0, $1, in: memory) }
    if calls.count == 1, case .matmul(let call) = calls[0] { return CUDAProductKernel(call, on: self) }
    for part in calls {
      if case .matmul(let call) = part { kernels.append(CUDAProductKernel(call, on: self)) } else { kernels.append(launched(part, nil)) }
    }
    return kernels
  }
}

/// A product whose factors lie as cuBLASLt wants them. Where leading axes are not one, products run one after another.
private struct CUDAProductKernel: LaunchedKernel {
  let backend: CUDABackend
  private let runs: Runs

  private enum Runs {
    case library(CUBLASLt.Product, a: [View], b: [View], out: [View], bias: View?)
    case elements(CompiledKernel, Grid, LaunchArguments)
  }

  init(_ call: MatMulCall, on backend: CUDABackend) {
    self.backend = backend
    let fused = backend.bias(of: call)
    let out = fused?.out ?? call.out!, k = call.a.shape[call.a.shape.rank - 1]
    guard out.dtype.isFloating, k > 0, let a = MatrixDirection(call.a), let b = MatrixDirection(call.b), let o = MatrixDirection(out) else {
      runs = CUDAProductKernel.elements(call, out, on: backend)
      return
    }
    let rank = out.shape.rank
    let (m, n) = (out.shape[rank - 2], out.shape[rank - 1])
    // Leading axes: as many of the inner ones as are one step forward are a batch; the rest are walked.
    let lead = Array(out.shape[..<(rank - 2)])
    var batch = 1, strides = [0, 0, 0], axis = lead.count - 1
    let operands = [call.a, call.b, out]
    while axis >= 0 {
      let next = operands.map { $0.layout.strides[axis] }
      if lead[axis] == 1 {
      } else if batch == 1, next.allSatisfy({ $0 >= 0 }) {
        (batch, strides) = (lead[axis], next)
      } else if batch > 1, zip(next, strides).allSatisfy({ $0 == $1 * batch }) {
        batch *= lead[axis]
      } else {
        break
      }
      axis -= 1
    }
    let walked = Array(lead[..<(axis + 1)])
    func places(_ operand: Int) -> [View] {
      let view = operands[operand]
      return (0..<walked.reduce(1, *)).map { number in
        var rest = number, offset = view.layout.offset
        for axis in walked.indices.reversed() {
          offset += rest % walked[axis] * view.layout.strides[axis]
          rest /= walked[axis]
        }
        return view.with(
          Layout(
            shape: Shape([batch, view.shape[rank - 2], view.shape[rank - 1]]),
            strides: Strides([strides[operand], view.layout.strides[rank - 2], view.layout.strides[rank - 1]]), offset: offset))
      }
    }
    func matrix(_ direction: MatrixDirection, rows: Int, columns: Int, _ operand: Int) -> CUBLASLt.Matrix {
      direction.isRowMajor
        ? .init(rows: columns, columns: rows, leadingDimension: direction.distance, batchStride: strides[operand])
        : .init(rows: rows, columns: columns, leadingDimension: direction.distance, batchStride: strides[operand])
    }
    var left = matrix(a, rows: m, columns: k, 0), right = matrix(b, rows: k, columns: n, 1)
    let target = matrix(o, rows: m, columns: n, 2)
    let product: CUBLASLt.Product
    let summary = "the product \(call.summary)"
    if o.isRowMajor {
      // The transposed product: outᵀ = bᵀ · aᵀ, of which each row-major factor is one already.
      left.isTransposed = !a.isRowMajor
      right.isTransposed = !b.isRowMajor
      product = CUBLASLt.Product(
        backend.products, right, left, into: target, batch: batch, out.dtype, accumulates: call.accumulates, addsBias: fused != nil, summary
      )
      runs = .library(product, a: places(1), b: places(0), out: places(2), bias: fused?.row)
    } else {
      left.isTransposed = a.isRowMajor
      right.isTransposed = b.isRowMajor
      product = CUBLASLt.Product(
        backend.products, left, right, into: target, batch: batch, out.dtype, accumulates: call.accumulates, summary)
      runs = .library(product, a: places(0), b: places(1), out: places(2), bias: nil)
    }
  }

  func launch(on stream: CUHandle?) {
    switch runs {
    case .library(let product, let a, let b, let out, let bias):
      let workspace = backend.productWorkspace
      for number in out.indices {
        product.run(
          a[number].deviceAddress, b[number].deviceAddress, into: out[number].deviceAddress, bias: bias?.deviceAddress,
          workspace: workspace, on: stream)
      }
    case .elements(let kernel, let grid, var arguments): kernel.launch(grid, &arguments, on: stream)
    }
  }

  /// One thread for each element.
  private static func elements(_ call: MatMulCall, _ out: View, on backend: CUDABackend) -> Runs {
    let rank = out.shape.rank
    var arguments = LaunchArguments()
    var fields = ""
    for (name, view) in [("p", call.a), ("q", call.b), ("r", out)] {
      fields += "  \(view.dtype.elementName) *\(name);\n"
      arguments.append(view)
      for axis in 0..<rank {
        fields += "  i64 \(name)s\(axis);\n"
        arguments.append(Int64(view.layout.strides[axis]))
      }
    }
    for axis in 0..<rank {
      fields += "  i64 e\(axis);\n"
      arguments.append(Int64(out.shape[axis]))
    }
    fields += "  i64 k, count;\n"
    arguments.append(Int64(call.a.shape[rank - 1]))
    arguments.append(Int64(out.shape.elementCount))
    let dtype = out.dtype
    var body = "  i64 rest = (i64)blockIdx.x * 256 + threadIdx.x;\n  if (rest >= a.count) return;\n"
    for axis in (0..<rank).reversed() { body += "  const i64 at\(axis) = rest % a.e\(axis); rest /= a.e\(axis);\n" }
    func place(_ name: String, _ axes: Range<Int>) -> String {
      axes.isEmpty ? "0" : axes.map { "at\($0) * a.\(name)s\($0)" }.joined(separator: " + ")
    }
    body += "  const i64 left = \(place("p", 0..<rank - 1)), right = \(place("q", 0..<rank - 2)) + at\(rank - 1) * a.qs\(rank - 1);\n"
    body += "  \(dtype.valueName) sum = 0;\n  for (i64 l = 0; l < a.k; l++)\n"
    body +=
      "    sum = add(sum, multiply(\(dtype.value(ofElement: "a.p[left + l * a.ps\(rank - 1)]")), \(dtype.value(ofElement: "a.q[right + l * a.qs\(rank - 2)]"))));\n"
    body += "  a.r[\(place("r", 0..<rank))] = \(dtype.element(ofValue: "sum"));\n"
    let text = KernelText(
      name: "matmul",
      body: "struct Arguments {\n\(fields)};\nextern \"C\" __global__ void __launch_bounds__(256) ENTRY(const Arguments a) {\n\(body)}\n")
    return .elements(backend.kernels.kernel(text), Grid(out.shape.elementCount), arguments)
  }
}

/// How a matrix lies: its rows or its columns are contiguous, at some distance from each other.
private struct MatrixDirection {
  var isRowMajor: Bool
  var distance: Int

  /// Nil where neither rows nor columns are contiguous.
  init?(_ view: View) {
    let rank = view.shape.rank, rows = view.shape[rank - 2], columns = view.shape[rank - 1]
    let (down, across) = (view.layout.strides[rank - 2], view.layout.strides[rank - 1])
    if (across == 1 || columns == 1) && (rows == 1 || down >= columns) {
      (isRowMajor, distance) = (true, rows == 1 ? max(columns, 1) : down)
    } else if (down == 1 || rows == 1) && (columns == 1 || across >= rows) {
      (isRowMajor, distance) = (false, columns == 1 ? max(rows, 1) : across)
    } else {
      return nil
    }
  }
}
