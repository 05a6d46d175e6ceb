import Foundation
@_spi(Backend) import Wengert
@_spi(Backend) import WengertCUDA

/// How long operations take on the device, beside the rate at which the driver copies there and, where Python has it, PyTorch on the same device.
struct Times {
  private let device: Device
  private let isTiny: Bool

  /// - Parameter isTiny: whether operations are small, so that all can be tried where nothing is timed.
  init(_ device: Device, isTiny: Bool = false) {
    self.device = device
    self.isTiny = isTiny
  }

  /// An operation that is timed: bytes that it must move, or multiplications and additions that it must do.
  struct Row {
    let name: String
    var bytes = 0.0
    var flops = 0.0
    /// Makes the operands; what it gives is timed.
    let prepare: () -> () -> Void
  }

  func run() { Device.with(device) { tabulate() } }

  /// Performs every operation twice, and says how many there are.
  func tryOut() -> Int {
    Device.with(device) {
      let rows = rows
      for row in rows {
        let body = row.prepare()
        body()
        body()
        device.backend.tellFaults(waiting: true)
      }
      return rows.count
    }
  }

  private var rows: [Row] { memoryRows() + productRows() + ModelRows(device: device, isTiny: isTiny).rows }

  private func tabulate() {
    let peers = Times.peers(), bytes = 1 << 30
    let copied = seconds(count: 10) { CUDADevices.copy(bytes, times: 10, on: device.backend) }, rate = 2 * Double(bytes) / copied
    print("The driver's copy of a GiB reads and writes \(Times.format(rate / 1e9)) GB/s.")
    print("operation\tms\tGB/s\t% of the copy\tTFLOP/s\tPyTorch ms\tratio")
    for row in rows {
      let time = seconds(row.prepare()), peer = peers[row.name]
      let fields = [
        row.name, Times.format(time * 1e3), row.bytes > 0 ? Times.format(row.bytes / time / 1e9) : "",
        row.bytes > 0 ? Times.format(100 * row.bytes / time / rate) : "", row.flops > 0 ? Times.format(row.flops / time / 1e12) : "",
        peer.map(Times.format) ?? "", peer.map { Times.format(time * 1e3 / $0) } ?? "",
      ]
      print(fields.joined(separator: "\t"))
      device.trimMemory()
    }
  }

  private func memoryRows() -> [Row] {
    let key = RandomKey(1), rows = isTiny ? 8 : 8192, columns = isTiny ? 40 : 4096
    let x = key.normal([rows, columns]), bias = key.fold(1).normal([columns]), half = x.cast(to: .bfloat16),
      halfBias = bias.cast(to: .bfloat16)
    let size = Double(rows * columns)
    let gelu = compile { (x: Tensor, b: Tensor) in Wengert.gelu(x + b) }
    let softmax = compile { (x: Tensor) in x.softmax(axis: -1) }
    let normalized = compile { (x: Tensor) in x.layerNorm(gain: .ones([columns]), bias: .zeros([columns])) }
    let columnSums = compile { (x: Tensor) in x.sum(axis: 0) }
    let rowSums = compile { (x: Tensor) in x.sum(axis: -1) }
    let transposed = compile { (x: Tensor) in x.transpose().contiguous() }
    return [
      Row(name: "bias and GELU, float32", bytes: 8 * size) { { _ = gelu(x, bias) } },
      Row(name: "bias and GELU, bfloat16", bytes: 4 * size) { { _ = gelu(half, halfBias) } },
      Row(name: "softmax, float32", bytes: 8 * size) { { _ = softmax(x) } },
      Row(name: "softmax, bfloat16", bytes: 4 * size) { { _ = softmax(half) } },
      Row(name: "layer norm, float32", bytes: 8 * size) { { _ = normalized(x) } },
      Row(name: "column sums, float32", bytes: 4 * size) { { _ = columnSums(x) } },
      Row(name: "row sums, float32", bytes: 4 * size) { { _ = rowSums(x) } },
      Row(name: "transpose, float32", bytes: 8 * size) { { _ = transposed(x) } },
    ]
  }

  private func productRows() -> [Row] {
    let n = isTiny ? 16 : 4096
    return [DType.float32, .bfloat16, .float16].map { dtype in
      let a = RandomKey(2).normal([n, n]).cast(to: dtype), b = RandomKey(3).normal([n, n]).cast(to: dtype)
      let f = compile { (a: Tensor, b: Tensor) in a.matmul(b) }
      return Row(name: "product \(n)×\(n)×\(n), \(dtype)", flops: 2 * pow(Double(n), 3)) { { _ = f(a, b) } }
    }
  }

  /// How long a run takes: the median of five times, each that of so many runs as take a twentieth of a second.
  ///
  /// - Parameter each: how many runs the body is.
  private func seconds(count each: Int = 1, _ body: () -> Void) -> Double {
    func time(_ count: Int) -> Double {
      device.backend.tellFaults(waiting: true)
      let start = ContinuousClock.now
      for _ in 0..<count { body() }
      device.backend.tellFaults(waiting: true)
      return (ContinuousClock.now - start) / .seconds(1) / Double(count * each)
    }
    _ = time(3)
    let count = max(1, Int(0.05 / (time(3) * Double(each))))
    return (0..<5).map { _ in time(count) }.sorted()[2]
  }

  /// PyTorch's milliseconds, by the names of the rows; none where Python has no PyTorch with a device.
  private static func peers() -> [String: Double] {
    let script = URL(filePath: CUDACheck.words[0]).deletingLastPathComponent().appending(path: "peer.py")
    let process = Process(), output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", script.path]
    process.standardOutput = output
    // Python has libraries of its own, not those of this folder.
    var environment = ProcessInfo.processInfo.environment
    let own = script.deletingLastPathComponent().appending(path: "libraries").path
    environment["LD_LIBRARY_PATH"] = (environment["LD_LIBRARY_PATH"] ?? "").split(separator: ":").filter { $0 != own }.joined(
      separator: ":")
    process.environment = environment
    guard (try? process.run()) != nil, let printed = try? output.fileHandleForReading.readToEnd() else { return [:] }
    process.waitUntilExit()
    var times: [String: Double] = [:]
    for line in String(decoding: printed, as: UTF8.self).split(separator: "\n") {
      let fields = line.split(separator: "\t")
      if fields.count == 2, let time = Double(fields[1]) { times[String(fields[0])] = time }
    }
    return times
  }

  private static func format(_ number: Double) -> String { String(format: number < 10 ? "%.3f" : "%.1f", number) }
}
