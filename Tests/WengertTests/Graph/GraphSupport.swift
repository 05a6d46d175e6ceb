import Testing
import Wengert
@_spi(Backend) import WengertCPU

@_spi(Backend) @testable import WengertCore

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

extension TensorType {
  static func float32(_ extents: Dimension...) -> TensorType { TensorType(shape: Shape(dimensions: extents), dtype: .float32) }
  static func float64(_ extents: Dimension...) -> TensorType { TensorType(shape: Shape(dimensions: extents), dtype: .float64) }
  static func int64(_ extents: Dimension...) -> TensorType { TensorType(shape: Shape(dimensions: extents), dtype: .int64) }
  static func uint8(_ extents: Dimension...) -> TensorType { TensorType(shape: Shape(dimensions: extents), dtype: .uint8) }
}

/// The graph of a function of tensors of these types, as it is traced, before any pass; the last `updating` results are written over the first arguments.
func trace(_ arguments: TensorType..., updating: Int = 0, f: ([Tensor]) -> [Tensor]) -> Graph {
  let tracer = Tracer(target: CPUBackend.shared)
  let inputs = arguments.enumerated().map { tracer.input("\($0)", $1) }
  let results = Tracer.$current.withValue(tracer) { f(inputs) }.map { tracer.value(of: $0) }
  var graph = tracer.graph
  graph.outputs = results
  graph.updates = (0..<updating).map { Graph.Update(input: $0, output: results.count - updating + $0) }
  return graph
}

extension Graph {
  /// The graph after all passes.
  var optimized: Graph { optimized(on: CPUBackend.shared) }

  func optimized(on backend: any Backend) -> Graph {
    Passes.fuse(Passes.simplify(self, CompileOptions(), on: backend), CompileOptions(), on: backend)
  }

  /// Without its frame and spaces: one line per node.
  var lines: [String] {
    description.split(separator: "\n").dropFirst().dropLast().map { String($0.drop { $0 == " " }) }
  }
}

/// Fails unless the graph's lines are these, one per line of the text.
func expectGraph(_ graph: Graph, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation) {
  let lines = expected.split(separator: "\n").map { String($0.drop { $0 == " " }) }
  if graph.lines == lines { return }
  let text = graph.lines.joined(separator: "\n")
  Issue.record("the graph is\n\(text)\ninstead of\n\(lines.joined(separator: "\n"))", sourceLocation: sourceLocation)
}
