import Dispatch
import Glibc
@_spi(Backend) import WengertCore

/// Kernels by their texts: in memory, and their machine code in files, so that another process need not compile it.
///
/// A file holds everything that its code follows from, and a checksum; one that is damaged, or of another text with the same hash, counts as not there. It is written
/// beside its place and renamed, so that any number of processes may write one.
package final class KernelCache: @unchecked Sendable {
  let context: Context
  let compiler: RuntimeCompiler
  /// Kernels of one program are compiled side by side.
  let queue = DispatchQueue(label: "wengert.cuda.compile", attributes: .concurrent)
  private let options: [String]
  private let folder: String?
  private let kernels = Cache<KernelText, CompiledKernel>(capacity: 4096)
  private let counts = Locked((compiled: 0, read: 0))

  /// - Parameter folder: where machine code is kept; nil: nowhere.
  init(_ context: Context, _ compiler: RuntimeCompiler, folder: String?) throws(DeviceUnavailable) {
    self.context = context
    self.compiler = compiler
    self.folder = folder
    let capability = try compiler.capability(for: context.capability)
    options = KernelCache.options(for: capability)
  }

  /// The compiler's options. Every operation rounds on its own, so that a fused program has the bits of its parts.
  package static func options(for capability: Int) -> [String] { ["--gpu-architecture=sm_\(capability)", "--std=c++17", "--fmad=false"] }

  /// How many texts were compiled, and how many were read from files.
  var statistics: (compiled: Int, read: Int) { counts.withLock { $0 } }

  /// The kernel of a text, which begins to be compiled.
  func kernel(_ text: KernelText) -> CompiledKernel { kernels.value(for: text) { CompiledKernel(text, self) } }

  /// The texts of all kernels in memory.
  var texts: [KernelText] { kernels.keys }

  /// What texts may begin with.
  package static var prelude: String { KernelPrelude.allCases.map(\.text).joined() }

  func removeAll() { kernels.removeAll() }

  /// The folder of this user's cache: `WENGERT_CUDA_CACHE`, or `wengert/cuda` where the system keeps caches. An empty value: none.
  package static func folder(_ environment: [String: String] = LibrarySearch.environment) -> String? {
    if let named = environment["WENGERT_CUDA_CACHE"] { return named.isEmpty ? nil : named }
    if let caches = environment["XDG_CACHE_HOME"], caches.hasPrefix("/") { return "\(caches)/wengert/cuda" }
    return environment["HOME"].map { "\($0)/.cache/wengert/cuda" }
  }

  func machineCode(of text: KernelText) -> Result<[UInt8], DeviceUnavailable> {
    let source = text.text
    let key =
      "\(context.deviceName == CUDABackend.standInName ? "stand-in " : "")nvrtc \(compiler.version) \(options.joined(separator: " "))\n\(source)"
    let path = folder.map { "\($0)/\(text.entry)-\(String(key.utf8.hash64, radix: 36))" }
    if let path, let code = KernelCache.read(path, key) {
      counts.withLock { $0.read += 1 }
      return .success(code)
    }
    do {
      let code = try compiler.compile(source, options: options).code
      counts.withLock { $0.compiled += 1 }
      if let path { KernelCache.write(code, key, to: path) }
      return .success(code)
    } catch {
      return .failure(error)
    }
  }

  /// The text of the kernel in a file, if it is whole.
  package static func source(_ path: String) -> String? {
    guard let file = contents(path) else { return nil }
    return file.key.firstIndex(of: "\n").map { String(file.key[file.key.index(after: $0)...]) }
  }

  // A file: a mark, the lengths of key and code, these, and a checksum of all that.
  private static let mark = Array("WGCUBIN1".utf8)

  static func read(_ path: String, _ key: String) -> [UInt8]? {
    guard let file = contents(path), file.key == key else { return nil }
    return file.code
  }

  private static func contents(_ path: String) -> (key: String, code: [UInt8])? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count <= 0 { break }
      bytes += buffer[..<count]
    }
    let head = mark.count + 16
    guard bytes.count >= head + 8, Array(bytes[..<mark.count]) == mark else { return nil }
    func number(_ place: Int) -> UInt64 { (0..<8).reduce(0) { $0 | UInt64(bytes[place + $1]) << (8 * UInt64($1)) } }
    guard let keyCount = Int(exactly: number(mark.count)), let codeCount = Int(exactly: number(mark.count + 8)),
      keyCount <= bytes.count - head - 8, codeCount == bytes.count - head - keyCount - 8,
      number(bytes.count - 8) == bytes.dropLast(8).hash64
    else { return nil }
    let code = head + keyCount
    return (String(decoding: bytes[head..<code], as: UTF8.self), Array(bytes[code..<(bytes.count - 8)]))
  }

  /// A folder that cannot be written to is no fault: the next process compiles again.
  static func write(_ code: [UInt8], _ key: String, to path: String) {
    var bytes = mark
    func append(_ number: UInt64) { for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * UInt64(byte)))) } }
    append(UInt64(key.utf8.count))
    append(UInt64(code.count))
    bytes += key.utf8
    bytes += code
    append(bytes.hash64)
    makeFolders(of: path)
    let aside = "\(path).\(getpid()).\(UInt64.random(in: 0 ... .max))"
    guard let file = fopen(aside, "wbx") else { return }
    let written = fwrite(bytes, 1, bytes.count, file)
    let isWhole = fclose(file) == 0 && written == bytes.count
    if !isWhole || rename(aside, path) != 0 { unlink(aside) }
  }

  private static func makeFolders(of path: String) {
    var folder = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/").dropLast() {
      folder += "/\(part)"
      mkdir(folder, 0o755)
    }
  }
}
