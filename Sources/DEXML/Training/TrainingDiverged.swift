/// The loss of a step is no longer a finite number.
public struct TrainingDiverged: Error, Equatable, CustomStringConvertible {
  /// The number of the step.
  public let step: Int
  /// The loss of that step.
  public let loss: Double

  /// The step, the loss, and what to do.
  public var description: String { "lr: the loss of step \(step) is \(loss); training has diverged, lower the rate or raise warmup" }
}
