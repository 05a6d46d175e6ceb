import Foundation
import Testing
@_spi(Backend) import Wengert
@_spi(Backend) import WengertTestSupport

@testable @_spi(Backend) import WengertCUDA

/// Several GPUs, each of a thread of its own, which NCCL connects: stand-ins all.
@Suite("Groups of CUDA devices", .serialized)
struct DeviceGroupTests {
  /// What `body` comes to on each of so many devices.
  private func onDevices<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (DeviceGroup, Int) throws -> Value) throws -> [Value] {
    let devices = try (0..<count).map { _ in try StandIn() }
    let identifier = try DeviceGroup.newIdentifier(for: Device(devices[0].backend))
    let results = Locked([Result<Value, any Error>?](repeating: nil, count: count)), threads = DispatchGroup()
    for rank in 0..<count {
      threads.enter()
      Thread {
        let result = Result {
          try body(DeviceGroup(identifier, rank: rank, count: count, device: Device(devices[rank].backend)), rank)
        }
        results.withLock { $0[rank] = result }
        threads.leave()
      }.start()
    }
    threads.wait()
    return try results.withLock { try $0.map { try $0!.get() } }
  }

  @Test("tensors are added up and rows are gathered, the same for all")
  func exchange() throws {
    let found = try onDevices(3) { group, rank in
      let x = Tensor.iota(6, device: group.device).cast(to: .float32) * Double(rank + 1)
      let sums = group.sums([x, x.reshape([2, 3]).transpose(), Tensor.zeros([0], device: group.device)])
      let rows = group.gathered(Tensor.ones([rank, 2], dtype: .bfloat16, device: group.device) * Double(rank), counts: [0, 1, 2])
      return [sums[0], sums[1], rows].map { $0.array(of: Double.self) }
    }
    for each in found {
      #expect(each[0] == (0..<6).map { 6 * Double($0) })
      #expect(each[1] == [0, 18, 6, 24, 12, 30])
      #expect(each[2] == [1, 1, 2, 2, 2, 2])
    }
  }

  @Test("a missing NCCL, a device that is none, and a group that does not meet are told")
  func missing() throws {
    #expect(throws: DeviceUnavailable.self) { try DeviceGroup.newIdentifier(for: .cpu) }
    let device = try StandIn(), cuda = Device(device.backend)
    let identifier = try DeviceGroup.newIdentifier(for: cuda)
    try device.fail("ncclCommInitRank", call: 1, with: 2)
    let failed = #expect(throws: DeviceUnavailable.self) { try DeviceGroup(identifier, rank: 0, count: 1, device: cuda) }
    #expect("\(failed!)".contains("the 1 GPUs of NCCL's group do not meet: unhandled system error"), "\(failed!)")
    try FileManager.default.removeItem(atPath: "\(device.folder)/libnccl.so.2")
    let missing = #expect(throws: DeviceUnavailable.self) { try DeviceGroup.newIdentifier(for: cuda) }
    #expect("\(missing!)".contains("several GPUs by NCCL"), "\(missing!)")
  }
}
