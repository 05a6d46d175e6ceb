import Hummingbird

/// What is wrong with a request: its answer's status, and what was expected, what came and what to do.
struct ServiceError: Error {
  var status: HTTPResponse.Status
  var message: String
  var headers: HTTPFields = [:]

  init(_ status: HTTPResponse.Status, _ message: String, headers: HTTPFields = [:]) {
    self.status = status
    self.message = message
    self.headers = headers
  }

  /// Nothing is wrong with the request, but it cannot be served now.
  static func unavailable(_ message: String) -> ServiceError {
    ServiceError(.serviceUnavailable, message, headers: [.retryAfter: "1"])
  }
}
