import DEXML
import Foundation

/// The thread that computes. Predictions that wait together are computed together, in the order in which they came; everything else runs between two batches.
package final class Worker: Sendable {
  /// What was done so far.
  package struct Statistics: Sendable, Encodable {
    package var requests = 0
    package var texts = 0
    package var batches = 0
  }

  private struct Question {
    var texts: [String]
    var topK: Int
    var answer: CheckedContinuation<[[Prediction]], any Error>
  }

  private enum Job {
    case predict(Question)
    case run(@Sendable (Predictor) -> Void)
  }

  private struct State {
    var jobs: [Job] = []
    var isClosed = false
    var statistics = Statistics()
  }

  private let predictor: Locked<Predictor>
  private let limits: ServiceLimits
  private let state = Locked(State())
  /// Signaled once for each job, and when the worker is closed.
  private let news = DispatchSemaphore(value: 0)

  /// Starts the thread, which ends when `close` is called.
  init(_ predictor: sending Predictor, limits: ServiceLimits) {
    self.predictor = Locked(predictor)
    self.limits = limits
    let thread = Thread { self.work() }
    thread.name = "dexml worker"
    thread.start()
  }

  package var statistics: Statistics { state.withLock { $0.statistics } }

  /// How many jobs wait; those that are being done do not count.
  package var waiting: Int { state.withLock { $0.jobs.count } }

  /// The `topK` nearest labels of each text.
  package func predict(_ texts: [String], topK: Int) async throws -> [[Prediction]] {
    try await withCheckedThrowingContinuation { answer in
      if let refusal = enqueue(.predict(Question(texts: texts, topK: topK, answer: answer))) { answer.resume(throwing: refusal) }
    }
  }

  /// What `body` makes of the predictor.
  package func perform<Result: Sendable>(_ body: @escaping @Sendable (Predictor) -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { answer in
      if let refusal = enqueue(.run { answer.resume(returning: body($0)) }) { answer.resume(throwing: refusal) }
    }
  }

  /// Takes no further jobs; the thread ends when those that wait are done.
  package func close() {
    state.withLock { $0.isClosed = true }
    news.signal()
  }

  private func enqueue(_ job: Job) -> ServiceError? {
    let refusal: ServiceError? = state.withLock { state in
      if state.isClosed { return .unavailable("the service is shutting down; ask again when it is back") }
      if state.jobs.count >= limits.waiting {
        return .unavailable("\(state.jobs.count) requests are waiting, which is as many as may; ask again in a second")
      }
      state.jobs.append(job)
      return nil
    }
    if refusal == nil { news.signal() }
    return refusal
  }

  private func work() {
    while let jobs = nextJobs() {
      if case .run(let body) = jobs[0] {
        predictor.withLock { body($0) }
      } else {
        answer(jobs.compactMap { if case .predict(let question) = $0 { question } else { nil } })
      }
    }
  }

  /// A job that is not a prediction, or the predictions that wait before the next such job, as many as fit a batch; nil when the worker is closed and nothing waits.
  private func nextJobs() -> [Job]? {
    while true {
      news.wait()
      let (jobs, isClosed): ([Job]?, Bool) = state.withLock { state in
        (state.jobs.isEmpty ? nil : Self.take(from: &state, limits.batch), state.isClosed)
      }
      // A batch uses one of its jobs' signals up; the others come here and find nothing.
      if let jobs { return jobs }
      if isClosed { return nil }
    }
  }

  private static func take(from state: inout State, _ most: Int) -> [Job] {
    var (count, texts) = (0, 0)
    for case .predict(let question) in state.jobs.prefix(while: { if case .predict = $0 { true } else { false } }) {
      guard count == 0 || texts + question.texts.count <= most else { break }
      count += 1
      texts += question.texts.count
    }
    if count > 0 {
      state.statistics.requests += count
      state.statistics.texts += texts
      state.statistics.batches += 1
    }
    let jobs = Array(state.jobs.prefix(max(count, 1)))
    state.jobs.removeFirst(jobs.count)
    return jobs
  }

  private func answer(_ questions: [Question]) {
    let texts = questions.flatMap(\.texts), topK = questions.map(\.topK).max() ?? 0
    var found = predictor.withLock { $0.predict(texts, topK: topK) }[...]
    for question in questions {
      question.answer.resume(returning: found.prefix(question.texts.count).map { Array($0.prefix(question.topK)) })
      found = found.dropFirst(question.texts.count)
    }
  }
}
