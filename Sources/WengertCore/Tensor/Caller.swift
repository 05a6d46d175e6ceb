#if canImport(Runtime)
  import Runtime
#endif

/// Where in the user's program an operation was called, for messages.
public struct Caller: Sendable {
  public let file: StaticString
  public let line: UInt
  /// The calls under way when the operation was traced, for a message that may come when it runs.
  fileprivate let calls: Calls?

  public init(_ file: StaticString, _ line: UInt) { self.init(file, line, nil) }

  fileprivate init(_ file: StaticString, _ line: UInt, _ calls: Calls?) {
    self.file = file
    self.line = line
    self.calls = calls
  }

  /// The same, with the calls that are under way now.
  func noted() -> Caller { isOwn ? Caller(file, line, Calls()) : self }

  /// A call stack, looked up in the program's debug information only when it is shown.
  fileprivate final class Calls: @unchecked Sendable {
    #if canImport(Runtime)
      let backtrace = try? Backtrace.capture()
    #endif
  }

  /// Ends the program, as an array index out of range does: `operation: what was wrong`, at the caller's line.
  package func fail(_ operation: String, _ message: String) -> Never {
    let place = isOwn ? (calls ?? Calls()).user.map { "; called at \($0)" } : nil
    fatalError("\(operation): \(message)\(place ?? "")", file: file, line: line)
  }

  /// Whether the place recorded is the library's own: operators cannot take their caller's.
  private var isOwn: Bool { Self.modules.contains { "\(file)".hasPrefix("\($0)/") } }

  fileprivate static let modules = ["WengertCore", "Wengert", "WengertNN"]

}

extension Caller.Calls {
  /// File and line of the innermost call that is not in the library; nil where the program carries no line numbers.
  fileprivate var user: String? {
    #if canImport(Runtime)
      guard let frames = backtrace?.symbolicated()?.frames else { return nil }
      for frame in frames {
        guard let symbol = frame.symbol, let place = symbol.sourceLocation, place.line > 0 else { continue }
        // A mangled name begins with the length and name of its module.
        if Caller.modules.contains(where: { symbol.rawName.hasPrefix("$s\($0.count)\($0)") }) { continue }
        return "\(place.path):\(place.line)"
      }
    #endif
    return nil
  }
}

extension Caller {
  package func require(_ condition: Bool, _ operation: String, _ message: @autoclosure () -> String) {
    if !condition { fail(operation, message()) }
  }

  /// `axis` counted from the front; negative ones count from the end.
  func normalize(_ axis: Int, rank: Int, _ operation: String, _ shape: Shape) -> Int {
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
