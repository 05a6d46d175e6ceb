import Foundation
import Synchronization

/// The moments of writing a file at which a process can be made to die, so that tests of killed runs need no clock.
///
/// The environment variable `WENGERT_TEST_KILL`, which only tests set, names a file, how often it is to be written, and the moment of the last time:
/// `checkpoint.safetensors:3:half`.
enum KillPoint: String {
  /// The file beside the place is there, and empty.
  case begun
  /// The first bytes are in it.
  case half
  /// All bytes are in it.
  case whole
  /// It has its name.
  case named

  private static let wanted: (name: String, count: Int, point: KillPoint)? = {
    guard let parts = ProcessInfo.processInfo.environment["WENGERT_TEST_KILL"]?.split(separator: ":").map(String.init), parts.count == 3,
      let count = Int(parts[1]), let point = KillPoint(rawValue: parts[2])
    else { return nil }
    return (parts[0], count, point)
  }()
  private static let begins = Atomic(0)

  /// Ends the process as an outage would, if this is the moment.
  static func reached(_ point: KillPoint, writing name: String) {
    guard let wanted, wanted.name == name else { return }
    if point == .begun { begins.wrappingAdd(1, ordering: .relaxed) }
    if point == wanted.point, begins.load(ordering: .relaxed) == wanted.count { kill(getpid(), SIGKILL) }
  }
}
