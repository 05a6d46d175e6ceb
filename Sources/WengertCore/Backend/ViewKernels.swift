/// The small programs behind views: copies, conversions, fills; and the one way in which the core hands a program to a backend.
enum ViewKernels {
  /// Runs `program` on the backend of its first output. Operands are stretched to `shape` (scalar ones to its outer axes) by strides alone.
  static func run(_ program: RowProgram, _ inputs: [View], into outputs: [View], over shape: Shape) {
    if shape.elementCount == 0 { return }
    outputs[0].storage.backend.run(call(program, inputs, into: outputs, over: shape))
  }

  /// The call with its operands stretched.
  static func call(_ program: RowProgram, _ inputs: [View], into outputs: [View], over shape: Shape) -> RowCall {
    let space = shape.rank == 0 ? [1] : shape
    var scalarSpace = space
    scalarSpace[space.rank - 1] = 1
    let ins = inputs.indices.map {
      inputs[$0].with(inputs[$0].layout.broadcast(to: program.inputs[$0].isRow ? space : scalarSpace))
    }
    let outs = outputs.indices.map { i -> View in
      let output = program.outputs[i]
      return outputs[i].with(outputs[i].layout.broadcast(to: program.isRow[output.value] ? space : scalarSpace))
    }
    return RowCall(program, inputs: ins, outputs: outs, over: space)
  }

  /// Constants of ever new values come and go.
  static let programs = Cache<Key, RowProgram>(capacity: 1024)
  enum Key: Hashable {
    case copy(DType, DType)
    case reduce(ReduceOp, DType, DType, accumulate: Bool)
    case iota
  }

  /// Elements from one view to another of the same shape, converted to its dtype.
  static func copy(_ source: View, into target: View) {
    run(copyProgram(source.dtype, target.dtype), [source], into: [target], over: target.shape)
  }

  /// The same as a call.
  static func copyCall(_ source: View, into target: View) -> RowCall {
    call(copyProgram(source.dtype, target.dtype), [source], into: [target], over: target.shape)
  }

  private static func copyProgram(_ source: DType, _ target: DType) -> RowProgram {
    programs.value(for: .copy(source, target)) {
      let b = RowBuilder("copy")
      b.store(b.row(source).cast(target), as: target)
      return b.finish()
    }
  }

  /// A call that puts `value` into a single element.
  static func constantCall(_ value: Double, into target: View) -> RowCall {
    let b = RowBuilder("constant")
    b.store(b.constant(value, target.dtype), as: target.dtype)
    return call(b.finish(), [], into: [target], over: target.shape)
  }

  /// One element holding `value`.
  static func scalar(_ value: Double, _ dtype: DType, on backend: any Backend) -> View {
    let target = TensorType(shape: [], dtype: dtype).allocate(on: backend)
    if target.storage.hasNumbers {
      dtype.withBytes(of: value) { backend.write($0, to: target.storage, at: 0) }
    } else {
      backend.run(constantCall(value, into: target))
    }
    return target
  }

  private static let zeros = [UInt8](repeating: 0, count: 4096)

  /// `value` into every element.
  static func fill(_ target: View, with value: Double) {
    let bytes = target.shape.elementCount * target.dtype.byteCount, backend = target.storage.backend
    // Of every dtype, zero is zero bytes.
    if value == 0, value.sign == .plus, bytes <= zeros.count, target.layout.isContiguous, !(backend is KernelRecorder) {
      if bytes > 0 {
        backend.write(zeros.span.bytes.extracting(first: bytes), to: target.storage, at: target.layout.offset * target.dtype.byteCount)
      }
      return
    }
    copy(scalar(value, target.dtype, on: target.storage.backend), into: target)
  }

  /// The same elements in row-major order: the view itself if it is so already.
  static func contiguous(_ view: View) -> View {
    view.layout.isContiguous ? view : copied(view)
  }

  static func copied(_ view: View) -> View {
    let target = TensorType(shape: view.shape, dtype: view.dtype).allocate(on: view.storage.backend)
    copy(view, into: target)
    return target
  }

  /// Each row of `source` combined into one element of `target` (last extent one), or the outer axes along which `target` has stride zero.
  static func reduce(_ op: ReduceOp, _ source: View, into target: View, accumulate: Bool) {
    let program = programs.value(for: .reduce(op, source.dtype, target.dtype, accumulate: accumulate)) {
      let b = RowBuilder("reduce")
      let x = b.row(source.dtype).cast(target.dtype.computeType)
      if accumulate { b.store(x, as: target.dtype, accumulate: op) } else { b.store(x.reduce(op), as: target.dtype) }
      return b.finish()
    }
    run(program, [source], into: [target], over: source.shape)
  }

  /// 0, 1, 2, … as int64.
  static func iota(_ count: Int, on backend: any Backend) -> View {
    let target = TensorType(shape: [count], dtype: .int64).allocate(on: backend)
    let program = programs.value(for: .iota) {
      let b = RowBuilder("iota")
      b.store(b.columnIndex(), as: .int64)
      return b.finish()
    }
    run(program, [], into: [target], over: [count])
    return target
  }
}
