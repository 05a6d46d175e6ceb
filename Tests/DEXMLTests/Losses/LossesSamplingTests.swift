import DEXML
import Testing
import WengertNN
import WengertTestSupport

@Suite("Sampling of positives")
struct LossesSamplingTests {
  private func draw(_ count: Int, _ row: [Float], times: Int, seed: Int) throws -> [[Int]] {
    let positives = try SparseMatrix(
      rows: times, columns: row.count, rowOffsets: (0...times).map { $0 * row.count },
      indices: (0..<times * row.count).map { Int32($0 % row.count) }, values: (0..<times).flatMap { _ in row })
    return LossDevice.reference.run { PositiveSampler.draw(count, from: positives, key: RandomKey(seed)) }
  }

  @Test("one label is drawn with probability proportional to its relevance, what is not above 0 never")
  func proportional() throws {
    let n = 8000
    let draws = try draw(1, [1, 2, 0, 5, -3], times: n, seed: 4)
    #expect(draws.allSatisfy { $0.count == 1 })
    for (position, expected) in [(0, 0.125), (1, 0.25), (2, 0), (3, 0.625), (4, 0)] {
      let frequency = Double(draws.count { $0 == [position] }) / Double(n)
      #expect(abs(frequency - expected) <= 4 * (expected * (1 - expected) / Double(n)).squareRoot(), "\(position): \(frequency)")
    }
  }

  @Test("two labels are drawn one after the other, without putting back")
  func withoutReplacement() throws {
    let n = 8000, p = [0.125, 0.25, 0.625]
    let draws = try draw(2, [1, 2, 5], times: n, seed: 5)
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
      let expected = p[a] * p[b] / (1 - p[a]) + p[b] * p[a] / (1 - p[b])
      let frequency = Double(draws.count { $0 == [a, b] }) / Double(n)
      #expect(abs(frequency - expected) <= 4 * (expected * (1 - expected) / Double(n)).squareRoot(), "\(a), \(b): \(frequency)")
    }
    #expect(try draw(9, [1, 2, 0, 5], times: 3, seed: 1) == [[Int]](repeating: [0, 1, 3], count: 3))
  }

  @Test("a document's draw does not depend on the other documents' labels; the key decides")
  func independence() throws {
    let one = try SparseMatrix.dense([[1, 1, 1, 1, 1, 1], [1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
    let other = try SparseMatrix.dense([[0, 0, 0, 0, 0, 1], [1, 1, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0]])
    LossDevice.reference.run {
      var differing = 0
      for seed in 0..<20 {
        let a = PositiveSampler.draw(1, from: one, key: RandomKey(seed)), b = PositiveSampler.draw(1, from: other, key: RandomKey(seed))
        #expect(a[1] == b[1])
        #expect(a[2] == [])
        if PositiveSampler.draw(1, from: one, key: RandomKey(seed + 100)) != a { differing += 1 }
      }
      #expect(differing > 10)
    }
  }

  @Test("one label is drawn, for SoftTop-k as many as K or the largest number of positives")
  func counts() {
    func count(_ criterion: SimilarityLoss.Criterion) -> Int { SimilarityLoss(criterion, temperature: 1).drawCount(mostPositives: 4) }
    #expect(count(.softmax) == 1 && count(.decoupledSoftmax) == 1 && count(.bce) == 1)
    #expect(
      count(.topK(.fixed(3), alpha: 1)) == 3 && count(.topK(.fixed(9), alpha: 1)) == 4 && count(.topK(.numberOfPositives, alpha: 1)) == 4)
  }
}
