import Foundation
import Hummingbird
import Testing
import WengertTestSupport

@Suite("Any body")
struct ServiceFuzzTests {
  private struct Anything: Decodable {
    var error: String?
    var predictions: [[Found]]?
    var added: Int?
  }

  @Test("is answered in JSON, by predictions, additions or an error")
  func damaged() async throws {
    let bodies = [
      ("/predict", #"{"texts": ["the cat", "é \u00e9 \ud83d\ude00"], "top_k": 3}"#), ("/predict", #"{"text": "dogs", "top_k": 2e0}"#),
      ("/labels", #"{"labels": ["a mat", "on"]}"#), ("/predict", String(repeating: "[", count: 5000)),
      ("/predict", #"{"top_k": 99999999999999999999, "text": "\u0000"}"#),
    ]
    try await withService { _, client in
      var (taken, refused) = (0, 0)
      for seed in 0..<600 as Range<UInt64> {
        var generator = SplitMix64(seed: seed)
        let noise = (0..<Int.random(in: 0...40, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for (path, body) in [("/predict", Data(noise))] + bodies.map({ ($0, Data($1.utf8).damaged(seed: seed)) }) {
          let response = try await client.execute(uri: path, method: .post, body: body)
          let answer = try response.json(Anything.self)
          if response.status == .ok {
            #expect(answer.error == nil && (answer.predictions != nil || answer.added != nil), "seed \(seed)")
            taken += 1
          } else {
            #expect([.badRequest, .unprocessableContent, .contentTooLarge].contains(response.status), "seed \(seed): \(response.status)")
            #expect(answer.error?.isEmpty == false, "seed \(seed)")
            refused += 1
          }
        }
      }
      #expect(taken > 20 && refused > 200, "\(taken) taken, \(refused) refused")
    }
  }
}
