import DEXML
import Foundation
import WengertTestSupport

/// Hugging Face's ids, written by `Fixtures/tokenizer.py`.
struct TokenizerFixture: Decodable, Sendable {
  struct Case: Decodable, Sendable {
    var lowercase: Bool
    var stripAccents: Bool?
    var handleChinese: Bool
    var maxLength: Int?
    var ids: [[Int32]]
  }
  struct Added: Decodable, Sendable {
    var file: String
    var ids: [[Int32]]
  }
  var texts: [String]
  var vocabulary: [String]
  var cases: [Case]
  var added: Added
  var uncasedDigests: [String]
  var casedDigests: [String]
  var lowerOnlyDigests: [String]

  static let shared = try! JSONDecoder().decode(TokenizerFixture.self, from: Data(contentsOf: Fixtures.url("tokenizer.json")))
}

/// A folder that is removed when the last reference goes.
final class TokenizerScratch: Sendable {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("tokenizer-\(UUID().uuidString)")

  init(_ files: [String: String] = [:]) throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    for (name, text) in files { try write(name, Data(text.utf8)) }
  }

  func write(_ name: String, _ data: Data) throws { try data.write(to: url.appendingPathComponent(name)) }

  deinit { try? FileManager.default.removeItem(at: url) }
}

extension SplitMix64 {
  /// A copy with a few bytes changed, cut out or put in.
  mutating func mutation(of bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &self) {
      let place = Int.random(in: 0...bytes.count, using: &self)
      switch Int.random(in: 0..<4, using: &self) {
      case 0 where place < bytes.count: bytes[place] = .random(in: 0...255, using: &self)
      case 1: bytes.removeSubrange(place..<min(bytes.count, place + .random(in: 1...30, using: &self)))
      case 2: bytes.insert(contentsOf: Array("{}[]\",:0-9e".utf8).shuffled(using: &self).prefix(2), at: place)
      default: if Bool.random(using: &self) { bytes.removeLast(bytes.count - place) }
      }
    }
    return bytes
  }
}
