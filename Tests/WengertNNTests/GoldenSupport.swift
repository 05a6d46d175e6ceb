import Foundation
import Testing
import WengertNN
import WengertTestSupport

/// What PyTorch and transformers computed in double precision.
struct Golden {
  let file: SafeTensors

  init(_ name: String = "golden") throws { file = try SafeTensors(contentsOf: Fixtures.url("nn/\(name).safetensors")) }

  func tensor(_ name: String) throws -> Tensor { Tensor(try #require(file[name], "no \(name) in the golden file")) }

  /// Compares a value with the golden one, in double precision up to its last digits.
  func expect(_ actual: Tensor, _ name: String, tolerance: Double = 1e-10, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let expected = try tensor(name)
    #expect(actual.shape == expected.shape, "\(name)", sourceLocation: sourceLocation)
    let worst = zip(actual.array(of: Double.self), expected.array(of: Double.self)).map { abs($0 - $1) / (1 + abs($1)) }.max() ?? 0
    #expect(worst < tolerance, "\(name) is off by \(worst)", sourceLocation: sourceLocation)
  }

  /// Compares a layer's value, and the gradients of Σ c·value with respect to the argument and all parameters, with those noted below `prefix`.
  func expectValueAndGradients<Model: TensorTree>(
    _ prefix: String, _ model: Model, fileName: (String) -> String = { $0 }, _ function: (Model, Tensor) -> Tensor,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let point = At(x: try tensor("\(prefix)/x"), model: model)
    try expect(function(model, point.x), "\(prefix)/y", sourceLocation: sourceLocation)
    let c = try tensor("\(prefix)/c")
    let gradient = gradient(at: point) { (function($0.model, $0.x) * c).sum() }
    try expect(gradient.x, "\(prefix)/gradient/x", sourceLocation: sourceLocation)
    for (name, tensor) in gradient.model.namedTensors {
      try expect(tensor, "\(prefix)/gradient/\(fileName(name))", sourceLocation: sourceLocation)
    }
  }
}

/// A model and its argument, to differentiate with respect to both.
struct At<Model: TensorTree>: TensorTree {
  var x: Tensor
  var model: Model

  mutating func visit(_ prefix: String, _ body: (String, inout Tensor) -> Void) {
    x.visit(dotted(prefix, "x"), body)
    model.visit(dotted(prefix, "model"), body)
  }
}

extension Tensor {
  var doubles: [Double] { array(of: Double.self) }
}
