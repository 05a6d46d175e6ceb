import CKernels
import WengertCore

/// Plans of row programs, by what they depend on.
typealias RowPlanCache = Cache<RowPlanKey, RowPlan>

struct RowPlanKey: Hashable {
  let program: RowProgram
  let kinds: InputKinds
  let isSingleTile: Bool
  let level: Int32

  /// Names, lengths and last instructions tell nearly all programs apart; equality, which is quick where programs share their arrays, does the rest.
  func hash(into hasher: inout Hasher) {
    hasher.combine(program.name)
    hasher.combine(program.instructions.count)
    hasher.combine(program.instructions.last)
    hasher.combine(program.dtypes.last)
    hasher.combine(kinds)
    hasher.combine(level << 1 | (isSingleTile ? 1 : 0))
  }
}

extension Cache where Key == RowPlanKey, Value == RowPlan {
  func plan(_ program: RowProgram, kinds: InputKinds, isSingleTile: Bool) -> RowPlan {
    value(for: RowPlanKey(program: program, kinds: kinds, isSingleTile: isSingleTile, level: wg_level())) {
      RowPlanBuilder.plan(program, kinds: kinds, isSingleTile: isSingleTile)
    }
  }
}
