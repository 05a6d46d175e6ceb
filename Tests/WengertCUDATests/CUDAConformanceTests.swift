import Testing
@_spi(Backend) import WengertTestSupport

@testable @_spi(Backend) import WengertCUDA

/// The CUDA backend on the stand-in, every access of every kernel checked, against the reference backend.
@Suite("Conformance of the CUDA backend", .serialized)
struct CUDAConformanceTests {
  private static let device = Result { try StandIn(order: 3) }

  @Test(
    "results agree with the reference for every dtype and layout, with threads in a random order and each access checked",
    arguments: CaseList.all)
  func conforms(_ operation: OperationCase) throws {
    let device = try Self.device.get()
    // Kernels are compiled together when the first result is read: everything is asked for before.
    let variants = operation.dtypes.flatMap { dtype in
      operation.variants(dtype).enumerated().filter { dtype == operation.dtypes[0] || $0.offset % 4 == 1 }.map(\.element)
    }
    let asked = variants.map { Conformance.results($0, $0.operands, on: device.backend) }
    for (variant, actual) in zip(variants, asked) {
      for difference in Conformance.differences(variant, actual) { Issue.record("\(difference)") }
    }
    #expect(try device.failure == "")
  }
}
