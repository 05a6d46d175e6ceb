import Foundation
import Testing
import Wengert

@Suite("JSON that is written") struct JSONValueTests {
  @Test("any text reads back as it was, as a value and as a key")
  func texts() throws {
    let controls = (UInt8(0)..<0x20).map { String(decoding: [$0], as: UTF8.self) }
    let texts = controls + [controls.joined(), "", "\"", "\\", "\\n", "a/b", "\u{7F}\u{2028}é日👨", "{\"a\": [1]}"]
    for text in texts {
      let json = JSONValue.object([(key: text, value: .list([.text(text), .null]))]).json
      let read = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: [Any]])
      #expect(read[text]?[0] as? String == text && read[text]?[1] is NSNull, "\(json)")
    }
  }

  @Test("objects keep their order; numbers are exact, and null where JSON has none")
  func values() throws {
    let value = JSONValue.object([
      (key: "b", value: .whole(.min)), (key: "a", value: .list([])),
      (key: "c", value: .list([.number(0.1), .number(.nan), .number(-.infinity)])),
    ])
    #expect(value.json == #"{"b":-9223372036854775808,"a":[],"c":[0.1,null,null]}"#)
    for number in [1e300, 2.5e-308, -0.5, 1.0 / 3] {
      #expect(try JSONDecoder().decode([Double].self, from: Data(JSONValue.list([.number(number)]).json.utf8)) == [number])
    }
  }
}
