import ArgumentParser
import Collectives
import DEXML
import Wengert

struct Devices: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the devices that --device can name, and what is missing for others.",
    discussion: "Libraries of CUDA are looked for in the folders of WENGERT_CUDA_LIBRARIES first, separated by colons.")

  func run() throws {
    let names = ["cpu"] + (0..<Device.cudaCount).compactMap { (try? Device.cuda($0))?.description }
    try StandardOutput.write((["devices: \(names.joined(separator: ", "))"] + Device.cudaReport).joined(separator: "\n") + "\n")
  }
}

/// Where a command computes.
struct DeviceOption: ParsableArguments {
  @Option(help: ArgumentHelp("Where to compute: cpu, cuda, or cuda:N; dexml devices lists them.", valueName: "device"))
  var device = "cpu"

  /// Makes the device that of all tensors of this process.
  ///
  /// - Parameter workers: those that compute together: of `cuda` each takes the GPU of its own number on its machine.
  /// - Returns: the same workers, whose GPUs exchange tensors directly if there are several and NCCL is found.
  @discardableResult func use(_ workers: any Workers = OneWorker()) throws -> any Workers {
    Device.standard = try Device.named(device == "cuda" && workers.localRank > 0 ? "cuda:\(workers.localRank)" : device)
    guard workers.count > 1, device.hasPrefix("cuda") else { return workers }
    do { return try DeviceWorkers(workers, device: .standard) } catch {
      if workers.rank == 0 { Console.standardError.line("tensors of several GPUs go through the processors: \(error)") }
      return workers
    }
  }
}
