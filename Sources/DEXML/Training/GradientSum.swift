import Collectives
import Foundation
import WengertNN

/// The sum of all workers' gradients in one flat buffer, span by span on a thread of its own, while the rest is still computed.
///
/// A backward pass completes the last layers first, so the spans are taken from the end: each as soon as all its tensors are there, in an order that is the same
/// for all workers.
package final class GradientSum: @unchecked Sendable {
  /// The elements of a span, at least: enough that a message's own cost does not count.
  private static let spanSize = 1 << 22

  private let workers: any Workers
  /// Where each tensor begins in the buffer, and where the last ends.
  private let starts: [Int]
  /// Runs of tensors, from the last to the first.
  private let spans: [Range<Int>]
  private var buffer: [Float]
  private let condition = NSCondition()
  private var missing: Set<Int>
  private var isFinished = false

  /// Begins the sum of gradients with these numbers of elements.
  package init(_ sizes: [Int], _ workers: any Workers) {
    self.workers = workers
    starts = sizes.reduce(into: [0]) { $0.append($0.last! + $1) }
    var spans: [Range<Int>] = [], end = sizes.count
    for number in sizes.indices.reversed() where number == 0 || starts[end] - starts[number] >= Self.spanSize {
      spans.append(number..<end)
      end = number
    }
    self.spans = spans
    buffer = Array(repeating: 0, count: starts.last!)
    missing = Set(sizes.indices)
    let thread = Thread { [self] in run() }
    thread.name = "gradient sum"
    thread.start()
  }

  /// Hands in this worker's part of a tensor, once for each.
  package func add(_ number: Int, _ values: [Float]) {
    condition.lock()
    defer { condition.unlock() }
    ensure(
      values.count == starts[number + 1] - starts[number] && missing.contains(number),
      "gradient \(number) came twice, or with \(values.count) numbers")
    buffer.replaceSubrange(starts[number]..<starts[number + 1], with: values)
    missing.remove(number)
    condition.broadcast()
  }

  private func run() {
    for span in spans {
      condition.lock()
      while span.contains(where: missing.contains) { condition.wait() }
      var values = Array(buffer[starts[span.lowerBound]..<starts[span.upperBound]])
      condition.unlock()
      workers.allReduce(&values, .sum)
      condition.lock()
      buffer.replaceSubrange(starts[span.lowerBound]..<starts[span.upperBound], with: values)
      condition.unlock()
    }
    condition.lock()
    isFinished = true
    condition.broadcast()
    condition.unlock()
  }

  /// Waits for all, and gives the sum of a tensor.
  package func value(_ number: Int) -> [Float] {
    condition.lock()
    defer { condition.unlock() }
    while !isFinished { condition.wait() }
    return Array(buffer[starts[number]..<starts[number + 1]])
  }
}
