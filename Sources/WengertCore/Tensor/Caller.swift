/// The place in the user's program at which an operation was called, for messages.
package struct Caller: Sendable {
  public let file: StaticString
  public let line: UInt
  /// The operation's number in the graph that was traced, from which an operator's place is found when a message is due: by tracing once more.
  package private(set) var node: Int?
  /// Of a caller that was read: the place of its file's name in the table of such names, for which `file` stands.
  private var readFile: Int?

  /// A file and a line: `Caller(#fileID, #line)`.
  public init(_ file: StaticString, _ line: UInt) {
    self.file = file
    self.line = line
  }

  /// Names of files that were read, each once, for as long as the process lives: a caller is copied without counting references.
  private static let readFiles = Locked<(places: [String: Int], list: [String])>(([:], []))

  /// A caller that is read from a finished program.
  init(read file: String, _ line: UInt) {
    self.init("finished program", line)
    readFile = Self.readFiles.withLock { files in
      if let place = files.places[file] { return place }
      files.places[file] = files.list.count
      files.list.append(file)
      return files.list.count - 1
    }
  }

  /// The file, wherever its name is from.
  var fileName: String {
    guard let readFile else { return "\(file)" }
    return Self.readFiles.withLock { $0.list[readFile] }
  }

  /// The same for the operation of this number in the graph that is traced.
  func numbered(_ node: Int) -> Caller {
    var caller = self
    caller.node = node
    return caller
  }

  /// Ends the program, as an array index out of range does: `operation: what was wrong`, at the caller's line. The one place where a user's mistake ends it; where
  /// mistakes are collected, only the thread stops.
  @inline(never) package func fail(_ operation: String, _ message: String) -> Never {
    fail(operation, message) { StoppingThread.current?.findsPlaces ?? isOwn ? Failure.callerNow() : nil }
  }

  /// The same, with a place that is looked up when the message is out: the caller of an operator, which cannot take its line, or that of `subject`.
  @inline(never) func fail(_ operation: String, _ message: String, about subject: String? = nil, place: () -> String?) -> Never {
    if let thread = StoppingThread.current {
      thread.stop(about: subject, place: place) { place, subject in
        self.mistake(operation, message, place, about: subject, findsPlaces: thread.findsPlaces)
      }
    }
    Failure.end("\(operation): \(message)", file: isOwn ? nil : fileName, line: line, about: subject, place: place)
  }

  /// As `require`, where the rank of the operation's result is known all the same: where all mistakes are collected, the function goes on.
  ///
  /// - Parameter tensors: the operands; a rule that is asked for the results' types need not name them. Where one depends on a mistake, this one may be a consequence, and is not told.
  package func expect(
    _ condition: Bool, _ operation: String, _ message: @autoclosure () -> String, of tensors: @autoclosure () -> [Tensor] = []
  ) {
    if !condition { note(operation, message, tensors) }
  }

  @inline(never) private func note(_ operation: String, _ message: () -> String, _ tensors: () -> [Tensor]) {
    guard let thread = StoppingThread.current, thread.goesOn else { fail(operation, message()) }
    if thread.isConsequence(tensors()) { return thread.note(nil) }
    let text = message()
    thread.note(mistake(operation, text, thread.findsPlaces ? Failure.callerNow() : nil, findsPlaces: thread.findsPlaces))
  }

  private func mistake(_ operation: String, _ message: String, _ place: String?, about subject: String? = nil, findsPlaces: Bool) -> Mistake
  {
    let isUsed = isOwn || subject != nil || place.map { isAt($0) } ?? false
    return Mistake(
      operation: operation, message: message, caller: self, note: place.map { Failure.note($0, subject) },
      place: findsPlaces && isUsed ? place : nil)
  }

  /// Whether the place recorded is the library's own: operators cannot take their caller's.
  var isOwn: Bool { Self.modules.contains { fileName.hasPrefix("\($0)/") } }

  /// Whether a path and a line that were looked up are those recorded here.
  private func isAt(_ place: String) -> Bool { "\(place):".contains("/\(fileName.split(separator: "/").last ?? ""):\(line):") }

  /// The modules whose calls are not the user's.
  static let modules = ["WengertCore", "WengertCPU", "Wengert", "WengertNN", "WengertGraphTool", "WengertDifferentiable"]
}

extension Caller {
  package func require(_ condition: Bool, _ operation: String, _ message: @autoclosure () -> String) {
    if !condition { fail(operation, message) }
  }

  /// Where something is required, its message is made out of line: most functions have several, and the compiler would go through all of them in each.
  @inline(never) private func fail(_ operation: String, _ message: () -> String) -> Never { fail(operation, message()) }

  /// Extents are at least zero, and an Int counts the elements.
  func requireExtents(_ shape: Shape, _ operation: @autoclosure () -> String) {
    var count = 1
    for axis in shape.indices where !shape[dim: axis].isExpression {
      let extent = shape[dim: axis].number ?? shape[dim: axis].raw
      if extent < 0 { fail(operation(), "extent \(extent) of axis \(axis) is negative") }
      let (product, overflows) = count.multipliedReportingOverflow(by: extent)
      if overflows { fail(operation(), "a tensor of shape \(shape) has more elements than an Int counts") }
      count = product
    }
  }

  /// `axis` counted from the front; negative ones count from the end.
  func normalize(_ axis: Int, rank: Int, _ operation: String, _ shape: Shape) -> Int {
    require(rank > 0, operation, "axis \(axis) does not exist in a scalar, which has no axes; reshape it to [1] first, or name no axis")
    require(axis >= -rank && axis < rank, operation, "axis \(axis) does not exist in shape \(shape), which has \(rank) axes")
    return axis < 0 ? axis + rank : axis
  }

  /// Distinct axes in ascending order; nil means all.
  func normalize(_ axes: [Int]?, _ shape: Shape, _ operation: String) -> Shape {
    guard let axes else { return Shape(shape.indices) }
    let normal = axes.map { normalize($0, rank: shape.rank, operation, shape) }.sorted()
    for (a, b) in zip(normal, normal.dropFirst()) where a == b { fail(operation, "axis \(a) is named twice in \(axes)") }
    return Shape(normal)
  }
}
