import Foundation

/// A piece of a page. Text that is put into one is escaped; only literals and other pieces are kept as they are.
struct Markup: ExpressibleByStringInterpolation, Sendable, Equatable {
  let html: String

  init(stringLiteral value: String) { html = value }
  init(stringInterpolation: Interpolation) { html = stringInterpolation.html }
  init(_ pieces: [Markup]) { html = pieces.map(\.html).joined(separator: "\n") }

  struct Interpolation: StringInterpolationProtocol {
    fileprivate var html = ""

    init(literalCapacity: Int, interpolationCount: Int) { html.reserveCapacity(literalCapacity * 2) }

    mutating func appendLiteral(_ literal: String) { html += literal }
    mutating func appendInterpolation(_ text: String) { html += Markup.escaped(text) }
    mutating func appendInterpolation(_ number: Int) { html += String(number) }
    mutating func appendInterpolation(_ piece: Markup) { html += piece.html }
    mutating func appendInterpolation(_ pieces: [Markup]) { html += Markup(pieces).html }
    /// A coordinate, with as many decimals as the eye can see.
    mutating func appendInterpolation(_ coordinate: Double) { html += Markup.coordinate(coordinate) }
  }

  /// Text that no browser takes for anything else, in an element as in a quoted attribute. Control characters, which no page may hold, become U+FFFD.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n", "\r": result += " "
      case "\0"..." ", "\u{7F}"..."\u{9F}": result.unicodeScalars.append(scalar == " " ? " " : "\u{FFFD}")
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func coordinate(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    let rest = abs(tenths % 10)
    return (tenths < 0 && tenths > -10 ? "-" : "") + "\(tenths / 10)" + (rest == 0 ? "" : ".\(rest)")
  }
}

extension String {
  /// As much of a text as a table can hold.
  func shortened(to limit: Int) -> String { count > limit ? prefix(limit - 1) + "…" : self }
}
