import Foundation

/// The names that only the model or only the file has, when weights were loaded.
public struct LoadReport: Equatable, Sendable {
  /// Names that the model has and the file lacks; these tensors kept their values.
  public var missing: [String]
  /// Names that the file has and the model lacks.
  public var unexpected: [String]

  /// A report of these names.
  public init(missing: [String] = [], unexpected: [String] = []) {
    self.missing = missing
    self.unexpected = unexpected
  }
}

extension TensorTree {
  /// Replaces each tensor by the array of its dotted name, converted to the tensor's dtype and on its backend.
  ///
  /// - Parameters:
  ///   - strict: whether a name that only one side has is an error.
  ///   - fileName: the name in the file of a tensor of the model, for files that name things otherwise.
  /// - Throws: one `FileError` that names all entries that are missing, unexpected, or of another shape; the model is then unchanged.
  ///
  /// ```swift
  /// let saved = Linear(2, 3, key: RandomKey(1))
  /// try saved.save(to: file)
  /// var loaded = Linear(2, 3, key: RandomKey(2))
  /// try loaded.load(SafeTensors(contentsOf: file))  // now equal to saved
  /// ```
  @discardableResult
  public mutating func load(
    _ file: SafeTensors, strict: Bool = true, fileName: (String) -> String = { $0 }
  ) throws -> LoadReport {
    var report = LoadReport()
    var misshapen: [String] = []
    var known: Set<String> = []
    for (name, tensor) in namedTensors {
      let name = fileName(name)
      known.insert(name)
      guard let array = file[name] else {
        report.missing.append(name)
        continue
      }
      let converts = array.dtype == tensor.dtype || (array.dtype.isFloating && tensor.dtype.isFloating)
      if array.shape != Array(tensor.shape) || !converts {
        misshapen.append("\(name) is \(array.dtype)\(array.shape) in the file, \(tensor.dtype)\(tensor.shape) in the model")
      }
    }
    report.unexpected = file.names.filter { !known.contains($0) }

    var problems = misshapen.isEmpty ? [] : ["misshapen: \(shortened(misshapen, "; "))"]
    if strict && !report.missing.isEmpty { problems.append("missing: \(shortened(report.missing))") }
    if strict && !report.unexpected.isEmpty { problems.append("unexpected: \(shortened(report.unexpected))") }
    guard problems.isEmpty else {
      throw FileError(
        file: file.file, field: "tensors", value: problems.joined(separator: "; "),
        advice: misshapen.isEmpty
          ? "the names differ from the model's: give the file of this model, or load with strict: false"
          : "the file is of another model: make the model with the file's sizes")
    }
    visit("") { name, tensor in
      guard let array = file[fileName(name)] else { return }
      tensor = Tensor(array, device: tensor.device).cast(to: tensor.dtype)
    }
    return report
  }

  /// Writes all tensors by their dotted names as a safetensors file.
  ///
  /// - Throws: `FileError` if two tensors have one name, or the file cannot be written.
  public func save(to url: URL, metadata: [String: String] = [:], fileName: (String) -> String = { $0 }) throws {
    try SafeTensors.write(namedTensors.map { (fileName($0.name), $0.tensor.hostArray) }, metadata: metadata, to: url)
  }
}

/// The first names, and how many more there are.
private func shortened(_ names: [String], _ separator: String = ", ") -> String {
  names.prefix(8).joined(separator: separator) + (names.count > 8 ? " and \(names.count - 8) more" : "")
}
