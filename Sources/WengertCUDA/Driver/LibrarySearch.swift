import Glibc
@_spi(Backend) import WengertCore

/// Where libraries of CUDA are looked for.
package struct LibrarySearch: Sendable {
  /// Folders, in order.
  var folders: [String]
  /// Whether the system's own search comes after the first folders: by name alone.
  var asksSystem: Bool

  /// The folders of `WENGERT_CUDA_LIBRARIES` (separated by colons) first; then what the system finds by name; then CUDA's own folders, and those of the packages that
  /// Python's pip installs.
  package static func ofProcess(_ environment: [String: String] = LibrarySearch.environment) -> LibrarySearch {
    var search = LibrarySearch(folders: [], asksSystem: true)
    search.named = environment["WENGERT_CUDA_LIBRARIES"].map(parts) ?? []
    for home in [environment["CUDA_HOME"], environment["CUDA_PATH"], "/usr/local/cuda"].compactMap(\.self) {
      search.folders += ["\(home)/lib64", "\(home)/targets/x86_64-linux/lib", "\(home)/lib"]
    }
    search.folders += ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib/wsl/lib", "/opt/cuda/lib64"]
    let roots = [environment["VIRTUAL_ENV"], environment["CONDA_PREFIX"], environment["HOME"].map { "\($0)/.local" }, "/usr/local", "/usr"]
    var sites = environment["PYTHONPATH"].map(parts) ?? []
    for root in roots.compactMap(\.self) {
      for python in entries(of: "\(root)/lib").filter({ $0.hasPrefix("python3") }) {
        sites += ["\(root)/lib/\(python)/site-packages", "\(root)/lib/\(python)/dist-packages"]
      }
    }
    for site in sites {
      // CUDA 12 has a folder for each library, CUDA 13 one for all.
      search.folders += entries(of: "\(site)/nvidia").map { "\(site)/nvidia/\($0)/lib" }
    }
    return search
  }

  /// These folders alone.
  package init(only folders: [String]) {
    self.init(folders: [], asksSystem: false)
    named = folders
  }

  private init(folders: [String], asksSystem: Bool) {
    self.folders = folders
    self.asksSystem = asksSystem
  }

  /// Folders that come before everything else.
  var named: [String] = []

  /// The first library of one of these names, the newest name first.
  ///
  /// - Parameter purpose: what the library is for, for the message.
  func open(_ names: [String], for purpose: String) throws(DeviceUnavailable) -> DynamicLibrary {
    var broken: DeviceUnavailable?
    func attempt(_ path: String) -> DynamicLibrary? {
      do { return try DynamicLibrary(path: path) } catch {
        broken = broken ?? error
        return nil
      }
    }
    for folder in named {
      for name in names where access("\(folder)/\(name)", F_OK) == 0 { if let found = attempt("\(folder)/\(name)") { return found } }
    }
    if asksSystem {
      for name in names { if let found = try? DynamicLibrary(path: name) { return found } }
    }
    for folder in folders {
      for name in names where access("\(folder)/\(name)", F_OK) == 0 { if let found = attempt("\(folder)/\(name)") { return found } }
    }
    if let broken { throw DeviceUnavailable("\(purpose): \(broken)") }
    throw DeviceUnavailable(
      "\(purpose): no \(names.joined(separator: " or ")) in \(named.isEmpty ? "the usual places" : named.joined(separator: ":") + " or the usual places"); "
        + "WENGERT_CUDA_LIBRARIES may name its folder")
  }

  private static func parts(_ list: String) -> [String] { list.split(separator: ":").map(String.init) }

  /// The names in a folder, in order; none if it cannot be read.
  private static func entries(of folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  package static var environment: [String: String] {
    var result: [String: String] = [:]
    for name in [
      "WENGERT_CUDA_LIBRARIES", "WENGERT_CUDA_CACHE", "CUDA_HOME", "CUDA_PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "HOME", "PYTHONPATH",
      "XDG_CACHE_HOME",
    ] {
      if let value = getenv(name) { result[name] = String(cString: value) }
    }
    return result
  }
}
