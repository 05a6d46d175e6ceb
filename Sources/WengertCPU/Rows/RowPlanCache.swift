import CKernels
import WengertCore

/// Prepared programs, the least recently used given up first.
final class RowPlanCache: Sendable {
  private static let capacity = 1024

  private struct Key: Hashable {
    let form: RowProgram.Form
    let kinds: InputKinds
    let isSingleTile: Bool
    let level: Int32
  }
  private struct Entry {
    let plan: RowPlan
    var lastUse: Int
  }
  private struct State {
    var entries: [Key: Entry] = [:]
    var clock = 0
  }
  private let state = Locked(State())

  func plan(_ program: RowProgram, kinds: InputKinds, isSingleTile: Bool) -> RowPlan {
    let key = Key(form: RowProgram.Form(program), kinds: kinds, isSingleTile: isSingleTile, level: wg_level())
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
