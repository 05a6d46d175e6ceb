/// A file, or a folder of files, of arrays by name, whose layout was checked when it was opened: what a model's weights are loaded from (`TensorTree.load`).
public protocol NamedArrays {
  /// The names of the arrays.
  var names: [String] { get }
  /// The path, for errors.
  var file: String { get }

  /// The element type and shape that an array has once it is read; nil if there is none of this name. Nothing is read for it.
  ///
  /// - Throws: `FileError` if the array is of a kind that cannot be read; whatever has a type can be.
  func type(of name: String) throws -> (dtype: DType, shape: [Int])?

  /// The array of this name, if there is one.
  ///
  /// - Throws: `FileError` if it is of a kind that cannot be read.
  func array(_ name: String) throws -> HostArray?
}

extension SafeTensors: NamedArrays {
  public func array(_ name: String) -> HostArray? { self[name] }
}
