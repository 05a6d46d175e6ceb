import Foundation
import WengertNN

/// The lines of an input of a command, some at a time: a text file's, or standard input's, which come as soon as they are there.
struct InputLines {
  private enum Source {
    case file(TextLines)
    case standardInput(StreamLines)
  }

  private var source: Source
  /// Lines so far.
  private(set) var count = 0

  /// Opens a file; `-` is standard input.
  init(_ path: String) throws {
    source =
      path == "-"
      ? .standardInput(StreamLines(STDIN_FILENO, name: "standard input")) : .file(try TextLines(contentsOf: URL(fileURLWithPath: path)))
  }

  /// The next lines, one at least; nil after the last.
  mutating func next() throws -> [String]? {
    let lines: [String]
    switch source {
    case .file(var file):
      lines = try file.next(1024)
      source = .file(file)
    case .standardInput(var stream):
      lines = try stream.next()
      source = .standardInput(stream)
    }
    count += lines.count
    return lines.isEmpty ? nil : lines
  }
}

/// Lines of UTF-8 text from an open file, in portions as they arrive.
struct StreamLines {
  private let descriptor: Int32
  private let name: String
  private var rest: [UInt8] = []
  private var lines = 0
  private var isAtStart = true
  private var isAtEnd = false

  init(_ descriptor: Int32, name: String) { (self.descriptor, self.name) = (descriptor, name) }

  /// The lines that are there, after waiting for one; none at the end.
  mutating func next() throws -> [String] {
    while true {
      if let end = rest.lastIndex(of: 0x0A) {
        defer { rest.removeFirst(end + 1) }
        return try texts(Data(rest[...end]))
      }
      if isAtEnd {
        defer { rest = [] }
        return rest.isEmpty ? [] : try texts(Data(rest))
      }
      try read()
    }
  }

  private mutating func texts(_ data: Data) throws -> [String] {
    let block = Lines(data, path: name, before: lines)
    let texts = try (0..<block.count).map { line in
      guard let text = block.string(line) else { throw block.invalid(line) }
      return text
    }
    lines += texts.count
    return texts
  }

  private mutating func read() throws {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var count = Foundation.read(descriptor, &buffer, buffer.count)
    while count < 0 && errno == EINTR { count = Foundation.read(descriptor, &buffer, buffer.count) }
    guard count >= 0 else {
      throw FileError(file: name, field: "line \(lines + 1)", value: "cannot be read (\(String(cString: strerror(errno))))")
    }
    isAtEnd = count == 0
    rest += buffer[..<count]
    if isAtStart, count > 0 {
      isAtStart = false
      try TextMark.check(rest, file: name)
      rest.removeFirst(TextMark.length(rest))
    }
  }
}
