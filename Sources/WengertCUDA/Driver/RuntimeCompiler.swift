import Glibc
@_spi(Backend) import WengertCore

/// NVRTC, which compiles CUDA C while the program runs.
package final class RuntimeCompiler: @unchecked Sendable {
  private typealias Out<Value> = UnsafeMutablePointer<Value>
  private let create:
    @convention(c) (
      Out<CUHandle?>, UnsafePointer<CChar>, UnsafePointer<CChar>?, Int32, UnsafePointer<UnsafePointer<CChar>?>?,
      UnsafePointer<UnsafePointer<CChar>?>?
    ) -> Int32
  private let compileProgram: @convention(c) (CUHandle?, Int32, UnsafePointer<UnsafePointer<CChar>?>?) -> Int32
  private let sizeOfCode: @convention(c) (CUHandle?, Out<Int>) -> Int32
  private let code: @convention(c) (CUHandle?, Out<CChar>) -> Int32
  private let sizeOfAssembly: @convention(c) (CUHandle?, Out<Int>) -> Int32
  private let assembly: @convention(c) (CUHandle?, Out<CChar>) -> Int32
  private let sizeOfLog: @convention(c) (CUHandle?, Out<Int>) -> Int32
  private let log: @convention(c) (CUHandle?, Out<CChar>) -> Int32
  private let destroy: @convention(c) (Out<CUHandle?>) -> Int32
  private let errorString: @convention(c) (Int32) -> UnsafePointer<CChar>?
  package let library: DynamicLibrary
  /// 12040 for 12.4.
  package let version: Int
  /// The compute capabilities that it compiles for, 90 for 9.0.
  package let capabilities: [Int]

  package init(_ search: LibrarySearch) throws(DeviceUnavailable) {
    library = try search.open(["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"], for: "the compiler NVRTC")
    create = try library.function("nvrtcCreateProgram")
    compileProgram = try library.function("nvrtcCompileProgram")
    sizeOfCode = try library.function("nvrtcGetCUBINSize")
    code = try library.function("nvrtcGetCUBIN")
    sizeOfAssembly = try library.function("nvrtcGetPTXSize")
    assembly = try library.function("nvrtcGetPTX")
    sizeOfLog = try library.function("nvrtcGetProgramLogSize")
    log = try library.function("nvrtcGetProgramLog")
    destroy = try library.function("nvrtcDestroyProgram")
    errorString = try library.function("nvrtcGetErrorString")
    let askVersion: @convention(c) (Out<Int32>, Out<Int32>) -> Int32 = try library.function("nvrtcVersion")
    let askCount: @convention(c) (Out<Int32>) -> Int32 = try library.function("nvrtcGetNumSupportedArchs")
    let askArchitectures: @convention(c) (Out<Int32>) -> Int32 = try library.function("nvrtcGetSupportedArchs")
    var major: Int32 = 0, minor: Int32 = 0, count: Int32 = 0
    guard askVersion(&major, &minor) == 0, askCount(&count) == 0 else {
      throw DeviceUnavailable("NVRTC at \(library.path) does not answer")
    }
    var list = [Int32](repeating: 0, count: Int(count))
    guard askArchitectures(&list) == 0 else { throw DeviceUnavailable("NVRTC at \(library.path) does not answer") }
    version = Int(major) * 1000 + Int(minor) * 10
    capabilities = list.map(Int.init).sorted()
    if version < Context.oldestVersion {
      throw DeviceUnavailable("NVRTC at \(library.path) is of CUDA \(Context.named(version)); 12.4 or later is needed")
    }
  }

  /// The newest capability that both the compiler and a device of `capability` know.
  func capability(for capability: Int) throws(DeviceUnavailable) -> Int {
    // Code runs on devices of its own major number, of the same or a later minor one.
    guard let best = capabilities.last(where: { $0 <= capability && $0 / 10 == capability / 10 }) else {
      throw DeviceUnavailable(
        "NVRTC \(Context.named(version)) at \(library.path) does not compile for compute capability \(capability / 10).\(capability % 10)")
    }
    return best
  }

  /// What the compiler makes of a text.
  package struct Compiled {
    /// For the device.
    package var code: [UInt8]
    /// PTX, if it was asked for.
    package var assembly: String
    /// What the compiler says.
    package var log: String
  }

  /// Machine code of a text.
  ///
  /// - Parameters:
  ///   - options: the compiler's, `--gpu-architecture` among them.
  package func compile(_ source: String, options: [String], wantsAssembly: Bool = false) throws(DeviceUnavailable) -> Compiled {
    var program: CUHandle?
    func meaning(_ status: Int32) -> String { errorString(status).map { String(cString: $0) } ?? "error \(status)" }
    func require(_ status: Int32, _ what: String) throws(DeviceUnavailable) {
      if status != 0 { throw DeviceUnavailable("\(what): \(meaning(status))") }
    }
    /// The bytes that one function counts and another copies.
    func bytes(
      _ what: String, _ size: (CUHandle?, Out<Int>) -> Int32, _ copy: (CUHandle?, Out<CChar>) -> Int32
    ) throws(DeviceUnavailable) -> [UInt8] {
      var count = 0
      try require(size(program, &count), what)
      var result = [UInt8](repeating: 0, count: max(count, 1))
      try require(result.withUnsafeMutableBytes { copy(program, $0.baseAddress!.assumingMemoryBound(to: CChar.self)) }, what)
      return result
    }
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
    try require(create(&program, source, "kernel.cu", 0, nil, nil), "NVRTC")
    defer { _ = destroy(&program) }
    let strings = options.map { strdup($0) }
    defer { strings.forEach { free($0) } }
    let status = strings.map { UnsafePointer<CChar>($0) }.withUnsafeBufferPointer {
      compileProgram(program, Int32($0.count), $0.baseAddress)
    }
    let said = text(try bytes("NVRTC's log", sizeOfLog, log))
    if status != 0 {
      // A number of its own, or a word in the log, by version.
      let hint = status == 7 || said.contains("builtins") ? "libnvrtc-builtins must lie beside \(library.path)" : said
      throw DeviceUnavailable("NVRTC (\(library.path)): \(meaning(status)): \(hint)")
    }
    return Compiled(
      code: try bytes("NVRTC's result", sizeOfCode, code),
      assembly: wantsAssembly ? text(try bytes("NVRTC's assembly", sizeOfAssembly, assembly)) : "", log: said)
  }
}
