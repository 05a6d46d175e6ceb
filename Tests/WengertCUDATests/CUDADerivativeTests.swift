import Testing
@_spi(Backend) import WengertTestSupport

@testable @_spi(Backend) import WengertCUDA

/// Derivatives, compiled functions and `vmap` of the case list on the stand-in, every access checked, against the CPU.
@Suite("Derivatives, compiled functions and vmap on the CUDA backend", .serialized)
struct CUDADerivativeTests {
  private static let device = Result { try StandIn(order: 5) }

  @Test("gradients, second derivatives, compiled functions and vmap equal the CPU's", arguments: CaseList.all)
  func derived(_ operation: OperationCase) throws {
    let device = try Self.device.get()
    for difference in DerivedResults.differences(of: operation, on: device.backend) { Issue.record("\(difference)") }
    #expect(try device.failure == "")
  }
}
