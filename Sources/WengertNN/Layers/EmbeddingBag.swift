/// The sum, mean or maximum of a table's rows for each bag of indices, as `torch.nn.EmbeddingBag`. An index that the table does not have is a `DataFault`.
/// The gradient of a maximum that several rows share goes to the last of them where bags are packed, in PyTorch to the first.
///
/// ```swift
/// let layer = EmbeddingBag(weight: Tensor([[1, 2], [3, 4], [5, 6]]), reduction: .sum)
/// let y = layer(Tensor([Int32(0), 2, 1]), offsets: Tensor([Int32(0), 2, 3]))  // bags of 2 and of 1: [[6, 8], [3, 4]]
/// ```
public struct EmbeddingBag: Layer, ParameterTree {
  /// What becomes of the rows of a bag.
  public enum Reduction: String, Sendable, CaseIterable {
    /// Their sum, their mean, or the greatest of each column.
    case sum, mean, max
  }

  /// The table, [count, width].
  public var weight: Tensor
  /// What becomes of the rows of a bag.
  public var reduction: Reduction

  public static let fields: [Field<Self>] = [.init("weight", \.weight)]

  public func read(into contents: inout TreeContents) {
    contents.add(weight)
    contents.add(setting: reduction)
  }

  /// A layer with this table.
  ///
  /// - Precondition: The table is floating.
  public init(weight: Tensor, reduction: Reduction = .mean, file: StaticString = #fileID, line: UInt = #line) {
    requireFloating("EmbeddingBag", ["weight": weight], Caller(file, line))
    self.weight = weight
    self.reduction = reduction
  }

  /// A new table of `count` rows, normal with mean 0.
  public init(
    _ count: Int, _ width: Int, reduction: Reduction = .mean, standardDeviation: Double = 1, key: RandomKey, dtype: DType = .float32
  ) {
    self.init(weight: key.normal([count, width], standardDeviation: standardDeviation, dtype: dtype), reduction: reduction)
  }

  /// Bags of one size: whole numbers [..., size] → [..., width]. `mode` changes nothing.
  public func callAsFunction(_ indices: Tensor, _ mode: Mode) -> Tensor {
    let rows = weight.gather(indices)
    switch reduction {
    case .sum: return rows.sum(axes: [-2])
    case .mean: return rows.mean(axes: [-2])
    case .max: return rows.max(axes: [-2])
    }
  }

  /// Bags of any sizes, packed: whole numbers [entries] → [bags, width]; entries `offsets[b]..<offsets[b + 1]` are bag b. An empty bag gives zeros, and so it is in PyTorch.
  ///
  /// - Parameters:
  ///   - indices: [entries] rows of the table.
  ///   - offsets: [bags + 1] whole numbers that rise from 0 to the number of entries (PyTorch's with `include_last_offset`); others are a `DataFault`.
  ///   - weights: [entries]: what each row is multiplied by before the sum.
  ///   - file: the caller's file, which messages name.
  ///   - line: the caller's line, likewise.
  /// - Precondition: The shapes are these, and only sums have weights.
  public func callAsFunction(
    _ indices: Tensor, offsets: Tensor, weights: Tensor? = nil, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let caller = Caller(file, line), name = "EmbeddingBag"
    caller.require(indices.rank == 1, name, "packed indices must be [entries], got \(indices.type); bags of one size need no offsets")
    caller.require(
      offsets.rank == 1 && offsets.shape[dim: 0].number != 0 && (offsets.dtype == .int32 || offsets.dtype == .int64), name,
      "offsets must be int32 or int64 of shape [bags + 1], got \(offsets.type)")
    caller.require(weights == nil || reduction == .sum, name, "weights are those of a sum, and the reduction is \(reduction)")
    let entries = indices.shape[dim: 0], bags = offsets.shape[dim: 0] - 1
    if let weights {
      let message = "there must be a floating weight for each of the \(entries) entries, got \(weights.type)"
      caller.require(weights.rank == 1 && weights.dtype.isFloating, name, message)
      caller.require(weights.shape[dim: 0], sameAs: entries, name, message)
    }
    let device = offsets.device, starts = offsets.cast(to: .int64)
    let first = starts.narrow(0, from: 0, count: bags), last = starts.narrow(0, from: 1, count: bags)
    func number(_ extent: Dimension) -> Tensor { Tensor(extent: extent, dtype: .int64, device: device) }
    // Where the offsets are wrong, entries are in the bag behind the last, which is a fault.
    let isSound =
      (last .>= first).all() .& (starts.narrow(0, from: 0, count: 1) .== 0).all()
      .& (starts.narrow(0, from: bags, count: 1) .== number(entries)).all()
    let places = starts.searchSorted(Tensor.iota(entries, device: device), right: true, file: file, line: line) - 1
    let bag = select(isSound, places, number(bags))
    var rows = weight.gather(indices, file: file, line: line)
    if let weights { rows = rows * weights.cast(to: rows.dtype).expandDims(-1) }
    func sums(_ values: Tensor) -> Tensor { values.scatterAdd(bag, extent: bags, file: file, line: line) }
    switch reduction {
    case .sum: return sums(rows)
    case .mean: return sums(rows) / maximum(last - first, number(1)).cast(to: rows.dtype).expandDims(-1)
    case .max:
      let lowest = Tensor.full(-.infinity, Shape(dimensions: [bags, rows.shape[dim: 1]]), dtype: rows.dtype, device: rows.device)
      let largest = lowest.scatter(rows, at: bag, mode: .maximum, file: file, line: line)
      return select((last .> first).expandDims(-1), largest, Tensor.full(0, [], dtype: rows.dtype, device: rows.device))
    }
  }
}
