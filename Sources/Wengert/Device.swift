@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertCore

/// Where new tensors live. Operations run where their operands are.
public struct Device: Sendable {
  /// The backend that holds and computes.
  @_spi(Backend) public let backend: any Backend

  @_spi(Backend) public init(_ backend: any Backend) { self.backend = backend }

  /// Host memory and all cores.
  public static let cpu = Device(CPUBackend.shared)

  /// The device of tensors made without naming one: the CPU, unless `with` says otherwise.
  @TaskLocal public static var current = Device.cpu

  /// Runs `body` with another current device.
  public static func with<Result>(_ device: Device, _ body: () throws -> Result) rethrows -> Result {
    try $current.withValue(device, operation: body)
  }
}

extension Device {
  /// What the device's memory holds, in bytes; zeros if its backend does not count.
  public var memoryStatistics: MemoryStatistics { backend.memoryStatistics }

  /// Gives all idle memory back to the system: blocks that no tensor holds, memory in which compiled programs keep their buffers while they run, and what is kept
  /// so that an operation is prepared quickly the next time. What is in use stays, and nothing that is computed changes; the next operations take
  /// somewhat longer. PyTorch and MLX have this as `empty_cache` and `clear_cache`.
  public func trimMemory() { backend.trimAllMemory() }
}

extension Tensor {
  /// Where this tensor lives.
  public var device: Device { Device(backend) }

  /// The same numbers on another device; itself where they are there. The gradient comes back the same way.
  ///
  /// Operands of one operation must be on one device. A compiled function runs on one device: inside of one this ends the program.
  public func to(_ device: Device, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    moved(to: device.backend, Caller(file, line))
  }
}
