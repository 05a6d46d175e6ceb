import Testing
@_spi(Backend) import Wengert
import WengertTestSupport

private func matrices(_ rows: [[Double]]...) -> Tensor { stack(rows.map { Tensor($0, dtype: .float64) }) }
private let good: [[Double]] = [[4, 2], [2, 3]]
private let indefinite: [[Double]] = [[1, 2], [2, 1]]
private let singular: [[Double]] = [[1, 2], [2, 4]]

private func fault<Result>(_ body: () throws -> Result) -> DataFault? {
  do {
    _ = try catchingDataFaults(body)
    return nil
  } catch { return error as? DataFault }
}

private struct OwnError: Error {}

/// What depends on the numbers can be caught, eagerly and compiled.
@Suite("Faults of data")
struct DataFaultTests {
  // MARK: What is caught

  @Test("a matrix that is not positive definite, with its number, shapes and line")
  func cholesky() throws {
    let line = #line + 1
    let fault = try #require(fault { matrices(good, indefinite, good).cholesky() })
    #expect(fault.kind == .notPositiveDefinite && fault.operation == "cholesky" && fault.number == 1 && fault.shapes == [[3, 2, 2]])
    #expect(fault.message == "matrix 1 of [3, 2, 2] is not positive definite")
    #expect(fault.file == "WengertTests/DataFaultTests.swift" && fault.line == line)
    #expect(fault.description == "cholesky: matrix 1 of [3, 2, 2] is not positive definite (WengertTests/DataFaultTests.swift:\(line))")
  }

  /// An operation and operands that hold a fault of it.
  struct Row: Sendable {
    let name: String, kind: DataFault.Kind, number: Int
    let operands: [Tensor]
    let f: @Sendable ([Tensor]) -> Tensor

    init(_ name: String, _ kind: DataFault.Kind, _ number: Int, _ operands: [Tensor], _ f: @escaping @Sendable ([Tensor]) -> Tensor) {
      (self.name, self.kind, self.number, self.operands, self.f) = (name, kind, number, operands, f)
    }

    static func index(_ name: String, _ index: Int, _ indices: Tensor, _ f: @escaping @Sendable ([Tensor]) -> Tensor) -> Row {
      Row(name, .outOfRange, index, [Tensor([[1, 2, 3], [4, 5, 6]]), indices], f)
    }

    static func attention(_ place: Int, _ offsets: [Int]) -> Row {
      Row("attention", .offsets, place, [.ones([4, 6]), Tensor(offsets)]) { DataFaultTests.attended($0[0], $0[1]) }
    }
  }

  static let faulty: [Row] = {
    var rows: [Row] = []
    rows.append(Row("cholesky", .notPositiveDefinite, 0, [Tensor(indefinite)]) { $0[0].cholesky() })
    rows.append(Row("solve", .singular, 1, [matrices(good, singular), matrices(good, good)]) { solve($0[0], $0[1]) })
    rows.append(Row("solveTriangular", .singular, 0, [Tensor([[1, 0], [1, 0]]), Tensor([1.0, 1])]) { solveTriangular($0[0], $0[1]) })
    rows.append(.index("gather", 3, Tensor([0, 3] as [Int])) { $0[0].gather($0[1], axis: 1) })
    rows.append(.index("gather", -3, Tensor([1, -3] as [Int])) { $0[0][$0[1]] })
    rows.append(.index("takeAlong", 7, Tensor([0, 7] as [Int], shape: [2, 1])) { $0[0].takeAlong($0[1]) })
    rows.append(.index("scatterAdd", 2, Tensor([0, 2] as [Int])) { $0[0].scatterAdd($0[1], extent: 2) })
    rows.append(
      .index("scatterAddAlong", 4, Tensor([0, 1, 4, 0, 1, 2] as [Int], shape: [2, 3])) { $0[0].scatterAddAlong($0[1], extent: 4) })
    rows += [.attention(2, [0, 3, 2, 4]), .attention(1, [0, 5]), .attention(0, [1, 4]), .attention(1, [0, 3])]
    return rows
  }()

  fileprivate static func attended(_ x: Tensor, _ offsets: Tensor) -> Tensor {
    attention(query: x, key: x, value: x, offsets: offsets, heads: 2)
  }

