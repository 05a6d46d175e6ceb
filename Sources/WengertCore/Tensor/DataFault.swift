/// An operation that has no result for the numbers it was given: a matrix without a factor, an index that is out of range.
///
/// It ends the program, unless the operation runs inside of `catchingDataFaults`, which throws it.
public struct DataFault: Error, Sendable, CustomStringConvertible {
  /// The kinds of faults, each with the meaning of its `number`.
  public enum Kind: Sendable {
    /// `cholesky` of a matrix that is not positive definite; the number is that of the matrix in the stack.
    case notPositiveDefinite
    /// `solve` or `solveTriangular` with a matrix that is singular; the number is that of the matrix in the stack.
    case singular
    /// A matrix whose eigenvalues or singular values cannot be found: it has elements that are not finite, or the steps do not converge; the number is that of the
    /// matrix in the stack.
    case notConverged
    /// An index or class that does not exist; the number is the index.
    case outOfRange
    /// Offsets of sequences that do not rise from 0 to the number of tokens; the number is the place of the first wrong one.
    case offsets
    /// Log-probabilities of which no class can be drawn; the number is the row's.
    case impossible
    /// A NaN or an infinity made of finite numbers, in a compiled function that looks for them (`CompileOptions.nanCheck`).
    case notFinite
    /// A compiled function for whose buffers, results or copies of what it updates the device has no memory; the number is that of the bytes that they take.
    case outOfMemory
  }
  /// The kind of the fault.
  public let kind: Kind
  /// The operation's name: "cholesky".
  public let operation: String
  /// What is wrong: "matrix 3 of [5, 2, 2] is not positive definite".
  public let message: String
  /// Which matrix, or which index; see `Kind`.
  public let number: Int
  /// The operands' shapes.
  public let shapes: [Shape]
  /// The source file of the operation's call; of an operation that a layer called, the place of the scope.
  public let file: String
  /// The line in `file`.
  public let line: Int

  public var description: String { "\(operation): \(message) (\(file):\(line))" }
}

/// Runs `body`, and throws the first `DataFault` that an operation in it meets; without it the program would end.
///
/// Operations go on after a fault: the faulty one gives NaN (zero in whole numbers), in every element or in those that have no result. What is updated in place is left alone from the first fault on:
/// an optimizer moves nothing, and the state of a `compileUpdate` is what it was before the call.
///
/// Scopes may be nested; the innermost one gets the fault. A scope holds for the calls of its thread and for the child tasks of its task, not for other threads.
///
/// ```swift
/// let factor = try? catchingDataFaults { Tensor([[-1]]).cholesky() }  // nil: the matrix is not positive definite
/// ```
///
/// - Returns: what `body` returns, if no operation met a fault.
/// - Throws: the first fault, also if `body` threw an error after it; otherwise what `body` throws.
public func catchingDataFaults<Result>(
  _ body: () throws -> Result, file: StaticString = #fileID, line: UInt = #line
) throws -> Result {
  let scope = DataFaultScope(Caller(file, line))
  return try scope.finish(Swift.Result { try DataFaultScope.$innermost.withValue(scope, operation: body) })
}

/// The same for a body that waits.
@_disfavoredOverload
public func catchingDataFaults<Result>(
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result, file: StaticString = #fileID, line: UInt = #line
) async throws -> Result {
  let scope = DataFaultScope(Caller(file, line))
  let result: Swift.Result<Result, any Error>
  do {
    result = .success(try await DataFaultScope.$innermost.withValue(scope, operation: body))
  } catch {
    result = .failure(error)
  }
  return try scope.finish(result)
}

