@_spi(Backend) import WengertCore

/// What the texts of all kernels of row programs have in common: their operands, their parameters, and where a row's elements are.
struct RowTextBuilder {
  let part: RowPart
  let geometry: RowGeometry
  /// Names of operands in the text (`i3`, `o0`, `g7`, `w7`), their element types, and their places in the geometry.
  let operands: [Operand]
  /// Whether numbers of elements need 64 bits.
  let isLarge: Bool
  /// Whether the number of a row's first element is found like the place of an operand, as `atn`.
  let isNumbered: Bool

  struct Operand {
    enum Role: Hashable { case input(Int), output(Int), given(RowProgram.Value), wanted(RowProgram.Value) }
    let role: Role
    let dtype: DType
    let view: View

    var name: String {
      switch role {
      case .input(let number): "i\(number)"
      case .output(let number): "o\(number)"
      case .given(let value): "g\(value)"
      case .wanted(let value): "w\(value)"
      }
    }
  }

  /// - Parameters:
  ///   - scalars: a view of one number per row for each reduction that is given or wanted.
  ///   - numbering: where the elements of the call have their numbers, if the order of the axes does not say so.
  ///   - keeping: see `RowGeometry`.
  init(
    _ part: RowPart, _ call: RowCall, scalars: [RowProgram.Value: View] = [:], mergesColumns: Bool, numbering: Layout? = nil,
    keeping: Int = 0
  ) {
    self.part = part
    let program = part.program
    operands =
      part.inputs.map { Operand(role: .input($0), dtype: program.inputs[$0].dtype, view: call.inputs[$0]) }
      + part.given.filter(part.live.contains).map { Operand(role: .given($0), dtype: program.dtypes[$0].computeType, view: scalars[$0]!) }
      + part.outputs.map { Operand(role: .output($0), dtype: program.outputs[$0].dtype, view: call.outputs[$0]) }
      + part.wanted.map { Operand(role: .wanted($0), dtype: program.dtypes[$0].computeType, view: scalars[$0]!) }
    isNumbered = numbering != nil
    geometry = RowGeometry(
      call.shape, operands.map(\.view.layout) + (numbering.map { [$0] } ?? []), mergesColumns: mergesColumns, keeping: keeping)
    isLarge = call.shape.elementCount >= 1 << 31
  }

  private(set) var fields = ""
  private(set) var arguments = LaunchArguments()

  var index: String { isLarge ? "u64" : "u32" }

  /// Fields of the struct for all operands, extents and constants.
  mutating func declareOperands() {
    for operand in operands {
      fields += "  \(operand.dtype.elementName) *\(operand.name);\n"
      arguments.append(operand.view)
    }
    for (number, operand) in operands.enumerated() {
      for axis in 0..<geometry.rank where axis < geometry.rank - 1 || geometry.step(number) == .any {
        fields += "  i64 \(operand.name)s\(axis);\n"
        arguments.append(Int64(geometry.strides[number][axis]))
      }
    }
    if isNumbered {
      for axis in 0..<geometry.rank - 1 {
        fields += "  i64 ns\(axis);\n"
        arguments.append(Int64(geometry.strides[operands.count][axis]))
      }
    }
    for axis in 0..<geometry.rank { declare("e\(axis)", geometry.extents[axis]) }
    declareConstants()
  }

  private mutating func declareConstants() {
    for value in part.openConstants {
      fields += "  \(part.program.dtypes[value].valueName) c\(value);\n"
      if part.program.dtypes[value].computeType == .bool {
        arguments.append(part.program.number(value) != 0 ? 1 as UInt8 : 0)
      } else {
        arguments.append(part.program.number(value), as: part.program.dtypes[value])
      }
    }
  }

  /// The same for a text that serves any number of axes and any strides: arrays of `mostAxes`.
  mutating func declareOperandsOfAnyRank() {
    for operand in operands {
      fields += "  \(operand.dtype.elementName) *\(operand.name);\n"
      arguments.append(operand.view)
    }
    for (number, operand) in operands.enumerated() {
      fields += "  i64 \(operand.name)s[\(RowTextBuilder.mostAxes)];\n"
      for axis in 0..<RowTextBuilder.mostAxes { arguments.append(axis < geometry.rank ? Int64(geometry.strides[number][axis]) : 0) }
    }
    fields += "  \(index) e[\(RowTextBuilder.mostAxes)];\n"
    for axis in 0..<RowTextBuilder.mostAxes {
      let extent = axis < geometry.rank ? geometry.extents[axis] : 1
      if isLarge { arguments.append(UInt64(extent)) } else { arguments.append(UInt32(extent)) }
    }
    declare("rank", geometry.rank)
    declareConstants()
  }

  /// The most axes that a shape has.
  static let mostAxes = 8

  /// A field for a number of elements or rows.
  mutating func declare(_ name: String, _ number: Int) {
    fields += "  \(index) \(name);\n"
    if isLarge { arguments.append(UInt64(number)) } else { arguments.append(UInt32(number)) }
  }

  /// A field for an address.
  mutating func declare(_ name: String, _ view: View) {
    fields += "  \(view.dtype == .bool ? "bool" : view.dtype.valueName) *\(name);\n"
    arguments.append(view)
  }

  /// Definitions of `atNAME`, the place of the first element of each operand's row, from the number `row`.
  ///
  /// - Parameters:
  ///   - axes: the outer axes whose coordinates `row` has, the last one moving fastest; nil: all.
  ///   - prefix: what takes the place of `at`.
  func rowPlaces(of row: String = "row", axes: Range<Int>? = nil, prefix: String = "at") -> String {
    let axes = axes ?? 0..<geometry.rank - 1
    var text = ""
    if axes.count > 1 {
      text += "  \(index) \(prefix)rest = \(row);\n"
      for axis in axes.reversed() {
        text += "  const \(index) \(prefix)\(axis) = "
        text += axis == axes.first ? "\(prefix)rest;\n" : "\(prefix)rest % a.e\(axis); \(prefix)rest /= a.e\(axis);\n"
      }
    } else if let axis = axes.first {
      text += "  const \(index) \(prefix)\(axis) = \(row);\n"
    }
    for name in operands.map(\.name) + (isNumbered ? ["n"] : []) {
      let terms = axes.map { "(i64)\(prefix)\($0) * a.\(name)s\($0)" }
      text += "  const i64 \(prefix)\(name) = \(terms.isEmpty ? "0" : terms.joined(separator: " + "));\n"
    }
    return text
  }

  /// The place of an operand's element in column `column`.
  func place(_ number: Int, column: String = "column") -> String {
    let name = operands[number].name
    return switch geometry.step(number) {
    case .none: "at\(name)"
    case .one: "at\(name) + \(column)"
    case .any: "at\(name) + (i64)\(column) * a.\(name)s\(geometry.rank - 1)"
    }
  }

  /// The load that is an operand's value, if it is one.
  func value(of operand: Operand) -> RowProgram.Value? {
    switch operand.role {
    case .given(let value): value
    case .input(let number): part.live.first { part.program.instructions[$0] == .load(number) }
    case .output, .wanted: nil
    }
  }

  /// The text with its struct of parameters.
  func text(_ body: String, threads: Int, prelude: [KernelPrelude] = []) -> KernelText {
    var parts: [KernelPrelude] = [.common, .functions]
    if part.usesRandom { parts.append(.random) }
    return KernelText(
      name: part.program.name,
      body: """
        struct Arguments {
        \(fields)};
        extern "C" __global__ void __launch_bounds__(\(threads)) ENTRY(const Arguments a) {
        \(body)}

        """, prelude: parts + prelude)
  }
}
