/// The text of a kernel in CUDA C, and what it is compiled with. Texts that are equal are compiled once.
struct KernelText: Hashable, Sendable {
  /// The name of the function to launch, without the hash that makes it unique.
  let name: String
  /// The text behind the prelude, with `ENTRY` where the function's name stands.
  let body: String
  /// The parts of the prelude that it uses.
  let prelude: [KernelPrelude]

  init(name: String, body: String, prelude: [KernelPrelude] = [.common]) {
    self.name = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }.prefix(48))
    self.body = body
    self.prelude = prelude
  }

  /// The function's name in the text: a hash of it tells names apart.
  var entry: String { "wengert_\(name)_\(String((prelude.map(\.text) + [body]).joined().utf8.hash64, radix: 36))" }

  /// What the compiler gets.
  var text: String { prelude.map(\.text).joined() + "\(KernelText.mark)\n" + body.replacing("ENTRY", with: entry) }

  /// The line after which the text is the kernel's own.
  static let mark = "// The kernel."
}

extension Sequence<UInt8> {
  /// FNV-1a.
  var hash64: UInt64 { reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } }
}

/// Functions that kernels share, and the only places where inline PTX stands.
enum KernelPrelude: CaseIterable, Hashable, Sendable {
  /// Element types, their conversions, what operations mean at their edges.
  case common
  /// The functions of row programs.
  case functions
  /// Meetings of a warp and of a block.
  case reductions
  /// Philox.
  case random
  /// Rows in shared memory, and products of them.
  case tiles
  /// Ranks of elements, and their order.
  case sorting

  var text: String {
    let bytes =
      switch self {
      case .common: PackageResources.common_cu
      case .functions: PackageResources.functions_cu
      case .reductions: PackageResources.reductions_cu
      case .random: PackageResources.random_cu
      case .tiles: PackageResources.tiles_cu
      case .sorting: PackageResources.sorting_cu
      }
    return String(decoding: bytes, as: UTF8.self)
  }
}
