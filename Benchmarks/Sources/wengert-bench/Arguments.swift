import Foundation

/// A command line of which each command takes off the options that it has; what is left at the end is refused.
struct Arguments {
  private var rest: [String]

  init(_ arguments: [String]) { rest = arguments }

  /// The first argument, if it is one of these words and no option.
  mutating func command(of words: [String]) -> String? {
    guard let first = rest.first, !first.hasPrefix("-") else { return nil }
    guard words.contains(first) else { Self.stop("there is no command \(first); --help tells what there is") }
    return rest.removeFirst()
  }

  mutating func flag(_ name: String) -> Bool {
    guard let place = rest.firstIndex(of: name) else { return false }
    rest.remove(at: place)
    return true
  }

  mutating func text(_ name: String) -> String? {
    guard let place = rest.firstIndex(of: name) else { return nil }
    guard place + 1 < rest.count, !rest[place + 1].hasPrefix("--") else { Self.stop("\(name) needs a value") }
    defer { rest.removeSubrange(place...place + 1) }
    return rest[place + 1]
  }

  mutating func list(_ name: String) -> [String] { text(name)?.split(separator: ",").map(String.init) ?? [] }

  mutating func count(_ name: String) -> Int? {
    text(name).map {
      guard let number = Int($0), number > 0 else { Self.stop("\(name) needs a number above 0, got \($0)") }
      return number
    }
  }

  mutating func number(_ name: String) -> Double? {
    text(name).map {
      guard let number = Double($0), number >= 0 else { Self.stop("\(name) needs a number, got \($0)") }
      return number
    }
  }

  mutating func choice(_ name: String, of words: [String]) -> String? {
    text(name).map {
      guard words.contains($0) else { Self.stop("\(name) is one of \(words.joined(separator: ", ")), not \($0)") }
      return $0
    }
  }

  /// Refuses whatever no one has taken, but for one of these words, which is returned.
  mutating func end(_ words: [String] = []) -> String? {
    let word = rest.firstIndex(where: words.contains).map { rest.remove(at: $0) }
    if let first = rest.first { Self.stop("there is no option \(first); --help tells what there is") }
    return word
  }

  static func stop(_ message: String) -> Never {
    FileHandle.standardError.write(Data("wengert-bench: \(message)\n".utf8))
    exit(2)
  }
}
