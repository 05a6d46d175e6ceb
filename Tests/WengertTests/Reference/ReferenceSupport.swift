import Foundation
@_spi(Backend) import WengertTestSupport

let reference = ReferenceBackend.shared

/// A row-major view of the reference backend.
func real(_ values: [Double], _ shape: Shape, _ dtype: DType = .float64) -> View { View(values, shape, dtype, on: reference) }
func whole(_ values: [Int64], _ shape: Shape, _ dtype: DType = .int64) -> View { View(whole: values, shape, dtype, on: reference) }
func empty(_ shape: Shape, _ dtype: DType = .float64) -> View { View(emptyLike: shape, dtype, on: reference) }

extension RowProgram {
  /// A program from (instruction, dtype, is a row) triples.
  init(_ inputs: [Input], _ lines: [(Instruction, DType, Bool)], _ outputs: [Output]) {
    self.init(
      name: "test", inputs: inputs, instructions: lines.map(\.0), dtypes: lines.map(\.1), isRow: lines.map(\.2), outputs: outputs)
  }

  /// One instruction on rows of these dtypes.
  init(_ instruction: Instruction, _ operands: [DType], _ result: DType) {
    self.init(
      operands.map { Input(dtype: $0, isRow: true) },
      operands.enumerated().map { (.load($0), $1, true) } + [(instruction, result, true)],
      [Output(value: operands.count, dtype: result)])
  }
}

/// One instruction on vectors.
func applied(_ instruction: RowProgram.Instruction, _ operands: [View], _ result: DType) -> View {
  let out = empty(operands[0].shape, result)
  reference.run(RowProgram(instruction, operands.map(\.dtype), result), inputs: operands, outputs: [out], over: out.shape)
  return out
}

/// Golden values, made by reference.py beside the file.
struct GoldenReference: Decodable {
  var unary: [String: [[Double]]]
  var binary: [String: [[Double]]]
  var whole: [String: [[Int64]]]
  var attention: [Attention]

  struct Attention: Decodable {
    var offsets: [Int64]
    var heads: Int, width: Int
    var scale: Double, dropout: Double
    var key: Int64
    var query: [Double], keys: [Double], value: [Double], cotangent: [Double]
    var out: [Double], logSumExp: [Double], dQuery: [Double], dKeys: [Double], dValue: [Double]
  }

  static func load() throws -> GoldenReference {
    try JSONDecoder().decode(GoldenReference.self, from: Data(contentsOf: Fixtures.url("reference.json")))
  }
}
