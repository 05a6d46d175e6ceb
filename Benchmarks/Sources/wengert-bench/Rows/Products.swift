import Wengert

/// A matrix product [m, k] · [k, n], n = 1 for a vector, of matrices that may lie in memory the other way round.
struct Product: Sendable {
  var batch = 1
  var m: Int, k: Int, n: Int
  var isLeftTransposed = false
  var isRightTransposed = false

  var flops: Double { 2 * Double(batch) * Double(m) * Double(k) * Double(n) }

  /// The factors as they lie in memory.
  var left: Shape { leading + (isLeftTransposed ? [k, m] : [m, k]) }
  var right: Shape { n == 1 ? [k] : leading + (isRightTransposed ? [n, k] : [k, n]) }
  private var leading: Shape { batch > 1 ? [batch] : [] }

  var text: String {
    let batched = batch > 1 ? "\(batch) x " : ""
    return "\(batched)\(m)x\(k)\(isLeftTransposed ? "t" : "") . \(k)x\(n)\(isRightTransposed ? "t" : "")"
  }
}

extension Row {
  private static func row(_ name: String, _ product: Product) -> Row {
    Row(
      name: "product-\(name)", shape: product.text, cost: .flops(product.flops),
      body: .function(
        inputs: { [normal(product.left), normal(product.right, seed: 2)] },
        { x in
          let left = product.isLeftTransposed ? x[0].transpose() : x[0]
          return [left.matmul(product.isRightTransposed ? x[1].transpose() : x[1])]
        }), product: product)
  }

  /// The products of an encoder's block: its tokens by a weight, and the gradients by the tokens and by the weight.
  private static func encoder(_ name: String, tokens: Int, width: Int, inner: Int) -> [Row] {
    [("square", width, width), ("up", width, inner), ("down", inner, width)].flatMap { part, input, output in
      [
        row("\(name)-\(part)", Product(m: tokens, k: input, n: output)),
        row("\(name)-\(part)-by-input", Product(m: tokens, k: output, n: input, isRightTransposed: true)),
        row("\(name)-\(part)-by-weight", Product(m: input, k: tokens, n: output, isLeftTransposed: true)),
      ]
    }
  }

  /// In `peers/products.py` under the same names.
  static let products =
    [
      row("1024", Product(m: 1024, k: 1024, n: 1024)),
      row("768", Product(m: 4096, k: 768, n: 768)),
      row("3072", Product(m: 4096, k: 768, n: 3072)),
      row("batched", Product(batch: 1536, m: 128, k: 64, n: 128)),
    ]
    + encoder("minilm", tokens: 8192, width: 384, inner: 1536) + encoder("base", tokens: 2048, width: 768, inner: 3072) + [
      row("loss", Product(m: 512, k: 384, n: 4096, isRightTransposed: true)),
      row("loss-by-document", Product(m: 512, k: 4096, n: 384)),
      row("loss-by-label", Product(m: 4096, k: 512, n: 384, isLeftTransposed: true)),
      row("64", Product(m: 64, k: 64, n: 64)),
      row("16", Product(m: 16, k: 16, n: 16)),
      row("vector", Product(m: 4096, k: 1024, n: 1)),
    ]
}
