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
}
