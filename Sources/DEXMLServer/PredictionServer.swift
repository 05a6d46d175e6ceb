import DEXML
import Foundation
import Hummingbird
import Logging
import struct NIOCore.IOError

/// The service cannot listen on its address.
public struct CannotListen: Error, Equatable, CustomStringConvertible {
  /// The host of the address.
  public let host: String
  /// The port of the address.
  public let port: Int
  /// What the system says.
  public let reason: String

  /// The address, the reason, and what to do.
  public var description: String { "cannot listen on \(host):\(port): \(reason); choose another port (0: any that is free) or host" }
}

/// A model and its labels behind HTTP.
///
/// ```swift
/// let predictor = try Predictor(model: folder, labelTexts: ["cat", "mat"])
/// let server = PredictionServer(predictor, model: "tiny", log: Logger(label: "service"))
/// try await server.run(host: "127.0.0.1", port: 0)  // at any free port, which the log names; until SIGTERM or SIGINT
/// ```
public struct PredictionServer: Sendable {
  package let service: PredictionService
  private let log: Logger

  /// Serves the predictor's labels; `model` is the name that `/healthz` gives.
  public init(_ predictor: sending Predictor, model: String, limits: ServiceLimits = ServiceLimits(), log: Logger) {
    service = PredictionService(predictor, model: model, limits: limits, log: log)
    self.log = log
  }

  /// Answers until the process gets SIGTERM or SIGINT; requests that are there by then are answered. The log says which address it is.
  ///
  /// - Parameters:
  ///   - host: the address, as 127.0.0.1.
  ///   - port: 0 takes any that is free.
  /// - Throws: `CannotListen` if it cannot listen there.
  public func run(host: String, port: Int) async throws {
    defer { service.worker.close() }
    let application = application(host: host, port: port)
    do {
      try await application.runService()
    } catch let error as IOError {
      throw CannotListen(host: host, port: port, reason: String(cString: strerror(error.errnoCode)))
    }
    log.info("stopped after \(service.worker.statistics.requests) predictions")
  }

  /// The service as hummingbird runs it, without its own remarks on the log.
  private func application(host: String, port: Int) -> Application<PredictionService> {
    var quiet = log
    quiet.logLevel = .critical
    let bodyBytes = service.limits.bodyBytes
    return Application(
      responder: service,
      // Who says nothing for so long is gone.
      server: .http1(
        configuration: .init(additionalChannelHandlers: [ContinueHandler(bodyBytes: bodyBytes)], idleTimeout: .seconds(60))),
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: port),
        availableConnectionsDelegate: .maximum(service.limits.connections, logger: quiet)),
      onServerRunning: { [log] channel in
        guard let address = channel.localAddress, let bound = address.port else { return }
        let name = address.ipAddress.map { $0.contains(":") ? "[\($0)]" : $0 } ?? host
        log.info("listening on http://\(name):\(bound)")
      },
      logger: quiet)
  }
}
