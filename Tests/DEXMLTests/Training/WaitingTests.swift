import DEXML
import Testing
@_spi(Backend) import WengertNN
import WengertTestSupport

@Suite("Waiting for a GPU")
struct WaitingTests {
  @Test("a training step waits for nothing but the loss and the norm of the step before", arguments: ["softmax", "decoupled-softmax"])
  func steps(criterion: String) throws {
    var task = try TinyTask()
    try task.useNewEncoder()
    task.configuration.lossCriterion = try #require(.init(rawValue: criterion))
    task.configuration.bsz = 4
    task.configuration.gcBsz = 6
    task.configuration.numEpochs = 1
    let configuration = task.configuration, device = try StandIn()
    var waits: [[Int]] = []
    try Device.with(Device(device.backend)) {
      try Trainer.run(configuration, resumes: false) { _, _ in
        waits.append([try device.count("cuStreamSynchronize"), try device.count("cuEventSynchronize")])
      }
    }
    // The first steps compile programs; the last two of the epoch are read at once.
    try #require(waits.count >= 6)
    for (before, after) in zip(waits, waits.dropFirst()).dropFirst(2).dropLast(2) {
      #expect(after[0] == before[0] && after[1] == before[1] + 2, "\(waits)")
    }
  }
}
