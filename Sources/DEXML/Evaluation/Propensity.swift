import Foundation

/// Weights that favor rare labels, after the propensity model of Jain, Prabhu and Varma, "Extreme multi-label loss
/// functions for recommendation, tagging, ranking and other missing label applications" (KDD 2016):
///
///     w_l = 1 + C (n_l + b)^−a        C = (ln N − 1)(b + 1)^a
///
/// with `n_l` the label's frequency among `N` training documents.
public struct Propensity: Sendable, Equatable {
  /// The exponent a.
  public var a: Double
  /// The offset b.
  public var b: Double

  /// The model with these constants.
  public init(a: Double, b: Double) {
    self.a = a
    self.b = b
  }

  /// The constants fitted for a data set's kind, known by its name: Amazon, Wikipedia (but not WikiSeeAlso), others.
  public init(dataset: String) {
    let name = dataset.lowercased()
    if name.contains("amazon") {
      self.init(a: 0.6, b: 2.6)
    } else if name.contains("wiki") && !name.contains("wikiseealso") {
      self.init(a: 0.5, b: 0.4)
    } else {
      self.init(a: 0.55, b: 1.5)
    }
  }

  /// The weight of each label, `[labels]`.
  public func weights(frequencies: [Int], documents: Int) -> [Double] {
    let c = (log(Double(max(documents, 1))) - 1) * pow(b + 1, a)
    return frequencies.map { 1 + c * pow(Double($0) + b, -a) }
  }
}
