import DEXMLServer
import Foundation
import Hummingbird
import Testing

@Suite("The service's routes")
struct RouteTests {
  @Test("a text gets its nearest labels, best first")
  func predict() async throws {
    try await withService { _, client in
      let response = try await client.post("/predict", #"{"text": "dogs", "top_k": 3}"#)
      #expect(response.status == .ok)
      #expect(response.headers[.contentType] == "application/json; charset=utf-8")
      #expect(response.headers[.xContentTypeOptions] == "nosniff")
      let found = try response.json(Predictions.self).predictions
      #expect(found.map(\.count) == [3])
      #expect(found[0][0].label == "dogs" && abs(found[0][0].score - 1) < 1e-5)
      #expect(found[0].map(\.score) == found[0].map(\.score).sorted(by: >))
      #expect(try await client.predict(["dogs", "cat"], topK: 1).map { $0.map(\.label) } == [["dogs"], ["cat"]])
      #expect(try await client.predict(["dogs"], topK: 50)[0].count == tinyLabels.count)
    }
  }

  @Test(
    "a request that does not fit gets its status and what to do",
    arguments: [
      ("", .badRequest, "it ends too early"), ("{\"text\": \"a\"", .badRequest, "byte 12"), ("\u{0}", .badRequest, "not valid JSON"),
      (#"{"text": "\ud800"}"#, .badRequest, "surrogate"), (#"["a"]"#, .unprocessableContent, "got a list of 1"),
      ("{}", .unprocessableContent, "neither"), (#"{"text": "a", "texts": ["b"]}"#, .unprocessableContent, "both"),
      (#"{"text": 3}"#, .unprocessableContent, "text: expected a text in quotes, got 3"),
      (#"{"texts": "a"}"#, .unprocessableContent, #"texts: expected a list of texts, got "a""#),
      (#"{"texts": ["a", null]}"#, .unprocessableContent, "texts[1]: expected a text in quotes, got null"),
      (#"{"texts": []}"#, .unprocessableContent, "got an empty list"),
      (#"{"texts": ["a", "b", "c", "d"]}"#, .contentTooLarge, "expected at most 3 texts, got 4"),
      (#"{"text": "abcdefghijkl"}"#, .contentTooLarge, "text: expected at most 10 characters, got 12"),
      (#"{"text": "a", "top_k": 0}"#, .unprocessableContent, "top_k: expected a whole number in 1...4, got 0"),
      (#"{"text": "a", "top_k": 5}"#, .unprocessableContent, "got 5"),
      (#"{"text": "a", "top_k": 1.5}"#, .unprocessableContent, "got 1.5"),
      (#"{"text": "a", "top_k": "2"}"#, .unprocessableContent, #"got "2""#),
      (#"{"text": "a", "topk": 2}"#, .unprocessableContent, #"unknown field "topk"; expected "text", "texts", "top_k""#),
      (#"{"text": "\#(String(repeating: " ", count: 300))"}"#, .contentTooLarge, "at most 200 bytes"),
    ] as [(String, HTTPResponse.Status, String)])
  func refused(body: String, status: HTTPResponse.Status, reason: String) async throws {
    var limits = ServiceLimits()
    (limits.texts, limits.characters, limits.topK, limits.bodyBytes) = (3, 10, 4, 200)
    try await withService(limits) { _, client in
      let response = try await client.post("/predict", body)
      #expect(response.status == status)
      let error = try response.json(Failure.self).error
      #expect(error.contains(reason), "\(error)")
    }
  }

  @Test("an unknown place is 404, a method that it does not take 405 with those that it does")
  func unknown() async throws {
    try await withService { _, client in
      for path in ["/nothing", "/predict/", "//", "/%00"] {
        let response = try await client.get(path)
        #expect(response.status == .notFound, "\(path)")
        #expect(try response.json(Failure.self).error.contains("/predict"))
      }
      let response = try await client.get("/predict")
      #expect(response.status == .methodNotAllowed && response.headers[.allow] == "POST")
      #expect(try response.json(Failure.self).error == "/predict takes POST, not GET")
      #expect(try await client.execute(uri: "/labels", method: .delete).headers[.allow] == "GET, POST")
      let head = try await client.execute(uri: "/healthz", method: .head)
      #expect(head.status == .ok && head.body.isEmpty)
    }
  }

  @Test("health tells the model, the labels and what was done")
  func health() async throws {
    struct Health: Decodable {
      var status: String, model: String, labels: Int, addedLabels: Int, uptimeSeconds: Double, waiting: Int
      var done: [String: Int], limits: [String: Int]
    }
    try await withService { _, client in
      _ = try await client.predict(["cat", "mat"])
      _ = try await client.post("/labels", #"{"labels": ["run"]}"#)
      let health = try await client.get("/healthz").json(Health.self)
      #expect(health.status == "ok" && health.model == "tiny")
      #expect(health.labels == tinyLabels.count + 1 && health.addedLabels == 1 && health.waiting == 0)
      #expect(health.done == ["requests": 1, "texts": 2, "batches": 1])
      #expect(health.uptimeSeconds >= 0 && health.limits["top_k"] == 100)
    }
  }

  @Test("the page takes nothing from elsewhere and runs only its own script")
  func page() async throws {
    try await withService { _, client in
      let response = try await client.get("/")
      #expect(response.headers[.contentType] == "text/html; charset=utf-8")
      let policy = try #require(response.headers[.contentSecurityPolicy])
      let nonce = try #require(policy.firstMatch(of: /script-src 'nonce-([^']+)'/)?.1)
      #expect(policy.hasPrefix("default-src 'none';"))
      #expect(response.text.contains("<script nonce=\"\(nonce)\">") && response.text.contains("<style nonce=\"\(nonce)\">"))
      #expect(!response.text.contains("http:") && !response.text.contains("https:") && !response.text.contains("innerHTML"))
      #expect(try await client.get("/").headers[.contentSecurityPolicy] != policy)
    }
  }

  @Test("a page from elsewhere may not ask, the service's own may")
  func origins() async throws {
    try await withService { _, client in
      for origin in ["https://elsewhere.example", "null", "http://localhost.elsewhere.example"] {
        let response = try await client.post("/predict", #"{"text": "cat"}"#, headers: [.origin: origin])
        #expect(response.status == .forbidden, "\(origin)")
      }
      #expect(try await client.post("/predict", #"{"text": "cat"}"#, headers: [.origin: "http://localhost"]).status == .ok)
    }
  }
}
