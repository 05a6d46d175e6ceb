/// A file of one array, whose rows are appended as they are made.
///
/// The file appears under its name with `finish`; without it nothing does.
public protocol RowWriter {
  /// The number of rows so far.
  var rows: Int { get }

  /// Appends rows given as one run of numbers, a whole number of rows.
  func append(_ values: [Float]) throws

  /// Gives the file its name.
  func finish() throws
}

extension NPYWriter: RowWriter {}
