import WengertCore

// Replaced one by one by CPUBackend+….swift.
extension CPUBackend {
  public func run(_ program: RowProgram, inputs: [View], outputs: [View], over shape: Shape) { fatalError() }
}
