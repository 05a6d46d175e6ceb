@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertCUDA
@_spi(Backend) import WengertCore

/// The place of new tensors: the backend that holds them. Operations run on the device of their operands.
public struct Device: Sendable {
  /// The backend that holds the memory and computes.
  @_spi(Backend) public let backend: any Backend

  /// The device of a backend.
  @_spi(Backend) public init(_ backend: any Backend) { self.backend = backend }

  /// The CPU: host memory, and all cores.
  public static let cpu = Device(CPUBackend.shared)

  /// The first NVIDIA GPU; nil if there is none, or a library is missing that it needs: `cuda(0)` says which.
  ///
  /// Its libraries are opened when it is asked for first; see Documentation/CUDA.md for where they are looked for.
  ///
  /// ```swift
  /// let device = Device.cuda ?? .cpu
  /// let x = Tensor([1, 2], device: device)
  /// ```
  public static var cuda: Device? { try? cuda(0) }

  /// An NVIDIA GPU by its number, from 0.
  ///
  /// - Throws: `DeviceUnavailable`, which says what is missing.
  public static func cuda(_ number: Int) throws(DeviceUnavailable) -> Device { Device(try CUDADevices.backend(number)) }

  /// Whether NVIDIA GPUs may round the factors of float32 products to tf32, which has float32's range and 10 bits after the point, and is several times as fast: PyTorch's
  /// `torch.backends.cuda.matmul.allow_tf32`. False unless it is set, which a program does before it computes; what is compiled and prepared by then stays as it is.
  public static var allowsTF32: Bool {
    get { CUDADevices.allowsTF32 }
    set { CUDADevices.allowsTF32 = newValue }
  }

  /// How many NVIDIA GPUs there are: PyTorch's `torch.cuda.device_count()`. Those are counted too that `cuda(_:)` cannot use.
  package static var cudaCount: Int { CUDADevices.count }

  /// What was found of the NVIDIA GPUs and their libraries, and what is missing, a line for each: for people.
  public static var cudaReport: [String] { CUDADevices.report() }

  /// A device by its name: `cpu`, `cuda` for the first NVIDIA GPU, `cuda:1` for the second, and so on.
  ///
  /// - Throws: `DeviceUnavailable` if there is none of this name, or it cannot be used.
  public static func named(_ name: String) throws(DeviceUnavailable) -> Device {
    if name == "cpu" { return .cpu }
    if name == "cuda" { return try cuda(0) }
    if name.hasPrefix("cuda:"), let number = Int(name.dropFirst(5)), number >= 0 { return try cuda(number) }
    throw DeviceUnavailable("there is no device \(name); devices are cpu, cuda, cuda:1, cuda:2, …")
  }

  /// The device of tensors made without naming one: `standard`, unless `with` says otherwise.
  public static var current: Device { inner ?? standard }
  @TaskLocal private static var inner: Device?

  /// The device of tensors made without naming one, where no `with` is around: the CPU unless it is set, which a program does before it makes any. PyTorch and MLX have this
  /// as the default device.
  public static var standard: Device {
    get { chosen.withLock { $0 } ?? .cpu }
    set { chosen.withLock { $0 = newValue } }
  }
  private static let chosen = Locked<Device?>(nil)

  /// Runs `body` with another current device.
  ///
  /// ```swift
  /// let x = Device.with(.cpu) { Tensor.zeros([2]) }  // in the CPU's memory
  /// ```
  public static func with<Result>(_ device: Device, _ body: () throws -> Result) rethrows -> Result {
    try $inner.withValue(device, operation: body)
  }
}

extension Device: CustomStringConvertible {
  /// Its name: "cpu", "cuda", "cuda:1".
  public var description: String { backend.name }

  /// Whether products of half types are several times as fast as those of float32, so that mixed precision (`Autocast`) is worth it: on GPUs.
  public var hasFastHalfProducts: Bool { backend.hasFastHalfProducts }

  /// Whether programs should rather run at a few sizes, with some padding, than at each size that comes, because it takes long to prepare one for another: on GPUs.
  public var prefersRoundedSizes: Bool { backend.prefersRoundedSizes }

  /// Whether operations return before their results are there: on GPUs. A loop that reads a step's results after the next step has been asked for never has the
  /// device wait for it.
  public var isAsynchronous: Bool { backend.isAsynchronous }

  /// What the device's memory holds, in bytes; zeros if its backend does not count.
  ///
  /// ```swift
  /// let x = Tensor.iota(1000)
  /// let bytes = Device.cpu.memoryStatistics.bytesInUse  // 8000 for x, and what else is in use
  /// ```
  public var memoryStatistics: MemoryStatistics { backend.memoryStatistics }

  /// Gives all idle memory back to the system: blocks that no tensor holds, memory in which compiled programs keep their buffers while they run, and what is kept
  /// so that an operation is prepared quickly the next time. What is in use stays, and nothing that is computed changes; the next operations take
  /// somewhat longer. PyTorch and MLX have this as `empty_cache` and `clear_cache`.
  public func trimMemory() { backend.trimAllMemory() }
}

extension Tensor {
  /// The device that holds this tensor.
  public var device: Device { Device(backend) }

  /// The same numbers on another device; the tensor itself if it is there already. Its gradient is on the device of this tensor.
  ///
  /// Operands of one operation must be on one device.
  ///
  /// - Precondition: The tensor is not a value of a function being compiled, and its device can be reached.
  public func to(_ device: Device, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    moved(to: device.backend, Caller(file, line))
  }
}

extension FinishedProgram {
  /// The program of bytes that `Program.code` has given; they are read at once.
  ///
  /// - Parameters:
  ///   - bytes: as `Program.code` gives them.
  ///   - device: where its tensors are put; it runs wherever its arguments are.
  /// - Throws: `ProgramError` if the bytes are damaged, or not those of a program that this version of the library can run.
  public convenience init(code bytes: [UInt8], device: Device = .current) throws { try self.init(code: bytes, backend: device.backend) }
}
