/// Why a device cannot be used: a sentence that says what is missing.
public struct DeviceUnavailable: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  package init(_ description: String) { self.description = description }
}
