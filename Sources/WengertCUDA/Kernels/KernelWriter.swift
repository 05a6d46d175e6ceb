@_spi(Backend) import WengertCore

/// Writes a kernel that is no row program: its parameters, and its text around a body.
struct KernelWriter {
  private var fields = ""
  private var types = ""
  private(set) var arguments = LaunchArguments()

  /// A view as `NAME`, with its strides as `NAMEs0`, `NAMEs1`, …; its element type is `NAME_t`, and `NAME_v` what it is calculated with.
  mutating func view(_ name: String, _ view: View) {
    types += "typedef \(view.dtype.elementName) \(name)_t;\ntypedef \(view.dtype.valueName) \(name)_v;\n"
    fields += "  \(view.dtype.elementName) *\(name);\n"
    arguments.append(view)
    for axis in 0..<view.shape.rank {
      fields += "  i64 \(name)s\(axis);\n"
      arguments.append(Int64(view.layout.strides[axis]))
    }
  }

  mutating func number(_ name: String, _ value: Int) {
    fields += "  i64 \(name);\n"
    arguments.append(Int64(value))
  }

  mutating func real(_ name: String, _ value: Double) {
    fields += "  double \(name);\n"
    arguments.append(value)
  }

  /// The word of a kernel that can find something wrong.
  mutating func fault(_ word: FaultBoard.Word) {
    fields += "  i64 *fault;\n"
    arguments.append(word.address)
  }

  /// The place of an element in a view, from expressions for its coordinates.
  static func place(_ name: String, _ coordinates: [String]) -> String {
    coordinates.isEmpty ? "0" : coordinates.enumerated().map { "(i64)(\($0.element)) * a.\(name)s\($0.offset)" }.joined(separator: " + ")
  }

  /// The value of a view's element in the row of coordinates `c0`, `c1`, … at `column`.
  static func element(_ name: String, _ view: View, _ column: String) -> String {
    view.dtype.value(ofElement: "a.\(name)[\(place(name, (0..<view.shape.rank - 1).map { "c\($0)" } + [column]))]")
  }

  /// Definitions of `c0`, `c1`, … from a number that counts over these axes of extents `e0`, `e1`, …, the last one fastest.
  mutating func coordinates(of number: String, _ extents: [Int]) -> String {
    for (axis, extent) in extents.enumerated() { self.number("e\(axis)", extent) }
    var text = "  i64 rest = \(number);\n"
    for axis in extents.indices.reversed() { text += "  const i64 c\(axis) = rest % a.e\(axis); rest /= a.e\(axis);\n" }
    return text
  }

  /// - Parameters:
  ///   - threads: those of a block, at most.
  ///   - keepsRegisters: whether a thread may have as many registers as it can use, instead of as many as let more blocks run at once.
  func text(_ name: String, threads: Int, keepsRegisters: Bool = false, prelude: [KernelPrelude] = [.common], _ body: String)
    -> KernelText
  {
    let bounds = keepsRegisters ? "\(threads), 1" : "\(threads)"
    return KernelText(
      name: name,
      body:
        "\(types)struct Arguments {\n\(fields)};\nextern \"C\" __global__ void __launch_bounds__(\(bounds)) ENTRY(const Arguments a) {\n\(body)}\n",
      prelude: prelude)
  }
}

extension DType {
  /// What is stored where there is no result.
  var nothing: String {
    switch self {
    case .float16, .bfloat16, .float32: "Element<\(elementName)>::of(NAN_F32)"
    case .float64: "NAN_F64"
    default: "0"
    }
  }
}
