@_spi(Backend) import WengertCore

/// A device that is ready for use: the driver, the device's primary context, and the one stream on which everything runs in order.
///
/// Every call of the driver is made here: with the context current on the calling thread, and its result looked at.
final class Context: @unchecked Sendable {
  let driver: DriverFunctions
  let library: DynamicLibrary
  /// The driver's version, 12040 for 12.4.
  let version: Int
  let deviceName: String
  /// 90 for compute capability 9.0.
  let capability: Int
  let multiprocessors: Int
  /// Bytes of shared memory that a block may ask for.
  let sharedMemory: Int
  let totalMemory: Int
  let stream: CUHandle?
  private let context: CUHandle?
  private let pool: CUHandle?
  private let launched = Locked(LaunchedNames())
  /// The stream on which launches are recorded, once there is one.
  let recorder = Locked<UInt>(0)

  /// The oldest CUDA that is supported.
  static let oldestVersion = 12040

  /// Opens device number `number`.
  init(_ search: LibrarySearch, device number: Int = 0) throws(DeviceUnavailable) {
    library = try search.open(Context.libraryNames, for: "the NVIDIA driver")
    let driver = try DriverFunctions(library)
    self.driver = driver
    func require(_ status: CUStatus, _ what: String) throws(DeviceUnavailable) { try Context.require(status, what, driver) }
    version = try Context.start(driver)
    var count: Int32 = 0, device: Int32 = 0
    try require(driver.deviceCount(&count), "counting devices")
    if number < 0 || number >= count {
      throw DeviceUnavailable(
        count == 0 ? "there is no NVIDIA device" : "the NVIDIA devices are numbered from 0 to \(count - 1); there is no number \(number)")
    }
    try require(driver.device(&device, Int32(number)), "device \(number)")
    var letters = [CChar](repeating: 0, count: 256)
    try require(driver.deviceName(&letters, 255, device), "the device's name")
    deviceName = String(decoding: letters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    func attribute(_ attribute: Attribute) throws(DeviceUnavailable) -> Int {
      var value: Int32 = 0
      try require(driver.deviceAttribute(&value, attribute.rawValue, device), "the device's \(attribute)")
      return Int(value)
    }
    capability = try attribute(.computeMajor) * 10 + attribute(.computeMinor)
    multiprocessors = try attribute(.multiprocessors)
    sharedMemory = try attribute(.sharedMemory)
    if try attribute(.memoryPools) == 0 { throw DeviceUnavailable("\(deviceName) has no stream-ordered memory") }
    if capability < 80 {
      throw DeviceUnavailable("\(deviceName) has compute capability \(capability / 10).\(capability % 10); 8.0 is needed")
    }
    var memory = 0
    try require(driver.deviceMemory(&memory, device), "the device's memory")
    totalMemory = memory
    var handle: CUHandle?
    try require(driver.retainContext(&handle, device), "the device's context")
    context = handle
    try require(driver.setContext(handle), "the device's context")
    // Ordered with nothing but itself.
    try require(driver.createStream(&handle, 1), "a stream")
    stream = handle
    try require(driver.defaultPool(&handle, device), "the device's memory pool")
    pool = handle
    // Freed memory stays with the process until it is trimmed.
    var threshold = UInt64.max
    try require(driver.setPoolAttribute(pool, PoolAttribute.releaseThreshold.rawValue, &threshold), "the device's memory pool")
  }

  static let libraryNames = ["libcuda.so.1", "libcuda.so"]

  private static func require(_ status: CUStatus, _ what: String, _ driver: DriverFunctions) throws(DeviceUnavailable) {
    if status != 0 { throw DeviceUnavailable("\(what): \(describe(status, driver))") }
  }

  /// Starts the driver. Returns the version of CUDA that it is for.
  private static func start(_ driver: DriverFunctions) throws(DeviceUnavailable) -> Int {
    var version: Int32 = 0
    try require(driver.initialize(0), "the NVIDIA driver does not start", driver)
    try require(driver.driverVersion(&version), "the driver's version", driver)
    if version < oldestVersion {
      throw DeviceUnavailable("the NVIDIA driver is for CUDA \(named(Int(version))); 12.4 or later is needed")
    }
    return Int(version)
  }

  /// How many devices the driver knows of.
  static func deviceCount(_ library: DynamicLibrary) throws(DeviceUnavailable) -> Int {
    let driver = try DriverFunctions(library)
    _ = try start(driver)
    var count: Int32 = 0
    try require(driver.deviceCount(&count), "counting devices", driver)
    return Int(count)
  }

  private enum Attribute: Int32 {
    case multiprocessors = 16
    case computeMajor = 75, computeMinor = 76
    case sharedMemory = 97
    case memoryPools = 115
  }

  enum PoolAttribute: Int32 {
    case releaseThreshold = 4
    case reserved = 5, used = 7, mostUsed = 8
  }

  /// Makes the context current on this thread and calls the driver. An error of it ends the program with what was being done.
  ///
  /// - Parameters:
  ///   - what: what the call does, for the message.
  ///   - call: a call of the driver, which returns its status.
  func perform(_ what: @autoclosure () -> String, _ call: (DriverFunctions) -> CUStatus) {
    let status = attempt(call)
    if status != 0 { fail(what(), status) }
  }

  /// The same, and returns the status.
  func attempt(_ call: (DriverFunctions) -> CUStatus) -> CUStatus {
    let status = driver.setContext(context)
    return status == 0 ? call(driver) : status
  }

  /// Ends the program: the device does not do what was asked for.
  ///
  /// A kernel that fails is known only later, so that those are named that were launched last.
  func fail(_ what: String, _ status: CUStatus) -> Never {
    let names = launched.withLock { $0.names }
    Failure.end(
      "cuda: \(what): \(Context.describe(status, driver))"
        + (names.isEmpty ? "" : "; the kernels launched last: \(names.joined(separator: ", "))"))
  }

  func noteLaunch(of kernel: String) { launched.withLock { $0.add(kernel) } }

  /// Waits for everything that was asked for so far.
  func synchronize() { perform("waiting for the device") { $0.synchronizeStream(stream) } }

  func poolAttribute(_ attribute: PoolAttribute) -> Int {
    var value: UInt64 = 0
    perform("the memory pool's state") { $0.poolAttribute(pool, attribute.rawValue, &value) }
    return Int(value)
  }

  func trimPool() { perform("giving memory back") { $0.trimPool(pool, 0) } }

  /// An error's name and meaning, as the driver has them.
  static func describe(_ status: CUStatus, _ driver: DriverFunctions) -> String {
    var name: UnsafePointer<CChar>?, text: UnsafePointer<CChar>?
    guard driver.errorName(status, &name) == 0, driver.errorString(status, &text) == 0, let name, let text else { return "error \(status)" }
    return "\(String(cString: text)) (\(String(cString: name)))"
  }

  /// "12.4" for 12040.
  static func named(_ version: Int) -> String { "\(version / 1000).\(version % 1000 / 10)" }
}

/// The names of the kernels that were launched last, the last one at the end.
private struct LaunchedNames {
  private static let capacity = 8
  private var ring: [String] = []
  private var next = 0

  mutating func add(_ name: String) {
    if ring.count < LaunchedNames.capacity { ring.append(name) } else { ring[next] = name }
    next = (next + 1) % LaunchedNames.capacity
  }

  var names: [String] { ring.count < LaunchedNames.capacity ? ring : Array(ring[next...] + ring[..<next]) }
}
