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
  ///   - file: a safetensors file, a folder of several (`ShardedSafeTensors`), or a GGUF file.
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
    _ file: some NamedArrays, strict: Bool = true, fileName: (String) -> String = { $0 }
  ) throws -> LoadReport {
    var report = LoadReport()
    var misshapen: [String] = []
    var known: Set<String> = []
    for (name, tensor) in namedTensors {
      let name = fileName(name)
      known.insert(name)
      guard let array = try file.type(of: name) else {
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
    // What has a type can be read.
    var failure: (any Error)?
    visit("") { name, tensor in
      do {
        guard failure == nil, let array = try file.array(fileName(name)) else { return }
        tensor = Tensor(array, device: tensor.device).cast(to: tensor.dtype)
      } catch { failure = error }
    }
    if let failure { throw failure }
    return report
  }

  /// Writes all tensors by their dotted names as a safetensors file.
  ///
  /// - Throws: `FileError` if two tensors have one name, or the file cannot be written.
  public func save(to url: URL, metadata: [String: String] = [:], fileName: (String) -> String = { $0 }) throws {
    try SafeTensors.write(namedTensors.map { (fileName($0.name), $0.tensor.hostArray) }, metadata: metadata, to: url)
  }
}

// States that are gone on from: every bit, or nothing.
extension TensorTree {
  /// Writes all tensors by their dotted names as a safetensors file with a checksum, aside and then renamed into place: at no moment is there half a file. Models, optimizers and keys of
  /// random numbers in one tree are one file; what a tree holds besides tensors is not in it, and goes into the metadata.
  ///
  /// - Throws: `FileError` if two tensors have one name, or the file cannot be written.
  public func saveState(to url: URL, metadata: [String: String] = [:]) throws {
    try SafeTensors.write(namedTensors.map { ($0.name, $0.tensor.hostArray) }, metadata: metadata, isChecksummed: true, to: url)
  }

  /// Replaces each tensor by that of a file which `saveState` has written for a tree of the same tensors; gives the metadata. An optimizer has its tensors once it was prepared for
  /// its model (`optimizer.state.prepare(for: model)`).
  ///
  /// - Throws: `FileError` if the file cannot be read or is damaged, if a name is missing or not known, or a shape or dtype is another: weights may be loaded from another dtype, but a
  ///   state would not go on as it was. Nothing is changed then.
  @discardableResult public mutating func loadState(from url: URL) throws -> [String: String] {
    let file = try SafeTensors(verifying: url)
    for (name, tensor) in namedTensors {
      guard let stored = file.type(of: name)?.dtype, stored != tensor.dtype else { continue }
      throw FileError(
        file: url.path, field: name, value: "\(stored)",
        advice: "the state has it as \(tensor.dtype): make the model in the dtype of the file")
    }
    try load(file)
    return file.metadata.filter { $0.key != SafeTensors.checksumName }
  }
}

/// The first names, and how many more there are.
private func shortened(_ names: [String], _ separator: String = ", ") -> String {
  names.prefix(8).joined(separator: separator) + (names.count > 8 ? " and \(names.count - 8) more" : "")
}
