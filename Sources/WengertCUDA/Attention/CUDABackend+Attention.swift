@_spi(Backend) import WengertCore

/// Attention, by tiles where they have room (`TiledAttention`) and by tokens elsewhere (`PlainAttention`). A first kernel looks at the offsets.
extension CUDABackend {
  func workspace(for call: AttentionCall) -> Int { RowParts.rounded(DType.int32.byteCount) }

  func workspace(for call: AttentionBackwardCall) -> Int {
    let means = call.query.shape[0] * call.operands.heads * DType.float32.byteCount
    return RowParts.rounded(DType.int32.byteCount) + RowParts.rounded(means)
  }

  func attentionKernel(_ call: AttentionCall, _ workspace: Storage?) -> any LaunchedKernel {
    if call.out.shape.elementCount == 0 && call.operands.offsets.shape.elementCount == 0 { return CUDAKernels(on: self) }
    var text = AttentionText(call.operands, on: self, workspace ?? allocate(byteCount: self.workspace(for: call)), isOwn: workspace == nil)
    text.writer.view("out", call.out)
    text.writer.view("lse", call.logSumExp)
    if let tiles = text.tiles {
      text.append("attention", tiles.forward, tiles)
    } else {
      text.append("attention", text.plain.forward)
    }
    return text.kernels
  }

  func attentionBackwardKernel(_ call: AttentionBackwardCall, _ workspace: Storage?) -> any LaunchedKernel {
    var text = AttentionText(call.operands, on: self, workspace ?? allocate(byteCount: self.workspace(for: call)), isOwn: workspace == nil)
    for (name, view) in [
      ("out", call.out), ("lse", call.logSumExp), ("ct", call.cotangent), ("dq", call.query), ("dk", call.key), ("dv", call.value),
    ] {
      text.writer.view(name, view)
    }
    if let tiles = text.tiles {
      text.appendMeans(tiles.means)
      text.append("attentionQueryGradient", tiles.queryGradient, tiles)
      text.append("attentionKeyGradient", tiles.keyGradient, tiles)
    } else {
      text.append("attentionQueryGradient", text.plain.queryGradient)
      text.append("attentionKeyGradient", text.plain.keyGradient)
    }
    return text.kernels
  }
}

/// The kernels of a call, which share their arguments.
private struct AttentionText {
  var writer = KernelWriter()
  var kernels: CUDAKernels
  let plain: PlainAttention
  let tiles: TiledAttention?
  private let memory: Storage
  private var workspace = Workspace()
  private let tokens: Int, heads: Int

  init(_ operands: AttentionOperands, on backend: CUDABackend, _ memory: Storage, isOwn: Bool) {
    self.memory = memory
    tokens = operands.query.shape[0]
    heads = operands.heads
    plain = PlainAttention(operands)
    tiles = TiledAttention(operands)
    kernels = CUDAKernels(on: backend)
    let word = backend.faults.word()
    kernels.word = word
    if isOwn { kernels.own = memory }
    // Whether the offsets are wrong.
    let flag = workspace.room([1], .int32, in: memory)
    var check = KernelWriter()
    check.view("offsets", operands.offsets)
    check.view("flag", flag)
    check.fault(word)
    check.number("count", operands.offsets.shape[0])
    check.number("tokens", tokens)
    // The first that is wrong.
    let body = """
        __shared__ i64 partials[8];
        i64 wrong = a.count;
        for (i64 place = threadIdx.x; place < a.count; place += 256) {
          const i64 offset = a.offsets[place * a.offsetss0], before = place > 0 ? (i64)a.offsets[(place - 1) * a.offsetss0] : 0;
          if (place == 0 ? offset != 0 : offset < before || offset > a.tokens) wrong = minimum(wrong, place);
          if (place == a.count - 1 && offset != a.tokens) wrong = minimum(wrong, place);
        }
        wrong = combine_block<Minimum, 8>(wrong, partials);
        if (threadIdx.x > 0) return;
        if (wrong < a.count) note_fault(a.fault, wrong, wrong);
        a.flag[0] = wrong < a.count;

      """
    kernels.append(
      check, check.text("offsets", threads: 256, prelude: [.common, .reductions], body), Grid(blocks: (1, 1, 1), threads: (256, 1)))
    for (name, view) in [("q", operands.query), ("k", operands.key), ("v", operands.value), ("offsets", operands.offsets), ("flag", flag)] {
      writer.view(name, view)
    }
    if operands.dropout > 0 { writer.view("keys", operands.randomKey!) }
    writer.number("sequences", operands.offsets.shape[0] - 1)
    writer.number("tokens", tokens)
    writer.number("heads", heads)
    writer.real("scale", operands.scale)
    writer.real("dropout", operands.dropout)
  }

  /// A block for each token and head.
  mutating func append(_ name: String, _ body: String) {
    let text = writer.text(name, threads: 128, prelude: [.common, .functions, .reductions, .random], body)
    kernels.append(writer, text, Grid(blocks: (tokens, heads, 1), threads: (128, 1)))
  }

  mutating func append(_ name: String, _ body: String, _ tiles: TiledAttention) {
    let text = writer.text(
      "\(name) \(tiles.name)", threads: tiles.threads, keepsRegisters: true, prelude: [.common, .functions, .reductions, .random, .tiles],
      body)
    kernels.append(writer, text, tiles.grid)
  }

  /// What the gradients' kernels need of each token and head.
  mutating func appendMeans(_ body: String) {
    writer.view("means", workspace.room([tokens * heads], .float32, in: memory))
    let text = writer.text("attentionMeans", threads: 256, prelude: [.common, .functions, .reductions], body)
    kernels.append(writer, text, Grid(blocks: ((tokens * heads + 7) / 8, 1, 1), threads: (256, 1)))
  }
}