/// The receiver of faults while a scope is open. A fault may be reported by any thread, and later than its operation was called: it is looked for when the scope ends, and
/// before anything is updated in place.
package final class DataFaultScope: Sendable {
  private struct State {
    var first: DataFault?
    var count = 0
    var isOpen = true
    /// Whether one of them was that there is no memory.
    var lacksMemory = false
    /// Those with kernels that may have something to report.
    var backends: [any Backend] = []
  }
  private let state = Locked(State())
  private let caller: Caller
  /// The scope around this one.
  private let outer: DataFaultScope?

  @TaskLocal fileprivate static var innermost: DataFaultScope?

  fileprivate init(_ caller: Caller) {
    self.caller = caller
    outer = Self.innermost
  }

  /// The innermost scope that has not ended; a task may outlive the scope that it was made in.
  package static var current: DataFaultScope? { innermost?.open }

  /// This scope or the innermost one around it that has not ended.
  private var open: DataFaultScope? {
    var scope: DataFaultScope? = self
    while let known = scope, !known.state.withLock({ $0.isOpen }) { scope = known.outer }
    return scope
  }

  /// Notes that a kernel of `backend` may report a fault.
  func expectFaults(of backend: any Backend) {
    state.withLock { state in
      if !state.backends.contains(where: { $0 === backend }) { state.backends.append(backend) }
    }
  }

  /// Waits for what kernels have to report.
  private func settle() {
    for backend in state.withLock({ $0.backends }) { backend.tellFaults(waiting: true) }
  }

  /// How many faults there were.
  var faultCount: Int {
    settle()
    return state.withLock { $0.count }
  }

  /// Whether an operation of the current scope met a fault, after which nothing is updated.
  package static var hasFault: Bool { (current?.faultCount ?? 0) > 0 }

  /// Whether there was no memory for something in the current scope, whose result is lost: programs compute nothing then.
  static var lacksMemory: Bool { current?.state.withLock { $0.lacksMemory } ?? false }

  /// Hands a fault to a scope, or ends the program if there is none that has not ended.
  ///
  /// - Parameters:
  ///   - scope: the one that was current when the operation was called.
  ///   - place: finds the caller of an operator when the program ends.
  static func report(
    _ kind: DataFault.Kind, _ operation: String, _ message: String, number: Int, shapes: [Shape], _ caller: Caller,
    to scope: DataFaultScope? = current, place: () -> String? = Failure.callerNow
  ) {
    guard let scope = scope?.open else {
      if caller.isOwn { caller.fail(operation, message, place: place) }
      caller.fail(operation, message)
    }
    let place = caller.isOwn ? scope.caller : caller
    let fault = DataFault(
      kind: kind, operation: operation, message: message, number: number, shapes: shapes, file: place.fileName, line: Int(place.line))
    scope.state.withLock { state in
      state.count += 1
      if kind == .outOfMemory { state.lacksMemory = true }
      if state.first == nil { state.first = fault }
    }
  }

  fileprivate func finish<Value>(_ result: Result<Value, any Error>) throws -> Value {
    settle()
    let fault = state.withLock { state in
      state.isOpen = false
      return state.first
    }
    if let fault { throw fault }
    return try result.get()
  }
}

/// What an operation says of a kernel that found no result.
struct FaultReport: Sendable {
  var kind: DataFault.Kind
  var operation: String
  var shapes: [Shape]
  var caller: Caller
  /// What the kernel's number means, and the message.
  var explain: @Sendable (Int) -> (number: Int, message: String)

  /// Runs a call and reports its fault, unless it is only noted for a program, which then has this report.
  func run(_ call: some KernelArguments, on backend: any Backend) {
    if let recorder = backend as? KernelRecorder {
      recorder.report = self
      recorder.run(call)
      recorder.report = nil
    } else {
      backend.run(call, note(on: backend))
    }
  }

  /// What a kernel finds is reported to the scope that is current now, whenever it comes.
  func note(on backend: any Backend) -> FaultNote {
    let scope = DataFaultScope.current
    scope?.expectFaults(of: backend)
    return FaultNote { report($0, to: scope) }
  }

  func report(_ fault: Int, to scope: DataFaultScope?) {
    let (number, message) = explain(fault)
    DataFaultScope.report(kind, operation, message, number: number, shapes: shapes, caller, to: scope)
  }
}