  @Test("every kind, eagerly and compiled: thrown, the result being NaN in every element", arguments: faulty.indices)
  func kinds(_ number: Int) throws {
    let row = Self.faulty[number]
    let compiled = compile(row.f)
    let modes: [(String, ([Tensor]) -> Tensor)] = [("eager", row.f), ("compiled", { compiled($0) })]
    for (mode, f) in modes {
      nonisolated(unsafe) var result: Tensor?
      let fault = try #require(fault { result = f(row.operands) }, "\(row.name), \(mode)")
      #expect(fault.operation == row.name && fault.kind == row.kind && fault.number == row.number, "\(mode): \(fault)")
      #expect(fault.file == "WengertTests/DataFaultTests.swift" && fault.line > 0)
      let numbers = try #require(result).array(of: Double.self)
      #expect(numbers.allSatisfy { $0.isNaN }, "\(row.name), \(mode)")
    }
  }

  @Test("whole numbers become zero")
  func wholeNumbers() {
    nonisolated(unsafe) var result = Tensor(0)
    #expect(fault { result = Tensor([7, 8] as [Int]).gather(Tensor([0, 2] as [Int])) } != nil)
    #expect(result.array() == [0, 0])
  }

  @Test("the backward of a faulty operation has no fault of its own that hides the first")
  func gradients() throws {
    let x = Tensor(indefinite, dtype: .float64)
    let eager = try #require(fault { gradient(at: x) { $0.cholesky().sum() } })
    #expect(eager.operation == "cholesky")
    let step = compile { (x: Tensor) in gradient(at: x) { $0.cholesky().sum() } }
    #expect(fault { step(x) }?.operation == "cholesky")
    let numbers = step(Tensor(good, dtype: .float64)).array(of: Double.self)
    #expect(numbers.allSatisfy { $0.isFinite })
  }

  @Test("a NaN that a compiled function looks for")
  func notFinite() throws {
    let f = compile({ (x: Tensor) in log(x) }, CompileOptions(nanCheck: true))
    let fault = try #require(fault { f(Tensor([-1.0, 2])) })
    #expect(fault.kind == .notFinite && fault.operation == "log")
  }

  @Test("a class that does not exist is a row of zeros in oneHot")
  func oneHot() {
    #expect(Tensor([1, -1, 3] as [Int]).oneHot(3).array() == [0.0, 1, 0, 0, 0, 0, 0, 0, 0] as [Float])
  }

  // MARK: Scopes

  @Test("without a fault the body's value or error comes out")
  func nothing() throws {
    let corner = try catchingDataFaults { Tensor(good).cholesky()[0, 0].item() }
    #expect(corner == 2)
    #expect(throws: OwnError.self) { try catchingDataFaults { throw OwnError() } }
  }

