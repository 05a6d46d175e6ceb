/// A row program over `shape`: outer axes first, the row last (rank ≥ 1). Row inputs and stored row outputs have exactly this shape; scalar ones have a last extent of one;
/// accumulated outputs have this shape with stride zero along the axes that are combined.
@_spi(Backend) public struct RowCall: KernelArguments {
  public var program: RowProgram
  public var inputs: [View]
  public var outputs: [View]
  public var shape: Shape

  public init(_ program: RowProgram, inputs: [View], outputs: [View], over shape: Shape) {
    self.program = program
    self.inputs = inputs
    self.outputs = outputs
    self.shape = shape
  }

  public var call: KernelCall { .rows(self) }
  public var reads: [View] { inputs }
  public var writes: [View] { outputs }
  public func mapViews(_ f: (View) -> View) -> RowCall { mapViews(except: nil, f) }

  /// The same call on other views; the input that stands for a product stays.
  func mapViews(except product: Int?, _ f: (View) -> View) -> RowCall {
    var result = self
    for i in inputs.indices where i != product { result.inputs[i] = f(inputs[i]) }
    result.outputs = outputs.map(f)
    return result
  }

  /// One per instruction and element (or row), loads and constants not counted.
  public var flops: Double? {
    let elements = Double(shape.elementCount), rows = elements / Double(max(shape[shape.rank - 1], 1))
    return program.instructions.enumerated().reduce(0) { sum, next in
      switch next.element {
      case .load, .constant, .inverse, .columnIndex, .cast: sum
      case .reduce: sum + elements
      default: sum + (program.isRow[next.offset] ? elements : rows)
      }
    }
  }
}
