@_spi(Backend) import WengertCUDA
@_spi(Backend) import WengertCore

/// The GPUs of several processes, one each, that compute together and exchange tensors without the processors' help, by NCCL. Every process makes the same calls in the same order.
public final class DeviceGroup: Sendable {
  private let group: NCCLGroup
  /// The device of this process.
  public let device: Device

  /// What one process makes, and hands to the others by other means, so that they find each other.
  ///
  /// - Throws: `DeviceUnavailable`, which says what is missing.
  public static func newIdentifier(for device: Device) throws(DeviceUnavailable) -> [UInt8] {
    try NCCLGroup.newIdentifier(for: device.backend)
  }

  /// Joins the others; returns when all have.
  ///
  /// - Parameters:
  ///   - identifier: what the first process made, the same for all.
  ///   - rank: this process's number, from 0 to below `count`.
  ///   - count: the number of processes.
  ///   - device: the one of this process.
  /// - Throws: `DeviceUnavailable`, which says what is missing, or why they do not meet.
  public init(_ identifier: [UInt8], rank: Int, count: Int, device: Device) throws(DeviceUnavailable) {
    group = try NCCLGroup(identifier, rank: rank, count: count, on: device.backend)
    self.device = device
  }

  /// The sums of all processes' tensors, as many of each and of the same shapes: the same bits for all. No derivative sees them.
  public func sums(_ tensors: [Tensor]) -> [Tensor] { group.sums(tensors.map { $0.contiguous().view }).map { Tensor($0) } }

  /// The rows of all processes' tensors, one's after the other's. No derivative sees them.
  ///
  /// - Parameters:
  ///   - rows: this process's rows, [rows, …].
  ///   - counts: how many rows each process has.
  public func gathered(_ rows: Tensor, counts: [Int]) -> Tensor { Tensor(group.gathered(rows.contiguous().view, counts: counts)) }
}
