/// A part of a model that takes one tensor to another. Structs of tensors conform to `ParameterTree` too, which lists their parameters.
public protocol Layer: TensorTree, Sendable {
  /// The layer's value at `x`; `mode` says whether, and with which random numbers, to drop elements.
  func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor
}

extension Layer {
  /// The layer's value at `x` in evaluation: nothing is dropped.
  public func callAsFunction(_ x: Tensor) -> Tensor { self(x, .evaluation) }
}

/// Ends the program for parameters of whole numbers, which would never learn.
func requireFloating(_ layer: String, _ parameters: KeyValuePairs<String, Tensor?>, _ caller: Caller) {
  for case (let name, let parameter?) in parameters {
    caller.require(
      parameter.dtype.isFloating, layer,
      "the \(name) is \(parameter.type), and whole numbers never learn; convert it with cast(to: .float32)")
  }
}

/// Evaluation, or training with the random numbers of one key.
///
/// Each place that uses random numbers folds a number of its own into the mode, so that all draw different ones and any part of a computation can be
/// repeated alone.
public struct Mode: Sendable {
  /// The key of dropout; nil drops nothing.
  public var dropoutKey: RandomKey?
  /// A number for each row [rows, 1] (int64), by which dropout is drawn instead of by its place; nil goes by places.
  public var rows: Tensor?

  /// A mode that drops by this key, or not at all if it is nil.
  public init(dropoutKey: RandomKey?, rows: Tensor? = nil) {
    self.dropoutKey = dropoutKey
    self.rows = rows
  }

  /// The key of dropout, or of each row's.
  public var keys: RandomKey? { rows.map { rows in dropoutKey.map { $0.keys(for: rows) } } ?? dropoutKey }

  /// Nothing is dropped.
  public static let evaluation = Mode(dropoutKey: nil)

  /// Dropout by this key.
  public static func training(_ key: RandomKey) -> Mode { Mode(dropoutKey: key) }

  /// The mode of part number `site`.
  public func fold(_ site: Int) -> Mode { Mode(dropoutKey: dropoutKey?.fold(site), rows: rows) }
}
