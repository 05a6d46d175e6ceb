@_spi(Backend) import WengertNN

/// Token sequences end to end, without padding: sequence s is `ids[offsets[s]..<offsets[s + 1]]`.
public struct PackedTokens: Sendable {
  /// The ids of all tokens, [tokens].
  public let ids: [Int32]
  /// Where each sequence begins, [sequences + 1], from 0 to the number of tokens.
  public let offsets: [Int32]
  /// The number of the first sequence in the whole that these are a part of; dropout goes by it.
  public let first: Int
  /// How many tokens at the start of each sequence are a prompt's that poolings do not look at.
  public let skipped: Int

  /// Packs these sequences.
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

  /// The number of sequences.
  public var sequenceCount: Int { offsets.count - 1 }
  /// The number of tokens of all sequences.
  public var tokenCount: Int { ids.count }

  /// Each token's place in its sequence, [tokens].
  private var positions: [Int32] {
    zip(offsets, offsets.dropFirst()).flatMap { Array(0..<$1 - $0) }
  }

  /// Each token's sequence, [tokens].
  private var sequenceIndices: [Int32] {
    zip(offsets, offsets.dropFirst()).enumerated().flatMap { [Int32](repeating: Int32($0), count: Int($1.1 - $1.0)) }
  }

  /// How many sequences fill up the tokens of a rounded number.
  private static let fillers = 8

  /// The number of tokens, with at least one for each filling sequence, rounded up to one of 16 numbers between each power of two and the next.
  static func rounded(_ tokenCount: Int) -> Int {
    let least = tokenCount + fillers, power = 1 << (Int.bitWidth - 1 - least.leadingZeroBitCount)
    let step = max(power / 16, 64)
    return (least + step - 1) / step * step
  }

  /// The same with sequences at the end that fill up the tokens to a rounded number.
  private var filled: PackedTokens {
    let missing = PackedTokens.rounded(tokenCount) - tokenCount
    var ends = offsets
    for number in 1...PackedTokens.fillers { ends.append(Int32(tokenCount + missing * number / PackedTokens.fillers)) }
    return PackedTokens(ids: ids + [Int32](repeating: 0, count: missing), offsets: ends, first: first, skipped: skipped)
  }

  private init(ids: [Int32], offsets: [Int32], first: Int, skipped: Int) {
    (self.ids, self.offsets, self.first, self.skipped) = (ids, offsets, first, skipped)
  }

  /// What the encoder reads, on a device: tensors in one block of memory.
  ///
  /// - Parameters:
  ///   - device: where they are to lie.
  ///   - rounds: whether filling sequences round up the number of tokens, so that programs meet few numbers; nil: where the device prefers that.
  public func tensors(on device: Device = .current, rounds: Bool? = nil) -> TokenTensors {
    let isRounded = rounds ?? device.prefersRoundedSizes
    return isRounded ? filled.tensors(on: device, fillers: PackedTokens.fillers) : tensors(on: device, fillers: 0)
  }

  private func tensors(on device: Device, fillers: Int) -> TokenTensors {
    let numbers = (0..<sequenceCount).map { Int64(first + $0) }
    let positions = positions, sequenceIndices = sequenceIndices, starts = Array(offsets.dropLast())
    let tokenNumbers = zip(sequenceIndices, positions).map { numbers[Int($0)] * Self.numbersPerSequence + Int64($1) }
    let lengths = zip(offsets, offsets.dropFirst()).map { $1 - $0 }, skipped = Int32(skipped)
    var block = TensorBlock(on: device.backend)
    block.add(ids)
    // Filling sequences may be longer than the encoder has positions.
    let filling = Int(offsets[sequenceCount - fillers])
    block.add(positions.enumerated().map { $0 < filling ? $1 : 0 })
    block.add(offsets)
    block.add(sequenceIndices)
    block.add(starts)
    block.add(zip(starts, lengths).map { $0 + max($1, 1) - 1 })
    block.add(lengths.map { 1 / Float(max($0, 1)) }, shape: [sequenceCount, 1])
    block.add(zip(starts, lengths).map { $0 + (skipped < $1 ? skipped : 0) })
    block.add(lengths.map { Float(max($0 - skipped, 1)) }, shape: [sequenceCount, 1])
    block.add(positions.map { $0 < skipped ? 0 : 1 as Float }, shape: [tokenCount, 1])
    block.add(numbers, shape: [sequenceCount, 1])
    block.add(tokenNumbers, shape: [tokenCount, 1])
    let t = block.tensors
    return TokenTensors(
      ids: t[0], positions: t[1], offsets: t[2], sequences: t[3], starts: t[4], lasts: t[5], shares: t[6], firstPooled: t[7],
      pooledCounts: t[8], pooled: t[9], sequenceNumbers: t[10], tokenNumbers: t[11], fillers: fillers)
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
