import Glibc

#if canImport(Runtime)
  import Runtime
#endif

/// The end of a program for a mistake of its user's. One way for all messages: what the program has printed before is written out first, the message
/// comes before anything that may fail is looked up, and nothing follows it.
package enum Failure {
  /// Ends the program as `abort` does (a debugger stops there), with `message` as the last that it says.
  ///
  /// - Parameters:
  ///   - subject: what was called at the place; nil: the operation that the message names.
  ///   - place: file and line that the message concerns, where they are known only now; asked for when the message is out.
  package static func end(
    _ message: String, file: String? = nil, line: UInt = 0, about subject: String? = nil, place: () -> String? = { nil }
  ) -> Never {
    StoppingThread.haltIfMistaken()
    // What waits in the buffers of standard output would be lost where it is a pipe.
    fflush(nil)
    say("\(file.map { "\($0):\(line): " } ?? "")Fatal error: \(message)")
    // The run time's own report of a crash takes seconds, and would push the message off the screen. A fault while the place is looked up is the same end.
    signal(SIGABRT, SIG_DFL)
    for number in [SIGSEGV, SIGBUS, SIGILL, SIGTRAP] { signal(number) { _ in abort() } }
    end(at: place(), about: subject)
  }

  /// Ends the program after its message, or hands the place to the thread that stops.
  static func end(at place: String?, about subject: String? = nil) -> Never {
    if let found = StoppingThread.current?.foundPlace { found(place, subject) }
    if let place { say("  \(note(place, subject))") }
    abort()
  }

  /// What is said of a place that was looked up.
  static func note(_ place: String, _ subject: String?) -> String { "\(subject.map { "\($0) is " } ?? "")called at \(place)" }

  /// A line on standard error.
  package static func say(_ text: String) {
    var bytes = Array("\(text)\n".utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
      if count <= 0 { return }
      bytes = bytes.dropFirst(count)
    }
  }

  /// File and line of the innermost call under way that is not in the library; nil if the program carries no line numbers. Only for a program that
  /// is about to end, or in which nothing else runs: the first bytes of every mapped file are read here, which other threads may give up meanwhile.
  ///
  /// It takes seconds in a large program. Unless places are asked for, nothing is looked up where `SWIFT_BACKTRACE=enable=no` turns off backtraces,
  /// as swift-testing does for its exit tests.
  static func callerNow() -> String? {
    #if canImport(Runtime)
      if StoppingThread.current?.findsPlaces != true, let settings = getenv("SWIFT_BACKTRACE"),
        String(cString: settings).split(separator: ",").contains("enable=no")
      {
        return nil
      }
      // Frame by frame: the walk goes by frame pointers, and must not go on behind the program's first function, where there are none. Names come at once; lines take
      // their time, and what is inlined into what even more, so that no more is asked for than it takes.
      let images = ImageMap.capture()
      func frames(_ number: Int, _ options: Backtrace.SymbolicationOptions) -> [SymbolicatedBacktrace.Frame] {
        // What stands for all further frames is one more.
        let backtrace = try? Backtrace.capture(limit: 2, offset: number, top: 0, images: images)
        return backtrace?.symbolicated(with: images, options: options)?.frames ?? []
      }
      var candidates: [Int] = []
      for number in 0..<512 {
        let named = frames(number, [])
        if named.count < 2 { return nil }
        guard let symbol = named[0].symbol else { continue }
        if StoppingThread.isFirst(symbol.rawName) { return nil }
        if !isOwn(symbol) || isSpecialized(symbol) { candidates.append(number) }
        if isOwn(symbol) { continue }
        for options in [Backtrace.SymbolicationOptions.showSourceLocations, [.showSourceLocations, .showInlineFrames]] {
          for candidate in candidates {
            // The one behind the last is not the candidate's.
            if let place = frames(candidate, options).dropLast().lazy.compactMap({ $0.symbol.flatMap(place(of:)) }).first { return place }
          }
          // Without lines it can name nothing.
          if frames(number, .showSourceLocations).first?.symbol?.sourceLocation == nil { break }
        }
      }
    #endif
    return nil
  }

  #if canImport(Runtime)
    /// Whether a function is the library's or the run time's.
    private static func isOwn(_ symbol: SymbolicatedBacktrace.Symbol) -> Bool {
      ["libswift", "libdispatch", "libc."].contains { symbol.imageName.hasPrefix($0) }
        || Caller.modules.contains { symbol.rawName.hasPrefix("$s\($0.utf8.count)\($0)") }
    }

    /// Whether a function was compiled for types or functions of its caller's, which may be inlined there.
    private static func isSpecialized(_ symbol: SymbolicatedBacktrace.Symbol) -> Bool {
      let name = symbol.rawName
      // Behind Tf and a digit is a letter for each argument: c a closure's, p a constant's.
      return name.contains("Tg") || name.contains("TG")
        || name.split(separator: "Tf").dropFirst().contains { $0.dropFirst().prefix(while: \.isLowercase).contains { "cp".contains($0) } }
    }

    /// File and line of a frame, if they are not the library's, and the column if places are asked for.
    private static func place(of symbol: SymbolicatedBacktrace.Symbol) -> String? {
      guard let place = symbol.sourceLocation, place.line > 0, !place.path.hasSuffix("<compiler-generated>"),
        !Caller.modules.contains(where: { "/\(place.path)".contains("/Sources/\($0)/") })
      else { return nil }
      return "\(place.path):\(place.line)" + (StoppingThread.current?.findsPlaces == true ? ":\(max(place.column, 1))" : "")
    }
  #endif
}

/// Ends the program with a message unless what is taken for granted here holds. Unlike `precondition`, it says what is wrong in optimized builds too.
@inline(__always)
package func ensure(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
  if !condition() { contradiction(message, file, line) }
}

@inline(never) @usableFromInline func contradiction(_ message: () -> String, _ file: StaticString, _ line: UInt) -> Never {
  unreachable(message(), file: file, line: line)
}

/// Ends the program with a message at a place that is reached only through a mistake of the library.
@inline(never) package func unreachable(_ message: String, file: StaticString = #fileID, line: UInt = #line) -> Never {
  Failure.end(message, file: "\(file)", line: line, about: "the library") { Failure.callerNow() }
}
