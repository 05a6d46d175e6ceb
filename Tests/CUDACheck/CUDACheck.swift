import Foundation
@_spi(Backend) import Wengert
@_spi(Backend) import WengertCUDA
@_spi(Backend) import WengertCases

/// Checks the CUDA backend on the device of this machine, and times it: what `make test-cuda` carries to a machine without Swift.
///
/// Everything but the times is also checked in `make test` on the stand-in, on which nothing is timed.
@main
struct CUDACheck {
  /// The program and its arguments. With the static run time, Swift's own list is empty.
  static let words: [String] = {
    let line = FileManager.default.contents(atPath: "/proc/self/cmdline") ?? Data()
    return line.split(separator: 0, omittingEmptySubsequences: false).dropLast().map { String(decoding: $0, as: UTF8.self) }
  }()

  static func main() {
    let arguments = words.dropFirst()
    guard arguments.allSatisfy({ ["--quick", "--times"].contains($0) }) else {
      FileHandle.standardError.write(Data("usage: cuda-check [--quick: every tenth case] [--times: nothing but times]\n".utf8))
      exit(64)
    }
    for line in Device.cudaReport { print(line) }
    let device: Device
    do { device = try Device.cuda(0) } catch {
      print("There is no device: \(error)")
      exit(1)
    }
    var check = Check(device, isQuick: arguments.contains("--quick"))
    if !arguments.contains("--times") { check.run() }
    if CUDADevices.isStandIn(device.backend) {
      print("\(Times(device, isTiny: true).tryOut()) operations are tried. Nothing is timed: this device is a CPU.")
    } else {
      Times(device).run()
    }
    print(check.failures == 0 ? "All is well." : "\(check.failures) checks failed.")
    exit(check.failures == 0 ? 0 : 1)
  }
}

/// What must hold, claim by claim.
struct Check {
  private let device: Device
  private let cases: [OperationCase]
  private(set) var failures = 0

  init(_ device: Device, isQuick: Bool) {
    self.device = device
    cases = isQuick ? CaseList.all.enumerated().filter { $0.offset % 10 == 0 }.map(\.element) : CaseList.all
  }

  mutating func run() {
    claim("\(cases.count) operations give what the reference gives, for every dtype and layout") { $0.conformance() }
    claim("their derivatives, compiled functions and vmap give what the CPU gives") { $0.derivatives() }
    claim("an index out of range is told with its number") { $0.faults() }
    claim("a program that needs more memory than there is throws, and the next one runs") { $0.memory() }
    claim("the same bits come again") { $0.repetition() }
  }

  /// Performs a check, which returns what is wrong.
  private mutating func claim(_ name: String, _ body: (Check) -> [String]) {
    let start = ContinuousClock.now, wrong = body(self)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    print("\(wrong.isEmpty ? "holds" : "FAILS")  \(name) (\(String(format: "%.1f", seconds)) s)")
    for line in wrong.prefix(20) { print("       \(line)") }
    if wrong.count > 20 { print("       and \(wrong.count - 20) more") }
    failures += wrong.isEmpty ? 0 : 1
  }

  private func conformance() -> [String] {
    cases.flatMap { operation -> [String] in
      let variants = operation.dtypes.flatMap { operation.variants($0) }
      let asked = variants.map { Conformance.results($0, $0.operands, on: device.backend) }
      return zip(variants, asked).flatMap { Conformance.differences($0, $1) }
    }
  }

  private func derivatives() -> [String] { cases.flatMap { DerivedResults.differences(of: $0, on: device.backend) } }

  private func faults() -> [String] {
    let x = Tensor([1, 2, 3], device: device), at = Tensor([0, 7], device: device)
    let result = Result { try catchingDataFaults { x.gather(at) } }
    guard case .failure(let fault as DataFault) = result, fault.kind == .outOfRange, fault.number == 7 else { return ["\(result)"] }
    return []
  }

  private func memory() -> [String] {
    // A matrix of 2⁴⁰ bytes lies between the two kernels.
    let f = compile { (x: Tensor) in (x.reshape([-1, 1]).matmul(x.reshape([1, -1])).softmax(axis: -1)).sum(axis: 0) }
    let result = Result { try catchingDataFaults { f(Tensor.zeros([1 << 19], device: device).contiguous()) } }
    guard case .failure(let fault as DataFault) = result, fault.kind == .outOfMemory else { return ["\(result)"] }
    let small = f(Tensor([1, 2], device: device)).array(of: Float.self)
    return abs(small[0] + small[1] - 2) < 1e-5 ? [] : ["\(small)"]
  }

  private func repetition() -> [String] {
    let x = Device.with(device) { RandomKey(3).normal([300, 70]) }
    let f = compile { (x: Tensor) in x.matmul(x.transpose()).softmax(axis: -1).sum(axis: 0) }
    let first = f(x).array(of: Float.self)
    return (0..<10).filter { _ in f(x).array(of: Float.self) != first }.map { "run \($0) differs" }
  }
}
