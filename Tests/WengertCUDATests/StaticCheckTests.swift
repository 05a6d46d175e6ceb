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
    // Attention as models have it: heads of several widths, texts of several lengths.
    for (dtype, width, length) in [(DType.bfloat16, 64, 64), (.bfloat16, 128, 64), (.float32, 64, 64)] {
      let x = (0..<3).map { _ in Tensor.zeros([length, width], dtype: dtype).to(Device(device.backend)) }
      let offsets = Tensor([Int32(0), Int32(length)]).to(Device(device.backend))
      _ = gradient(at: x) { attention(query: $0[0], key: $0[1], value: $0[2], offsets: offsets, heads: 1).sum() }
    }
    let texts = device.backend.kernels.texts.map { KernelSource($0.text)! }
    try device.reset()
    return texts
  }
}
