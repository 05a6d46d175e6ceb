import DEXML
import Testing

@Suite("The demo data set")
struct DemoTests {
  static let dataset = DemoDataset()
  private var dataset: DemoDataset { Self.dataset }

  private func words(_ text: String) -> [String] {
    text.split { !$0.isLetter }.map(String.init)
  }

  @Test("the same seed makes the same texts, another seed others")
  func deterministic() {
    #expect(dataset == DemoDataset())
    #expect(dataset != DemoDataset(seed: 43))
    // Texts must not change from machine to machine: FNV-1a over all of them.
    let hash = (dataset.trainTexts + dataset.testTexts).joined(separator: "\n").utf8
      .reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    #expect(hash == 5_998_274_000_676_926_950)
  }

  @Test("1,700 and 300 texts, 200 different labels, one to three for each text")
  func sizes() {
    #expect(dataset.trainTexts.count == 1700 && dataset.trainLabels.count == 1700)
    #expect(dataset.testTexts.count == 300 && dataset.testLabels.count == 300)
    #expect(dataset.labelTexts.count == 200 && Set(dataset.labelTexts).count == 200)
    for labels in dataset.trainLabels + dataset.testLabels {
      #expect((1...3).contains(labels.count) && labels == Set(labels).sorted() && labels.allSatisfy { (0..<200).contains($0) })
    }
    let seen = Set(dataset.trainLabels.joined())
    #expect(Set(dataset.trainLabels.map(\.count)) == [1, 2, 3])
    #expect(Set(0..<200).subtracting(seen).sorted() == dataset.unseenLabels && dataset.unseenLabels.count == 10)
  }

  @Test("labels of no training text are in the test set, and their words are in labels that are trained")
  func unseen() {
    let tested = Set(dataset.testLabels.joined())
    let seenWords = Set(Set(dataset.trainLabels.joined()).flatMap { words(dataset.labelTexts[$0]) })
    for label in dataset.unseenLabels {
      #expect(tested.contains(label))
      #expect(words(dataset.labelTexts[label]).allSatisfy(seenWords.contains))
    }
  }

  @Test("texts are one line each, without template marks and without the telling words of labels")
  func texts() {
    let telling = Set(dataset.labelTexts.flatMap(words)).subtracting(["a", "and", "for", "of", "on"])
    for text in dataset.trainTexts + dataset.testTexts {
      #expect(!text.contains { "\n*{}|".contains($0) })
      #expect(text.utf8.allSatisfy { $0 < 0x80 })
      #expect(telling.intersection(words(text)).isEmpty, "\(text)")
    }
    #expect(Set(dataset.trainTexts).intersection(DemoDataset.exampleSentences).isEmpty)
  }

  @Test("the vocabulary starts as BERT's, names every word of the texts, and can spell any other")
  func vocabulary() {
    let lines = DemoVocabulary.lines(texts: dataset.trainTexts + dataset.labelTexts)
    #expect(lines.prefix(5) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    #expect(Set(lines).count == lines.count)
    #expect(Set((dataset.trainTexts + dataset.labelTexts).flatMap(words)).isSubset(of: Set(lines)))
    #expect(Set(["z", "##z", "0", "##9", ".", ","]).isSubset(of: Set(lines)))
    #expect(lines.firstIndex(of: "the")! < lines.firstIndex(of: "loaf")!)
    #expect(DemoVocabulary.lines(texts: ["b b a c c c"], size: 110) == DemoVocabulary.lines(texts: ["c b c b c a"], size: 110))
    #expect(DemoVocabulary.lines(texts: dataset.trainTexts, size: 500).count == 500)
  }
}
