/// What a loss is multiplied by so that its gradient, in float16, does not vanish, and what becomes of that factor (Micikevicius et al. 2018), as `torch.amp.GradScaler`:
/// halved after a step whose gradient overflows, which is not made; doubled after a number of steps without one.
///
/// ```swift
/// var scale = LossScale(1024, growthInterval: 2)
/// let isSound = scale.accepts(norm: .infinity)  // false, and scale.value is 512
/// ```
public struct LossScale: Hashable, Sendable {
  /// What the loss is multiplied by; the gradient is divided by it.
  public private(set) var value: Double
  /// How many steps since the value changed were made.
  public private(set) var steps: Int
  /// After how many it is doubled.
  public var growthInterval: Int

  /// A factor of a run that begins, or goes on after `steps` without an overflow.
  ///
  /// - Precondition: `value` and `growthInterval` are above zero, and `steps` is not negative.
  public init(_ value: Double = 65536, growthInterval: Int = 2000, steps: Int = 0, file: StaticString = #fileID, line: UInt = #line) {
    Caller(file, line).require(
      value > 0 && value.isFinite && growthInterval > 0 && steps >= 0, "LossScale",
      "the factor \(value) and the interval \(growthInterval) must be above zero, and the steps \(steps) not negative")
    self.value = value
    self.growthInterval = growthInterval
    self.steps = steps
  }

  /// Whether a step may be made by a gradient of this norm; the factor is another afterwards, if it is time.
  public mutating func accepts(norm: Double) -> Bool {
    guard norm.isFinite else {
      value /= 2
      steps = 0
      return false
    }
    steps += 1
    if steps >= growthInterval {
      value *= 2
      steps = 0
    }
    return true
  }
}
