import Foundation

/// Reads bytes as one of the package's readers does. Whatever they are, it may throw, but it may neither end the process nor take memory or time without bound.
typealias Driver = @Sendable (Data) throws -> Void

/// All drivers by name; the environment variable `FUZZ_DRIVER` chooses one.
private let drivers: [String: Driver] = [
  "safetensors": readSafeTensors,
  "npy": readNPY,
  "npz": readNPZ,
  "zip": readZip,
  "matrix": readMatrix,
  "filter": readFilter,
  "tokenizer": readTokenizer,
  "vocabulary": readVocabulary,
  "config": readModelSettings,
  "model": readModel,
  "settings": readSettings,
  "checkpoint": readCheckpoint,
  "events": readEvents,
]

private let driver: Driver = {
  let name = ProcessInfo.processInfo.environment["FUZZ_DRIVER"] ?? ""
  guard let driver = drivers[name] else {
    fatalError("FUZZ_DRIVER is \(name.debugDescription); choose one of \(drivers.keys.sorted().joined(separator: ", "))")
  }
  return driver
}()

/// The fuzzer calls this with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do {
    try driver(start.map { Data(bytes: $0, count: count) } ?? Data())
  } catch {
    // The message is made of what was read, too.
    precondition(!"\(error)".isEmpty)
  }
  return 0
}
