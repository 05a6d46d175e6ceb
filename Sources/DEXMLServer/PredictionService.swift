import DEXML
import Foundation
import struct HTTPTypes.HTTPField
import Hummingbird
import Logging

/// The service: its routes and what each answers.
package final class PredictionService: HTTPResponder {
  package typealias Context = BasicRequestContext
  private typealias Handler = @Sendable (Request) async throws -> Response

  private static let host = HTTPField.Name("Host")!

  let limits: ServiceLimits
  package let worker: Worker
  private let model: String
  private let log: Logger
  private let start = ContinuousClock.now
  /// All labels in their order, those of the start first.
  private let labels: Locked<[String]>
  private let loaded: Int

  /// - Parameter model: the model's name.
  init(_ predictor: sending Predictor, model: String, limits: ServiceLimits, log: Logger) {
    let texts = predictor.labelTexts
    self.model = model
    self.limits = limits
    self.log = log
    labels = Locked(texts)
    loaded = texts.count
    worker = Worker(predictor, limits: limits)
  }

  package func respond(to request: Request, context: Context) async throws -> Response { try await respond(to: request) }

  /// The answer to any request: every error is one in JSON.
  package func respond(to request: Request) async throws -> Response {
    let clock = ContinuousClock(), began = clock.now
    var response: Response
    do {
      switch Result(catching: { try handler(of: request) }) {
      case .success(let handler): response = try await handler(request)
      case .failure(let error):
        // What is not HTTP is nothing else either.
        _ = try await body(of: request)
        throw error
      }
    } catch let error as ServiceError {
      response = failure(error)
    } catch {
      log.error("\(request.method) \(request.uri.path): \(oneLine(error))")
      response = failure(ServiceError(.internalServerError, "the service failed; its log says how"))
    }
    response.headers[.xContentTypeOptions] = "nosniff"
    response.headers[.cacheControl] = "no-store"
    log.debug("\(request.method) \(request.uri.path.debugDescription) \(response.status.code) \((clock.now - began) / .milliseconds(1)) ms")
    return request.method == .head ? response.createHeadResponse() : response
  }

  private func handler(of request: Request) throws -> Handler {
    // The first host is the authority (RFC 9112, section 3.2).
    guard request.head.authority != nil, !request.headers.contains(Self.host) else {
      throw ServiceError(
        .badRequest,
        "expected one Host in the request's head, got \(request.head.authority == nil ? "none" : "several"); name the host once")
    }
    let path = request.uri.path
    guard let methods = routes[path] else {
      throw ServiceError(
        .notFound, "nothing is at \(path.debugDescription); ask for \(routes.keys.sorted().joined(separator: ", "))")
    }
    guard let handler = methods[request.method == .head ? .get : request.method] else {
      let allowed = methods.keys.map(\.rawValue).sorted().joined(separator: ", ")
      throw ServiceError(.methodNotAllowed, "\(path) takes \(allowed), not \(request.method)", headers: [.allow: allowed])
    }
    return handler
  }

  private var routes: [String: [HTTPRequest.Method: Handler]] {
    [
      "/": [.get: { [self] in try await afterBody(of: $0, page()) }],
      "/healthz": [.get: { [self] in try await afterBody(of: $0, health()) }],
      "/labels": [.get: { [self] in try await afterBody(of: $0, list($0)) }, .post: { [self] in try await add($0) }],
      "/predict": [.post: { [self] in try await predict($0) }],
    ]
  }

  private func predict(_ request: Request) async throws -> Response {
    let fields = try await fields(of: request, ["text", "texts", "top_k"])
    guard fields.has("text") != fields.has("texts") else {
      throw ServiceError(
        .unprocessableContent, "expected \"texts\": [\"…\"] or \"text\": \"…\", got \(fields.has("text") ? "both" : "neither of them")")
    }
    let texts = try fields.has("text") ? [fields.text("text")] : fields.texts("texts")
    let topK = try fields.number("top_k", in: 1...limits.topK, default: min(5, limits.topK))
    let predictions = try await worker.predict(texts, topK: topK)
    guard predictions.allSatisfy({ $0.allSatisfy(\.score.isFinite) }) else {
      throw ServiceError(.internalServerError, "the model gives similarities that are no numbers; look at its weights")
    }
    return try json(["predictions": predictions])
  }

  private struct Addition: Encodable {
    var added: Int
    var alreadyThere: [String]
    var count: Int
  }

  private func add(_ request: Request) async throws -> Response {
    let texts = try await fields(of: request, ["labels"]).texts("labels")
    for (place, text) in texts.enumerated() where text.allSatisfy(\.isWhitespace) || text.contains(where: \.isNewline) {
      throw ServiceError(.unprocessableContent, "labels[\(place)]: expected one line with words in it, got \(text.debugDescription)")
    }
    let answer = try await worker.perform { [self] predictor -> Result<Addition, ServiceError> in
      guard predictor.takesLabels else {
        return .failure(
          ServiceError(
            .conflict, "the model has a classifier of its own labels and takes no others; serve a model that encodes label texts"))
      }
      let new = predictor.unknown(texts), free = limits.addedLabels - (predictor.labelTexts.count - loaded)
      guard new.count <= free else {
        return .failure(
          ServiceError(
            .contentTooLarge,
            "labels: \(new.count) are new, and \(free) of the \(limits.addedLabels) that may be added are left; start the service with them"
          ))
      }
      predictor.add(new)
      let count = labels.withLock { labels in
        labels += new
        return labels.count
      }
      var fresh = Set(new)
      return .success(Addition(added: new.count, alreadyThere: texts.filter { fresh.remove($0) == nil }, count: count))
    }.get()
    log.info("\(answer.added) labels added, \(answer.count) in all")
    return try json(answer)
  }

  private struct Listing: Encodable {
    var count: Int
    var offset: Int
    var labels: [String]
  }

  private func list(_ request: Request) throws -> Response {
    func number(_ name: String, _ range: ClosedRange<Int>, default standard: Int) throws -> Int {
      guard let text = request.uri.queryParameters[Substring(name)] else { return standard }
      guard let number = Int(text), range.contains(number) else {
        throw ServiceError(
          .unprocessableContent, "\(name): expected a whole number in \(range), got \(text.debugDescription)")
      }
      return number
    }
    let offset = try number("offset", 0...Int.max, default: 0)
    let limit = try number("limit", 1...limits.listed, default: min(100, limits.listed))
    let (count, part) = labels.withLock { ($0.count, Array($0.dropFirst(offset).prefix(limit))) }
    return try json(Listing(count: count, offset: offset, labels: part))
  }

  private struct Health: Encodable {
    var status = "ok"
    var model: String
    var labels: Int
    var addedLabels: Int
    var uptimeSeconds: Double
    var waiting: Int
    var done: Worker.Statistics
    var limits: ServiceLimits
  }

  private func health() throws -> Response {
    let count = labels.withLock(\.count)
    return try json(
      Health(
        model: model, labels: count, addedLabels: count - loaded, uptimeSeconds: (ContinuousClock.now - start) / .seconds(1),
        waiting: worker.waiting, done: worker.statistics, limits: limits))
  }

  private func page() -> Response {
    // The page's own script and style carry a word that nobody knows beforehand; nothing else runs.
    let nonce = UUID().uuidString
    let policy = """
      default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
      frame-ancestors 'none'
      """
    return Response(
      status: .ok,
      headers: [.contentType: "text/html; charset=utf-8", .contentSecurityPolicy: policy],
      body: ResponseBody(byteBuffer: ByteBuffer(string: TryPage.html(nonce: nonce, topK: limits.topK))))
  }

  private func fields(of request: Request, _ keys: [String]) async throws -> RequestFields {
    // A page from elsewhere may send what it likes here from the reader's browser, which names the page's origin.
    if let origin = request.headers[.origin], origin.split(separator: "://").last.map(String.init) != request.head.authority {
      throw ServiceError(.forbidden, "pages of \(origin.debugDescription) may not ask this service; use its own page or a program")
    }
    return try RequestFields(try await body(of: request), keys: keys, limits: limits)
  }

  /// An answer that needs no body, after the body that may be there all the same.
  private func afterBody(of request: Request, _ answer: @autoclosure () throws -> Response) async throws -> Response {
    _ = try await body(of: request)
    return try answer()
  }

  /// The whole body of a request; can be read once.
  private func body(of request: Request) async throws -> ByteBuffer {
    let tooLarge = ServiceError(
      .contentTooLarge, "expected a body of at most \(limits.bodyBytes) bytes, got more; send it in several requests")
    if let length = request.headers[.contentLength].flatMap(Int.init), length > limits.bodyBytes { throw tooLarge }
    var body = ByteBuffer()
    do {
      for try await var part in request.body {
        body.writeBuffer(&part)
        if body.readableBytes > limits.bodyBytes { throw tooLarge }
      }
    } catch let error as ServiceError {
      throw error
    } catch is CancellationError {
      throw ServiceError.unavailable("the service is shutting down; ask again when it is back")
    } catch {
      // Chunks whose sizes are not numbers, a body that ends too early: nothing that comes behind it on this connection can be made sense of.
      throw ServiceError(
        .badRequest, "the body is no HTTP (\(oneLine(error))): expected as many bytes as content-length says, or chunks with their sizes",
        headers: [.connection: "close"])
    }
    return body
  }

  private func json(_ value: some Encodable, _ status: HTTPResponse.Status = .ok) throws -> Response {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
    return Response(
      status: status, headers: [.contentType: "application/json; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
  }

  private func failure(_ error: ServiceError) -> Response {
    // A dictionary of texts can always be encoded.
    var response = try! json(["error": error.message], error.status)
    response.headers.append(contentsOf: error.headers)
    return response
  }
}
