import Foundation
import Testing
import WengertNN
import WengertTestSupport

/// What the fixture script's own libraries found in the fixture files.
struct Expected: Decodable {
  var shape: [Int]
  var values: [Double]

  struct Conversion: Decodable {
    var floats: [Float]
    var float16: [UInt16]
    var bfloat16: [UInt16]

    enum CodingKeys: String, CodingKey {
      case floats
      case float16 = "float16 bits"
      case bfloat16 = "bfloat16 bits"
    }
  }

  private struct Either: Decodable {
    var array: Expected?
    init(from decoder: any Decoder) throws { array = try? Expected(from: decoder) }
  }

  /// The arrays whose names begin with `prefix`, by the rest of their names.
  static func arrays(_ prefix: String) throws -> [String: Expected] {
    let all = try JSONDecoder().decode([String: Either].self, from: Data(contentsOf: Fixtures.url("files/expected.json")))
    var result: [String: Expected] = [:]
    for (name, either) in all where name.hasPrefix(prefix + "/") { result[String(name.dropFirst(prefix.count + 1))] = either.array }
    return result
  }

  static func conversion() throws -> Conversion {
    struct File: Decodable { var conversion: Conversion }
    return try JSONDecoder().decode(File.self, from: Data(contentsOf: Fixtures.url("files/expected.json"))).conversion
  }
}

/// Runs `body`, which must throw a `FileError`, and gives its text.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch let error as FileError {
    return error.description
  } catch {
    return "another error: \(error)"
  }
}

/// Runs `parse` on damaged copies of `data`: it may succeed or throw a `FileError`, and nothing else.
func fuzz(_ name: String, _ data: Data, rounds: UInt64, _ parse: (Data) throws -> Void) {
  var parsed = 0
  for seed in 0..<rounds {
    do {
      try parse(data.damaged(seed: seed))
      parsed += 1
    } catch is FileError {
    } catch {
      Issue.record("\(name), seed \(seed): \(error)")
    }
  }
  #expect(parsed < rounds, "\(name): no damage was noticed")
}
