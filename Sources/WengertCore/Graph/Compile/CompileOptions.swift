/// The options with which a function is compiled.
public struct CompileOptions: Sendable {
  /// Shapes of arguments with symbols, by the argument's name: `["1.ids": ["tokens"], "1.offsets": [Dimension("sequences") + 1]]`. Arguments are numbered from 0,
  /// and the tensors in one have its dotted names below the number; −1 takes the extent of the first call. Arguments that are not listed have the shapes of the
  /// first call; with others the function is compiled again.
  public var shapes: [String: [Dimension]]
  /// Bytes that the program's buffers may take, arguments and results not counted; values are computed again if they would take more.
  public var memoryBudget: Int?
  /// Whether every kernel's results are looked at, and the program ends at the first that makes a NaN or an infinity of finite operands. Operations are
  /// not fused then, so that the one can be named.
  public var nanCheck: Bool
  /// Whether the passes run; without them every operation is a kernel of its own.
  public var optimizes: Bool
  /// How many programs are kept, for different structures, dtypes and patterns of shapes; the one not used for longest goes first, and the first that goes is reported on
  /// standard error.
  public var largestCache: Int

  /// Options, each with a default.
  ///
  /// - Precondition: `largestCache` is at least 1.
  public init(
    shapes: [String: [Dimension]] = [:], memoryBudget: Int? = nil, nanCheck: Bool = false, optimizes: Bool = true,
    largestCache: Int = 64
  ) {
    if largestCache < 1 {
      Caller(#fileID, #line).fail("CompileOptions", "largestCache is \(largestCache), and at least one program must be kept")
    }
    self.largestCache = largestCache
    self.shapes = shapes
    self.memoryBudget = memoryBudget
    self.nanCheck = nanCheck
    self.optimizes = optimizes
  }
}

/// Counts and times of a compiled function's calls.
public struct CompileStatistics: Sendable {
  /// The kinds of calls.
  public enum Call: Sendable {
    /// A call with the sizes of an earlier one.
    case reused
    /// A call with other sizes of an existing program, or the first of a finished one: its buffers were placed anew.
    case rebound
    /// A call with arguments that no program fits: the function was traced and compiled.
    case compiled
    /// A call as part of a graph or of a derivative in progress: the function itself was called.
    case inlined
  }
  /// How many calls there were.
  public internal(set) var calls = 0
  /// How often the function was traced and compiled.
  public internal(set) var compilations = 0
  /// How often a program was bound to sizes: its buffers placed, its kernels prepared.
  public internal(set) var bindings = 0
  /// How many programs were dropped for want of room (`CompileOptions.largestCache`): if it grows, the function is compiled again and again.
  public internal(set) var dropped = 0
  /// The kind of the last call; nil before the first.
  public internal(set) var lastCall: Call?
  /// By how much the buffers exceed the memory budget, of the program compiled last: 0 if it is kept to, or none is set.
  public internal(set) var bytesOverBudget = 0
  /// How long all compilations, and all bindings, took together.
  public internal(set) var compilationTime = Duration.zero
  /// How long all bindings took together.
  public internal(set) var bindingTime = Duration.zero
  /// How long it took to read a finished program: nothing was compiled then.
  public internal(set) var readingTime = Duration.zero
}
