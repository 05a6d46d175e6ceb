/// A row of a table for each index: whole numbers [...] → [..., width]. An index that the table does not have is a `DataFault`.
///
/// ```swift
/// let layer = Embedding(weight: Tensor([[1, 2], [3, 4], [5, 6]]))
/// let rows = layer(Tensor([Int32(2), 0]))  // [[5, 6], [1, 2]]
/// ```
public struct Embedding: Layer, ParameterTree {
  /// The table, [count, width].
  public var weight: Tensor

  public static let fields: [Field<Self>] = [.init("weight", \.weight)]

  public func read(into contents: inout TreeContents) {
    contents.add(weight)
  }

  /// A layer with this table.
  ///
  /// - Precondition: The table is floating.
  public init(weight: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    requireFloating("Embedding", ["weight": weight], Caller(file, line))
    self.weight = weight
  }

  /// A new table of `count` rows, normal with mean 0: PyTorch's standard deviation is 1, BERT's 0.02.
  public init(_ count: Int, _ width: Int, standardDeviation: Double = 1, key: RandomKey, dtype: DType = .float32) {
    weight = key.normal([count, width], standardDeviation: standardDeviation, dtype: dtype)
  }

  public func callAsFunction(_ indices: Tensor, _ mode: Mode) -> Tensor { weight.gather(indices) }
}
