import DEXMLServer
import Testing
@_spi(Backend) import WengertNN
import WengertTestSupport

@Suite("The service on a CUDA device")
struct DeviceServiceTests {
  @Test("the stand-in, every access checked, gives the answers of the CPU, also for labels that are added")
  func equality() async throws {
    @Sendable func answers(_ service: PredictionService, _ client: Client) async throws -> [[Found]] {
      let added = try await client.post("/labels", #"{"labels": ["dogs sleep"]}"#)
      #expect(added.status == .ok, "\(added.text)")
      return try await client.predict(["dogs", "the cat sat", "sleep on the mat"], topK: 6)
    }
    let device = try StandIn(order: 7)
    let expected = try await withService { try await answers($0, $1) }
    let found = try await withService(on: Device(device.backend)) { try await answers($0, $1) }
    #expect(found.map { $0.map(\.label) } == expected.map { $0.map(\.label) })
    for (a, b) in zip(found.joined(), expected.joined()) { #expect(abs(a.score - b.score) < 1e-4) }
    #expect(try device.count("cuLaunchKernel") > 0 && device.failure == "")
  }
}
