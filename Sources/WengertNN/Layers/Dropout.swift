/// In training, each element zero with probability `rate` and otherwise divided by 1 − rate (Srivastava et al. 2014); in evaluation, the identity.
public struct Dropout: Layer {
  /// The probability that an element is dropped.
  public var rate: Double

  /// A layer that drops elements with probability `rate`.
  ///
  /// - Precondition: `rate` is in 0..<1.
  public init(_ rate: Double, file: StaticString = #fileID, line: UInt = #line) {
    Caller(file, line).require(rate >= 0 && rate < 1, "Dropout", "the rate \(rate) is not in 0..<1")
    self.rate = rate
  }

  public mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {}

  public func read(into contents: inout TreeContents) {
    contents.add(setting: rate)
  }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) -> Tensor {
    guard rate > 0, let key = mode.keys else { return x }
    return x.dropout(rate, key: key)
  }
}
