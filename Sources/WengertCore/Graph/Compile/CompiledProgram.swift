/// What can be asked of every compiled function.
public class CompiledProgram {
  private let compilation: Compilation

  init(_ compilation: Compilation) { self.compilation = compilation }

  public var statistics: CompileStatistics { compilation.statistics }

  /// The program that was called last; nil before the first call.
  public var program: Program? { compilation.lastProgram }

  /// Times each kernel of the calls while it is set.
  public var profiler: Profiler? {
    get { compilation.profiler }
    set { compilation.profiler = newValue }
  }
}

/// What a compiler knows, whatever its function's result is.
class Compilation {
  var statistics = CompileStatistics()
  var profiler: Profiler?
  var lastProgram: Program? { nil }

  func noteInlined() {
    statistics.calls += 1
    statistics.lastCall = .inlined
  }
}
