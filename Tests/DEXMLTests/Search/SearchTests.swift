import DEXML
import Testing
import WengertNN

@Suite("Exact search")
struct SearchTests {
  @Test("blocks of any size find what one product finds", arguments: [(1, 1), (3, 4), (7, 100), (100, 5)])
  func blocks(documentBlock: Int, labelBlock: Int) {
    let x = RandomKey(1).normal([11, 6]), y = RandomKey(2).normal([23, 6])
    let all = x.matmul(y.transpose()).topK(5)
    let found = ExactSearch.search(documents: x, labels: y, topK: 5, documentBlock: documentBlock, labelBlock: labelBlock)
    #expect(found.indices.array(of: Int.self) == all.indices.array(of: Int.self))
    #expect(abs(found.scores - all.values).max().item() < 1e-5)
  }

  @Test("more labels than there are means all of them")
  func few() {
    let found = ExactSearch.search(documents: RandomKey(1).normal([2, 3]), labels: RandomKey(2).normal([4, 3]), topK: 10)
    #expect(found.scores.shape == [2, 4])
  }

  @Test("nothing to search gives nothing")
  func none() {
    let y = RandomKey(2).normal([4, 3])
    #expect(ExactSearch.search(documents: y[0..<0], labels: y, topK: 2).scores.shape[0] == 0)
    #expect(ExactSearch.search(documents: y, labels: y[0..<0], topK: 2).scores.shape == [4, 0])
  }

  @Test("one search serves any number of documents, labels and answers")
  func reused() {
    let search = ExactSearch()
    for (documents, labels, topK) in [(3, 20, 2), (1, 9, 9), (5, 20, 20), (3, 4, 7)] {
      let x = RandomKey(3).normal([documents, 6]), y = RandomKey(4).normal([labels, 6])
      let expected = x.matmul(y.transpose()).topK(min(topK, labels))
      let found = search.search(documents: x, labels: [y[0..<3], y[3..<labels]], topK: topK)
      #expect(found.indices.array(of: Int.self) == expected.indices.array(of: Int.self))
      #expect(abs(found.scores - expected.values).max().item() < 1e-5)
    }
  }

  @Test(
    "labels added one by one, or many at once, are found as those of one matrix",
    arguments: [[23], [1, 1, 1, 1, 1], [3, 8, 1, 11], [5, 0, 2, 9, 9]])
  func growing(counts: [Int]) {
    let index = LabelIndex(blockRows: 5)
    let x = RandomKey(5).normal([4, 6]), y = RandomKey(6).normal([counts.reduce(0, +), 6])
    var there = 0
    for count in counts {
      index.append((there..<there + count).map { "label \($0)" }, embeddings: y[there..<there + count])
      there += count
      let expected = x.matmul(y[0..<there].transpose()).topK(min(3, there))
      let found = index.nearest(x, topK: 3)
      #expect(found.flatMap { $0.map(\.label) } == expected.indices.array(of: Int.self).map { "label \($0)" })
      #expect(zip(found.flatMap { $0.map(\.score) }, expected.values.array(of: Float.self)).allSatisfy { abs($0 - $1) < 1e-5 })
    }
    #expect(index.texts.count == there)
  }
}
