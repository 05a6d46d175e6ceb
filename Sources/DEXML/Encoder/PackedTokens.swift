/// Token sequences end to end, without padding: sequence s is `ids[offsets[s]..<offsets[s + 1]]`.
public struct PackedTokens: Sendable {
  /// [tokens]
  public let ids: [Int32]
  /// [sequences + 1], from 0 to the number of tokens.
  public let offsets: [Int32]

  public init(_ sequences: some Sequence<[Int32]>) {
    var ids: [Int32] = []
    var offsets: [Int32] = [0]
    for sequence in sequences {
      ids += sequence
      offsets.append(Int32(ids.count))
    }
    self.ids = ids
    self.offsets = offsets
  }

  /// The sequences of a padded batch, padding left out.
  public init(padded rows: [[Int32]], padID: Int32) {
    self.init(rows.lazy.map { row in Array(row[..<((row.lastIndex { $0 != padID } ?? -1) + 1)]) })
  }

  public var sequenceCount: Int { offsets.count - 1 }
  public var tokenCount: Int { ids.count }

  /// Each token's place in its sequence, [tokens].
  private var positions: [Int32] {
    zip(offsets, offsets.dropFirst()).flatMap { Array(0..<$1 - $0) }
  }

  /// Each token's sequence, [tokens].
  private var sequenceIndices: [Int32] {
    zip(offsets, offsets.dropFirst()).enumerated().flatMap { [Int32](repeating: Int32($0), count: Int($1.1 - $1.0)) }
  }

  /// What the encoder reads, on a device.
  public func tensors(on device: Device = .current) -> TokenTensors {
    TokenTensors(
      ids: Tensor(ids, device: device), positions: Tensor(positions, device: device), offsets: Tensor(offsets, device: device),
      sequences: Tensor(sequenceIndices, device: device), starts: Tensor(Array(offsets.dropLast()), device: device),
      shares: Tensor(zip(offsets, offsets.dropFirst()).map { 1 / Float(max($1 - $0, 1)) }, shape: [sequenceCount, 1], device: device))
  }

  /// Runs of at most `size` sequences.
  static func chunks(_ sequences: [[Int32]], of size: Int) -> [PackedTokens] {
    stride(from: 0, to: sequences.count, by: size).map { PackedTokens(sequences[$0..<min($0 + size, sequences.count)]) }
  }
}
