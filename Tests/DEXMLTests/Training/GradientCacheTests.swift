import DEXML
import Foundation
import Testing
import WengertNN
import WengertTestSupport

@Suite("Gradient caching")
struct GradientCacheTests {
  private let documents = [[2, 5, 6, 7, 3], [2, 11, 12, 3], [2, 9, 3], [2, 5, 11, 16, 17, 3], [2, 10, 10, 3]] as [[Int32]]
  private let labels = [[2, 6, 3], [2, 11, 3], [2, 12, 13, 3], [2, 15, 16, 3], [2, 8, 3], [2, 17, 3], [2, 18, 5, 3]] as [[Int32]]

  private func model() throws -> TextEncoder {
    // Dropout everywhere: embeddings, attention weights, blocks, and the final embedding.
    try ModelFolder(Fixtures.url("encoder/bert")).textEncoder(pooling: .mean, dropout: 0.2)
  }

  private func chunks(_ sequences: [[Int32]], _ size: Int) -> [PackedTokens] {
    stride(from: 0, to: sequences.count, by: size).map { PackedTokens(sequences[$0..<min($0 + size, sequences.count)], first: $0) }
  }

  private func targets() throws -> LossTargets {
    let positives = try SparseMatrix(
      rows: 5, columns: 7, rowOffsets: [0, 1, 3, 4, 6, 7], indices: [0, 1, 2, 6, 3, 5, 4], values: [Float](repeating: 1, count: 7))
    return LossTargets(positives: positives)
  }

  private let loss = SimilarityLoss(.decoupledSoftmax, temperature: 0.2)

  private func cache() -> GradientCache<TextEncoder> {
    GradientCache(encode: EncoderPrograms.train, loss: loss)
  }

  @Test("the gradient equals that of the unchunked loss, with dropout on", arguments: [(5, 7), (2, 3), (1, 1), (3, 7)])
  func equality(documentChunk: Int, labelChunk: Int) throws {
    let model = try model(), targets = try targets(), key = RandomKey(11)
    let documentChunks = chunks(documents, documentChunk), labelChunks = chunks(labels, labelChunk)
    let cached = cache().valueAndGradient(at: model, documents: documentChunks, labels: labelChunks, key: key, targets: targets)
    // One tape over all documents and labels.
    let whole = valueAndGradient(at: model) { model in
      loss(
        documents: model.embed(PackedTokens(documents), key: key.fold(0)), labels: model.embed(PackedTokens(labels), key: key.fold(1)),
        targets: targets)
    }
    #expect(abs(cached.value.item() - whole.value.item()) < 1e-6)
    #expect(abs(whole.value.item()) > 0.1)
    for (a, b) in zip(cached.gradient.namedTensors, whole.gradient.namedTensors) {
      let size = b.tensor.norm().item()
      #expect((a.tensor - b.tensor).norm().item() <= 1e-5 * size + 1e-7, "\(a.name)")
    }
  }

  @Test("dropout is really on: another key gives another loss, the same key the same bits")
  func keys() throws {
    let model = try model(), targets = try targets(), cache = cache()
    func value(_ key: RandomKey?) -> Double {
      cache.valueAndGradient(at: model, documents: chunks(documents, 2), labels: chunks(labels, 3), key: key, targets: targets).value.item()
    }
    #expect(value(RandomKey(1)) == value(RandomKey(1)))
    #expect(value(RandomKey(1)) != value(RandomKey(2)))
    #expect(value(nil) != value(RandomKey(1)))
  }

  @Test("the chunks make no difference, with and without dropout", arguments: [nil, RandomKey(3)])
  func chunking(key: RandomKey?) throws {
    let model = try model(), targets = try targets(), cache = cache()
    let values = [1, 2, 5].map { size in
      cache.valueAndGradient(at: model, documents: chunks(documents, size), labels: chunks(labels, size), key: key, targets: targets).value
        .item()
    }
    // One compilation for all chunkings, and with the same programs for documents and labels.
    #expect(cache.programs.prefix(2).allSatisfy { $0.program.statistics.compilations == 1 })
    #expect(abs(values[0] - values[1]) < 1e-6 && abs(values[0] - values[2]) < 1e-6)
  }
}
