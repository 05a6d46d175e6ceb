import Foundation

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
  public init() {}
  public func factor(_ step: Int) -> Double { 1 }
}

/// From 0 at step 0 in a straight line to 1 at step `warmup`, then in a straight line to 0 at step `total`, as
/// `transformers.get_linear_schedule_with_warmup`.
public struct LinearSchedule: Schedule {
  public var warmup: Int
  public var total: Int

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
  public var warmup: Int
  public var total: Int

  public init(warmup: Int, total: Int) {
    self.warmup = warmup
    self.total = total
  }

  public func factor(_ step: Int) -> Double {
    step < warmup ? Double(step) / Double(warmup) : (1 + cos(.pi * progress(step, after: warmup, of: total))) / 2
  }
}

/// The share of the steps after the warm-up that are past; 1 if there are none.
private func progress(_ step: Int, after warmup: Int, of total: Int) -> Double {
  total > warmup ? min(1, Double(step - warmup) / Double(total - warmup)) : 1
}
