@_spi(Backend) import WengertCore

/// Some outputs of a row program, and what they are made of: what one kernel does.
///
/// A reduction may be given, as one number per row, instead of made.
struct RowPart: Sendable {
  let program: RowProgram
  /// The outputs, by their numbers in the program.
  let outputs: [Int]
  /// Reductions whose results are operands.
  let given: [RowProgram.Value]
  /// Reductions whose results are the part's outputs.
  let wanted: [RowProgram.Value]
  /// The values that are needed, in order.
  let live: [RowProgram.Value]

  init(_ program: RowProgram, outputs: [Int], given: [RowProgram.Value] = [], wanted: [RowProgram.Value] = []) {
    self.program = program
    self.outputs = outputs
    self.given = given
    self.wanted = wanted
    var needed = Set(outputs.map { program.outputs[$0].value } + wanted)
    for value in program.instructions.indices.reversed() where needed.contains(value) && !given.contains(value) {
      needed.formUnion(program.instructions[value].operands)
    }
    live = needed.sorted()
  }

  /// The inputs that are read, by their numbers in the program.
  var inputs: [Int] { live.compactMap { if case .load(let input) = program.instructions[$0] { input } else { nil } }.uniqued }

  /// The reductions that the part makes.
  var reductions: [RowProgram.Value] {
    live.filter { if case .reduce = program.instructions[$0] { !given.contains($0) } else { false } }
  }

  /// The constants that the text leaves open.
  var openConstants: [RowProgram.Value] { program.openValues.filter(live.contains) }

  /// Whether the number of an element's column matters.
  var usesColumns: Bool {
    live.contains {
      switch program.instructions[$0] {
      case .columnIndex, .random(_, _, _, .byColumn): true
      default: false
      }
    }
  }

  var usesRandom: Bool { live.contains { if case .random = program.instructions[$0] { true } else { false } } }

  /// How many reductions lie one behind the other before each value; nil where it is not needed.
  var depths: [Int?] {
    var depths = [Int?](repeating: nil, count: program.instructions.count)
    for value in live {
      if given.contains(value) {
        depths[value] = 0
        continue
      }
      let before = program.instructions[value].operands.compactMap { depths[$0] }.max() ?? 0
      if case .reduce = program.instructions[value] { depths[value] = before + 1 } else { depths[value] = before }
    }
    return depths
  }
}

extension [Int] {
  /// The same without repetitions, in order.
  var uniqued: [Int] {
    var seen: Set<Int> = []
    return filter { seen.insert($0).inserted }
  }
}
