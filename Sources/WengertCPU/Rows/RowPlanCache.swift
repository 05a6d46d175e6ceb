import CKernels
@_spi(Backend) import WengertCore

/// Plans of row programs, by what they depend on.
typealias RowPlanCache = Cache<RowPlanKey, RowPlan>

struct RowPlanKey: Hashable {
  let form: RowProgram.Form
  let kinds: InputKinds
  let isSingleTile: Bool
  let level: Int32
}

extension Cache where Key == RowPlanKey, Value == RowPlan {
  func plan(_ program: RowProgram, kinds: InputKinds, isSingleTile: Bool) -> RowPlan {
    value(for: RowPlanKey(form: RowProgram.Form(program), kinds: kinds, isSingleTile: isSingleTile, level: wg_level())) {
      RowPlanBuilder.plan(program, kinds: kinds, isSingleTile: isSingleTile)
    }
  }
}
