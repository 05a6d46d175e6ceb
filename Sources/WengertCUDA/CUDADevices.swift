import Glibc
@_spi(Backend) import WengertCore

/// The NVIDIA GPUs of this process, each opened when it is asked for first.
@_spi(Backend) public enum CUDADevices {
  private static let opened = Locked<[Int: Result<CUDABackend, DeviceUnavailable>]>([:])

  /// The backend of a device, the same one each time.
  ///
  /// - Throws: why it cannot be used; also each time the same.
  public static func backend(_ number: Int) throws(DeviceUnavailable) -> CUDABackend {
    try opened.withLock { known in
      if let result = known[number] { return result }
      let result = Result { () throws(DeviceUnavailable) in try CUDABackend(device: number) }
      known[number] = result
      return result
    }.get()
  }

  /// Whether products of float32 that are prepared from now on may round their factors to tf32.
  public static var allowsTF32: Bool {
    get { tf32.withLock { $0 } }
    set { tf32.withLock { $0 = newValue } }
  }
  private static let tf32 = Locked(false)

  /// Whether a backend's device is a CPU that stands in for one: nothing is to be timed there.
  public static func isStandIn(_ backend: any Backend) -> Bool {
    (backend as? CUDABackend)?.context.deviceName == CUDABackend.standInName
  }

  /// Has the driver copy so many bytes from one block of memory to another, again and again: what other kernels' times are compared with.
  public static func copy(_ byteCount: Int, times: Int, on backend: any Backend) {
    guard let backend = backend as? CUDABackend else { return }
    let source = CUDAStorage(on: backend, byteCount: byteCount), target = CUDAStorage(on: backend, byteCount: byteCount)
    for _ in 0..<times {
      backend.context.perform("copying \(byteCount) bytes") {
        $0.copyOnDevice(target.address, source.address, byteCount, backend.context.stream)
      }
    }
  }

  /// How many devices the driver knows of, those included that cannot be used; none without a driver.
  public static var count: Int {
    (try? Context.deviceCount(LibrarySearch.ofProcess().open(Context.libraryNames, for: "the NVIDIA driver"))) ?? 0
  }

  /// What was found of CUDA and what is missing, a line for each.
  public static func report() -> [String] { report(.ofProcess()) }

  static func report(_ search: LibrarySearch) -> [String] {
    var lines: [String] = []
    func line(_ subject: String, _ find: () throws(DeviceUnavailable) -> String) {
      do { lines.append("\(subject): \(try find())") } catch { lines.append("\(subject): missing: \(error)") }
    }
    var capability: Int?
    line("driver") { () throws(DeviceUnavailable) in
      let library = try search.open(Context.libraryNames, for: "the NVIDIA driver")
      let count = try Context.deviceCount(library)
      var devices: [String] = []
      for number in 0..<count {
        let context: Context
        do { context = try Context(search, device: number) } catch {
          devices.append("\n  device \(number): cannot be used: \(error)")
          continue
        }
        capability = capability ?? context.capability
        devices.append(
          "\n  device \(number): \(context.deviceName), compute capability \(context.capability / 10).\(context.capability % 10), "
            + "\(context.multiprocessors) multiprocessors, \((context.totalMemory + 1 << 29) >> 30) GiB; the driver is for CUDA \(Context.named(context.version))"
        )
      }
      return "\(library.path)\(count == 0 ? "; it knows of no device" : devices.joined())"
    }
    line("compiler") { () throws(DeviceUnavailable) in
      let compiler = try RuntimeCompiler(search)
      // Only a compilation shows whether its built-in functions are there.
      let target = try compiler.capability(for: capability ?? compiler.capabilities.last ?? 80)
      _ = try compiler.compile("extern \"C\" __global__ void nothing() {}\n", options: KernelCache.options(for: target))
      return "\(compiler.library.path), NVRTC \(Context.named(compiler.version)), for compute capability \(target / 10).\(target % 10)"
    }
    line("matrix products") { () throws(DeviceUnavailable) in try search.open(CUBLASLt.libraryNames, for: "cuBLASLt").path }
    line("linear algebra") { () throws(DeviceUnavailable) in
      try search.open(CUSOLVER.libraryNames, for: "linear algebra by cuSOLVER").path
    }
    line("several GPUs") { () throws(DeviceUnavailable) in try search.open(NCCL.libraryNames, for: "NCCL").path }
    lines.append("kernels are kept in: \(KernelCache.folder() ?? "no folder")")
    return lines
  }
}
