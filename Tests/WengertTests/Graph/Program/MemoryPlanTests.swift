import Testing
import Wengert

@_spi(Backend) @testable import WengertCore

@Suite("Memory plan")
struct MemoryPlanTests {
  /// Where each call of the program reads and writes, in the description's words.
  private func places(_ graph: Graph) -> [String] {
    let lowering = Lowering(graph, symbols: [:])
    let plan = MemoryPlan(lowering)
    func text(_ view: View) -> String {
      switch plan.place(lowering.buffer(view).number) {
      case .arena(let offset): "@\(offset)"
      case .input(let number): "in\(number)"
      case .output(let number): "out\(number)"
      case .constant: "const"
      case .unused: "-"
      }
    }
    return plan.runCalls.map { position in
      let call = lowering.calls[position].call
      return
        "\(lowering.calls[position].operation): \(call.reads.map(text).joined(separator: " ")) → \(call.writes.map(text).joined(separator: " "))"
    }
  }

  private func scan(_ x: Tensor) -> Tensor { x.cumulativeSum(axis: 0) }

  @Test("an element-wise kernel writes over its operand where that dies")
  func inPlace() {
    let graph = trace(.float32(4, 4)) { x in [scan(tanh(scan(x[0])))] }
    #expect(places(graph) == ["cumulativeSum: in0 → @0", "tanh: @0 → @0", "cumulativeSum: @0 → out0"])
  }

  @Test("an operand that is read later keeps its memory")
  func kept() {
    let graph = trace(.float32(4, 4)) { x in
      let a = scan(x[0])
      return [scan(tanh(a)), scan(a)]
    }
    #expect(places(graph)[1] == "tanh: @0 → @64")
  }

  @Test("an operand that is read transposed, or has other bytes, is not written over")
  func otherPlaces() {
    let transposed = trace(.float32(4, 4)) { x in
      let a = scan(x[0])
      return [scan(a + a.transpose())]
    }
    #expect(places(transposed)[1] == "add: @0 @0 → @64")
    let wider = trace(.float32(4, 4)) { x in [scan(scan(x[0]).cast(to: .float64))] }
    #expect(places(wider)[1].hasSuffix("@0 → @128") || places(wider)[1].hasSuffix("@128 → @0"))
  }

  @Test("buffers whose lives do not overlap lie in the same place, largest first")
  func arena() {
    let graph = trace(.float32(16)) { x in [(0..<10).reduce(x[0]) { y, _ in y.cumulativeSum(axis: 0) }] }
    let plan = MemoryPlan(Lowering(graph, symbols: [:]))
    #expect(plan.arenaByteCount == 128)
    #expect(plan.lifetimes.keys.allSatisfy { [.arena(offset: 0), .arena(offset: 64)].contains(plan.place($0)) })
  }

  @Test("a call's workspace lies beside the buffers that live during the call, and is free for others after it")
  func workspaces() {
    let graph = trace(.float32(40)) { x in [(0..<6).reduce(x[0]) { y, _ in y.cumulativeSum(axis: 0) }] }
    let lowering = Lowering(graph, symbols: [:])
    let plan = MemoryPlan(lowering) { _ in 100 }
    #expect(plan.workspaces.count == 6)
    for (time, place) in plan.workspaces {
      #expect(place.byteCount == 100 && place.offset % 64 == 0 && place.offset + 100 <= plan.arenaByteCount)
      for (number, life) in plan.lifetimes where life.contains(time) {
        guard case .arena(let offset) = plan.place(number) else { continue }
        #expect(offset + lowering.buffers[number].byteCount <= place.offset || place.offset + 100 <= offset)
      }
    }
    // Two sums of 192 bytes, and one workspace at a time.
    #expect(plan.arenaByteCount == 2 * 192 + 128)
  }

  @Test("gathered positions and copies of factors are planned on the CPU, and eager and compiled results have the same bits")
  func planned() {
    let f: (Tensor, Tensor) -> Tensor = { x, places in
      let rows = x.gather(places)
      return rows.matmul(rows.transpose()).cumulativeSum(axis: 0).cast(to: .float32)
    }
    let x = Tensor((0..<60).map { Double($0) / 7 }).reshape([10, 6]).cast(to: .bfloat16), places = Tensor([9, 0, -3, 4] as [Int])
    let compiled = compile(f)
    for _ in 0..<2 { #expect(compiled(x, places).array(of: Float.self) == f(x, places).array(of: Float.self)) }
    #expect(compiled.program!.last!.plan.workspaces.count >= 2)
  }

  @Test("no two buffers that live at the same time overlap, in a training step's program")
  func overlaps() {
    let graph = trace(.float32(32, 8), .float32(8, 8)) { x in
      gradient(at: [x[1]]) { w in square((0..<6).reduce(x[0]) { y, _ in gelu(y.matmul(w[0])).softmax() }).sum() }
    }.optimized
    let lowering = Lowering(graph, symbols: [:])
    let plan = MemoryPlan(lowering)
    let placed = plan.lifetimes.compactMap { number, life -> (ClosedRange<Int>, Range<Int>)? in
      guard case .arena(let offset) = plan.place(number) else { return nil }
      return (life, offset..<offset + lowering.buffers[number].byteCount)
    }
    #expect(placed.count > 8)
    for (i, a) in placed.enumerated() {
      for b in placed[..<i] where a.0.overlaps(b.0) { #expect(!a.1.overlaps(b.1)) }
    }
  }

  @Test("a new value is written over its argument where nothing reads the old one after")
  func updates() {
    let graph = trace(.float32(4), .float32(4), updating: 1) { x in [x[0] * 2 + x[1]] }.optimized
    #expect(places(graph) == ["multiply+add: in0 in1 → in0"])
  }

  @Test("a new value waits beside its argument where the old one is still read, and is copied at the end")
  func copiedUpdate() {
    let graph = trace(.float32(4), updating: 1) { x in
      let new = x[0] * x[0]
      return [scan(x[0]), scan(new)]
    }
    #expect(places(graph) == ["multiply: in0 in0 → @0", "cumulativeSum: in0 → out0", "cumulativeSum: @0 → in0"])
    let late = trace(.float32(4), updating: 1) { x in
      let new = x[0] * x[0]
      return [scan(x[0]), new]
    }
    #expect(places(late) == ["multiply: in0 in0 → @0", "cumulativeSum: in0 → out0", "update: @0 → in0"])
  }

  @Test("an argument that stays as it is needs no kernel")
  func unchanged() {
    #expect(places(trace(.float32(4), updating: 1) { x in [x[0].sum(), x[0]] }).count == 1)
  }

  @Test("what depends on no argument is computed once, when the program is bound")
  func constants() {
    let graph = trace(.float32(70_000)) { x in [x[0] * (Tensor.iota(70_000, beside: x[0]) * 2).cast(to: .float32)] }
    let plan = MemoryPlan(Lowering(graph, symbols: [:]))
    #expect(plan.runCalls.count == 1)
    #expect(plan.constantCalls.count > 2)
    #expect(plan.arenaByteCount == 0)
  }

  @Test("what depends on no argument and is large is computed at each call")
  func largeConstants() {
    let count = (4 << 20) / 8 + 1
    let graph = trace(.float32(Dimension(count))) { x in [x[0] * (Tensor.iota(Dimension(count), beside: x[0]) * 2).cast(to: .float32)] }
    #expect(MemoryPlan(Lowering(graph, symbols: [:])).runCalls.count > 1)
  }
}
