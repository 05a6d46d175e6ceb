import WengertCore

extension CPUBackend {
  public func run(_ program: RowProgram, inputs: [View], outputs: [View], over shape: Shape) {
    _ = RowKernel(RowCall(program, inputs: inputs, outputs: outputs, over: shape), plans: plans).run()
  }
}
