import CKernels
@_spi(Backend) import WengertCore

/// Instructions on floats that one kernel carries out, as an expression of rows and single numbers; the numbers are the kernel's operands.
indirect enum FusionPattern: Sendable {
  case row(Int), single(Int)
  case root(FusionPattern)
  case binary(BinaryOp, FusionPattern, FusionPattern)

  /// A tree and its kernel at the level in force.
  struct Rule: Sendable {
    let tree: FusionPattern
    /// Its number, if it is a larger tree.
    var number: Int?
    let kernel: @Sendable () -> wg_joined_fn
  }

  /// Larger ones first.
  static let rules = larger + pairs

  /// For operations that go row by row.
  static let single: [Rule] = {
    let (a, s) = (FusionPattern.row(0), FusionPattern.single(1))
    let kernels: [(Int, FusionPattern)] = [(WG_RAISED, a + s), (WG_SHIFTED, a - s), (WG_SCALED, a * s)]
    return kernels.map { kernel, tree in Rule(tree: tree) { wg_joined_tree(Int32(kernel))! } }
  }()

  private static let larger: [Rule] = {
    let (a, b, c) = (FusionPattern.row(0), FusionPattern.row(2), FusionPattern.row(3))
    let (s, t, u) = (FusionPattern.single(1), FusionPattern.single(3), FusionPattern.single(4))
    func rule(_ kernel: Int, _ tree: FusionPattern) -> Rule {
      Rule(tree: tree, number: kernel) { wg_joined_tree(Int32(kernel))! }
    }
    let (scaled, other) = (a * s, b * t)
    return [
      rule(WG_NORMALIZED, (a - s) * FusionPattern.single(2) * FusionPattern.row(3) + FusionPattern.row(4)),
      rule(WG_DECAYED_STEP, scaled - other / (.root(.row(4)) * .single(5) + .single(6))),
      rule(WG_STEP, a - FusionPattern.row(1) * .single(2) / (.root(c) * u + .single(5))),
      rule(WG_PROJECTED, (a - s - other) * u),
      rule(WG_MEAN_SQUARE, scaled + b * b * t),
      rule(WG_TOWARDS, (FusionPattern.row(1) - a) * FusionPattern.single(2) + a),
      rule(WG_SCALED_AFFINE, scaled * b + c),
      rule(WG_AFFINE_DIFFERENCE, scaled - other),
    ]
  }()

  private static let pairs: [Rule] = {
    let (a, b, s) = (FusionPattern.row(0), FusionPattern.row(1), FusionPattern.single(1))
    let firsts: [(Int, FusionPattern)] = [
      (WG_ROW_PLUS_ROW, a + b), (WG_ROW_PLUS_SINGLE, a + s), (WG_ROW_TIMES_ROW, a * b), (WG_ROW_TIMES_SINGLE, a * s),
      (WG_ROW_MINUS_ROW, a - b), (WG_ROW_MINUS_SINGLE, a - s), (WG_SINGLE_MINUS_ROW, FusionPattern.single(0) - b),
    ]
    var rules: [Rule] = []
    for (form, first) in firsts {
      for (single, z) in [FusionPattern.row(2), FusionPattern.single(2)].enumerated() {
        let lasts: [(Int, FusionPattern)] = [
          (WG_THEN_PLUS, first + z), (WG_THEN_MINUS, first - z), (WG_THEN_MINUS_FROM, z - first), (WG_THEN_TIMES, first * z),
        ]
        for (last, tree) in lasts {
          rules.append(Rule(tree: tree) { wg_joined_pair(Int32(form), Int32(last), Int32(single))! })
        }
      }
    }
    return rules
  }()

  static func + (a: FusionPattern, b: FusionPattern) -> FusionPattern { .binary(.add, a, b) }
  static func - (a: FusionPattern, b: FusionPattern) -> FusionPattern { .binary(.subtract, a, b) }
  static func * (a: FusionPattern, b: FusionPattern) -> FusionPattern { .binary(.multiply, a, b) }
  static func / (a: FusionPattern, b: FusionPattern) -> FusionPattern { .binary(.divide, a, b) }
}

/// The operands of a kernel for several instructions, and how far each varies.
struct FusedOperands {
  /// How many a kernel takes.
  static let largestCount = 7
  private var values: (Int, Int, Int, Int, Int, Int, Int)
  private var extents: (Variation, Variation, Variation, Variation, Variation, Variation, Variation)
  private let count: Int
  /// Whether some operand has one number per row, so that the block goes row by row.
  let isByRow: Bool

  init(_ operands: [Int], _ extent: (Int) -> Variation) {
    count = operands.count
    isByRow = operands.contains { extent($0) == .perRow }
    // What a kernel does not use must be readable.
    let padded = operands + Array(repeating: operands[0], count: Self.largestCount - operands.count)
    values = (padded[0], padded[1], padded[2], padded[3], padded[4], padded[5], padded[6])
    let kinds = padded.map(extent)
    extents = (kinds[0], kinds[1], kinds[2], kinds[3], kinds[4], kinds[5], kinds[6])
  }

  var list: [Int] {
    Array([values.0, values.1, values.2, values.3, values.4, values.5, values.6].prefix(count))
  }

  /// Where the operands are in a block of this width.
  func located(_ place: UnsafeMutablePointer<UnsafeMutableRawPointer>, _ columns: Int) -> wg_joined_operands {
    @inline(__always) func step(_ extent: Variation) -> Int64 {
      switch extent {
      case .uniform: 0
      case .perRow: 4
      case .row: Int64(columns * 4)
      }
    }
    return wg_joined_operands(
      at: (
        UnsafeRawPointer(place[values.0]), UnsafeRawPointer(place[values.1]), UnsafeRawPointer(place[values.2]),
        UnsafeRawPointer(place[values.3]), UnsafeRawPointer(place[values.4]), UnsafeRawPointer(place[values.5]),
        UnsafeRawPointer(place[values.6])
      ),
      step: (
        step(extents.0), step(extents.1), step(extents.2), step(extents.3), step(extents.4), step(extents.5), step(extents.6)
      ))
  }
}
