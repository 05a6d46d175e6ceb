import Foundation
import Testing
import WengertNN
@_spi(Backend) import WengertTestSupport

@Suite("Files of programs")
struct ProgramFileTests {
  private typealias Gradient = CompiledFunction<Pair<Linear, LayerNorm>, Tensor, Pair<Tensor, Pair<Linear, LayerNorm>>>

  private static func loss(_ model: Pair<Linear, LayerNorm>, _ x: Tensor) -> Tensor { square(model.second(gelu(model.first(x)))).mean() }

  private static func model(_ seed: Int) -> Pair<Linear, LayerNorm> { Pair(Linear(3, 4, key: RandomKey(seed)), LayerNorm(4)) }

  private static func compiled() -> Gradient {
    let compiled = compile(
      { (model: Pair<Linear, LayerNorm>, x: Tensor) in
        let (loss, gradient) = valueAndGradient(at: model) { Self.loss($0, x) }
        return Pair(loss, gradient)
      }, CompileOptions(shapes: ["1": ["batch", -1]]))
    _ = compiled(model(1), Tensor.ones([2, 3]))
    return compiled
  }

  @Test("a loss and its gradient by a model are saved and loaded, and serve other weights and sizes")
  func roundTrip() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("gradient.program")
      let compiled = Self.compiled()
      try compiled.program!.save(to: file)
      let loaded = Gradient(finished: try FinishedProgram(contentsOf: file)) { model, x in Pair(x, model) }
      for (seed, batch) in [(1, 2), (2, 7), (3, 1)] {
        let x = RandomKey(seed + 10).normal([batch, 3])
        let (a, b) = (loaded(Self.model(seed), x), compiled(Self.model(seed), x))
        #expect(a.tensors.map { $0.doubles } == b.tensors.map { $0.doubles })
      }
      #expect(loaded.statistics.compilations == 0)
      // The file holds what a literal does.
      #expect(try Array(Data(contentsOf: file)) == compiled.program!.code())
    }
  }

  @Test("a tensor that is too large for source is in a file, or refused there too")
  func constants() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("table.program")
      let table = RandomKey(1).normal([200, 100])
      let compiled = compile { (x: Tensor) in x.matmul(table) }
      let x = RandomKey(2).normal([3, 200]), y = compiled(x)
      #expect(throws: ProgramError.self) { try compiled.program!.save(to: file, largestConstant: 1000) }
      #expect(!FileManager.default.fileExists(atPath: file.path))
      try compiled.program!.save(to: file)
      #expect(CompiledFunction<Tensor, Tensor>(finished: try FinishedProgram(contentsOf: file))(x).doubles == y.doubles)
    }
  }

  @Test("a file that is damaged, foreign or not there is an error that names it, with the reason")
  func damaged() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("x.program")
      func error(_ bytes: Data) throws -> String {
        try bytes.write(to: file)
        return message { _ = try FinishedProgram(contentsOf: file) }
      }
      let code = Data(try Self.compiled().program!.code())
      #expect(try error(code) == "no error")
      #expect(try error(Data()).hasPrefix("\(file.path): "))
      #expect(try error(Data("{}".utf8)) == "\(file.path): program: it is not a finished program: it begins otherwise")
      #expect(try error(code.dropLast(9)).hasPrefix("\(file.path): program: it is cut off"))
      fuzz("program", code, rounds: 300) { _ = try FinishedProgram(contentsOf: Self.written($0, to: file)) }
      try FileManager.default.removeItem(at: file)
      #expect(message { _ = try FinishedProgram(contentsOf: file) }.contains("x.program: opening: "))
    }
  }

  private static func written(_ bytes: Data, to file: URL) throws -> URL {
    try bytes.write(to: file)
    return file
  }
}
