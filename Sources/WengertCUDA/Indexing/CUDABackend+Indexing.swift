@_spi(Backend) import WengertCore

extension CUDABackend {
  /// A definition of `index` for the index at position `position`, counted from the start; below zero if it is out of range, which is reported.
  private static func index(_ place: String, extent: String, position: String) -> String {
    """
      const i64 given = (i64)a.at[\(place)];
      const i64 index = given < 0 ? given + \(extent) : given;
      const bool isInside = index >= 0 && index < \(extent);
      if (!isInside) atomicMin(a.fault, (i64)((u64)(\(position)) << 32 | (u32)(given > 2147483647ll ? 2147483647 : given < -2147483648ll ? (int)0x80000000 : (int)given)));

    """
  }

  /// out[j, …] = source[indices[j], …].
  func gatherKernel(_ call: GatherCall) -> any LaunchedKernel {
    let all = (0..<call.out.shape.rank).map { "c\($0)" }
    return takingKernel(
      "gather", call.out, from: call.source, axis: 0, at: call.indices, place: "c0 * a.ats0", position: "c0",
      taking: ["index"] + all.dropFirst())
  }

  /// out[…, j] = source[…, indices[…, j]].
  func takeAlongKernel(_ call: TakeAlongCall) -> any LaunchedKernel {
    let all = (0..<call.out.shape.rank).map { "c\($0)" }
    return takingKernel(
      "takeAlong", call.out, from: call.source, axis: all.count - 1, at: call.indices, place: KernelWriter.place("at", all),
      position: "thread",
      taking: all.dropLast() + ["index"])
  }

  /// A thread for each element of `out`, whose coordinates are `c0`, `c1`, …: it takes the element at the coordinates `taking`, one of which is `index`.
  ///
  /// - Parameters:
  ///   - axis: the axis of `source` that is indexed.
  ///   - place: where in the indices the element's is, and `position` its number among them.
  private func takingKernel(
    _ name: String, _ out: View, from source: View, axis: Int, at indices: View, place: String, position: String, taking: [String]
  ) -> any LaunchedKernel {
    var kernels = CUDAKernels(on: self)
    if out.shape.elementCount == 0 { return kernels }
    let word = faults.word()
    kernels.word = word
    var writer = KernelWriter()
    writer.view("out", out)
    writer.view("source", source)
    writer.view("at", indices)
    writer.fault(word)
    writer.number("count", out.shape.elementCount)
    writer.number("extent", source.shape[axis])
    var body = "  const i64 thread = (i64)blockIdx.x * 256 + threadIdx.x;\n  if (thread >= a.count) return;\n"
    body += writer.coordinates(of: "thread", Array(out.shape))
    body += CUDABackend.index(place, extent: "a.extent", position: position)
    let target = "a.out[\(KernelWriter.place("out", out.shape.indices.map { "c\($0)" }))]"
    body += "  \(target) = isInside ? a.source[\(KernelWriter.place("source", taking))] : \(out.dtype.nothing);\n"
    kernels.append(writer, writer.text(name, threads: 256, body), Grid(out.shape.elementCount))
    return kernels
  }

  /// out[indices[j], …] += updates[j, …] in the order of j: a thread for each column walks over all indices.
  func scatterAddKernel(_ call: ScatterAddCall, _ workspace: Storage?) -> any LaunchedKernel {
    if WideSum.isNeeded(for: call.out.dtype) {
      return WideSum.kernel(of: call.out, workspace, on: self) {
        scatterAddKernel(ScatterAddCall(call.updates, indices: call.indices, into: $0), nil)
      }
    }
    var kernels = CUDAKernels(on: self)
    let updates = call.updates, rank = updates.shape.rank
    if updates.shape.elementCount == 0 && call.indices.shape.elementCount == 0 { return kernels }
    let slice = updates.shape.dropFirst().reduce(1, *)
    let word = faults.word()
    kernels.word = word
    var writer = KernelWriter()
    writer.view("out", call.out)
    writer.view("source", updates)
    writer.view("at", call.indices)
    writer.fault(word)
    writer.number("columns", slice)
    writer.number("count", call.indices.shape.elementCount)
    writer.number("extent", call.out.shape[0])
    var body = "  const i64 thread = (i64)blockIdx.x * 64 + threadIdx.x;\n  const bool isColumn = thread < a.columns;\n"
    body += writer.coordinates(of: "isColumn ? thread : 0", Array(updates.shape.dropFirst().map { max($0, 1) }))
    let within = (0..<rank - 1).map { "c\($0)" }
    body += "  for (i64 j = 0; j < a.count; j++) {\n"
    body += CUDABackend.index("j * a.ats0", extent: "a.extent", position: "j")
    body +=
      "    if (!isInside || !isColumn) continue;\n    out_t *const target = a.out + \(KernelWriter.place("out", ["index"] + within));\n"
    let sum =
      "add(\(call.out.dtype.value(ofElement: "*target")), (out_v)\(updates.dtype.value(ofElement: "a.source[\(KernelWriter.place("source", ["j"] + within))]")))"
    body += "    *target = \(call.out.dtype.element(ofValue: sum));\n  }\n"
    kernels.append(writer, writer.text("scatterAdd", threads: 64, body), Grid(max(slice, 1), by: 64))
    return kernels
  }

