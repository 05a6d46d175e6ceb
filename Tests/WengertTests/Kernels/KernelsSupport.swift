import Foundation
import Testing
@_spi(Backend) import WengertCPU
@_spi(Backend) import WengertCore
@_spi(Backend) import WengertTestSupport

/// Row programs by hand: writes instructions, keeps dtypes and rows in step.
struct ProgramBuilder {
  var program = RowProgram(name: "test", inputs: [], instructions: [], dtypes: [], isRow: [], outputs: [])

  mutating func add(_ instruction: RowProgram.Instruction, _ dtype: DType, row: Bool) -> Int {
    program.instructions.append(instruction)
    program.dtypes.append(dtype)
    program.isRow.append(row)
    return program.instructions.count - 1
  }
  mutating func load(_ dtype: DType, row: Bool = true) -> Int {
    program.inputs.append(.init(dtype: dtype, isRow: row))
    return add(.load(program.inputs.count - 1), dtype, row: row)
  }
  mutating func constant(_ value: Double, _ dtype: DType) -> Int { add(.constant(value), dtype, row: false) }
  mutating func unary(_ op: UnaryOp, _ a: Int) -> Int {
    let dtype: DType = op == .isNaN || op == .isFinite ? .bool : program.dtypes[a]
    return add(.unary(op, a), dtype, row: program.isRow[a])
  }
  mutating func binary(_ op: BinaryOp, _ a: Int, _ b: Int) -> Int {
    add(.binary(op, a, b), program.dtypes[a], row: program.isRow[a] || program.isRow[b])
  }
  mutating func compare(_ op: CompareOp, _ a: Int, _ b: Int) -> Int {
    add(.compare(op, a, b), .bool, row: program.isRow[a] || program.isRow[b])
  }
  mutating func select(_ c: Int, _ a: Int, _ b: Int) -> Int {
    add(.select(c, a, b), program.dtypes[a], row: program.isRow[c] || program.isRow[a] || program.isRow[b])
  }
  mutating func cast(_ a: Int, _ dtype: DType) -> Int { add(.cast(a), dtype, row: program.isRow[a]) }
  mutating func reduce(_ op: ReduceOp, _ a: Int) -> Int { add(.reduce(op, a), program.dtypes[a], row: false) }
  mutating func store(_ value: Int, _ dtype: DType? = nil, accumulate: ReduceOp? = nil) {
    program.outputs.append(.init(value: value, dtype: dtype ?? program.dtypes[value], accumulate: accumulate))
  }

  static func make(_ body: (inout ProgramBuilder) -> Void) -> RowProgram {
    var builder = ProgramBuilder()
    body(&builder)
    return builder.program
  }
}

/// The bit pattern of a float16 or bfloat16, for tests without a Swift type for it.
protocol KernelElement { static var dtype: DType { get } }
extension Float: KernelElement { static var dtype: DType { .float32 } }
extension Double: KernelElement { static var dtype: DType { .float64 } }
extension Int32: KernelElement { static var dtype: DType { .int32 } }
extension Int64: KernelElement { static var dtype: DType { .int64 } }
extension UInt8: KernelElement { static var dtype: DType { .uint8 } }

let cpu = CPUBackend.shared

func storage<T>(_ values: [T]) -> Storage {
  let storage = cpu.allocate(byteCount: values.count * MemoryLayout<T>.stride)
  values.withUnsafeBytes { cpu.write(RawSpan(_unsafeBytes: $0), to: storage, at: 0) }
  return storage
}

func contents<T>(_ storage: Storage, as type: T.Type) -> [T] {
  cpu.withBytes(of: storage) { span in
    span.withUnsafeBytes { Array($0.bindMemory(to: T.self)) }
  }
}

func view<T>(_ values: [T], _ shape: Shape, dtype: DType) -> View {
  View(storage: storage(values), layout: Layout(rowMajor: shape), dtype: dtype)
}

func view<T: KernelElement>(_ values: [T], _ shape: Shape) -> View { view(values, shape, dtype: T.dtype) }

func emptyView(_ dtype: DType, _ shape: Shape) -> View {
  View(storage: cpu.allocate(byteCount: shape.elementCount * dtype.byteCount), layout: Layout(rowMajor: shape), dtype: dtype)
}

/// Runs a program with one output that has the iteration's shape, or a last extent of one.
func run<T>(_ program: RowProgram, _ inputs: [View], over shape: Shape, as type: T.Type) -> [T] {
  var outputShape = shape
  if !program.isRow[program.outputs[0].value] { outputShape[shape.rank - 1] = 1 }
  let output = emptyView(program.outputs[0].dtype, outputShape)
  cpu.run(program, inputs: inputs, outputs: [output], over: shape)
  return contents(output.storage, as: T.self)
}

/// The distance in units in the last place of the expected value, rounded to float32; denormals count in units of the smallest one.
func ulps(_ actual: Float, _ expected: Double) -> Double {
  let rounded = Float(expected)
  if actual.isNaN || expected.isNaN { return actual.isNaN && expected.isNaN ? 0 : .infinity }
  if actual == rounded { return 0 }
  if !rounded.isFinite { return .infinity }
  if !actual.isFinite { return .infinity }
  return abs(Double(actual) - expected) / Double(max(rounded.magnitude, .leastNormalMagnitude).ulp)
}

func ulps(_ actual: Double, _ expected: Double) -> Double {
  if actual.isNaN || expected.isNaN { return actual.isNaN && expected.isNaN ? 0 : .infinity }
  if actual == expected { return 0 }
  if !actual.isFinite || !expected.isFinite { return .infinity }
  return abs(actual - expected) / max(expected.magnitude, .leastNormalMagnitude).ulp
}

extension SplitMix64 {
  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -2...2) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}

/// Runs `body` at each kernel level that this processor has.
func atEachLevel(_ body: (CPULevel) throws -> Void) rethrows {
  let saved = CPULevel.current
  defer { CPULevel.select(saved) }
  for level in CPULevel.allCases where CPULevel.select(level) { try body(level) }
}
