import Foundation

/// Reads bytes as one of the package's readers does. Whatever they are, it may throw, but it may neither end the process nor take memory or time without bound.
public typealias Driver = @Sendable (Data) throws -> Void

/// Ends the process where what must hold does not.
public func expect(_ condition: @autoclosure () throws -> Bool) rethrows {
  let holds = try condition()
  precondition(holds)
}

/// The drivers of an executable by name; the environment variable `FUZZ_DRIVER` chooses one.
public struct Drivers: Sendable {
  private let driver: Driver

  public init(_ drivers: [String: Driver]) {
    let name = ProcessInfo.processInfo.environment["FUZZ_DRIVER"] ?? ""
    guard let driver = drivers[name] else {
      fatalError("FUZZ_DRIVER is \(name.debugDescription); choose one of \(drivers.keys.sorted().joined(separator: ", "))")
    }
    self.driver = driver
  }

  /// Gives the driver one input of the fuzzer's.
  public func run(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
      try driver(start.map { Data(bytes: $0, count: count) } ?? Data())
    } catch {
      // The message is made of what was read, too.
      precondition(!"\(error)".isEmpty)
    }
    return 0
  }
}
