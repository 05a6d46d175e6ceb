import DEXMLServer
import Foundation
import Hummingbird
import Testing

@Suite("Labels of a running service")
struct LabelTests {
  private struct Addition: Decodable, Equatable {
    var added: Int
    var alreadyThere: [String]
    var count: Int
  }
  private struct Listing: Decodable, Equatable {
    var count: Int
    var offset: Int
    var labels: [String]
  }

  @Test("a new label is found at once, one that is there is not added again")
  func added() async throws {
    try await withService { _, client in
      #expect(try await client.predict(["run fast"], topK: 1)[0][0].label != "run fast")
      let response = try await client.post("/labels", #"{"labels": ["run fast", "cat", "run fast"]}"#)
      #expect(try response.json(Addition.self) == Addition(added: 1, alreadyThere: ["cat", "run fast"], count: 6))
      let best = try await client.predict(["run fast"], topK: 1)[0][0]
      #expect(best.label == "run fast" && abs(best.score - 1) < 1e-5)
      let again = try await client.post("/labels", #"{"labels": ["run fast"]}"#)
      #expect(try again.json(Addition.self) == Addition(added: 0, alreadyThere: ["run fast"], count: 6))
    }
  }

  @Test("labels are listed part by part")
  func listed() async throws {
    try await withService { _, client in
      func list(_ query: String) async throws -> Listing { try await client.get("/labels" + query).json(Listing.self) }
      #expect(try await list("") == Listing(count: 5, offset: 0, labels: tinyLabels))
      #expect(try await list("?offset=3&limit=1") == Listing(count: 5, offset: 3, labels: ["sleep"]))
      #expect(try await list("?offset=9223372036854775807") == Listing(count: 5, offset: .max, labels: []))
      for query in ["?offset=-1", "?limit=0", "?limit=1001", "?limit=x", "?offset=9223372036854775808", "?offset="] {
        let response = try await client.get("/labels" + query)
        #expect(response.status == .unprocessableContent, "\(query)")
        #expect(try response.json(Failure.self).error.contains("expected a whole number in"))
      }
    }
  }

  @Test("markup in a label stays text")
  func markup() async throws {
    try await withService { _, client in
      let label = #"<img src=x onerror="alert(1)"> & 'ä' \ 猫"#
      let body = String(decoding: try JSONEncoder().encode(["labels": [label]]), as: UTF8.self)
      #expect(try await client.post("/labels", body).status == .ok)
      #expect(try await client.get("/labels?offset=5").json(Listing.self).labels == [label])
    }
  }

  @Test("no more labels than allowed are added, and none of a request that goes beyond")
  func limit() async throws {
    var limits = ServiceLimits()
    limits.addedLabels = 2
    try await withService(limits) { _, client in
      let tooMany = try await client.post("/labels", #"{"labels": ["run", "fast", "sat"]}"#)
      #expect(tooMany.status == .contentTooLarge)
      #expect(try tooMany.json(Failure.self).error.contains("3 are new, and 2 of the 2"))
      #expect(try await client.post("/labels", #"{"labels": ["run", "fast", "cat"]}"#).json(Addition.self).count == 7)
      #expect(try await client.post("/labels", #"{"labels": ["sat"]}"#).status == .contentTooLarge)
    }
  }

  @Test("an empty label, or one of two lines, is refused", arguments: ["", "  ", "a\\nb", "a\\u2028b"])
  func refused(label: String) async throws {
    try await withService { _, client in
      let response = try await client.post("/labels", "{\"labels\": [\"cat\", \"\(label)\"]}")
      #expect(response.status == .unprocessableContent)
      #expect(try response.json(Failure.self).error.hasPrefix("labels[1]: expected one line"))
    }
  }

  @Test("labels that are added while others predict are all there, and found by whoever added them")
  func concurrent() async throws {
    let words = ["cat", "mat", "dogs", "sleep", "the", "run", "fast", "sat"]
    try await withService { _, client in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for adder in 0..<4 {
          group.addTask {
            for i in 0..<16 {
              let label = "on \(words[adder]) \(words[i / 8]) \(words[i % 8])"
              let response = try await client.post("/labels", "{\"labels\": [\"\(label)\"]}")
              let found = try await client.predict([label], topK: 1)
              #expect(response.status == .ok && found[0][0].label == label)
            }
          }
          group.addTask {
            for word in words[..<4] + words[..<4] {
              let found = try await client.predict([word], topK: 1)
              #expect(found[0][0].label == word)
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await client.get("/labels").json(Listing.self).count == tinyLabels.count + 64)
    }
  }
}
