import WengertCPU

/// Where new tensors live. Operations run where their operands are.
public struct Device: Sendable {
  /// The backend that holds and computes.
  public let backend: any Backend

  public init(_ backend: any Backend) { self.backend = backend }

  /// Host memory and all cores.
  public static let cpu = Device(CPUBackend.shared)

  /// The device of tensors made without naming one: the CPU, unless `with` says otherwise.
  @TaskLocal public static var current = Device.cpu

  /// Runs `body` with another current device.
  public static func with<Result>(_ device: Device, _ body: () throws -> Result) rethrows -> Result {
    try $current.withValue(device, operation: body)
  }
}