  /// out[…, indices[…, j]] += updates[…, j] in the order of j, a thread for each row.
  func scatterAddAlongKernel(_ call: ScatterAddAlongCall, _ workspace: Storage?) -> any LaunchedKernel {
    if WideSum.isNeeded(for: call.out.dtype) {
      return WideSum.kernel(of: call.out, workspace, on: self) {
        scatterAddAlongKernel(ScatterAddAlongCall(call.updates, indices: call.indices, into: $0), nil)
      }
    }
    var kernels = CUDAKernels(on: self)
    let updates = call.updates, rank = updates.shape.rank
    if updates.shape.elementCount == 0 { return kernels }
    let columns = updates.shape[rank - 1], rows = updates.shape.elementCount / columns
    let word = faults.word()
    kernels.word = word
    var writer = KernelWriter()
    writer.view("out", call.out)
    writer.view("source", updates)
    writer.view("at", call.indices)
    writer.fault(word)
    writer.number("rows", rows)
    writer.number("columns", columns)
    writer.number("extent", call.out.shape[rank - 1])
    var body = "  const i64 thread = (i64)blockIdx.x * 64 + threadIdx.x;\n  if (thread >= a.rows) return;\n"
    body += writer.coordinates(of: "thread", Array(updates.shape.dropLast()))
    let outer = (0..<rank - 1).map { "c\($0)" }
    body += "  for (i64 j = 0; j < a.columns; j++) {\n"
    body += CUDABackend.index(KernelWriter.place("at", outer + ["j"]), extent: "a.extent", position: "thread * a.columns + j")
    body += "    if (!isInside) continue;\n    out_t *const target = a.out + \(KernelWriter.place("out", outer + ["index"]));\n"
    let sum =
      "add(\(call.out.dtype.value(ofElement: "*target")), (out_v)\(updates.dtype.value(ofElement: "a.source[\(KernelWriter.place("source", outer + ["j"]))]")))"
    body += "    *target = \(call.out.dtype.element(ofValue: sum));\n  }\n"
    kernels.append(writer, writer.text("scatterAddAlong", threads: 64, body), Grid(rows, by: 64))
    return kernels
  }
}

/// What is added to elements of a narrow type is added up in a wider one, and rounded once.
enum WideSum {
  private static func dtype(for dtype: DType) -> DType { dtype == .float32 ? .float64 : dtype.computeType }

  static func isNeeded(for dtype: DType) -> Bool { self.dtype(for: dtype) != dtype }

  static func workspace(for narrow: View) -> Int {
    isNeeded(for: narrow.dtype) ? narrow.shape.elementCount * dtype(for: narrow.dtype).byteCount : 0
  }

  static func kernel(of narrow: View, _ workspace: Storage?, on backend: CUDABackend, _ sum: (View) -> any LaunchedKernel)
    -> any LaunchedKernel
  {
    var kernels = CUDAKernels(on: backend)
    let memory = workspace ?? backend.allocate(byteCount: self.workspace(for: narrow))
    if workspace == nil { kernels.own = memory }
    let wide = View(storage: memory, layout: Layout(rowMajor: narrow.shape), dtype: dtype(for: narrow.dtype))
    kernels.append(CUDARowKernel(CUDABackend.copyCall(narrow, into: wide), nil, on: backend))
    kernels.append(sum(wide))
    kernels.append(CUDARowKernel(CUDABackend.copyCall(wide, into: narrow), nil, on: backend))
    return kernels
  }
}
