import Dispatch
import Foundation
import Testing
import WengertCUDA
@_spi(Backend) import WengertCore

/// What the compiler says of a kernel.
package struct KernelFacts {
  package var name: String
  var registers = 0
  package var spilledBytes = 0
  /// Bytes of static shared memory.
  var sharedBytes = 0
  /// Accesses of 128 bits in PTX, to global memory.
  var wideAccesses = 0
  var tensorInstructions = 0

  /// Of kernels of one name: the most registers, the most shared memory, accesses of 128 bits, instructions of tensor cores.
  package static func summary(_ facts: [KernelFacts]) -> String {
    let most = { (part: (KernelFacts) -> Int) in facts.map(part).max() ?? 0 }
    return "\(most(\.registers)) r, \(most(\.sharedBytes)) B, \(most(\.wideAccesses)) w, \(most(\.tensorInstructions)) t"
  }
}

/// A kernel's text behind what all texts begin with.
package struct KernelSource: Sendable {
  package let name: String, entry: String, body: String

  /// The kernel of a whole text; nil if it is none of this backend.
  package init?(_ text: String) {
    guard let mark = text.range(of: KernelSource.mark), let entry = text.firstMatch(of: /\b(wengert_(\w+)_[0-9a-z]+)\(const Arguments/)
    else { return nil }
    (name, self.entry, body) = (String(entry.2), String(entry.1), String(text[mark.upperBound...]))
  }

  private static let mark = "// The kernel.\n"
}

/// The real compilers, without a GPU: what Tests/NVRTC/install.sh leaves.
package enum NVRTC {
  package struct Target: CustomStringConvertible {
    let compiler: RuntimeCompiler
    let capability: Int
    package var description: String { "\(compiler.version / 1000).\(compiler.version % 1000 / 10) sm_\(capability)" }
  }

  private static let folder = (ProcessInfo.processInfo.environment["XDG_CACHE_HOME"] ?? "\(NSHomeDirectory())/.cache") + "/wengert/nvrtc"

  private static let compilers: [RuntimeCompiler] = {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted().map { "\(folder)/\($0)" } ?? []
    return folders.compactMap { try? RuntimeCompiler(LibrarySearch(only: [$0])) }
      .sorted { $0.version < $1.version }
  }()
  package static var isInstalled: Bool { compilers.count == 2 }

  /// The architectures that each compiler knows of those that matter.
  package static let targets = compilers.flatMap { compiler in
    [80, 90, 100].filter(compiler.capabilities.contains).map { Target(compiler: compiler, capability: $0) }
  }

  /// A table of what each compiler makes of these kernels, a line for each name, compared with the one in a file; `WENGERT_WRITE_KERNEL_TABLE=1` writes it anew.
  ///
  /// What compilers make of texts that are those of the table they have said when it was written: of these an eighth is compiled again, and all with `WENGERT_COMPILE_ALL_KERNELS=1`.
  package static func check(_ texts: [KernelSource], table file: URL) throws {
    let environment = ProcessInfo.processInfo.environment, writes = environment["WENGERT_WRITE_KERNEL_TABLE"] == "1"
    let head = "kernel\ttexts\tchecksum\t" + targets.map(\.description).joined(separator: "\t")
    let known = (try? String(contentsOf: file, encoding: .utf8))?.split(separator: "\n").map(String.init) ?? []
    let isComplete = writes || environment["WENGERT_COMPILE_ALL_KERNELS"] == "1" || known.first != head
    var lines = [head], compiled: [KernelSource] = [], begun: [String: String] = [:]
    for (name, texts) in Dictionary(grouping: texts, by: \.name) {
      let checksum = checksum(texts), begin = "\(name)\t\(texts.count)\t\(String(checksum, radix: 16))"
      if !isComplete && checksum % 8 != 0, let line = known.first(where: { $0.hasPrefix(begin + "\t") }) {
        lines.append(line)
      } else {
        compiled += texts
        begun[name] = begin
      }
    }
    for target in targets {
      let facts = try compile(compiled, target)
      for (name, found) in Dictionary(grouping: facts, by: \.name) { begun[name]! += "\t" + KernelFacts.summary(found) }
      for fact in facts { #expect(fact.spilledBytes == 0, "\(fact.name) for \(target): \(fact.spilledBytes) bytes spilled") }
    }
    lines += begun.values
    if writes { try Data(([head] + lines.dropFirst().sorted() + [""]).joined(separator: "\n").utf8).write(to: file) }
    // A text may have changed where nothing of what is noted has.
    func facts(_ lines: [String]) -> Set<[Substring]> {
      Set(lines.map { line in line.split(separator: "\t").enumerated().filter { $0.offset != 2 }.map(\.element) })
    }
    let (before, now) = (facts(writes ? lines : known), facts(lines))
    func text(_ lines: Set<[Substring]>) -> String { lines.map { $0.joined(separator: "\t") }.sorted().joined(separator: "\n") }
    #expect(before == now, "not found any more:\n\(text(before.subtracting(now)))\nnew:\n\(text(now.subtracting(before)))")
  }

  /// FNV-1a of all that a compiler is given for these kernels but the architecture.
  private static func checksum(_ texts: [KernelSource]) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for text in [KernelCache.prelude] + KernelCache.options(for: 0) + texts.map(\.body).sorted() {
      for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    return hash
  }

  /// Compiles many texts at once, each in a namespace of its own, on all cores.
  package static func compile(_ texts: [KernelSource], _ target: Target) throws -> [KernelFacts] {
    let sorted = texts.sorted { $0.entry < $1.entry }, size = 24
    let groups = stride(from: 0, to: sorted.count, by: size).map { Array(sorted[$0..<min($0 + size, sorted.count)]) }
    let results = Locked([Result<[KernelFacts], any Error>?](repeating: nil, count: groups.count))
    DispatchQueue.concurrentPerform(iterations: groups.count) { number in
      let result = Result { try facts(of: groups[number], target) }
      results.withLock { $0[number] = result }
    }
    return try results.withLock { $0 }.flatMap { try $0!.get() }
  }

  private static func facts(of texts: [KernelSource], _ target: Target) throws -> [KernelFacts] {
    var source = KernelCache.prelude
    for (number, text) in texts.enumerated() { source += "namespace n\(number) {\n\(text.body)}\n" }
    let compiled = try target.compiler.compile(
      source, options: KernelCache.options(for: target.capability) + ["--ptxas-options=--verbose"], wantsAssembly: true)
    var facts = Dictionary(uniqueKeysWithValues: texts.map { ($0.entry, KernelFacts(name: $0.name)) })
    read(compiled.log, into: &facts)
    count(compiled.assembly, into: &facts)
    for text in texts where facts[text.entry]!.registers == 0 { Issue.record("nothing is said of \(text.entry)") }
    return texts.map { facts[$0.entry]! }
  }

  /// What the log says of each kernel.
  private static func read(_ log: String, into facts: inout [String: KernelFacts]) {
    var kernel = ""
    for line in log.split(separator: "\n") {
      if let match = line.firstMatch(of: /Compiling entry function '([^']+)'/) { kernel = String(match.1) }
      if let match = line.firstMatch(of: /(\d+) bytes spill stores, (\d+) bytes spill loads/) {
        facts[kernel]?.spilledBytes += Int(match.1)! + Int(match.2)!
      }
      if let match = line.firstMatch(of: /Used (\d+) registers/) { facts[kernel]?.registers = Int(match.1)! }
      if let match = line.firstMatch(of: /(\d+) bytes smem/) { facts[kernel]?.sharedBytes = Int(match.1)! }
    }
  }

  /// What each kernel's PTX has.
  private static func count(_ assembly: String, into facts: inout [String: KernelFacts]) {
    var kernel = ""
    for line in assembly.split(separator: "\n") {
      if line.contains(".entry"), let match = line.firstMatch(of: /\.entry (\w+)/) { kernel = String(match.1) }
      if line.contains("mma.sync") { facts[kernel]?.tensorInstructions += 1 }
      if line.contains("global"), line.contains(".v4.") || line.contains(".v2.f64") || line.contains(".v2.u64") || line.contains(".v2.b64")
      {
        facts[kernel]?.wideAccesses += 1
      }
    }
  }
}
