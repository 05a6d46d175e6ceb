import CProbes
import Foundation
import Synchronization

/// The processor that this process runs on.
enum Machine {
  private static let cpuinfo = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""

  private static func field(_ name: String) -> String {
    let line = cpuinfo.split(separator: "\n").first { $0.hasPrefix(name) }
    return line?.split(separator: ":").dropFirst().first?.trimmingCharacters(in: .whitespaces) ?? ""
  }

  static let name = field("model name")
  static let vendor = field("vendor_id")
  static let flags = Set(field("flags").split(separator: " ").map(String.init))

  /// MHz of `count` cores that are busy at the same time: the best of a few short loops of one addition a cycle. What the system says is made up in virtual machines.
  static func clocks(_ count: Int) -> [Double] {
    let additions = 20_000_000
    let found = Mutex<[Double]>([])
    DispatchQueue.concurrentPerform(iterations: count) { _ in
      let clock = ContinuousClock()
      let times = (0..<20).map { _ in clock.measure { dependent_additions(UInt(additions)) } / .microseconds(1) }
      found.withLock { $0.append(Double(additions) / times.min()!) }
    }
    return found.withLock(\.self)
  }

  /// What every table says first: which instructions are in force, here and in the peers, on what.
  static func showHeading(threads: Int, peers: [Peer] = []) {
    let clocks = clocks(threads).map { String(format: "%.0f", $0) }.joined(separator: ", ")
    show("level \(Level.current.rawValue) in force, \(Level.wanted ?? "none") asked for; \(name), \(threads) cores at \(clocks) MHz")
    show("OpenBLAS core \(Yardstick.blasCore)")
    var told: Set<String> = []
    for peer in peers where told.insert(peer.about).inserted {
      let names = peers.filter { $0.about == peer.about }.map(\.name)
      show("\(names.joined(separator: ", ")): \(peer.about)")
    }
  }

  /// Leaves this process, and the peers that it starts, `count` of the cores that it may use.
  static func pin(to count: Int) {
    typealias Affinity = @convention(c) (pid_t, Int, UnsafeMutableRawPointer) -> Int32
    guard let get = dlsym(nil, "sched_getaffinity"), let set = dlsym(nil, "sched_setaffinity") else { return }
    var cores = [UInt8](repeating: 0, count: 128)
    guard unsafeBitCast(get, to: Affinity.self)(0, cores.count, &cores) >= 0 else { return }
    var left = count
    for core in 0..<cores.count * 8 where cores[core / 8] >> UInt8(core % 8) & 1 == 1 {
      if left > 0 { left -= 1 } else { cores[core / 8] &= ~(1 << UInt8(core % 8)) }
    }
    _ = unsafeBitCast(set, to: Affinity.self)(0, cores.count, &cores)
  }
}
