import DEXML
import Foundation
import Hummingbird

/// The fields of a request's JSON body, checked against the limits; what does not fit throws a `ServiceError`.
struct RequestFields {
  private let document: JSONDocument
  private let limits: ServiceLimits

  /// - Parameter keys: the fields there may be.
  init(_ body: ByteBuffer, keys: [String], limits: ServiceLimits) throws {
    self.limits = limits
    do {
      document = try JSONDocument(parsing: Array(body.readableBytesView), file: "body")
    } catch {
      throw ServiceError(.badRequest, "expected a JSON object with \(Self.list(keys)); \(error)")
    }
    guard case .object(let pairs) = document else {
      throw ServiceError(.unprocessableContent, "expected a JSON object with \(Self.list(keys)), got \(document.summary)")
    }
    for (key, _) in pairs where !keys.contains(where: { $0.utf8.elementsEqual(key) }) {
      let name = JSONDocument.string(key).summary
      throw ServiceError(.unprocessableContent, "unknown field \(name); expected \(Self.list(keys)): mend its name or leave it out")
    }
  }

  func has(_ key: String) -> Bool { document[key] != nil }

  /// A text of at most as many characters as are allowed.
  func text(_ key: String) throws -> String { try text(document[key] ?? .null, key) }

  /// At least one text, at most as many as are allowed.
  func texts(_ key: String) throws -> [String] {
    guard let value = document[key], let elements = value.array else {
      throw ServiceError(
        .unprocessableContent, "\(key): expected a list of texts, got \(document[key]?.summary ?? "nothing"); send {\"\(key)\": [\"…\"]}")
    }
    guard !elements.isEmpty else { throw ServiceError(.unprocessableContent, "\(key): expected at least one text, got an empty list") }
    guard elements.count <= limits.texts else {
      throw ServiceError(
        .contentTooLarge, "\(key): expected at most \(limits.texts) texts, got \(elements.count); send them in several requests")
    }
    return try elements.enumerated().map { try text($1, "\(key)[\($0)]") }
  }

  /// A whole number in a range, or the default if the field is absent.
  func number(_ key: String, in range: ClosedRange<Int>, default standard: Int) throws -> Int {
    guard let value = document[key] else { return standard }
    guard let number = value.int, range.contains(number) else {
      throw ServiceError(
        .unprocessableContent,
        "\(key): expected a whole number in \(range), got \(value.summary); leave it out for \(standard)")
    }
    return number
  }

  private func text(_ value: JSONDocument, _ name: String) throws -> String {
    guard let bytes = value.string else {
      throw ServiceError(.unprocessableContent, "\(name): expected a text in quotes, got \(value.summary)")
    }
    let text = String(decoding: bytes, as: UTF8.self), characters = text.unicodeScalars.count
    guard characters <= limits.characters else {
      throw ServiceError(
        .contentTooLarge, "\(name): expected at most \(limits.characters) characters, got \(characters); send a shorter text")
    }
    return text
  }

  private static func list(_ keys: [String]) -> String { keys.map { "\"\($0)\"" }.joined(separator: ", ") }
}
