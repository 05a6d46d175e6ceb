import DEXML
import DEXMLServer
import Foundation
import Logging
import Testing
import WengertTestSupport

/// Ends the service once it listens.
private struct EndingLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  var logLevel = Logger.Level.info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    if event.message.description.hasPrefix("listening on http://127.0.0.1:") { kill(getpid(), SIGTERM) }
  }
}

@Suite("Examples in the comments of DEXMLServer", .timeLimit(.minutes(60)))
struct CommentExamplesTests {
  @Test("a service") func predictionServerExample() async {
    // Signals are for the whole process.
    await #expect(processExitsWith: .success) {
      LoggingSystem.bootstrap { _ in EndingLog() }
      let folder = Fixtures.url("encoder/bert")
      let predictor = try Predictor(model: folder, labelTexts: ["cat", "mat"])
      let server = PredictionServer(predictor, model: "tiny", log: Logger(label: "service"))
      try await server.run(host: "127.0.0.1", port: 0)  // at any free port, which the log names; until SIGTERM or SIGINT
    }
  }

  @Test("limits") func serviceLimitsExample() async throws {
    var limits = ServiceLimits()
    limits.topK = 10  // a request for the 11 nearest labels is refused
    try await withService(limits) { _, client in
      #expect(try await client.post("/predict", #"{"text": "cat", "top_k": 10}"#).status == .ok)
      let refusal = try await client.post("/predict", #"{"text": "cat", "top_k": 11}"#)
      #expect(refusal.status == .unprocessableContent && refusal.text.contains("top_k: expected a whole number in 1...10, got 11"))
    }
  }

  @Test("every example of the comments is in this file, and every family has one") func comments() throws {
    let comments = try CommentExamples(in: "Sources/DEXMLServer")
    #expect(try comments.missing(in: #filePath) == [])
    #expect(Set(comments.examples.map { $0.name }) == ["PredictionServer", "ServiceLimits"])
  }
}
