import Foundation
import Testing
import Wengert
import WengertTestSupport

@testable import WengertCore

private enum Mistakes {
  static func nan() { _ = compile({ (x: Tensor) in log(x) + 1 }, CompileOptions(nanCheck: true))(Tensor([1.0, -1])) }
  static let nanLine = #line - 1
  static func quotient() {
    let compiled = compile(
      { (x: Tensor, y: Tensor) in
        (x / y).sum()
      }, CompileOptions(nanCheck: true))
    _ = compiled(Tensor([1.0, 2]), Tensor([1.0, 0]))
  }
  static let quotientLine = #line - 4
}

@Suite("Looking into compiled functions")
struct DebugTests {
  private func profiled() -> Profiler {
    let compiled = compile { (x: Tensor, w: Tensor) in [tanh(x.matmul(w)).cumulativeSum(axis: 0), x.softmax()] }
    let profiler = Profiler()
    compiled.profiler = profiler
    for _ in 0..<3 { _ = compiled(.ones([4, 8]), .ones([8, 2])) }
    return profiler
  }

  @Test("nanCheck ends the program at the first kernel that makes a NaN, with its name and line")
  func nanCheck() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { Mistakes.nan() } }
      .expectsMessage("DebugTests.swift:\(Mistakes.nanLine)", "log: made a NaN or an infinity of finite operands [[2]]")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { lookingUpPlaces { Mistakes.quotient() } }
      .expectsMessage("divide: made a NaN or an infinity of finite operands", "DebugTests.swift:\(Mistakes.quotientLine)")
  }

  @Test("nanCheck lets pass what comes from operands that are not finite")
  func nanPasses() {
    let compiled = compile({ (x: Tensor) in x * 2 }, CompileOptions(nanCheck: true))
    #expect(compiled(Tensor([Double.infinity])).item() == .infinity)
  }

  @Test("asking for numbers while a graph is traced ends the program")
  func numbers() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = compile({ (x: Tensor) in x.sum().item() > 0 ? x : -x })(Tensor([1.0]))
    }
    .expectsMessage("reading a tensor's values is not possible while a graph is traced, when they are not known yet")
  }

  @Test("asking for a symbolic extent as a number ends the program")
  func extent() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = compile({ (x: Tensor) in x * Double(x.shape[0]) }, CompileOptions(shapes: ["0": ["batch", 3]]))(Tensor.ones([2, 3]))
    }
    .expectsMessage("axis 0 of [batch, 3] is not a number while the graph is traced; use shape[dim: 0]")
  }

  @Test("a tensor of one graph in another ends the program")
  func foreign() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = compile { (x: Tensor) in compile { (y: Tensor) in x + y }(Tensor([2.0])) }(Tensor([1.0]))
    }
    .expectsMessage("compile: a tensor of one graph is used while another is traced; pass it as an argument")
  }

  @Test("a traced tensor outside of its function ends the program")
  func leaked() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var leaked: Tensor?
      _ = compile { (x: Tensor) in
        leaked = x
        return x
      }(Tensor([1.0]))
      _ = compile { (x: Tensor) in x + leaked! }(Tensor([1.0]))
    }
    .expectsMessage("compile: a traced tensor is used outside of the function that was compiled; return it from that function instead")
  }

  @Test("an index out of range in a program names the operation and the line")
  func index() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let compiled = compile { (x: Tensor, i: Tensor) in x.gather(i) }
      _ = compiled(Tensor.ones([3, 2]), Tensor([0, 5] as [Int]))
    }
    .expectsMessage("DebugTests.swift:\(#line - 4)", "gather: index 5 is out of range")
  }

  @Test("the profile has a line for each kind of kernel, and their sum")
  func table() {
    let lines = profiled().table.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines[0] == ["kernel", "extents", "calls", "ms", "%", "GFLOP/s", "GB/s"])
    #expect(lines.contains { $0.prefix(2) == ["cumulativeSum", "[2,"] })
    #expect(lines.last?.prefix(2) == ["all", "9"])
    #expect(lines.count == 5)
  }

  @Test("a profile counts what ran since it was reset")
  func reset() {
    let profiler = profiled()
    #expect(profiler.total > .zero)
    #expect(profiler.sum(ofKernelsNamed: "matmul").milliseconds > 0)
    #expect(profiler.sum(ofKernelsNamed: "nothing").milliseconds == 0)
    profiler.reset()
    #expect(profiler.total == .zero)
    #expect(profiler.table.split(separator: "\n").count == 2)
  }

  @Test("the trace is JSON with one complete event per kernel")
  func trace() throws {
    let json = try JSONSerialization.jsonObject(with: Data(profiled().chromeTrace.utf8)) as? [String: Any]
    let events = try #require(json?["traceEvents"] as? [[String: Any]])
    #expect(events.count == 9)
    for event in events {
      #expect(event["ph"] as? String == "X")
      #expect((event["ts"] as? Double ?? -1) >= 0 && (event["dur"] as? Double ?? -1) >= 0)
      let arguments = try #require(event["args"] as? [String: Any])
      #expect(arguments["bytes"] is Int || arguments["bytes"] is Double)
      #expect(arguments["extents"] is String)
    }
    let empty = try JSONSerialization.jsonObject(with: Data(Profiler().chromeTrace.utf8)) as? [String: Any]
    #expect((empty?["traceEvents"] as? [Any])?.isEmpty == true)
  }

  @Test("a program describes its kernels in columns, and its memory")
  func description() {
    let compiled = compile { (x: Tensor, w: Tensor) in tanh(x.matmul(w)).cumulativeSum(axis: 0) }
    _ = compiled(.ones([4, 8]), .ones([8, 2]))
    let lines = compiled.program!.description.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines[0] == ["kernel", "extents", "MFLOP", "MB", "reads", "writes"])
    #expect(lines[1] == ["0", "matmul", "+", "tanh", "4×8×2", "0.0", "0.0", "in0", "in1", "@0"])
    #expect(lines[2] == ["1", "cumulativeSum", "[2,", "4]", "0.0", "0.0", "@0", "out0"])
    #expect(lines[3].prefix(3) == ["2", "kernels;", "arena"])
    #expect(compiled.program!.kernelCount == 2)
    #expect(compiled.program!.arenaByteCount == 64)
    #expect(compiled.program!.memoryDescription.contains("kernels 0–1"))
  }

  @Test("the Graphviz text has one node per operation, one edge per operand, and balanced brackets")
  func graphviz() {
    let graph = WengertTests.trace(.float32(2, 3), .float32(2, 3), updating: 1) { x in [(x[0] * x[1]).sum(), x[0] + Tensor([1.0, 2, 3])] }
    let lines = graph.graphviz.split(separator: "\n").map(String.init)
    #expect(lines.first == "digraph program {" && lines.last == "}")
    for number in graph.nodes.indices { #expect(lines.count { $0.hasPrefix("  node\(number) [label=") } == 1) }
    #expect(lines.count { $0.contains(" -> node") } == graph.nodes.reduce(0) { $0 + $1.operands.count })
    #expect(lines.count { $0.contains("new 0") } == 1)
    #expect(lines.dropFirst().dropLast().allSatisfy { $0.hasSuffix(";") && $0.count { $0 == "\"" } % 2 == 0 })
  }
}
