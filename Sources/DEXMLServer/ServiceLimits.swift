/// What a service takes, so that no request costs without bound.
///
/// ```swift
/// var limits = ServiceLimits()
/// limits.topK = 10  // a request for the 11 nearest labels is refused
/// ```
public struct ServiceLimits: Sendable, Encodable {
  /// Bytes of a request's body.
  public var bodyBytes = 1 << 20
  /// Texts of a request, or labels.
  public var texts = 256
  /// Characters (Unicode scalars) of a text or label.
  public var characters = 10_000
  /// Labels for each text.
  public var topK = 100
  /// Texts that are computed together; a request with more is computed alone, in parts.
  public var batch = 64
  /// Requests that wait for the computation.
  public var waiting = 256
  /// Labels added while the service runs.
  public var addedLabels = 100_000
  /// Labels of one listing.
  public var listed = 1000
  /// Open connections; further ones wait until one closes.
  public var connections = 1024

  /// The default limits.
  public init() {}
}
