import DEXML
import Foundation
@_spi(Backend) import WengertNN
@_spi(Backend) import WengertTestSupport

/// What runs the losses: our kernels, and the oracle.
enum LossDevice: String, CaseIterable {
  case cpu, reference

  func run<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Device.with(self == .cpu ? .cpu : Device(ReferenceBackend.shared), body)
  }
}

/// The losses and gradients that losses_golden.py wrote.
struct GoldenLosses {
  struct Case: Decodable {
    var name: String, criterion: String, inputs: String, reduction: String
    var tau: Double, alpha: Double
    var draw: Int, k: Int
    var weighted: Bool

    var loss: SimilarityLoss {
      let criterion: SimilarityLoss.Criterion =
        switch criterion {
        case "softmax": .softmax
        case "decoupled-softmax": .decoupledSoftmax
        case "topk": .topK(k == 0 ? .numberOfPositives : .fixed(k), alpha: alpha)
        default: .bce
        }
      return SimilarityLoss(criterion, temperature: tau, reduction: reduction == "mean" ? .mean : .sum)
    }
  }

  let cases: [Case]
  let positives: SparseMatrix
  private let arrays: NPZ

  init() throws {
    cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: Fixtures.url("losses/cases.json")))
    arrays = try NPZ(contentsOf: Fixtures.url("losses/golden.npz"))
    let labels = try arrays.array("unit/labels").shape[0]
    let offsets = try arrays.array("indptr").ints()
    positives = try SparseMatrix(
      rows: offsets.count - 1, columns: labels, rowOffsets: offsets, indices: arrays.array("indices").ints().map(Int32.init),
      values: arrays.array("data").floats())
  }

  func targets(_ example: Case) throws -> LossTargets {
    guard example.draw > 0 else { return LossTargets(positives: positives, weighted: example.weighted) }
    let offsets = try arrays.array("draw\(example.draw)/indptr").ints(),
      positions = try arrays.array("draw\(example.draw)/positions").ints()
    let drawn = zip(offsets, offsets.dropFirst()).map { Array(positions[$0..<$1]) }
    return LossTargets(positives: positives, drawn: drawn, weighted: example.weighted)
  }

  /// Document and label embeddings.
  func inputs(_ example: Case, dtype: DType) throws -> [Tensor] {
    try ["documents", "labels"].map { name in
      let array = try arrays.array("\(example.inputs)/\(name)")
      return Tensor(array.floats(), shape: Shape(array.shape)).cast(to: dtype)
    }
  }

  /// "loss", or the gradient of "documents" or "labels".
  func expected(_ example: Case, _ name: String) throws -> [Double] { try arrays.array("\(example.name)/\(name)").doubles() }
}

/// ‖a − b‖ / ‖b‖, and the largest |a − b| in units of the largest |b|.
func relativeDifferences(_ a: [Double], _ b: [Double]) -> (norm: Double, largest: Double) {
  let differences = zip(a, b).map { ($0 - $1).magnitude }
  func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
  // A NaN must not hide behind a maximum.
  guard differences.allSatisfy(\.isFinite), a.count == b.count else { return (.infinity, .infinity) }
  return (norm(differences) / norm(b), differences.max()! / b.map(\.magnitude).max()!)
}
