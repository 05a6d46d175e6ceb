import Collectives
import DEXML
import Foundation
import Testing
import WengertNN
import WengertTestSupport

@Suite("Examples in the comments of DEXML and Collectives")
struct CommentExamplesTests {
  @Test("a tokenizer") func tokenizerExample() {
    let tokenizer = Tokenizer(vocabulary: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "##ing", "chess"])
    let ids = tokenizer.encode("Playing chess!")  // [CLS] play ##ing chess [UNK] [SEP]: [2, 5, 6, 7, 1, 3]
    #expect(ids == [2, 5, 6, 7, 1, 3])
  }

  @Test("an encoder") func textEncoderExample() {
    let shape = BertConfiguration(vocabularySize: 8, hiddenSize: 4, layers: 1, heads: 2, intermediateSize: 8)
    let encoder = TextEncoder(BertEncoder(shape, key: RandomKey(1)), pooling: .mean)
    let vectors = encoder.embed(PackedTokens([[2, 5, 3], [2, 7, 3]]))  // [2, 4], rows of length 1
    let lengths = square(vectors).sum(axes: [1]).array(of: Double.self)
    #expect(vectors.shape == [2, 4] && lengths.allSatisfy { abs($0 - 1) < 1e-5 })
  }

  @Test("a loss of similarities") func similarityLossExample() throws {
    let documents = Tensor([[1, 0], [0, 1]]), labels = Tensor([[1, 0], [0, 1]])
    let positives = try SparseMatrix(rows: 2, columns: 2, rowOffsets: [0, 1, 2], indices: [0, 1], values: [1, 1])
    let loss = SimilarityLoss(.softmax, temperature: 1)
    let value = loss(documents: documents, labels: labels, targets: LossTargets(positives: positives))  // ln(1 + 1/e)
    #expect(abs(value.item() - 0.313262) < 1e-5)
  }

  @Test("a streamed loss") func streamedLossExample() throws {
    let documents = Tensor([[1, 0], [0, 1]]), blocks = [Tensor([[1, 0]]), Tensor([[0, 1]])]
    let targets = LossTargets(
      positives: try SparseMatrix(rows: 2, columns: 2, rowOffsets: [0, 1, 2], indices: [0, 1], values: [1, 1]))
    var slopes: [Tensor] = []
    let streamed = StreamedLoss(SimilarityLoss(.softmax, temperature: 1))
    let (value, slope) = streamed.valueAndGradient(documents: documents, labels: blocks, targets: targets) { slopes.append($1) }
    // The last block's gradient is the first of slopes.
    #expect(abs(value.item() - 0.313262) < 1e-5)
    #expect(slope.shape == [2, 2] && slopes.map(\.shape) == [[1, 2], [1, 2]])
  }

  @Test("metrics") func rankingMetricsExample() throws {
    let truth = try SparseMatrix(rows: 1, columns: 3, rowOffsets: [0, 1], indices: [2], values: [1])
    let scores = try SparseMatrix(rows: 1, columns: 3, rowOffsets: [0, 3], indices: [0, 1, 2], values: [0.9, 0.1, 0.5])
    let metrics = try RankingMetrics(
      predictions: scores, truth: truth, trainingFrequencies: [1, 1, 1], trainingDocuments: 3, dataset: "Demo", evalTopK: 3)
    let reciprocalRank = metrics["MRR@10"]  // 50: the label is the second of the ranking
    #expect(reciprocalRank == 50)
  }

  @Test("a search") func labelIndexExample() {
    let index = LabelIndex()
    index.append(["east", "north"], embeddings: Tensor([[1, 0], [0, 1]]))
    let nearest = index.nearest(Tensor([[0.6, 0.8]]), topK: 1)[0][0]  // "north", of similarity 0.8
    #expect(nearest.label == "north" && nearest.index == 1 && abs(nearest.score - 0.8) < 1e-6)
  }

  @Test("a sparse matrix") func sparseMatrixExample() throws {
    let matrix = try SparseMatrix(rows: 2, columns: 3, rowIndices: [0, 1, 0], columnIndices: [2, 0, 1], values: [1, 1, 1])
    let columns = Array(matrix.row(0).indices)  // [1, 2]
    #expect(columns == [1, 2])
  }

  @Test("a data set") func datasetFolderExample() throws {
    let place = try TemporaryFolder(), folder = place.url
    defer { withExtendedLifetime(place) {} }
    try place.write("raw/trn_X.txt", "an oven\na pawn\n")
    try place.write("raw/Y.txt", "baking\nchess\nsailing\n")
    let matrix = try SparseMatrix(rows: 2, columns: 3, rowOffsets: [0, 1, 2], indices: [0, 1], values: [1, 1])
    try matrix.write(to: folder.appendingPathComponent("Y.trn.npz"))
    let data = try DatasetFolder(folder)
    let labels = try data.readLabels(.train)  // one row for each line of raw/trn_X.txt, one column for each of raw/Y.txt
    #expect(labels == matrix)
  }

  @Test("a predictor") func predictorExample() throws {
    let place = try TemporaryFolder(), folder = place.url.appendingPathComponent("model")
    defer { withExtendedLifetime(place) {} }
    let tokenizer = Tokenizer(vocabulary: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "chess"])
    let shape = BertConfiguration(vocabularySize: 7, hiddenSize: 4, layers: 1, heads: 2, intermediateSize: 8)
    let encoder = TextEncoder(BertEncoder(shape, key: RandomKey(1)), pooling: .mean)
    try ModelFolder.save(encoder, tokenizer: tokenizer, maximumLength: 8, to: folder)
    let predictor = try Predictor(model: folder, labelTexts: ["chess", "play"])
    let best = predictor.predict(["Chess"], topK: 1)[0][0].label  // "chess"
    #expect(best == "chess")
  }

  @Test("workers") func workersExample() {
    let workers = OneWorker()
    var sums: [Float] = [1, 2]
    workers.allReduce(&sums, .sum)  // the sums over all workers: of one, [1, 2]
    let part = workers.part(of: 10)  // 0..<10
    #expect(sums == [1, 2] && part == 0..<10)
  }

  @Test("every example of the comments is in this file, and every family has one") func comments() throws {
    let families: Set = [
      "Tokenizer", "TextEncoder", "SimilarityLoss", "StreamedLoss", "RankingMetrics", "LabelIndex", "SparseMatrix", "DatasetFolder",
      "Predictor", "Workers",
    ]
    var found: Set<String> = []
    for folder in ["Sources/DEXML", "Sources/Collectives"] {
      let comments = try CommentExamples(in: folder)
      #expect(try comments.missing(in: #filePath) == [])
      found.formUnion(comments.examples.map(\.name))
    }
    #expect(families.subtracting(found) == [])
  }
}
