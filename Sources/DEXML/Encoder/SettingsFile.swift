import Foundation
import WengertNN

/// A JSON file with an object of settings; what is read wrongly is an error that names file, key and value.
struct SettingsFile {
  let file: String
  private let document: JSONDocument

  /// Nil if there is no such file.
  init?(_ url: URL) throws {
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    let document = try JSONDocument(parsing: readFile(url), file: url.path)
    guard case .object = document else {
      throw FileError(file: url.path, field: "content", value: document.summary, advice: "an object is expected: mend or remove the file")
    }
    (file, self.document) = (url.path, document)
  }

  private init(file: String, document: JSONDocument) { (self.file, self.document) = (file, document) }

  /// The keys in the file's order.
  var allKeys: [String] {
    guard case .object(let pairs) = document else { return [] }
    return pairs.map { String(decoding: $0.key, as: UTF8.self) }
  }

  /// Those whose values are not null.
  var keys: [String] { allKeys.filter(has) }

  /// The value of a key; nil if it is missing or null.
  func value(_ key: String) -> JSONDocument? { document[key].flatMap { $0.isNull ? nil : $0 } }

  func has(_ key: String) -> Bool { value(key) != nil }

  func bool(_ key: String) throws -> Bool? { try read(key, "true or false", \.bool) }

  func text(_ key: String) throws -> String? { try read(key, "a text") { $0.string.map { String(decoding: $0, as: UTF8.self) } } }

  func whole(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
    try read(key, "a whole number in \(range)") { value in value.int.flatMap { range.contains($0) ? $0 : nil } }
  }

  func number(_ key: String) throws -> Double? { try read(key, "a number") { if case .number(let value) = $0 { value } else { nil } } }

  /// An object within this one, its keys named behind the outer key.
  func object(_ key: String) throws -> SettingsFile? {
    guard let value = value(key) else { return nil }
    guard case .object = value else { throw wrong(key, value.summary, "an object is expected") }
    return SettingsFile(file: "\(file): \(key)", document: value)
  }

  /// A list of texts, or one of them alone.
  func texts(_ key: String) throws -> [String]? {
    guard let value = value(key) else { return nil }
    let texts = (value.array ?? [value]).map { $0.string.map { String(decoding: $0, as: UTF8.self) } }
    guard !texts.contains(nil) else { throw wrong(key, value.summary, "a text, or a list of texts, is expected") }
    return texts.compactMap(\.self)
  }

  /// Throws if there is a key that is not one of these: it may change what the model computes.
  func expectOnly(_ known: Set<String>, _ what: String) throws {
    for key in keys where !known.contains(key) {
      throw wrong(key, document[key]?.summary ?? "", "\(what) with this setting cannot be opened: it may change the embeddings")
    }
  }

  /// Throws if the key has another value than null or this one.
  func expect(_ key: String, _ expected: String, _ what: String) throws {
    guard let value = value(key) else { return }
    guard value.string?.elementsEqual(expected.utf8) == true else {
      throw wrong(key, value.summary, "\(what): \"\(expected)\" can be opened")
    }
  }

  func wrong(_ key: String, _ value: String, _ advice: String) -> FileError {
    FileError(file: file, field: key, value: value, advice: advice)
  }

  private func read<Value>(_ key: String, _ expected: String, _ read: (JSONDocument) -> Value?) throws -> Value? {
    guard let value = value(key) else { return nil }
    guard let result = read(value) else { throw wrong(key, value.summary, "\(expected) is expected") }
    return result
  }
}

/// Settings as JSON of several lines, sorted by their keys, as Hugging Face's libraries write them.
func settingsJSON(_ object: Any) throws -> Data {
  try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
}
