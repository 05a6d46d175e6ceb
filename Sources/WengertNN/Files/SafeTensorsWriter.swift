import Foundation

/// A safetensors file of one float32 array [rows, width], whose rows are appended as they are made: for outputs larger than memory.
public final class SafeTensorsWriter: RowWriter {
  /// The number of rows so far.
  public private(set) var rows = 0
  private let total: Int
  private let width: Int
  private let output: FileBeingWritten

  /// Begins the array `name` of `rows` rows, a number that the format needs beforehand, at `url`.
  ///
  /// - Throws: `FileError` if the shape is negative or overflows, or the file cannot be created.
  public init(to url: URL, name: String, rows: Int, width: Int, metadata: [String: String] = [:]) throws {
    total = rows
    self.width = width
    let opening = try SafeTensors.opening([(name, .float32, [rows, width])], metadata: metadata, file: url.path)
    output = try FileBeingWritten(url)
    try output.append(opening)
  }

  /// Appends rows given as one run of numbers, a whole number of rows.
  ///
  /// - Throws: `FileError` if the numbers do not make whole rows, or the file cannot be written.
  public func append(_ values: [Float]) throws {
    guard width > 0, values.count % width == 0 else {
      throw FileError(file: output.path, field: "rows", value: "\(values.count) numbers", advice: "a row has \(width) numbers")
    }
    try output.append(HostArray(values).data)
    rows += values.count / width
  }

  /// Gives the file its name.
  ///
  /// - Throws: `FileError` if there are not as many rows as announced, or the file cannot be written or renamed.
  public func finish() throws {
    guard rows == total else {
      throw FileError(
        file: output.path, field: "rows", value: "\(rows)", advice: "\(total) were announced; leave the input as it is while it is read")
    }
    try output.commit()
  }
}
