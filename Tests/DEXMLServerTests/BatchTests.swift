import DEXMLServer
import Foundation
import Hummingbird
import ServiceLifecycle
import Testing

@Suite("Requests that wait together", .timeLimit(.minutes(60)))
struct BatchTests {
  private let texts = ["the cat", "a mat", "dogs run", "sleep", "on the mat", "and dogs sat", "cat cat cat", "fast"]

  @Test("are computed in few batches, and get the answers that each would get alone")
  func together() async throws {
    var limits = ServiceLimits()
    limits.batch = 8
    try await withService(limits) { service, client in
      let hold = await Hold(service.worker)
      let answers = try await withThrowingTaskGroup(of: (Int, [[Found]]).self) { group in
        for i in 0..<20 { group.addTask { (i, try await client.predict([texts[i % 8]], topK: 1 + i % 5)) } }
        // Those that do not fit are answered before, and take nobody's place.
        for body in ["{", #"{"text": "a", "top_k": 0}"#] { #expect(try await client.post("/predict", body).status.code >= 400) }
        try await service.worker.until(waiting: 20)
        hold.release()
        return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
      #expect(service.worker.statistics.requests == 20 && service.worker.statistics.batches == 3)
      for i in 0..<20 {
        let alone = try await client.predict([texts[i % 8]], topK: 1 + i % 5)[0], together = try #require(answers[i]?[0])
        #expect(alone.map(\.label) == together.map(\.label))
        #expect(zip(alone, together).allSatisfy { abs($0.score - $1.score) < 1e-6 })
      }
      #expect(service.worker.statistics.batches == 23)
    }
  }

  @Test("a request of more texts than a batch has is answered whole")
  func large() async throws {
    var limits = ServiceLimits()
    limits.batch = 3
    try await withService(limits) { service, client in
      let all = try await client.predict(texts)
      #expect(service.worker.statistics.batches == 1)
      for (text, found) in zip(texts, all) {
        #expect(try await client.predict([text])[0].map(\.label) == found.map(\.label))
      }
    }
  }

  @Test("are refused with Retry-After where as many wait as may; those that wait are answered")
  func full() async throws {
    var limits = ServiceLimits()
    limits.waiting = 2
    try await withService(limits) { service, client in
      let hold = await Hold(service.worker)
      async let first = client.predict(["cat"])
      async let second = client.predict(["mat"])
      try await service.worker.until(waiting: 2)
      for (path, body) in [("/predict", #"{"text": "a"}"#), ("/labels", #"{"labels": ["a"]}"#)] {
        let refused = try await client.post(path, body)
        #expect(refused.status == .serviceUnavailable && refused.headers[.retryAfter] == "1")
        #expect(try refused.json(Failure.self).error.contains("2 requests are waiting"))
      }
      #expect(try await client.get("/healthz").status == .ok)
      hold.release()
      let found = try await [first, second]
      #expect(found.map { $0[0][0].label } == ["cat", "mat"])
    }
  }

  @Test("are answered when the service is told to stop; whoever comes later is refused")
  func shutdown() async throws {
    let (address, bound) = AsyncStream<Int>.makeStream()
    try await withService { service, client in
      var application = Application(
        responder: service, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { bound.yield($0.localAddress?.port ?? 0) }, logger: silence)
      application.logger.logLevel = .critical
      let group = ServiceGroup(configuration: .init(services: [application], logger: silence))
      async let running: Void = group.run()
      let port = UInt16(try #require(await address.first { _ in true }))
      let hold = await Hold(service.worker)
      async let answer = onThread { try Connection(port: port).post("/predict", #"{"text": "cat", "top_k": 1}"#) }
      try await service.worker.until(waiting: 1)
      await group.triggerGracefulShutdown()
      hold.release()
      let response = try await answer
      #expect(response.hasPrefix("HTTP/1.1 200") && response.contains(#""label":"cat""#), "\(response)")
      try await running
      service.worker.close()
      #expect(try await client.post("/predict", #"{"text": "cat"}"#).status == .serviceUnavailable)
    }
  }
}