  @Test("the first fault counts, also before an error of the body")
  func first() throws {
    let fault = try #require(
      fault {
        _ = Tensor([1.0, 2]).gather(Tensor([5] as [Int]))
        _ = Tensor(indefinite).cholesky()
        throw OwnError()
      })
    #expect(fault.operation == "gather")
  }

  @Test("scopes are nested: the inner one keeps its fault")
  func nested() throws {
    let outer = fault {
      let inner = fault { Tensor(indefinite).cholesky() }
      #expect(inner?.operation == "cholesky")
      _ = Tensor(good).cholesky()
    }
    #expect(outer == nil)
    let both = fault {
      _ = Tensor([1.0, 2]).gather(Tensor([5] as [Int]))
      #expect(fault { Tensor(good).cholesky() } == nil)
    }
    #expect(both?.operation == "gather")
  }

  @Test("each task has its scope, and child tasks share that of their parent")
  func tasks() async throws {
    await withTaskGroup(of: Bool.self) { group in
      for number in 0..<8 {
        group.addTask {
          let isFaulty = number % 2 == 0
          for _ in 0..<20 {
            let result = fault { Tensor(isFaulty ? indefinite : good).cholesky() }
            if (result != nil) != isFaulty { return false }
          }
          return true
        }
      }
      for await isRight in group { #expect(isRight) }
    }
    await #expect(throws: DataFault.self) {
      try await catchingDataFaults {
        async let child = Tensor(indefinite).cholesky()
        _ = await child
      }
    }
    let one = try await catchingDataFaults {
      await Task.yield()
      return 1
    }
    #expect(one == 1)
  }

  @Test("one compiled function serves scopes and programs outside of them")
  func sharedCompiled() {
    let f = compile { (x: Tensor) in x.cholesky() }
    for _ in 0..<3 {
      #expect(fault { f(Tensor(indefinite)) } != nil)
      #expect(fault { f(Tensor(good)) } == nil)
      #expect(f(Tensor(good)).array(of: Float.self)[0] == 2)
    }
    #expect(f.statistics.compilations == 1)
  }

  @Test("outside of a scope, and after one, the program ends as before")
  func outside() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = fault { Tensor(indefinite).cholesky() }
      _ = solve(Tensor(singular), Tensor([1.0, 1]))
    }
    .expectsMessage("DataFaultTests.swift:\(#line - 4)", "solve: the matrix of shape [2, 2] is singular")
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor.ones([4, 6])
      let f = compile { (x: Tensor, offsets: Tensor) in attention(query: x, key: x, value: x, offsets: offsets, heads: 2) }
      _ = f(x, Tensor([0, 5] as [Int]))
    }
    .expectsMessage("DataFaultTests.swift:\(#line - 5)", "attention: offsets must rise from 0 to the 4 tokens; offset number 1 does not")
  }

  @Test("a task that outlives its scope is outside of it")
  func outlived() async {
    await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      nonisolated(unsafe) var late: Task<Void, Never>?
      _ = fault {
        late = Task {
          try? await Task.sleep(for: .milliseconds(200))
          _ = Tensor(indefinite).cholesky()
        }
      }
      await late!.value
    }
    .expectsMessage("cholesky: the matrix of shape [2, 2] is not positive definite")
  }

  // MARK: What is kept

  @Test("what is computed at compile time of faulty constants is thrown at every call")
  func constants() {
    // Folded while the function is compiled, or computed once when the program is bound.
    for optimizes in [true, false] {
      let f = compile(
        { (x: Tensor) in x + Tensor([1.0, 2]).gather(.full(5, [1], dtype: .int64, backend: x.backend)).sum() },
        CompileOptions(optimizes: optimizes))
      for _ in 0..<3 { #expect(fault { f(Tensor([1.0, 2])) }?.operation == "gather") }
    }
    let traced = compile { (x: Tensor) in x + Tensor(indefinite).cholesky().sum() }
    for _ in 0..<3 { #expect(fault { traced(Tensor([1.0, 2])) }?.operation == "cholesky") }
  }

  @Test("the state of an update is what it was before the call, bit for bit")
  func state() throws {
    let step = compileUpdate { (state: inout [Tensor], a: Tensor) in
      state[0] = state[0] + 1
      state[1] = state[1] + a.cholesky().sum()
      return state[0] * 2
    }
    var state = [Tensor([1.0, 2]), Tensor([3.0, 4])]
    _ = step(&state, Tensor(good))
    let before = state.map { $0.array(of: Float.self) }
    #expect(before[0] == [2, 3])
    #expect(fault { step(&state, Tensor(indefinite)) } != nil)
    #expect(state.map { $0.array(of: Float.self) } == before)
    // Once there was a fault in the scope, nothing is updated by what comes after it.
    #expect(
      fault {
        _ = Tensor(indefinite).cholesky()
        _ = step(&state, Tensor(good))
      } != nil)
    #expect(state.map { $0.array(of: Float.self) } == before)
    // What was complete before it stays.
    #expect(
      fault {
        _ = step(&state, Tensor(good))
        _ = step(&state, Tensor(indefinite))
      } != nil)
    #expect(state[0].array() == [3, 4] as [Float])
    #expect(step.statistics.compilations == 1)
  }

  @Test("the first call of an update may be the faulty one")
  func firstCall() {
    let step = compileUpdate { (x: inout Tensor, a: Tensor) in
      x = x + a.cholesky().sum()
      return x * 2
    }
    var x = Tensor([1.0, 2])
    #expect(fault { step(&x, Tensor(indefinite)) } != nil)
    #expect(x.array() == [1, 2] as [Float])
    _ = step(&x, Tensor([[1, 0], [0, 1]]))
    #expect(x.array() == [3, 4] as [Float])
  }

  @Test("a compiled pullback adds nothing to the gradient")
  func pullback() {
    let f = compilePullback { (model: Tensor, a: Tensor, places: Tensor) in model.gather(places) * a.cholesky().sum() }
    var gradient = Tensor([1.0, 1])
    let model = Tensor([1.0, 2]), zero = Tensor([0] as [Int])
    #expect(fault { f(model, Tensor(indefinite), zero).add(Tensor([1.0]), to: &gradient) } != nil)
    #expect(gradient.array() == [1, 1] as [Float])
    f(model, Tensor([[1, 0], [0, 1]]), zero).add(Tensor([1.0]), to: &gradient)
    #expect(gradient.array() == [3, 1] as [Float])
  }

  // MARK: With info

  @Test("factors and solutions with info: NaN and 1 for what has none")
  func info() {
    let a = matrices(good, indefinite, good, singular)
    let run: @Sendable (Tensor) -> [Tensor] = { a in
      let (factor, info) = a.choleskyWithInfo()
      let (solution, singular) = solveWithInfo(a, Tensor([1, 2], dtype: .float64))
      return [factor, info, solution, singular]
    }
    let compiled = compile(run)
    for results in [run(a), compiled(a)] {
      #expect(results[1].dtype == .int32 && results[1].array(of: Int.self) == [0, 1, 0, 1])
      #expect(results[3].dtype == .int32 && results[3].array(of: Int.self) == [0, 0, 0, 1])
      let factor = Tensor(good, dtype: .float64).cholesky().array(of: Double.self)
      #expect(results[0][0].array() == factor && results[0][2].array() == factor)
      #expect(results[0][1].array(of: Double.self).allSatisfy { $0.isNaN })
      #expect(results[2][0].array() == solve(Tensor(good, dtype: .float64), Tensor([1, 2], dtype: .float64)).array(of: Double.self))
      #expect(results[2][3].array(of: Double.self).allSatisfy { $0.isNaN })
    }
    let one = Tensor(good).choleskyWithInfo()
    #expect(one.info.shape == [] && one.info.item() == 0)
    #expect(Tensor.zeros([2, 0, 0]).choleskyWithInfo().info.array(of: Int.self) == [0, 0])
  }

  @Test("their derivatives are those of the plain functions where there is a result, and do not spoil the others")
  func infoDerivatives() {
    let all = matrices(good, indefinite, good), some = matrices(good, good)
    @Sendable func masked(_ info: Tensor, _ value: Tensor) -> Tensor {
      select((info .== 0).expandDims(-1).expandDims(-1), value, Tensor.zeros([2, 2], dtype: .float64))
    }
    let f: @Sendable (Tensor) -> Tensor = { a in
      let (factor, info) = a.choleskyWithInfo()
      return (square(masked(info, factor)) * 3).sum()
    }
    let plain: @Sendable (Tensor) -> Tensor = { (square($0.cholesky()) * 3).sum() }
    let expected = gradient(at: some, plain)
    for g in [gradient(at: all, f), compile { (a: Tensor) in gradient(at: a, f) }(all)] {
      expectNear(numbers([g[0], g[2]]), numbers([expected[0], expected[1]]), 1e-14, "gradient")
      #expect(g[1].array() == [0.0, 0, 0, 0])
    }
    // Unmasked, the gradient of what has no factor is NaN.
    let unmasked = gradient(at: all) { $0.choleskyWithInfo().factor.sum() }
    #expect(unmasked[1].array(of: Double.self).allSatisfy { $0.isNaN } && unmasked[0].array(of: Double.self).allSatisfy { $0.isFinite })
    // Forward, and twice.
    let tangent = jvp(at: all, along: all) { $0.choleskyWithInfo().factor }.tangent
    let expectedTangent = jvp(at: some, along: some) { $0.cholesky() }.tangent
    expectNear(numbers([tangent[0], tangent[2]]), numbers([expectedTangent[0], expectedTangent[1]]), 1e-14, "tangent")
    let second = gradient(at: all) { square(gradient(at: $0, f)).sum() }
    let expectedSecond = gradient(at: some) { square(gradient(at: $0, plain)).sum() }
    expectNear(numbers([second[0], second[2]]), numbers([expectedSecond[0], expectedSecond[1]]), 1e-12, "second order")
    #expect(second[1].array() == [0.0, 0, 0, 0])
  }

  @Test("the derivatives of solveWithInfo")
  func solveDerivatives() {
    let a = matrices(good, singular), b = matrices(good, good)
    let g = gradient(at: [a, b]) { x in
      let (solution, info) = solveWithInfo(x[0], x[1])
      return square(select((info .== 0).expandDims(-1).expandDims(-1), solution, Tensor.zeros([2, 2], dtype: .float64))).sum()
    }
    let expected = gradient(at: [a[0], b[0]]) { square(solve($0[0], $0[1])).sum() }
    expectNear(numbers([g[0][0], g[1][0]]), numbers(expected), 1e-14, "gradient")
    #expect(g[0][1].array() == [0.0, 0, 0, 0] && g[1][1].array() == [0.0, 0, 0, 0])
  }
}
