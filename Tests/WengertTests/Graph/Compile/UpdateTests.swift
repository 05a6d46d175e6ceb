import Testing
import Wengert

/// Compiled functions that write over their first argument.
@Suite("Updates")
struct UpdateTests {
  private func run(_ state: [Tensor], calls: Int = 1, _ step: @escaping (inout [Tensor]) -> [Tensor]) -> [[Double]] {
    let compiled = compileUpdate(step)
    var compiledState = state, eagerState = state
    for _ in 0..<calls {
      let results = compiled(&compiledState), expected = step(&eagerState)
      for (a, e) in zip(results + compiledState, expected + eagerState) { expectEqual(a, e) }
    }
    return compiledState.map { $0.array(of: Double.self) }
  }

  @Test("two arguments that are exchanged are exchanged")
  func swapped() {
    let state = run([Tensor([1.0, 2]), Tensor([3.0, 4])]) { state in
      state.swapAt(0, 1)
      return []
    }
    #expect(state == [[3, 4], [1, 2]])
  }

  @Test("an argument that gets another's old value gets it before that is overwritten")
  func handedOn() {
    let state = run([Tensor([1.0, 2]), Tensor([3.0, 4])], calls: 3) { state in
      state = [state[1], state[1] * 2 + 1]
      return []
    }
    #expect(state[0] == [15, 19])
  }

  @Test("a transposed or mirrored argument is written anew")
  func mirrored() {
    let state = run([Tensor([[1.0, 2], [3, 4]]), Tensor([1.0, 2, 3])]) { state in
      state = [state[0].transpose(), state[1].flip()]
      return []
    }
    #expect(state == [[1, 3, 2, 4], [3, 2, 1]])
  }

  @Test("one value for two arguments goes to both")
  func shared() {
    let state = run([Tensor([1.0, 2]), Tensor([3.0, 4])], calls: 2) { state in
      let sum = state[0] + state[1]
      state = [sum, sum]
      return []
    }
    #expect(state == [[8, 12], [8, 12]])
  }

  @Test("an argument that is reset gets the constant at each call")
  func reset() {
    let zeros = run([Tensor([1.0, 2])], calls: 2) { state in
      state[0] = Tensor([0.0, 5])
      return []
    }
    #expect(zeros == [[0, 5]])
    // Too large to be folded, small enough to be computed once.
    let table = compileUpdate({ (state: inout [Tensor]) -> Tensor in
      let old = state[0].sum()
      state[0] = RandomKey(1).uniform([70_000])
      return old
    })
    var state = [Tensor.ones([70_000]).contiguous()]
    #expect(table(&state).item() == 70_000)
    state[0] = state[0] + 1
    _ = table(&state)
    expectEqual(state[0], RandomKey(1).uniform([70_000]))
  }

  @Test("an old value that is returned stays what it was")
  func oldValue() {
    let step = compileUpdate({ (x: inout Tensor) -> [Tensor] in
      let old = x
      x = x + 1
      return [old, old.flip(), x]
    })
    var x = Tensor([1.0, 2])
    let first = step(&x)
    _ = step(&x)
    #expect(first.map { $0.array(of: Double.self) } == [[1, 2], [2, 1], [2, 3]])
    #expect(x.array(of: Double.self) == [3, 4])
  }

  @Test("other tensors that share an argument's memory keep their values")
  func values() {
    let step = compileUpdate({ (x: inout Tensor, y: Tensor) -> Tensor in
      x = x * 2
      return x + y
    })
    let shared = Tensor([1.0, 2]).contiguous()
    var x = shared
    #expect(step(&x, shared).array(of: Double.self) == [3, 6])
    #expect(shared.array(of: Double.self) == [1, 2])
    #expect(x.array(of: Double.self) == [2, 4])
  }

  @Test("an argument that is a transposed or broadcast view is moved to memory of its own")
  func views() {
    let step = compileUpdate({ (x: inout [Tensor]) -> Tensor in
      x = x.map { $0 + 1 }
      return x[0].sum()
    })
    var state = [Tensor([[1.0, 2], [3, 4]]).transpose(), Tensor.zeros([2, 2])]
    #expect(step(&state).item() == 14)
    #expect(state.map { $0.array(of: Double.self) } == [[2, 4, 3, 5], [1, 1, 1, 1]])
  }

  @Test("a new value of another type ends the program")
  func types() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let step = compileUpdate({ (x: inout Tensor) -> Tensor in
        x = x.sum()
        return x
      })
      var x = Tensor([1.0, 2])
      _ = step(&x)
    }
    .expectsMessage("compile: the new value of 0 is float32[], the old one float32[2]; an update in place needs one type")
  }
}
