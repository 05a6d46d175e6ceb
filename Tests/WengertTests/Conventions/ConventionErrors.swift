import WengertTestSupport

/// The lines of the table that end the program, with a part of the message.
enum ConventionErrors {
  struct Fault: Sendable {
    let message: String
    let run: @Sendable () -> Void
  }

  static let all: [String: Fault] = [
    "x.max() of nothing": Fault(message: "max: axis 0 of [0] is empty") { _ = Tensor.zeros([0]).max() },
    "x.argMax() of nothing": Fault(message: "argMax: axis 0 of [0] is empty") { _ = Tensor.zeros([0]).argMax() },
    "x.norm(∞) of nothing": Fault(message: "max: axis 0 of [0] is empty") { _ = Tensor.zeros([0]).norm(.infinity) },
    "x - x at bool true": Fault(message: "subtract: truth values have no difference; cast them to whole numbers, or use .^") {
      _ = Tensor([true]) - Tensor([true])
    },
    "-x at bool true": Fault(message: "negate: truth values have no negative; cast them to whole numbers, or use .!") {
      _ = -Tensor([true])
    },
    "full(300, dtype: uint8)": Fault(message: "full: uint8 does not hold 300") { _ = Tensor.full(300, [1], dtype: .uint8) },
    "full(-1, dtype: uint8)": Fault(message: "full: uint8 does not hold -1") { _ = Tensor.full(-1, [1], dtype: .uint8) },
    "full(NaN, dtype: int32)": Fault(message: "full: int32 does not hold nan") { _ = Tensor.full(.nan, [1], dtype: .int32) },
    "full(1e300, dtype: int64)": Fault(message: "full: int64 does not hold 1e+300") { _ = Tensor.full(1e300, [1], dtype: .int64) },
    "x.pad(1, fill: 300) at uint8 1": Fault(message: "pad: uint8 does not hold 300") {
      _ = Tensor([UInt8(1)]).pad([(before: 1, after: 0)], fill: 300)
    },
    "x[3] at 10, 20, 30": Fault(message: "subscript: index 3 is out of range for axis 0 of [3]") { _ = Tensor([10.0, 20, 30])[3] },
    "x.gather(3) at 10, 20, 30": Fault(message: "gather: index 3 is out of range for axis 0 with extent 3") {
      _ = Tensor([10.0, 20, 30]).gather(Tensor([3]))
    },
    "einsum ii->i of [1, 3]": Fault(message: "einsum: \"i\" of \"ii->i\" is the diagonal of axes of different extents 1 and 3") {
      _ = einsum("ii->i", Tensor.ones([1, 3]))
    },
    "einsum i.j->ij of [1, 2]": Fault(message: "einsum: a dot occurs in \"...\" only in \"i.j->ij\"") {
      _ = einsum("i.j->ij", Tensor.ones([1, 2]))
    },
    "einsum ......i->i of [1, 2]": Fault(message: "einsum: \"...\" is twice in one term in \"......i->i\"") {
      _ = einsum("......i->i", Tensor.ones([1, 2]))
    },
    "einsum ij->...ij of [1, 2]": Fault(message: "einsum: \"...\" of the result is in no operand in \"ij->...ij\"") {
      _ = einsum("ij->...ij", Tensor.ones([1, 2]))
    },
    "einsum ...i->i of [2, 2]": Fault(message: "einsum: \"...\" stands for 1 axes of the operands of \"...i->i\"") {
      _ = einsum("...i->i", Tensor.ones([2, 2]))
    },
    "einsum i->ii of [2]": Fault(message: "einsum: \"i\" is twice in the result in \"i->ii\"") { _ = einsum("i->ii", Tensor.ones([2])) },
    "einsum i->j of [2]": Fault(message: "einsum: \"j\" of the result is in no operand in \"i->j\"") {
      _ = einsum("i->j", Tensor.ones([2]))
    },
  ]
}
