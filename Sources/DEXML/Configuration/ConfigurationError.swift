/// Something in a configuration, on the command line or in a folder that a person has to put right, said in one line.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
