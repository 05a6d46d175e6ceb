import CKernels

/// The instruction sets that the kernels are compiled for. At load time the best one is chosen, or the one that `WENGERT_CPU_LEVEL` (base, avx2, avx512) names.
package enum CPULevel: Int, CaseIterable, Sendable {
  case base, avx2, avx512

  /// The level in force.
  package static var current: CPULevel { CPULevel(rawValue: Int(wg_level()))! }

  /// Forces a level for the calls of this thread; false, and no change, if the processor lacks it.
  @discardableResult package static func select(_ level: CPULevel) -> Bool { wg_select_level(Int32(level.rawValue)) >= 0 }
}

extension CPUBackend {
  /// Runs `body` with kernels called from this thread on `count` threads.
  package func withThreadCount<Result>(_ count: Int, _ body: () throws -> Result) rethrows -> Result {
    try ThreadPool.shared.withThreadCount(count, body)
  }
}
