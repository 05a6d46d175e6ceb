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

extension Tensor {
  /// The same numbers on another device; itself where they are there. The gradient comes back the same way.
  ///
  /// Operands of one operation must be on one device. A compiled function runs on one device: inside of one this ends the program.
  public func to(_ device: Device, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    moved(to: device.backend, Caller(file, line))
  }
}
