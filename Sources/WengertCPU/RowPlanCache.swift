import CKernels
import Synchronization
import WengertCore

/// Prepared programs, the least recently used given up first.
final class RowPlanCache: Sendable {
  private static let capacity = 1024

  private struct Key: Hashable {
    let program: RowProgram
    /// The inputs' kinds, two bits each, then the flag for rows that fit a tile, then the kernel level.
    let signature: [UInt64]
  }
  private struct Entry {
    let plan: RowPlan
    var lastUse: Int
  }
  private struct State {
    var entries: [Key: Entry] = [:]
    var clock = 0
  }
  private let state = Mutex(State())

  func plan(_ program: RowProgram, kinds: [InputKind], isSingleTile: Bool) -> RowPlan {
    var signature = [UInt64(wg_level()) << 1 | (isSingleTile ? 1 : 0)]
    for (index, kind) in kinds.enumerated() {
      if index % 32 == 0 { signature.append(0) }
      signature[signature.count - 1] |= UInt64(kind.rawValue) << UInt64(index % 32 * 2)
    }
    let key = Key(program: program, signature: signature)
    return state.withLock { state in
      state.clock += 1
      let clock = state.clock
      if let index = state.entries.index(forKey: key) {
        state.entries.values[index].lastUse = clock
        return state.entries.values[index].plan
      }
      if state.entries.count >= RowPlanCache.capacity {
        let oldest = state.entries.values.map(\.lastUse).sorted()[RowPlanCache.capacity / 4]
        state.entries = state.entries.filter { $0.value.lastUse > oldest }
      }
      let plan = RowPlanBuilder.plan(program, kinds: kinds, isSingleTile: isSingleTile)
      state.entries[key] = Entry(plan: plan, lastUse: clock)
      return plan
    }
  }
}
