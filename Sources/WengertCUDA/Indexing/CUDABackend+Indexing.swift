@_spi(Backend) import WengertCore

extension CUDABackend {
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
    body += """
        const i64 given = (i64)a.at[\(place)], index = place_of(given, a.extent);
        const bool isInside = index < a.extent;
        if (!isInside) note_fault(a.fault, \(position), given);

      """
    let target = "a.out[\(KernelWriter.place("out", out.shape.indices.map { "c\($0)" }))]"
    body += "  \(target) = isInside ? a.source[\(KernelWriter.place("source", taking))] : \(out.dtype.nothing);\n"
    kernels.append(writer, writer.text(name, threads: 256, body), Grid(out.shape.elementCount))
    return kernels
  }

  func scatterAddKernel(_ sum: ScatterSum, _ workspace: Storage?) -> any LaunchedKernel {
    var kernels = CUDAKernels(on: self)
    if sum.indices.shape.elementCount == 0 { return kernels }
    kernels.word = sum.word
    let memory = workspace ?? allocate(byteCount: sum.workspace)
    if workspace == nil { kernels.own = memory }
    sum.append(to: &kernels, memory, on: self)
    return kernels
  }
}
