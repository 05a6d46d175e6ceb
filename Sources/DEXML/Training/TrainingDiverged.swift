/// The loss of a step is no longer a finite number.
public struct TrainingDiverged: Error, Equatable, CustomStringConvertible {
  public let step: Int
  public let loss: Double

  public var description: String { "lr: the loss of step \(step) is \(loss); training has diverged, lower the rate or raise warmup" }
}
