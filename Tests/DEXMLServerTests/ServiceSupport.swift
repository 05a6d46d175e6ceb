import DEXML
import DEXMLServer
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import Testing
import WengertTestSupport

let tinyLabels = ["cat", "mat", "dogs", "sleep", "the cat sat on the mat"]

/// A log that nobody reads.
let silence = Logger(label: "silence") { _ in SwiftLogNoOpLogHandler() }

/// The tiny random encoder of the fixtures with a few labels, and what stands for a client of it.
func withService<Result>(
  _ limits: ServiceLimits = ServiceLimits(), labels: [String] = tinyLabels,
  _ body: @Sendable (PredictionService, any TestClientProtocol) async throws -> Result
) async throws -> Result {
  let predictor = try Predictor(model: Fixtures.url("encoder/bert"), labelTexts: labels, chunk: limits.batch)
  let server = PredictionServer(predictor, model: "tiny", limits: limits, log: silence)
  defer { server.service.worker.close() }
  return try await server.application(host: "127.0.0.1", port: 0).test(.router) { try await body(server.service, $0) }
}

struct Found: Decodable, Equatable {
  var label: String
  var score: Float
}
struct Predictions: Decodable, Equatable { var predictions: [[Found]] }
struct Failure: Decodable { var error: String }

extension TestClientProtocol {
  func post(_ path: String, _ body: String, headers: HTTPFields = [:]) async throws -> TestResponse {
    try await execute(uri: path, method: .post, headers: headers, body: ByteBuffer(string: body))
  }

  func get(_ path: String) async throws -> TestResponse { try await execute(uri: path, method: .get) }

  /// The nearest labels of texts, which must be given.
  func predict(_ texts: [String], topK: Int = 5) async throws -> [[Found]] {
    let quoted = String(decoding: try JSONEncoder().encode(texts), as: UTF8.self)
    let response = try await post("/predict", "{\"texts\": \(quoted), \"top_k\": \(topK)}")
    #expect(response.status == .ok, "\(response.text)")
    return try response.json(Predictions.self).predictions
  }
}

extension TestResponse {
  var text: String { String(buffer: body) }
  func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(buffer: body))
  }
}

/// Keeps a worker busy, so that what is asked meanwhile waits.
struct Hold {
  private let gate = DispatchSemaphore(value: 0)

  init(_ worker: Worker) async {
    let (started, begin) = AsyncStream<Void>.makeStream()
    let gate = gate
    Task {
      try await worker.perform { _ in
        begin.finish()
        gate.wait()
      }
    }
    for await _ in started {}
  }

  func release() { gate.signal() }
}

extension Worker {
  /// Returns when so many jobs wait.
  func until(waiting count: Int) async throws {
    while waiting < count {
      try Task.checkCancellation()
      await Task.yield()
    }
  }
}
