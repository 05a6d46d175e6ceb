import Testing
import Wengert

/// Fails unless both tensors have one type and elements that differ by no more than `tolerance`, relative to the larger of the two and one.
func expectEqual(_ a: Tensor, _ b: Tensor, tolerance: Double = 1e-6, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(a.shape == b.shape && a.dtype == b.dtype, "\(a.dtype)\(a.shape) and \(b.dtype)\(b.shape)", sourceLocation: sourceLocation)
  for (i, (x, y)) in zip(a.array(of: Double.self), b.array(of: Double.self)).enumerated() {
    let isClose = x == y || (x.isNaN && y.isNaN) || abs(x - y) <= tolerance * max(1, abs(x), abs(y))
    if !isClose {
      Issue.record("element \(i): \(x) and \(y)", sourceLocation: sourceLocation)
      return
    }
  }
}
