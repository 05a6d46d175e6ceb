import DEXML
import DEXMLServer
import Foundation
import Hummingbird
import Logging
import Testing
import WengertNN
import WengertTestSupport

let tinyLabels = ["cat", "mat", "dogs", "sleep", "the cat sat on the mat"]

/// A log that nobody reads.
let silence = Logger(label: "silence") { _ in SwiftLogNoOpLogHandler() }

/// The tiny random encoder of the fixtures with a few labels, and a client of it.
func withService<Result>(
  _ limits: ServiceLimits = ServiceLimits(), labels: [String] = tinyLabels, on device: Device = .cpu,
  _ body: @Sendable (PredictionService, Client) async throws -> Result
) async throws -> Result {
  let predictor = try Device.with(device) {
    try Predictor(model: Fixtures.url("encoder/bert"), labelTexts: labels, chunk: limits.batch)
  }
  let service = PredictionServer(predictor, model: "tiny", limits: limits, log: silence).service
  defer { service.worker.close() }
  return try await body(service, Client(service: service))
}

struct Found: Decodable, Equatable {
  var label: String
  var score: Float
}
struct Predictions: Decodable, Equatable { var predictions: [[Found]] }
struct Failure: Decodable { var error: String }

/// Gives the service requests as its server does, without a connection.
struct Client: Sendable {
  let service: PredictionService

  func execute(uri: String, method: HTTPRequest.Method, headers: HTTPFields = [:], body: Data? = nil) async throws -> Answer {
    var headers = headers
    if let body { headers[.contentLength] = "\(body.count)" }
    let head = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: uri, headerFields: headers)
    let response = try await service.respond(to: Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: body ?? Data()))))
    let written = WrittenBody()
    try await response.body.write(written)
    return Answer(status: response.status, headers: response.headers, body: written.bytes)
  }

  func post(_ path: String, _ body: String, headers: HTTPFields = [:]) async throws -> Answer {
    try await execute(uri: path, method: .post, headers: headers, body: Data(body.utf8))
  }

  func get(_ path: String) async throws -> Answer { try await execute(uri: path, method: .get) }

  /// The nearest labels of texts, which must be given.
  func predict(_ texts: [String], topK: Int = 5) async throws -> [[Found]] {
    let quoted = String(decoding: try JSONEncoder().encode(texts), as: UTF8.self)
    let response = try await post("/predict", "{\"texts\": \(quoted), \"top_k\": \(topK)}")
    #expect(response.status == .ok, "\(response.text)")
    return try response.json(Predictions.self).predictions
  }
}

/// Keeps what a response writes.
private final class WrittenBody: ResponseBodyWriter {
  private(set) var bytes = Data()

  func write(_ buffer: ByteBuffer) async throws { bytes.append(contentsOf: buffer.readableBytesView) }
  func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

struct Answer: Sendable {
  var status: HTTPResponse.Status
  var headers: HTTPFields
  var body: Data

  var text: String { String(decoding: body, as: UTF8.self) }

  func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: body)
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
