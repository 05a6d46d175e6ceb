@_spi(Backend) import WengertCore

/// Convolutions as copies of their windows and products of cuBLASLt.
extension CUDABackend {
  func workspace(for call: ConvolutionCall) -> Int {
    var memory = Workspace()
    // Where the views lie does not matter here.
    _ = call.parts { memory.room($0, $1, in: call.x.storage) }
    return memory.byteCount
  }

  func convolutionKernel(_ call: ConvolutionCall, _ workspace: Storage?) -> any LaunchedKernel {
    var kernels = CUDAKernels(on: self)
    let byteCount = self.workspace(for: call)
    let memory = workspace ?? (byteCount == 0 ? call.x.storage : allocate(byteCount: byteCount))
    if workspace == nil && byteCount > 0 { kernels.own = memory }
    var rooms = Workspace()
    for part in call.parts(room: { rooms.room($0, $1, in: memory) }) { kernels.append(launched(part, nil)) }
    return kernels
  }
}
