import Foundation
@_spi(Backend) import Wengert

/// The course of a learning rate over the steps of a training: a factor of the largest rate.
///
/// ```swift
/// let schedule = LinearSchedule(warmup: 2, total: 4)
/// let factors = (0...4).map { schedule.factor($0) }  // 0, 0.5, 1, 0.5, 0
/// ```
public protocol Schedule: Sendable {
  /// The factor at step number `step`, the first being 0.
  func factor(_ step: Int) -> Double
}

/// 1 at every step.
public struct ConstantSchedule: Schedule {
  /// A schedule without settings.
  public init() {}
  public func factor(_ step: Int) -> Double { 1 }
}

/// From 0 at step 0 in a straight line to 1 at step `warmup`, then in a straight line to 0 at step `total`, as
/// `transformers.get_linear_schedule_with_warmup`.
public struct LinearSchedule: Schedule {
  /// How many steps the rise takes.
  public var warmup: Int
  /// The step at which it is 0.
  public var total: Int

  /// Up to step `warmup`, and down to step `total`.
  public init(warmup: Int, total: Int) {
    self.warmup = warmup
    self.total = total
  }

  public func factor(_ step: Int) -> Double {
    step < warmup ? Double(step) / Double(warmup) : 1 - progress(step, after: warmup, of: total)
  }
}

/// From 0 at step 0 in a straight line to 1 at step `warmup`, then along half a cosine to 0 at step `total`, as
/// `transformers.get_cosine_schedule_with_warmup` up to there; after it, 0 (Loshchilov & Hutter 2017).
public struct CosineSchedule: Schedule {
  /// How many steps the rise takes.
  public var warmup: Int
  /// The step at which it is 0.
  public var total: Int

  /// Up to step `warmup`, and down to step `total`.
  public init(warmup: Int, total: Int) {
    self.warmup = warmup
    self.total = total
  }

  public func factor(_ step: Int) -> Double {
    step < warmup ? Double(step) / Double(warmup) : (1 + cos(.pi * progress(step, after: warmup, of: total))) / 2
  }
}

/// From 0 at step 0 in a straight line to 1 at step `steps`, and 1 from there on.
public struct WarmupSchedule: Schedule {
  /// How many steps the rise takes.
  public var steps: Int

  /// Up to step `steps`.
  public init(_ steps: Int) { self.steps = steps }

  public func factor(_ step: Int) -> Double { step < steps ? Double(step) / Double(steps) : 1 }
}

/// Multiplied by `decay` every `interval` steps, as `torch.optim.lr_scheduler.StepLR`; with an interval of 1 as `ExponentialLR`.
public struct StepSchedule: Schedule {
  /// How many steps are between two factors.
  public var interval: Int
  /// What the rate is multiplied by then.
  public var decay: Double

  /// - Precondition: `interval` is at least 1.
  public init(every interval: Int = 1, decay: Double, file: StaticString = #fileID, line: UInt = #line) {
    Caller(file, line).require(interval > 0, "StepSchedule", "the interval must be at least 1 step, it is \(interval)")
    (self.interval, self.decay) = (interval, decay)
  }

  public func factor(_ step: Int) -> Double { pow(decay, Double(step / interval)) }
}

/// (1 − step / total)^power, and 0 after `total`, as `torch.optim.lr_scheduler.PolynomialLR`.
public struct PolynomialSchedule: Schedule {
  /// The step at which it is 0.
  public var total: Int
  /// The exponent; 1 is a straight line.
  public var power: Double

  /// Down to step `total`.
  public init(total: Int, power: Double = 1) { (self.total, self.power) = (total, power) }

  public func factor(_ step: Int) -> Double { pow(1 - progress(step, after: 0, of: total), power) }
}

/// Half a cosine from 1 down to 0 again and again, over `period` steps and each time over `growth` times as many, as
/// `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts` (Loshchilov & Hutter 2017).
public struct CosineRestartsSchedule: Schedule {
  /// How many steps the first descent takes.
  public var period: Int
  /// By how much each descent is longer than the one before.
  public var growth: Int

  /// - Precondition: Both are at least 1.
  public init(period: Int, growth: Int = 1, file: StaticString = #fileID, line: UInt = #line) {
    Caller(file, line).require(
      period > 0 && growth > 0, "CosineRestartsSchedule", "period and growth must be at least 1, they are \(period) and \(growth)")
    (self.period, self.growth) = (period, growth)
  }

  public func factor(_ step: Int) -> Double {
    var (rest, length) = (step, period)
    if growth == 1 { rest %= period }
    while rest >= length {
      rest -= length
      length *= growth
    }
    return (1 + cos(.pi * Double(rest) / Double(length))) / 2
  }
}

/// From `start` along half a cosine up to 1 at `rise` × `total` steps and down to `end` at `total`, as `torch.optim.lr_scheduler.OneCycleLR` (Smith & Topin 2018).
public struct OneCycleSchedule: Schedule {
  /// The number of steps.
  public var total: Int
  /// The share of the steps in which it rises.
  public var rise: Double
  /// The factor at the first step.
  public var start: Double
  /// The factor at the last step.
  public var end: Double

  /// Over `total` steps, up in the first `rise` of them.
  public init(total: Int, rise: Double = 0.3, start: Double = 0.04, end: Double = 4e-6) {
    (self.total, self.rise, self.start, self.end) = (total, rise, start, end)
  }

  public func factor(_ step: Int) -> Double {
    func along(_ from: Double, _ to: Double, _ share: Double) -> Double { to + (from - to) * (1 + cos(.pi * share)) / 2 }
    // PyTorch's phases end one step sooner, so that the last of the steps has the least rate.
    let top = Double(total) * rise - 1, last = Double(total - 1), step = Double(step)
    return step <= top ? along(start, 1, step / top) : along(1, end, last > top ? min(1, (step - top) / (last - top)) : 1)
  }
}

extension Schedule {
  /// This schedule before step number `step`, and from there on another, which begins with its step 0; as `torch.optim.lr_scheduler.SequentialLR`.
  ///
  /// ```swift
  /// let schedule = WarmupSchedule(2).then(at: 2, StepSchedule(decay: 0.5))
  /// let factors = (0...4).map { schedule.factor($0) }  // 0, 0.5, 1, 0.5, 0.25
  /// ```
  public func then(at step: Int, _ next: some Schedule) -> some Schedule {
    ComposedSchedule { $0 < step ? self.factor($0) : next.factor($0 - step) }
  }

  /// The product of two schedules.
  public static func * (a: Self, b: some Schedule) -> some Schedule { ComposedSchedule { a.factor($0) * b.factor($0) } }
}

private struct ComposedSchedule: Schedule {
  let body: @Sendable (Int) -> Double
  func factor(_ step: Int) -> Double { body(step) }
}

/// The share of the steps after the warm-up that are past; 1 if there are none.
private func progress(_ step: Int, after warmup: Int, of total: Int) -> Double {
  total > warmup ? min(1, Double(step - warmup) / Double(total - warmup)) : 1
}
