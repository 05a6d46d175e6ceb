import Foundation

/// An `.npy` file whose rows are appended as they are made, for outputs larger than memory.
///
/// The file appears under its name with `finish`; without it nothing does.
///
/// ```swift
/// let writer = try NPYWriter(to: file, dtype: .float32, rowShape: [2])
/// try writer.append([1, 2, 3, 4])
/// try writer.finish()  // the file holds [[1, 2], [3, 4]]
/// ```
public final class NPYWriter {
  /// The number of rows so far.
  public private(set) var rows = 0
  private let dtype: DType
  private let rowShape: [Int]
  private let rowBytes: Int
  private let output: FileBeingWritten

  /// Begins the array of shape `[rows] + rowShape` at `url`; bfloat16 is stored as float32.
  ///
  /// - Throws: `FileError` if the file cannot be created, or `rowShape` is negative or overflows.
  public init(to url: URL, dtype: DType, rowShape: [Int]) throws {
    self.dtype = dtype == .bfloat16 ? .float32 : dtype
    self.rowShape = rowShape
    rowBytes = try HostArray.byteCount(rowShape, self.dtype.byteCount, file: url.path, field: "row shape")
    output = try FileBeingWritten(url)
    try output.append(header())
  }

  /// Appends the rows of `array`, whose shape is `[rows] + rowShape`, converted to the file's type.
  ///
  /// - Throws: `FileError` if the rows have another shape, an element cannot be converted, or the file cannot be written.
  public func append(_ array: HostArray) throws {
    guard !array.shape.isEmpty, Array(array.shape.dropFirst()) == rowShape else {
      throw FileError(file: output.path, field: "rows", value: "shape \(array.shape)", advice: "the file's rows have shape \(rowShape)")
    }
    try output.append(array.converted(to: dtype).data)
    rows += array.shape[0]
  }

  /// Appends rows given as one run of numbers, a whole number of rows.
  ///
  /// - Throws: `FileError` if the numbers do not make whole rows, or the file cannot be written.
  public func append(_ values: [Float]) throws {
    let width = rowBytes / dtype.byteCount
    guard width > 0, values.count % width == 0 else {
      throw FileError(file: output.path, field: "rows", value: "\(values.count) numbers", advice: "a row has \(width) numbers")
    }
    try append(HostArray(values, shape: [values.count / width] + rowShape))
  }

  /// Writes the final number of rows and gives the file its name.
  ///
  /// - Throws: `FileError` if the file cannot be written or renamed.
  public func finish() throws {
    try output.overwriteStart(header())
    try output.commit()
  }

  private func header() -> Data {
    NPYHeader(descr: NPY.descr(dtype), shape: [rows] + rowShape).encoded(reserving: Int.max)
  }
}
