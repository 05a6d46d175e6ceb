import Collectives
import DEXML
import Foundation
import Testing
@_spi(Backend) import WengertNN
import WengertTestSupport

/// Training on several GPUs: stand-ins, each of a thread of its own.
@Suite("Workers with a GPU each", .serialized)
struct DeviceWorkersTests {
  private func losses(_ configuration: Configuration, _ count: Int) throws -> [[Double]] {
    let devices = try (0..<count).map { _ in try StandIn() }
    return try ThreadWorkers.run(count) { workers in
      try Device.with(Device(devices[workers.rank].backend)) {
        let shared: any Workers = count > 1 ? try DeviceWorkers(workers, device: .current) : workers
        var losses: [Double] = []
        try Trainer.run(configuration, resumes: false, workers: shared) { losses.append($1) }
        return losses
      }
    }
  }

  @Test("two give the losses of one, and the parameters", arguments: [Configuration.Net.allLabels, .classifier])
  func equality(_ net: Configuration.Net) throws {
    var task = try TinyTask()
    try task.useNewEncoder()
    task.configuration.net = net
    task.configuration.ampEncode = false
    task.configuration.numEpochs = 1
    task.configuration.gcBsz = 6
    task.configuration.optim = .sgd
    task.configuration.tfMaxLen = 6
    var found: [Int: [Double]] = [:], models: [Int: SafeTensors] = [:]
    for count in [1, 2] {
      var configuration = task.configuration
      configuration.expname = "on \(count)"
      configuration.bsz = 12 / count
      configuration.lr = 0.1 / Double(count)
      let losses = try losses(configuration, count)
      #expect(Set(losses).count == 1, "all see the same losses")
      found[count] = losses[0]
      models[count] = try SafeTensors(
        contentsOf: task.folder.url.appendingPathComponent("Results/DEXML/Tiny/on \(count)/checkpoint.safetensors"))
    }
    #expect(found[1]!.count > 0 && zip(found[1]!, found[2]!).allSatisfy { abs($0 - $1) < 1e-4 }, "\(found)")
    for name in models[1]!.names where name.hasPrefix("model.") {
      let a = Tensor(models[2]![name]!), b = Tensor(models[1]![name]!)
      #expect((a - b).norm().item() <= 1e-4 * b.norm().item() + 1e-5, "\(name)")
    }
  }

  @Test("where one has no GPU, none gets a group, and each says why")
  func missing() throws {
    let device = try StandIn()
    let errors = try ThreadWorkers.run(2) { workers in
      do {
        _ = try DeviceWorkers(workers, device: workers.rank == 0 ? Device(device.backend) : .cpu)
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(errors[0].contains("another worker cannot join") && errors[1].contains("not the device cpu"), "\(errors)")
  }
}
