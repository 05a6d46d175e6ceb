import Foundation
import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertTestSupport

@testable @_spi(Backend) import WengertCUDA

/// Kernels of every row and dtype of the case list, at its first layouts, compiled by the real NVRTC, the oldest and the newest, without a GPU: what the compiler says of registers and memory is compared with
/// a table, so that a change of a kernel is seen.
///
/// The libraries are those that Tests/NVRTC/install.sh leaves; `WENGERT_WRITE_KERNEL_TABLE=1` writes the table anew.
@Suite("Kernels compiled by NVRTC", .serialized, .enabled(if: NVRTC.isInstalled, "NVRTC is not installed: make nvrtc"))
struct StaticCheckTests {
  @Test(
    "kernels of every row and dtype of the case list compile for every architecture, without spills, as the table says",
    .timeLimit(.minutes(10)))
  func table() throws {
    let texts = try texts()
    #expect(texts.count > 300)
    try NVRTC.check(texts, table: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "KernelTable.tsv"))
  }

  /// The kernels of each row: one variant of each dtype, four of the first; none runs.
  private func texts() throws -> [KernelSource] {
    let device = try StandIn(isChecked: false)
    for operation in CaseList.all {
      for dtype in operation.dtypes {
        let variants = operation.variants(dtype)
        for variant in variants.prefix(1) { _ = Conformance.results(variant, variant.operands, on: device.backend) }
        for variant in variants.dropFirst().prefix(3) where dtype == operation.dtypes[0] {
          _ = Conformance.results(variant, variant.operands, on: device.backend)
        }
      }
    }
    let texts = device.backend.kernels.texts.map { KernelSource($0.text)! }
    try device.reset()
    return texts
  }
}
