import Foundation
import Testing
@_spi(Backend) import WengertTestSupport

@testable @_spi(Backend) import WengertCUDA

@Suite("Documentation/CUDA.md")
struct CUDAPageTests {
  @Test("the row program that the page shows as a kernel is the backend's")
  func kernel() throws {
    let device = try StandIn(isChecked: false)
    let x = Blueprint([Double](repeating: 1, count: 64 * 1000), [64, 1000], .float32).tensor(on: device.backend)
    let sums = x.softmax(axis: -1).sum(axis: -1).array(of: Float.self)
    #expect(sums.count == 64 && sums.allSatisfy { abs($0 - 1) < 1e-5 })
    let text = try #require(device.backend.kernels.texts.first { $0.name == "softmax" })
    let page = try String(contentsOf: Fixtures.package.appending(path: "Documentation/CUDA.md"), encoding: .utf8)
    let shown = page.components(separatedBy: "```cuda\n").dropFirst().first?.components(separatedBy: "```").first
    #expect(shown == text.body, "\(text.body)")
  }
}
