import Testing
import Wengert
import WengertTestSupport

@_spi(Backend) @testable import WengertCore

@Suite("Functions that are traced operation by operation, without numbers")
struct StepwiseTraceTests {
  private static func type(_ shape: [Dimension]) -> TensorType { TensorType(shape: Shape(dimensions: shape), dtype: .float32) }

  @Test("a mistake stops one operation, and the next goes on")
  func mistakes() {
    let trace = StepwiseTrace(on: ShapeBackend.shared)
    let x = trace.argument("0", Self.type(["B", "D"]), isVariable: true), b = trace.argument("1", Self.type(["K"]), isVariable: false)
    let wrong = trace.attempt { x + b }
    #expect(wrong.value == nil && wrong.mistakes.map { $0.operation } == ["add"])
    let right = trace.attempt { x * 2 }
    #expect(right.value?.shape.equals(x.shape) == true && right.mistakes.isEmpty)
  }

  @Test("two names are two extents, which must not be asked to be equal; what their numbers decide is left to them")
  func names() {
    let trace = StepwiseTrace(on: ShapeBackend.shared)
    let x = trace.argument("0", Self.type(["B", "D"]), isVariable: false),
      w = trace.argument("1", Self.type(["K", "H"]), isVariable: false)
    let product = trace.attempt { x.matmul(w) }
    #expect(product.mistakes.map { $0.operation } == ["matmul"])
    #expect(trace.attempt { x.reshape(["K", "D"]) }.mistakes.map { $0.operation } == ["reshape"])
    #expect(trace.attempt { x.narrow(0, from: 0, count: 8) }.mistakes.isEmpty)
    #expect(trace.attempt { x.split(into: 2, axis: 1)[0] }.mistakes.isEmpty)
  }

  @Test("what is cut off from a variable is lost where it is a real number again")
  func cuts() {
    let trace = StepwiseTrace(on: ShapeBackend.shared)
    let x = trace.argument("0", Self.type(["B", "D"]), isVariable: true), y = trace.argument("1", Self.type(["B", "D"]), isVariable: false)
    func cut(_ body: @escaping @Sendable () -> Tensor) -> (number: Int, losesNumbers: Bool)? {
      trace.attempt(body).value.flatMap { trace.cut($0) }
    }
    let place = trace.attempt { x.argMax(axis: 1) }.value!
    #expect(trace.cut(place)?.losesNumbers == false)
    #expect(cut { place.cast(to: .float32) }?.losesNumbers == true)
    #expect(cut { place.cast(to: .float32) }?.number == trace.cut(place)?.number)
    #expect(cut { x.takeAlong(place.expandDims(1), axis: 1) } == nil)
    #expect(cut { stopGradient(place).cast(to: .float32) } == nil)
    #expect(cut { y.argMax(axis: 1).cast(to: .float32) } == nil)
  }

  @Test("a program without numbers is that of compile, with the constants of the function")
  func program() throws {
    let f: ([Tensor]) -> Tensor = { list in
      let key = RandomKey(list[1]).fold(7)
      return gelu(list[0].matmul(list[0].transpose())) + key.normal([list[0].shape[dim: 0].number ?? 1])
    }
    let types = [TensorType(shape: [3, 2], dtype: .float32), TensorType(shape: [], dtype: .int64)]
    let made = Program.finishing([("0.0", types[0]), ("0.1", types[1])], on: ShapeBackend.shared) { [("", f($0))] }
    let finished = CompiledFunction<[Tensor], Tensor>(finished: try FinishedProgram(code: made.code(), device: .cpu)) { $0[0] }
    let arguments = [RandomKey(1).normal([3, 2]), RandomKey(2).data]
    #expect(finished(arguments).bits == compile(f)(arguments).bits)
  }

  @Test("the place of an operation is named when the program is written")
  func places() {
    let made = Program.finishing([("0", Self.type(["n", 2]))], on: ShapeBackend.shared) { traced in
      [("", traced[0].gather(Tensor.iota(4, beside: traced[0]), file: "stand-in", line: 12))]
    }
    let named = made.naming("Models/Layer.swift", for: "stand-in")
    let gather = named.graph.nodes.first { $0.operation.name.contains("gather") }
    #expect(gather?.caller.fileName == "Models/Layer.swift" && gather?.caller.line == 12)
    #expect(made.graph.nodes.contains { $0.caller.fileName == "stand-in" })
  }
}
