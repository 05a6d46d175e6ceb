import Foundation

// Reading and writing the archives of scipy.sparse.save_npz.
extension SparseMatrix {
  /// The matrix in a file written by `scipy.sparse.save_npz`: format csr, csc or coo, indices int32 or int64, values of
  /// any real type.
  ///
  /// Entries at the same place are summed.
  ///
  /// - Throws: `FileError` naming the file, the member and the value that is wrong.
  public init(contentsOf url: URL) throws { try self.init(NPZ(contentsOf: url)) }

  /// The matrix in an open archive.
  ///
  /// - Throws: `FileError` naming the member and the value that is wrong.
  public init(_ archive: NPZ) throws {
    let file = archive.file
    let format = try archive.text("format")
    guard ["csr", "csc", "coo"].contains(format) else {
      throw FileError(file: file, field: "format", value: format.debugDescription, advice: "save the matrix as csr, csc or coo")
    }
    let shape = try Self.integers(archive, "shape")
    guard shape.count == 2 else {
      throw FileError(file: file, field: "shape", value: "\(shape.prefix(8))", advice: "a matrix has two sizes")
    }
    let values = try Self.values(archive)
    try Self.check(rows: shape[0], columns: shape[1], entries: values.count, file: file)
    switch format {
    case "csr":
      try self.init(
        rows: shape[0], columns: shape[1], rowOffsets: Self.integers(archive, "indptr"), indices: Self.indices(archive, "indices"),
        values: values, file: file)
    case "csc":
      // The columns of the matrix are the rows of its transpose; only errors would be named the wrong way round.
      let indices = try Self.indices(archive, "indices")
      try Self.check(indices: indices, name: "indices", below: shape[0], axis: "rows", file: file)
      self = try SparseMatrix(
        rows: shape[1], columns: shape[0], rowOffsets: Self.integers(archive, "indptr"), indices: indices, values: values, file: file
      ).transposed()
    default:
      try self.init(
        rows: shape[0], columns: shape[1], rowIndices: Self.indices(archive, "row"), columnIndices: Self.indices(archive, "col"),
        values: values, file: file)
    }
  }

  /// Writes the matrix as `scipy.sparse.save_npz` writes a csr matrix, aside and then renamed into place.
  ///
  /// - Throws: `FileError` if the file cannot be written.
  public func write(to url: URL, compressed: Bool = true) throws {
    let hasSmallOffsets = count <= Int(Int32.max)
    try NPZ.write(
      [
        // SciPy wants both index arrays in one type.
        ("indices", .array(hasSmallOffsets ? HostArray(indices) : HostArray(indices.map(Int.init)))),
        ("indptr", .array(hasSmallOffsets ? HostArray(rowOffsets.map { Int32($0) }) : HostArray(rowOffsets))),
        ("format", .text("csr")),
        ("shape", .array(HostArray([rows, columns]))),
        ("data", .array(HostArray(values))),
      ], compressed: compressed, to: url)
  }

  /// A member that must have one axis.
  private static func line(_ archive: NPZ, _ name: String) throws -> HostArray {
    let array = try archive.array(name)
    guard array.shape.count == 1 else {
      throw FileError(file: archive.file, field: name, value: "shape \(array.shape.prefix(8))", advice: "one axis is expected")
    }
    return array
  }

  /// The values, of which none but a zero becomes one in float32.
  private static func values(_ archive: NPZ) throws -> [Float] {
    let array = try line(archive, "data"), values = array.floats()
    guard array.dtype == .float64, values.contains(0) else { return values }
    let exact = array.doubles()
    if let i = values.indices.first(where: { values[$0] == 0 && exact[$0] != 0 }) {
      throw FileError(
        file: archive.file, field: "data[\(i)]", value: "\(exact[i])", advice: "in float32 that is 0: scale the values, or leave it out")
    }
    return values
  }

  private static func integers(_ archive: NPZ, _ name: String) throws -> [Int] {
    let array = try line(archive, name)
    guard !array.dtype.isFloating else {
      throw FileError(file: archive.file, field: name, value: "\(array.dtype)", advice: "integers are expected")
    }
    return try array.ints(file: archive.file, field: name)
  }

  private static func indices(_ archive: NPZ, _ name: String) throws -> [Int32] {
    let values = try integers(archive, name)
    return try values.indices.map { i in
      guard let index = Int32(exactly: values[i]) else {
        throw FileError(
          file: archive.file, field: "\(name)[\(i)]", value: "\(values[i])", advice: "no matrix that can be read is that large")
      }
      return index
    }
  }
}
