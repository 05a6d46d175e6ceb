import Glibc
import Synchronization

/// What is wrong in a user's program: what `Caller.fail` ends it with, unless mistakes are collected.
///
/// Only what operations are given is a mistake. A contradiction inside the library ends the program, also where mistakes are collected.
package struct Mistake: Sendable, CustomStringConvertible {
  /// "matmul"
  package let operation: String
  /// "inner extents differ: …"
  package let message: String
  /// File, line and, in a graph, the operation's number. Of an operator they are the library's own.
  package let caller: Caller
  /// What is said besides of a place that had to be looked up: "called at Model.swift:7".
  package let note: String?
  /// "/…/Model.swift:7:19": the place in the user's source, if places were asked for and it was found.
  package let place: String?

  /// "Models/Model.swift", the file of the caller; nil if that is the library's own.
  package var file: String? { caller.isOwn ? nil : caller.fileName }

  /// All that the program says where it ends.
  package var description: String {
    (caller.isOwn ? "" : "\(caller.fileName):\(caller.line): ") + "\(operation): \(message)" + (note.map { "\n  \($0)" } ?? "")
  }
}

/// Runs the functions one after another, and returns the first mistake of each of those that have one; or all that are found.
///
/// Each runs on a thread of its own, which ends at the mistake: nobody releases what it holds, the tensors that it made above all. That is for tools
/// that check and end, not for what runs for days. The functions see no task-local values from outside. Mistakes on further threads that they start end the program,
/// as does every mistake elsewhere.
///
/// - Parameters:
///   - findsPlaces: whether path, line and column are looked up of every mistake; otherwise those of operators are not known. They are looked up in the maps of the
///     process's memory, where no other thread may map a file or give one up meanwhile: the program would end.
///   - goesOn: whether a function goes on behind a mistake which leaves no doubt about the result's rank (`Caller.expect`). What depends on a mistake is not told again, and nothing is
///     computed behind one. It stops where numbers are read or a graph would be used, and at whatever else goes wrong.
package func collectingMistakes(findsPlaces: Bool = false, goesOn: Bool = false, _ bodies: [@Sendable () -> Void]) -> [Mistake] {
  bodies.flatMap { StoppingThread(findsPlaces: findsPlaces, goesOn: goesOn, $0).run() }
}

/// A thread that stops at a mistake of what it runs: the first, or the first that it cannot go on behind.
final class StoppingThread: @unchecked Sendable {
  private let body: @Sendable () -> Void
  /// Whether path, line and column are looked up of every mistake.
  let findsPlaces: Bool
  /// Whether it goes on behind a mistake that allows it.
  let goesOn: Bool
  private let mistakes = Locked<[Mistake]>([])

  /// While the place of a mistake is looked up: what is called where it is found. Only the thread itself uses it.
  private(set) var foundPlace: ((_ place: String?, _ subject: String?) -> Never)?

  /// The one that runs this; nil elsewhere.
  static var current: StoppingThread? { pthread_getspecific(key).map { Unmanaged.fromOpaque($0).takeUnretainedValue() } }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
  }()

  /// Only what is touched of it takes memory.
  private static let stackSize = 4 << 20

  init(findsPlaces: Bool = false, goesOn: Bool = false, _ body: @escaping @Sendable () -> Void) {
    self.findsPlaces = findsPlaces
    self.goesOn = goesOn
    if goesOn { Self.hasStarted.store(true, ordering: .relaxed) }
    self.body = body
  }

  func run() -> [Mistake] {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, Self.stackSize)
    var thread = pthread_t()
    let failed = pthread_create(
      &thread, &attributes,
      { argument in
        Unmanaged<StoppingThread>.fromOpaque(argument!).takeRetainedValue().work()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    ensure(failed == 0, "a thread cannot be started: \(String(cString: strerror(failed)))")
    pthread_join(thread, nil)
    return mistakes.withLock { $0 }
  }

  /// Whether this is the first function of such a thread, by its mangled name; behind it, there is nothing of the program.
  static func isFirst(_ symbol: String) -> Bool { ["work", "run"].contains { symbol.contains("14StoppingThreadC\($0.utf8.count)\($0)") } }

  private func work() {
    pthread_setspecific(Self.key, Unmanaged.passUnretained(self).toOpaque())
    body()
  }

  private var hasMistake: Bool { mistakes.withLock { !$0.isEmpty } }

  /// Ends the thread where it is. Its functions do not return, so that what they hold stays.
  private func halt() -> Never { pthread_exit(nil) }

  /// Stops the thread that runs this, if it went on behind a mistake: what follows would use what is wrong.
  static func haltIfMistaken() {
    if isBehindMistake { current!.halt() }
  }

  /// The thread that runs this, if it goes on behind mistakes.
  static var goingOn: StoppingThread? {
    guard hasStarted.load(ordering: .relaxed), let current, current.goesOn else { return nil }
    return current
  }

  /// Whether the thread that runs this goes on behind a mistake: numbers are not computed any more, since an operation on what is wrong could read anything.
  static var isBehindMistake: Bool { hasStarted.load(ordering: .relaxed) && goingOn?.hasMistake == true }

  /// Whether there has been a thread that goes on.
  private static let hasStarted = Atomic<Bool>(false)

  /// Whether a mistake has been noted or passed over since the last operation was recorded: what is wrong next is wrong with the same operation.
  private var isInMistake = false
  /// Whether the operation that a tracer asks for its results' types has an operand that depends on a mistake.
  private var operandsDependOnMistake = false

  /// Whether what is wrong with an operation on these may be so because of a mistake that is known.
  func isConsequence(_ tensors: [Tensor]) -> Bool { isInMistake || operandsDependOnMistake || tensors.contains(where: \.dependsOnMistake) }

  /// Notes a mistake behind which the thread goes on, or none that would be new.
  func note(_ found: Mistake?) {
    isInMistake = true
    guard let found else { return }
    mistakes.withLock { $0.append(found) }
    // What Swift itself finds wrong behind a mistake is a consequence of it.
    for number in [SIGILL, SIGTRAP] {
      signal(number) { number in
        StoppingThread.haltIfMistaken()
        signal(number, SIG_DFL)
      }
    }
  }

  /// The types of an operation's results, and whether they depend on a mistake.
  func recording(_ operandsDependOnMistake: Bool, _ types: () -> [TensorType]) -> (types: [TensorType], dependOnMistake: Bool) {
    self.operandsDependOnMistake = operandsDependOnMistake
    let types = types()
    let dependOnMistake = operandsDependOnMistake || isInMistake
    (self.operandsDependOnMistake, isInMistake) = (false, false)
    return (types, dependOnMistake)
  }

  /// Ends what the thread does with a mistake, whose place is looked up first. Some look for it by running the function once more up to the operation, which ends at
  /// `foundPlace`; what is wrong on the way there ends the search.
  func stop(about subject: String?, place: () -> String?, mistake found: @escaping (_ place: String?, _ subject: String?) -> Mistake)
    -> Never
  {
    if let foundPlace { foundPlace(nil, nil) }
    if goesOn && isConsequence([]) { halt() }
    foundPlace = { place, subject in
      self.mistakes.withLock { $0.append(found(place, subject)) }
      self.halt()
    }
    Failure.end(at: findsPlaces ? place() : nil, about: subject)
  }
}
