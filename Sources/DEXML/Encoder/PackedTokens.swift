/// Token sequences end to end, without padding: sequence s is `ids[offsets[s]..<offsets[s + 1]]`.
public struct PackedTokens: Sendable {
  /// [tokens]
  public let ids: [Int32]
  /// [sequences + 1], from 0 to the number of tokens.
  public let offsets: [Int32]
  /// The number of the first sequence in the whole that these are a part of; dropout goes by it.
  public let first: Int
  /// How many tokens at the start of each sequence are a prompt's that poolings do not look at.
  public let skipped: Int

  public init(_ sequences: some Sequence<[Int32]>, first: Int = 0, skipping skipped: Int = 0) {
    self.first = first
    self.skipped = skipped
    var ids: [Int32] = []
    var offsets: [Int32] = [0]
    for sequence in sequences {
      ids += sequence
      offsets.append(Int32(ids.count))
    }
    self.ids = ids
    self.offsets = offsets
  }

  /// The sequences of a padded batch, padding left out: no sequence itself may end in the padding's id.
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
    let numbers = (0..<sequenceCount).map { Int64(first + $0) }
    let positions = positions, sequenceIndices = sequenceIndices, starts = Array(offsets.dropLast())
    let tokenNumbers = zip(sequenceIndices, positions).map { numbers[Int($0)] * Self.numbersPerSequence + Int64($1) }
    let lengths = zip(offsets, offsets.dropFirst()).map { $1 - $0 }, skipped = Int32(skipped)
    return TokenTensors(
      ids: Tensor(ids, device: device), positions: Tensor(positions, device: device), offsets: Tensor(offsets, device: device),
      sequences: Tensor(sequenceIndices, device: device), starts: Tensor(starts, device: device),
      lasts: Tensor(zip(starts, lengths).map { $0 + max($1, 1) - 1 }, device: device),
      shares: Tensor(lengths.map { 1 / Float(max($0, 1)) }, shape: [sequenceCount, 1], device: device),
      firstPooled: Tensor(zip(starts, lengths).map { $0 + (skipped < $1 ? skipped : 0) }, device: device),
      pooledCounts: Tensor(lengths.map { Float(max($0 - skipped, 1)) }, shape: [sequenceCount, 1], device: device),
      pooled: Tensor(positions.map { $0 < skipped ? 0 : 1 as Float }, shape: [tokenCount, 1], device: device),
      sequenceNumbers: Tensor(numbers, shape: [sequenceCount, 1], device: device),
      tokenNumbers: Tensor(tokenNumbers, shape: [tokenCount, 1], device: device))
  }

  /// More than a sequence has tokens.
  private static let numbersPerSequence: Int64 = 1 << 20

  /// Runs of at most `size` sequences, the first of which has number `first`.
  static func chunks(_ sequences: [[Int32]], of size: Int, first: Int = 0, skipping skipped: Int = 0) -> [PackedTokens] {
    stride(from: 0, to: sequences.count, by: size).map {
      PackedTokens(sequences[$0..<min($0 + size, sequences.count)], first: first + $0, skipping: skipped)
    }
  }
}
