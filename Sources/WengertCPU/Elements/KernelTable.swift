import CKernels
@_spi(Backend) import WengertCore

/// The C kernels are reached by numbers, of operations, dtypes, lanes and levels, so that both languages must number these alike. Each has
/// their names, C in `CKernels/include/operations.h`; these are compared once, before the first kernel runs.
package enum KernelTable {
  /// A list of names, and where each language has it.
  package struct List: Sendable {
    /// In Swift, in the order of the numbers.
    package var names: [String]
    package var type: String
    /// The C list's, nil past its end; and whether there is a kernel for it.
    package var name: @Sendable (Int) -> String?
    package var hasKernel: @Sendable (Int) -> Bool

    private init<Operation: CaseIterable & RawRepresentable>(_ type: Operation.Type, _ kind: Int, in file: String)
    where Operation.RawValue: BinaryInteger {
      names = Operation.allCases.map { "\($0)" }
      self.type = "\(type) (\(file))"
      name = { number in wg_name(Int32(kind), Int32(number)).map { String(cString: $0) } }
      hasKernel = { wg_has_kernel(Int32(kind), Int32($0)) != 0 }
    }

    package static var all: [List] {
      [
        List(UnaryOp.self, WG_UNARY_NAMES, in: "WengertCore/Backend/RowProgram.swift"),
        List(BinaryOp.self, WG_BINARY_NAMES, in: "WengertCore/Backend/RowProgram.swift"),
        List(CompareOp.self, WG_COMPARE_NAMES, in: "WengertCore/Backend/RowProgram.swift"),
        List(ReduceOp.self, WG_REDUCE_NAMES, in: "WengertCore/Backend/RowProgram.swift"),
        List(DType.self, WG_DTYPE_NAMES, in: "WengertCore/Tensor/DType.swift"),
        List(Lanes.self, WG_LANE_NAMES, in: "WengertCPU/Rows/RowPlan.swift"),
        List(CPULevel.self, WG_LEVEL_NAMES, in: "WengertCPU/CPULevel.swift"),
      ]
    }

    /// What the first number is at which the lists differ, or has no kernel; nil if all is well.
    package var fault: String? {
      for (number, expected) in names.enumerated() {
        guard let found = name(number) else { return "\(type) has \(expected) as number \(number), operations.h has no more names" }
        if found != expected { return "\(type) has \(expected) as number \(number), operations.h has \(found) there" }
        if !hasKernel(number) { return "no type has a kernel for \(expected), number \(number) of \(type), in operations.h" }
      }
      return name(names.count).map { "operations.h goes on with \($0) where \(type) has no more names" }
    }
  }

  package static func fault(in lists: [List] = List.all) -> String? { lists.lazy.compactMap(\.fault).first }

  /// Ends the program if the tables differ.
  static let isChecked: Void = {
    if let fault = fault() { Failure.end("the kernels are not numbered as the operations are: \(fault); the two lists must be one") }
  }()
}
